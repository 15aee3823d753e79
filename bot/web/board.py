"""The right side of the page: tickets, roster, visits, what went out. Only what has changed is drawn again."""

from collections.abc import Callable
from functools import partial

from nicegui import ui
from nicegui.element import Element

from bot.app import House
from bot.web import ledger
from bot.web.chats import Chats
from bot.web.ledger import Ledger, MemberRow, TicketRow, VisitRow
from bot.web.transcript import avatar, labelled
from domain.category import Urgency
from domain.outgoing import SendState
from domain.ticket import ENDED
from handlers import explaining
from storage.database import StorageFault

_ALWAYS = (SendState.SENT, SendState.PENDING, SendState.UNKNOWN, SendState.FAILED)
"""States that are shown even at nought: those are the ones people worry about."""


class Board:
    """Four tabs over one ``Ledger``."""

    def __init__(self, house: House, chats: Chats) -> None:
        """``chats`` only for the names of those who were written to."""
        self._house = house
        self._texts = house.said
        self._say = house.said.say
        self._chats = chats
        self._opened: set[int] = set()
        self._shown = Ledger()
        self._drawn: dict[int, tuple[TicketRow, Element]] = {}
        self._panels: dict[str, Element] = {}

    def build(self) -> None:
        """The tabs, still empty."""
        names = ("tickets", "roster", "visits", "queue")
        with ui.element("section").classes("side board"):
            with ui.tabs().classes("tabs").props("no-caps dense inline-label") as tabs:
                for name in names:
                    ui.tab(name, self._say(f"page.tab_{name}"))
            with ui.tab_panels(tabs, value="tickets", animated=False, keep_alive=True).classes("panels"):
                for name in names:
                    with ui.tab_panel(name).classes("panel"):
                        self._panels[name] = ui.element("div").classes(f"list {name}")
        self._draw(Ledger(), first=True)

    async def refresh(self) -> None:
        """Look into the database; a database that is busy is asked again a second later."""
        try:
            fresh = await ledger.read(self._house.database, self._house.context(), self._opened)
        except StorageFault:
            return
        self._draw(fresh)

    def _draw(self, fresh: Ledger, *, first: bool = False) -> None:
        was, self._shown = self._shown, fresh
        if first or fresh.tickets != was.tickets:
            self._tickets(fresh)
        if first or fresh.roster != was.roster:
            self._again("roster", partial(self._roster, fresh))
        if first or fresh.visits != was.visits:
            self._again("visits", partial(self._visits, fresh))
        if first or (fresh.counts, fresh.latest, fresh.notices) != (was.counts, was.latest, was.notices):
            self._again("queue", partial(self._queue, fresh))

    def _again(self, name: str, draw: Callable[[], object]) -> None:
        self._panels[name].clear()
        with self._panels[name]:
            draw()

    def _tickets(self, fresh: Ledger) -> None:
        """Cards stay where they are, newest on top; a changed one is drawn again in its place."""
        panel = self._panels["tickets"]
        if not fresh.tickets or not self._drawn:
            panel.clear()
            self._drawn.clear()
        if not fresh.tickets:
            with panel:
                ui.label(self._say("page.no_tickets")).classes("empty")
        for row in reversed(fresh.tickets):
            number = row.ticket.number
            known = self._drawn.get(number)
            if known is not None and known[0] == row:
                continue
            if known is None:
                with panel:
                    card = ui.element("article").classes("ticket")
                card.move(target_index=0)
            else:
                card = known[1]
                card.clear()
            self._drawn[number] = (row, card)
            with card:
                self._ticket(row)

    def _ticket(self, row: TicketRow) -> None:
        t = row.ticket
        with ui.element("div").classes("ticket-head"):
            ui.label(f"{t.number}号").classes("number")
            ui.label(row.what).classes("what")
            ui.label(self._say(f"page.state_{t.state}")).classes(f"state state-{t.state}")
        with ui.element("div").classes("ticket-where"):
            if t.urgency is not Urgency.NONE:
                ui.label(self._say(f"page.urgency_{t.urgency}")).classes(f"urgency urgency-{t.urgency}")
            ui.label(row.where).classes("where")
            if t.private:
                ui.label(self._say("page.ticket_private")).classes("private-mark")
        self._facts(row)
        more = ui.button(self._say("page.ticket_history"), color=None, on_click=partial(self._toggle, t.number))
        opened = t.number in self._opened
        more.props(f"flat no-caps dense aria-expanded={'true' if opened else 'false'}").classes("more")
        more.props(f"icon-right={'expand_less' if opened else 'expand_more'}")
        labelled(more, self._say("page.ticket_more", number=t.number))
        if opened:
            self._history(row)

    def _facts(self, row: TicketRow) -> None:
        t = row.ticket
        who = row.handler or (self._say("page.ticket_asking", name=row.asked) if row.asked else "")
        with ui.element("dl").classes("facts"):
            self._fact(self._say("page.ticket_who"), who or self._say("page.ticket_nobody"), row.because)
            if t.state not in ENDED:
                if t.responded_at is None:
                    self._fact(self._say("page.ticket_response"), row.response)
                self._fact(self._say("page.ticket_closing"), row.closing)
            if t.rating is not None:
                self._fact(self._say("page.ticket_rating"), self._say(f"button.{t.rating}"))
        if t.supporters:
            ui.label(self._say("page.ticket_supporters", count=t.supporters)).classes("extra")
        if t.urges:
            ui.label(self._say("page.ticket_urges", count=t.urges)).classes("extra")

    def _fact(self, name: str, value: str, small: str = "") -> None:
        with ui.element("dt"):
            ui.label(name)
        with ui.element("dd"):
            ui.label(value)
            if small:
                ui.label(small).classes("small")

    def _history(self, row: TicketRow) -> None:
        with ui.element("div").classes("history"):
            words = row.ticket.words.replace("\n", "；")
            ui.label(self._say("page.ticket_words", words=words))
            ui.label(self._say("page.ticket_why", why=explaining.in_one_line(self._texts, row.ticket))).classes("why")
            with ui.element("ol"):
                for line in row.history:
                    key = "page.history_note" if line.note else "page.history_line"
                    what = self._say(f"history.{line.action}")
                    with ui.element("li"):
                        ui.label(self._say(key, at=line.at, by=line.by, what=what, note=line.note))

    async def _toggle(self, number: int) -> None:
        self._opened ^= {number}
        await self.refresh()

    def _roster(self, fresh: Ledger) -> None:
        for row in fresh.roster:
            self._member(row)

    def _member(self, row: MemberRow) -> None:
        with ui.element("article").classes("member"):
            avatar(row.name, row.role)
            with ui.element("div").classes("member-text"):
                with ui.element("div").classes("member-name"):
                    ui.label(row.name).classes("what")
                    ui.label(self._say(f"member.role_{row.role}")).classes("small")
                held = [self._say(f"member.pair_{role}", area=area) for role, area in row.held]
                if row.homes:
                    held.append(self._say("member.homes", count=row.homes))
                if row.away:
                    held.append(self._say("member.away"))
                if held:
                    ui.label("，".join(held))
            ui.label(self._say("page.roster_load", count=row.load)).classes("load")

    def _visits(self, fresh: Ledger) -> None:
        ui.label(self._say("page.visits_note")).classes("small")
        if not fresh.visits:
            ui.label(self._say("page.no_visits")).classes("empty")
        for row in fresh.visits:
            self._visit(row)

    def _visit(self, row: VisitRow) -> None:
        with ui.element("article").classes("ticket"):
            with ui.element("div").classes("ticket-head"):
                ui.label(self._say("page.visit_code", number=row.number)).classes("number")
                ui.label(row.place).classes("what")
                ui.label(self._say(f"page.visit_{row.state}")).classes(f"state visit-{row.state}")
            ui.label(row.category)
            with ui.element("dl").classes("facts"):
                day = self._say("page.visit_due", month=row.due_on.month, day=row.due_on.day)
                self._fact(self._say("page.visit_day"), day, row.every)
                self._fact(self._say("page.visit_who"), "、".join(row.names))

    def _queue(self, fresh: Ledger) -> None:
        ui.label(self._say("page.queue_title")).classes("subtitle").props("role=heading aria-level=3")
        ui.label(self._say("page.queue_note")).classes("small")
        counts = dict(fresh.counts)
        with ui.element("div").classes("counts"):
            for state in SendState:
                if state in _ALWAYS or counts.get(state):
                    with ui.element("div").classes(f"count count-{state}"):
                        ui.label(str(counts.get(state, 0))).classes("figure")
                        ui.label(self._say(f"page.outbox_{state}"))
        ui.label(self._say("page.queue_latest")).classes("subtitle").props("role=heading aria-level=3")
        for row in fresh.latest:
            person = self._chats.people.get(row.chat)
            with ui.element("div").classes("sent"):
                ui.label(person.name if person else self._say("page.queue_group"))
                ui.label(self._say(f"page.kind_{row.kind}"))
                ui.label(self._say(f"page.outbox_{row.state}")).classes("small")
        ui.label(self._say("page.notices_title")).classes("subtitle").props("role=heading aria-level=3")
        if not fresh.notices:
            ui.label(self._say("page.no_notices")).classes("empty")
        for notice in fresh.notices:
            with ui.element("article").classes("ticket"):
                ui.label(notice.words)
                how = self._say(f"page.notice_{notice.state}")
                ui.label(self._say("page.notice_line", state=how, sent=notice.sent)).classes("small")
