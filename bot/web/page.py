"""The demo page: the group on the left, one person's private chat in the middle, what 党小栖 keeps on the right.

Each browser tab is one person; ``/?who=li`` opens the page as 老李. Text of messages is only ever shown as text.
"""

from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from nicegui import app as nice
from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from bot.app import House
from bot.web.board import Board
from bot.web.chats import Chats, NoSuchMessage, Toast
from bot.web.column import Column
from bot.web.people import People
from bot.web.player import SPEEDS, Player
from bot.web.transcript import avatar, labelled
from domain.incoming import ChatKind
from storage.database import StorageFault

STATIC = Path(__file__).parent / "static"
_VIEWS = ("group", "private", "board")
_TICK = 0.2
_BOARD_EVERY = 5
"""The board reads the database once a second, and draws only what has changed."""


def mount(app: FastAPI, house: House, chats: Chats, player: Player) -> None:
    """Put the page at ``/``. NiceGUI keeps its pages per process: there is one demo in a process."""
    title = house.said.say("page.title")
    nice.add_static_files("/static", STATIC, max_cache_age=3600)

    @ui.page("/")
    def demo(who: str = "") -> None:
        Screen(house, chats, player, who).build()

    ui.run_with(
        app,
        title=title,
        favicon=STATIC / "favicon.svg",
        language="zh-CN",
        reconnect_timeout=5,
        tailwind=False,
        show_welcome_message=False,
    )


class Screen:
    """One browser tab: who it is and what it shows."""

    def __init__(self, house: House, chats: Chats, player: Player, who: str) -> None:
        """``who``: the person's account; a name nobody has means the first person."""
        self._say = house.said.say
        self._chats = chats
        self._player = player
        self._who = who if who in chats.people else next(iter(chats.people))
        self._group = next(r for r in chats.rooms.values() if r.kind is ChatKind.GROUP)
        calendar = house.context().calendar
        columns = [Column(self._say, kind, chats, calendar.local, self._submit, self._press) for kind in _VIEWS[:2]]
        self._left, self._middle = columns
        self._board = Board(house, chats)
        self._people = People(self._say, chats, self._choose)
        self._clicks: set[str] = set()
        self._toasts: deque[Toast] = deque(maxlen=20)
        self._version = -1
        self._ticks = 0
        self._view = "group"
        self._news = 0

    def build(self) -> None:
        """Everything on the page, and the timer that keeps it up to date."""
        ui.add_css(STATIC / "demo.css")
        with ui.element("div").classes("demo view-group") as self._root:
            self._header()
            self._people.build()
            with ui.element("div").classes("columns"):
                self._left.build()
                self._middle.build()
                self._board.build()
            self._bottom()
        self._choose(self._who)
        ui.context.client.on_delete(self._chats.listen(self._toasts.append))
        ui.timer(_TICK, self._tick)

    def _header(self) -> None:
        with ui.element("header").classes("head"):
            with ui.element("div").classes("brand"):
                avatar(self._say("page.avatar_bot"), "bot")
                with ui.element("div"):
                    ui.label(self._say("page.brand")).classes("brand-name").props("role=heading aria-level=1")
                    ui.label(self._say("page.lead")).classes("brand-lead")
            ui.label(self._say("page.note")).classes("note")
            with ui.element("div").classes("player"):
                self._playing = ui.label().classes("playing").props("role=status")
                speeds = {name: self._say(f"page.speed_{name}") for name in SPEEDS}
                speed = ui.select(speeds, value="normal", label=self._say("page.speed"), on_change=self._speed)
                speed.props("dense outlined options-dense").classes("speed")
                play = ui.button(self._say("page.play"), color=None, icon="play_arrow", on_click=self._player.start)
                self._play = play.props("unelevated no-caps").classes("go")
                stop = ui.button(self._say("page.stop"), color=None, icon="stop", on_click=self._player.stop)
                self._stop = stop.props("unelevated no-caps").classes("halt")

    def _bottom(self) -> None:
        """On a phone one thing at a time."""
        self._tabs: dict[str, ui.button] = {}
        with labelled(ui.element("nav").classes("bottom"), self._say("page.lead")):
            for name in _VIEWS:
                button = ui.button(self._say(f"page.columns_{name}"), color=None, on_click=partial(self._turn, name))
                self._tabs[name] = button.props("flat no-caps").classes("place")
                if name == "private":
                    with button:
                        self._badge = ui.label().classes("badge")
        self._turn("group")

    def _turn(self, view: str) -> None:
        self._view = view
        self._root.classes(remove=" ".join(f"view-{v}" for v in _VIEWS), add=f"view-{view}")
        for name, button in self._tabs.items():
            button.classes(add="here" if name == view else "", remove="" if name == view else "here")
            button.props["aria-current"] = "page" if name == view else "false"
            button.update()
        if view == "private":
            self._news = 0
        self._show_news()

    def _choose(self, who: str) -> None:
        """Become somebody else."""
        self._who = who
        self._news = 0
        name, room = self._chats.people[who].name, self._group
        title = self._say("page.group_title", title=room.title, count=len(room.people) + 1)
        self._left.show(room.id, who, title, self._say("page.input_group", name=name))
        title = self._say("page.private_title", name=name)
        self._middle.show(who, who, title, self._say("page.input_private", name=name))
        self._sync()

    def _sync(self) -> None:
        self._version = self._chats.version
        self._left.sync()
        self._middle.sync()
        self._news += self._people.sync(self._who)
        if self._view == "private":
            self._news = 0
        self._show_news()

    def _show_news(self) -> None:
        self._badge.set_text(str(self._news))
        self._badge.set_visibility(self._news > 0)

    async def _tick(self) -> None:
        """Show what is new; nothing is drawn again that has not changed."""
        if self._version != self._chats.version:
            self._sync()
        while self._toasts:
            toast = self._toasts.popleft()
            if toast.click in self._clicks:
                self._clicks.discard(toast.click)
                self._notify(toast.text)
        self._show_play()
        if self._ticks % _BOARD_EVERY == 0:
            await self._board.refresh()
        self._ticks += 1

    def _show_play(self) -> None:
        state = self._player.state
        self._play.set_enabled(not state.on)
        self._stop.set_enabled(state.on)
        text = ""
        if state.on:
            text = self._say("page.playing", at=state.at + 1, count=state.count)
        elif state.broken:
            text = self._say("page.play_broken", at=state.at, what=state.broken)
        elif state.finished:
            text = self._say("page.played")
        if self._playing.text != text:
            self._playing.set_text(text)

    def _speed(self, event: ValueChangeEventArguments[Any]) -> None:
        self._player.factor = SPEEDS[event.value]

    async def _submit(self, room: str, text: str, reply_to: str, photo: str) -> bool:
        try:
            await self._chats.say(self._who, room, text, reply_to=reply_to, photo=photo)
        except StorageFault:
            self._notify(self._say("page.not_saved"))
        except NoSuchMessage:
            self._notify(self._say("page.button_gone"))
        else:
            return True
        return False

    async def _press(self, room: str, message: str, data: str) -> None:
        click = self._chats.new_click()
        self._clicks.add(click)
        try:
            await self._chats.press(self._who, room, message, data, click=click)
        except StorageFault:
            self._notify(self._say("page.not_saved"))
        except NoSuchMessage:
            self._notify(self._say("page.button_gone"))

    def _notify(self, text: str) -> None:
        with self._root:
            ui.notify(text, position="top", classes="toast", timeout=4000)
