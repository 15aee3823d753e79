"""One chat on the page: its title, its messages, and where one writes."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from nicegui import ui

from bot.web.chats import Chats, Message
from bot.web.transcript import Say, Transcript, labelled

PHOTOS = ("elevator", "rubbish", "leak")
"""Sample photos: the reference is the file name, the sentence says what is on it."""

_SEND_ON_ENTER = "(e) => { if (!e.isComposing && e.keyCode !== 229 && !e.shiftKey) { e.preventDefault(); emit(); } }"
"""Enter sends - but not the Enter that ends the typing of a Chinese word."""


class Column:
    """The group, or the private chat with 党小栖 (``kind``)."""

    def __init__(
        self,
        say: Say,
        kind: str,
        chats: Chats,
        local: Callable[[datetime], datetime],
        submit: Callable[[str, str, str, str], Awaitable[bool]],
        press: Callable[[str, str, str], Awaitable[None]],
    ) -> None:
        """``submit``: room, text, message answered, photo; says whether it was taken in."""
        self._say = say
        self._kind = kind
        self._chats = chats
        self._submit = submit
        self._transcript = Transcript(say, chats, local, press, self._answer)
        self._room = ""
        self._who = ""
        self._reply_to = ""

    def build(self) -> None:
        """Title, log and input, empty."""
        with ui.element("section").classes(f"side {self._kind}"):
            self._title = ui.label().classes("title").props("role=heading aria-level=2")
            self._transcript.build(self._say(f"page.log_{self._kind}"), self._hint)
            with ui.element("div").classes("composer"):
                with ui.element("div").classes("answering") as self._answering:
                    self._answered = ui.label().classes("answered")
                    close = ui.button(icon="close", color=None, on_click=self._forget)
                    labelled(close.props("flat round dense"), self._say("page.unquote"))
                self._answering.set_visibility(False)
                with ui.element("div").classes("line"):
                    box = ui.textarea().props("outlined dense autogrow rows=1 maxlength=4096").classes("box")
                    self._box = box.on("keydown.enter", self._send, js_handler=_SEND_ON_ENTER)
                    self._tools()

    def _tools(self) -> None:
        if self._kind == "group":
            at = ui.button(icon="alternate_email", color=None, on_click=self._mention)
            labelled(at.props("flat round").classes("tool"), self._say("page.mention_hint"))
        camera = ui.button(icon="photo_camera", color=None)
        labelled(camera.props("flat round aria-haspopup=menu").classes("tool"), self._say("page.photo"))
        with camera, ui.menu():
            for name in PHOTOS:
                item = ui.menu_item(self._say(f"page.photo_{name}"), on_click=partial(self._show_photo, name))
                item.props("role=menuitem")
        send = ui.button(self._say("page.send"), color=None, on_click=self._send)
        send.props("unelevated no-caps").classes("send")

    def show(self, room: str, who: str, title: str, placeholder: str) -> None:
        """Another person looks, so everything is seen and said as that person."""
        self._room, self._who = room, who
        self._title.set_text(title)
        self._box.props["placeholder"] = placeholder
        labelled(self._box, placeholder)
        self._forget()
        self._transcript.show(room, who)

    def sync(self) -> None:
        """Show what is new."""
        self._transcript.sync()

    def _hint(self) -> None:
        """What a newcomer may do here."""
        name = self._chats.people[self._who].name
        with ui.element("div").classes("hint"):
            ui.label(self._say(f"page.try_{self._kind}", name=name))
            if self._kind == "group":
                ui.label(self._say("page.note")).classes("small narrow")
                for nth in range(1, 5):
                    text = self._say(f"page.example_{nth}")
                    ui.button(text, color=None, on_click=partial(self._box.set_value, text)).props(
                        "unelevated no-caps"
                    ).classes("pill")

    async def _send(self) -> None:
        text = str(self._box.value or "").strip()
        if not text:
            return
        self._box.set_value("")
        if await self._submit(self._room, text, self._reply_to, ""):
            self._forget()
        else:
            self._box.set_value(text)

    async def _show_photo(self, name: str) -> None:
        """A photo goes with the words that stand in the box."""
        text = str(self._box.value or "").strip()
        if await self._submit(self._room, text, self._reply_to, f"{name}.svg"):
            self._box.set_value("")
            self._forget()

    def _mention(self) -> None:
        self._box.set_value(f"{self._say('page.mention')} {self._box.value or ''}")
        _ = self._box.run_method("focus")

    def _answer(self, message: Message) -> None:
        people = self._chats.people
        name = people[message.author].name if message.author in people else self._say("page.brand")
        text = message.text or self._say("page.quote_photo")
        self._reply_to = message.id
        self._answered.set_text(self._say("page.quoting", name=name, text=text[:30]))
        self._answering.set_visibility(True)
        _ = self._box.run_method("focus")

    def _forget(self) -> None:
        self._reply_to = ""
        self._answering.set_visibility(False)
