"""Volunteers' calendars over HTTP: a file behind a secret link, the same “not found” for every link that leads nowhere."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from bot.app import House
from handlers import visit_calendar

_HEADERS = {"cache-control": "private, no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


def routes(house: House) -> APIRouter:
    """``GET /calendar/{number}/{secret}.ics``."""
    router = APIRouter()

    @router.get("/calendar/{number}/{secret}.ics")
    async def calendar(number: Annotated[int, Path(ge=1, lt=2**53)], secret: str) -> Response:
        async with house.database.read() as tx:
            text = await visit_calendar.feed(house.context(), tx, number, secret)
        if text is None:
            return Response(status_code=404)
        return Response(text.encode(), media_type="text/calendar; charset=utf-8", headers=_HEADERS)

    return router
