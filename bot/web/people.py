"""The row of people one may be, and who of them has something to read."""

from collections.abc import Callable
from functools import partial

from nicegui import ui
from nicegui.element import Element

from bot.web.chats import Chats
from bot.web.transcript import Say, avatar, labelled


class People:
    """Built once and then only relabelled, so that the keyboard never loses its place."""

    def __init__(self, say: Say, chats: Chats, choose: Callable[[str], None]) -> None:
        """``choose``: this tab is that person from now on."""
        self._say = say
        self._chats = chats
        self._choose = choose
        self._seen = dict.fromkeys(chats.people, 0)
        self._buttons: dict[str, Element] = {}
        self._badges: dict[str, ui.label] = {}
        self._shown: dict[str, tuple[bool, int]] = {}

    def build(self) -> None:
        """One button per person."""
        with labelled(ui.element("nav").classes("picker"), self._say("page.who_am_i")):
            ui.label(self._say("page.who_am_i")).classes("picker-title")
            for person in self._chats.people.values():
                button = ui.element("button").classes("person").props("type=button")
                button.props["data-who"] = person.id
                button.on("click", partial(self._choose, person.id))
                self._buttons[person.id] = button
                with button:
                    avatar(person.name, person.role)
                    ui.label(person.name).classes("person-name")
                    ui.label(self._say(f"page.role_{person.role}")).classes("person-role")
                    self._badges[person.id] = ui.label().classes("badge")

    def sync(self, mine: str) -> int:
        """Mark who one is and who has unread private messages; the answer is how many of one's own were new."""
        new = self._count(mine) - self._seen[mine]
        self._seen[mine] = self._count(mine)
        for person in self._chats.people.values():
            state = (person.id == mine, self._count(person.id) - self._seen[person.id])
            if self._shown.get(person.id) != state:
                self._shown[person.id] = state
                self._relabel(person.id, *state)
        return new

    def _relabel(self, who: str, mine: bool, news: int) -> None:
        person = self._chats.people[who]
        label = self._say("page.who_label", name=person.name, role=self._say(f"page.role_{person.role}"))
        if news:
            label += self._say("page.unread", count=news)
        button = self._buttons[who]
        button.classes(add="chosen" if mine else "", remove="" if mine else "chosen")
        button.props["aria-pressed"] = "true" if mine else "false"
        labelled(button, label)
        self._badges[who].set_text(str(news))
        self._badges[who].set_visibility(news > 0)

    def _count(self, who: str) -> int:
        """How many messages 党小栖 has written to this person."""
        return sum(m.author != who for m in self._chats.rooms[who].messages.values())
