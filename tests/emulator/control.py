"""The control endpoints: the same world for a test that runs in another process. All bodies are JSON.

Chats and persons are named by id, messages by chat and id.
"""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from tests.emulator.core import Emulator
from tests.emulator.groups import Group
from tests.emulator.model import Chat, Message
from tests.emulator.people import Person
from tests.emulator.spec import Json


class Body(BaseModel):
    """A misspelt field in a test must not pass in silence."""

    model_config = ConfigDict(extra="forbid")


class NewUser(Body):
    """A person to create."""

    name: str
    username: str | None = None
    started: bool = False


class NewGroup(Body):
    """A group to create."""

    title: str
    members: list[int] = []
    type: str = "supergroup"
    owner: int | None = None
    privacy: bool | None = None
    bot: bool = True
    bot_admin: bool = False
    forum: bool = False


class Said(Body):
    """A message to post; without a chat it goes to the bot in private."""

    user: int
    text: str
    chat: int | None = None
    reply_to: int | None = None
    thread: int | None = None
    anonymous: bool = False


class Pressed(Body):
    """A button to press."""

    user: int
    chat: int
    message: int
    button: str | int = 0
    data: str | None = None


class Edited(Body):
    """A message to edit."""

    user: int
    chat: int
    message: int
    text: str


class Moved(Body):
    """What happens to a group: ``upgrade``, ``add_bot``, ``remove_bot``, ``promote_bot``, ``demote_bot``."""

    chat: int
    what: str


class Trouble(Body):
    """A fault to queue."""

    kind: Any
    method: str = "*"
    count: int = 1
    after: int = 0
    rate: float = 1.0
    applied: bool = False
    retry_after: int = 1
    seconds: float = 0.005
    seed: int = 1


class Settings(Body):
    """Switches; what is absent stays."""

    limits: bool | None = None
    privacy: bool | None = None
    hasty_rules: bool | None = None
    clock: float | None = None
    advance: float | None = None


def router(em: Emulator) -> APIRouter:
    """The routes under ``/_control``."""
    routes = APIRouter(prefix="/_control")

    def person(number: int) -> Person:
        found = em.world.accounts.get(number)
        if not isinstance(found, Person):
            raise HTTPException(404, f"no person {number}")
        return found

    def chat(number: int) -> Chat:
        found = em.world.chats.get(number)
        return person(number).private if found is None else found

    def message(chat_id: int, number: int) -> Message:
        found = chat(chat_id).messages.get(number)
        if found is None:
            raise HTTPException(404, f"no message {chat_id}/{number}")
        return found

    @routes.post("/user")
    async def user(body: NewUser) -> Json:
        return {"id": em.user(body.name, body.username, started=body.started).id}

    @routes.post("/group")
    async def group(body: NewGroup) -> Json:
        fields = body.model_dump(exclude={"title", "members", "owner"})
        owner = person(body.owner) if body.owner is not None else None
        return {"id": em.group(body.title, [person(number) for number in body.members], owner=owner, **fields).id}

    @routes.post("/says")
    async def says(body: list[Said]) -> list[Json]:
        made = []
        for said in body:
            who = person(said.user)
            where = who.private if said.chat is None else chat(said.chat)
            answered = message(where.id, said.reply_to) if said.reply_to is not None else None
            new = who.says(where, said.text, reply_to=answered, thread=said.thread, anonymous=said.anonymous)
            made.append({"chat": where.id, "id": new.id})
        return made

    @routes.post("/presses")
    async def presses(body: Pressed) -> Json:
        press = person(body.user).presses(message(body.chat, body.message), body.button, data=body.data)
        return {"id": press.id}

    @routes.get("/presses/{number}")
    async def press(number: str) -> Json:
        found = em.world.presses[number]
        return {
            "id": found.id,
            "data": found.data,
            "answered": found.answered,
            "answer": found.answer,
            "alert": found.alert,
        }

    @routes.post("/edits")
    async def edits(body: Edited) -> Json:
        return person(body.user).edits(message(body.chat, body.message), body.text).plain

    @routes.post("/group/does")
    async def does(body: Moved) -> Json:
        where = chat(body.chat)
        if not isinstance(where, Group):
            raise HTTPException(400, "not a group")
        match body.what:
            case "upgrade":
                return {"id": where.upgrade().id}
            case "add_bot":
                where.add_bot()
            case "remove_bot":
                where.remove_bot()
            case "promote_bot":
                where.bot_becomes("administrator")
            case "demote_bot":
                where.bot_becomes("member")
            case other:
                raise HTTPException(400, f"a group cannot {other!r}")
        return {"id": where.id}

    @routes.post("/blocks/{number}")
    async def blocks(number: int, off: bool = False) -> Json:
        (person(number).unblocks if off else person(number).blocks)()
        return {"id": number}

    @routes.post("/inject")
    async def inject(body: Json) -> Json:
        return {"update_id": em.inject(body)}

    @routes.post("/fault")
    async def fault(body: Trouble) -> Json:
        try:
            em.fault(**body.model_dump())
        except ValueError as problem:
            raise HTTPException(400, str(problem)) from None
        return {"waiting": len(em.faults)}

    @routes.post("/settings")
    async def settings(body: Settings) -> Json:
        if body.limits is not None:
            em.limits.on = body.limits
        if body.privacy is not None:
            em.world.privacy = body.privacy
        if body.hasty_rules is not None:
            em.poller.hasty_rules = body.hasty_rules
        if body.clock is not None:
            em.clock.set(body.clock)
        if body.advance is not None:
            em.clock.advance(body.advance)
        return {"now": em.clock.now()}

    @routes.get("/messages/{number}")
    async def messages(number: int) -> list[Json]:
        return [shown.plain for shown in chat(number).visible]

    @routes.get("/journal")
    async def journal(method: str | None = None, since: int = 0) -> list[Json]:
        return [call.plain for call in em.calls(method, since=since)]

    @routes.get("/state")
    async def state() -> Json:
        return {
            "pending": len(em.backlog),
            "queued": em.backlog.total,
            "expired": len(em.backlog.expired),
            "calls": len(em.journal),
            "faults": len(em.faults),
            "conflicts": em.poller.conflicts,
            "early": len(em.limits.early),
            "violations": em.violations,
            "now": em.clock.now(),
        }

    return routes
