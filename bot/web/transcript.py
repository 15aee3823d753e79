"""The messages of one chat as they stand on the page: new ones are added, changed ones are drawn again, the rest stays.

Whoever reads with the keyboard keeps his place, because nothing that has not changed is touched.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from nicegui import ui
from nicegui.element import Element

from bot.web.chats import BOT, Chats, Message

Say = Callable[..., str]

SHOWN = 200
"""Messages on the page; older ones are let go."""
_PAUSE = timedelta(minutes=5)
_REACTIONS = {"received": "visibility", "done": "check", "thanks": "favorite"}
"""The emoji 党小栖 uses (``emoji.*``) as icons that ship with the page."""


def labelled(element: Element, label: str) -> Element:
    """Give an element its name for screen readers. Names come from people and are never parsed."""
    element.props["aria-label"] = label
    element.update()
    return element


def avatar(name: str, role: str) -> Element:
    """A round picture with the first character of the name that says something (小陈 → 陈, 王阿姨 → 王)."""
    letter = name[1:2] if name[:1] in "小老" else name[:1]
    found = ui.element("div").classes(f"avatar role-{role}").props("aria-hidden=true")
    with found:
        ui.label(letter)
    return found


class Transcript:
    """What one person sees of one room."""

    def __init__(
        self,
        say: Say,
        chats: Chats,
        local: Callable[[datetime], datetime],
        press: Callable[[str, str, str], Awaitable[None]],
        quote: Callable[[Message], None],
    ) -> None:
        """``press``: room, message, button data. ``quote``: this message is to be answered."""
        self._say = say
        self._chats = chats
        self._local = local
        self._press = press
        self._quote = quote
        self._room = ""
        self._who = ""
        self._drawn: dict[str, tuple[Message, Element]] = {}
        self._last: datetime | None = None

    def build(self, label: str, hint: Callable[[], None]) -> None:
        """The empty log. ``hint`` draws what stands there while nothing has been said."""
        self._hint = hint
        with ui.element("div").classes("scroller").props("tabindex=0"):
            log = ui.element("div").classes("log").props("role=log aria-live=polite")
            self._log = labelled(log, label)

    def show(self, room: str, who: str) -> None:
        """Another room, or the same one through other eyes."""
        self._room, self._who = room, who
        self._drawn.clear()
        self._last = None
        self._log.clear()
        if not self._chats.rooms[room].messages:
            with self._log:
                self._hint()

    def sync(self) -> None:
        """Bring the page up to date with the room."""
        messages = list(self._chats.rooms[self._room].messages.values())[-SHOWN:]
        if messages and not self._drawn:
            self._log.clear()
        for message in messages:
            known = self._drawn.get(message.id)
            if known is None:
                self._append(message)
            elif known[0] is not message:
                known[1].clear()
                with known[1]:
                    self._draw(message)
                self._drawn[message.id] = (message, known[1])
        for gone in [id_ for id_ in self._drawn if len(self._drawn) > SHOWN][: max(0, len(self._drawn) - SHOWN)]:
            self._drawn.pop(gone)[1].delete()

    def _append(self, message: Message) -> None:
        with self._log:
            if self._last is None or message.at - self._last > _PAUSE:
                ui.label(f"{self._local(message.at):%H:%M}").classes("when")
            self._last = message.at
            side = "mine" if message.author == self._who else "theirs"
            row = ui.element("article").classes(f"message {side}").props(f"data-id={message.id}")
            if message.author == BOT:
                row.classes("from-bot")
            with row:
                self._draw(message)
        self._drawn[message.id] = (message, row)

    def _draw(self, message: Message) -> None:
        name, role = self._author(message.author)
        avatar(name if message.author != BOT else self._say("page.avatar_bot"), role)
        with ui.element("div").classes("said"):
            ui.label(name).classes("author")
            if message.photo:
                self._photo(message.photo)
            if message.text:
                ui.label(message.text).classes("bubble")
            if message.reply_to:
                self._quoted(message.reply_to)
            for row in message.buttons:
                with ui.element("div").classes("pills"):
                    for button in row:
                        press = partial(self._press, message.chat, message.id, button.data)
                        ui.button(button.label, color=None, on_click=press).props("unelevated no-caps").classes("pill")
            with ui.element("div").classes("meta"):
                for emoji in message.reactions:
                    self._reaction(emoji)
                if message.edited_at is not None:
                    at = f"{self._local(message.edited_at):%H:%M}"
                    ui.label(self._say("page.edited", at=at)).classes("edited")
                again = ui.button(self._say("page.quote"), color=None, on_click=partial(self._quote, message))
                labelled(again.props("flat no-caps dense").classes("quote"), self._say("page.quote_label", name=name))

    def _reaction(self, emoji: str) -> None:
        """With a word beside it: not everybody knows what two eyes mean, and not every machine can draw them."""
        for name, icon in _REACTIONS.items():
            if emoji == self._say(f"emoji.{name}"):
                with ui.element("div").classes("reaction").props(f"data-reaction={name}"):
                    ui.icon(icon).props("aria-hidden=true")
                    ui.label(self._say(f"page.reaction_{name}"))
                return
        ui.label(emoji).classes("reaction")

    def _photo(self, ref: str) -> None:
        """Only pictures that came with the program are shown; anything else is a word in brackets."""
        key = f"page.photo_{ref.removesuffix('.svg')}"
        try:
            what = self._say(key)
        except KeyError:
            ui.label(self._say("page.quote_photo")).classes("bubble")
            return
        image = ui.element("img").classes("photo").props(f"src=/static/{ref}")
        image.props["alt"] = self._say("page.photo_alt", what=what)

    def _quoted(self, message_id: str) -> None:
        found = self._chats.rooms[self._room].messages.get(message_id)
        if found is not None:
            name, _ = self._author(found.author)
            text = found.text or self._say("page.quote_photo")
            ui.label(self._say("page.quoted", name=name, text=text[:60])).classes("quoted")

    def _author(self, account: str) -> tuple[str, str]:
        if account == BOT:
            return self._say("page.brand"), "bot"
        person = self._chats.people[account]
        return person.name, person.role
