"""The webhook: check the secret, commit, then 200. Whatever is not committed Telegram sends again."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime

import structlog
from fastapi import APIRouter, Request, Response

from bot.telegram.updates import Me, translate
from scheduler.inbox import Inbox
from storage.database import StorageFault

log = structlog.get_logger()

PATH = "/telegram/webhook"
BIGGEST = 1 << 20


def router(secret: str, me: Me, inbox: Inbox, now: Callable[[], datetime]) -> APIRouter:
    """The one route. A wrong secret learns nothing, not even that there is a bot here."""
    routes = APIRouter()

    @routes.post(PATH)
    async def update(request: Request) -> Response:
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=404)
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > BIGGEST:
                return Response(status_code=413)
        try:
            raw = json.loads(bytes(body))
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if not me.username:
            return Response(status_code=503)  # we do not know our own name yet; Telegram sends it again
        event = translate(raw, me, now()) if isinstance(raw, dict) else None
        if event is not None:
            try:
                await inbox.take_in([event], order="chat")
            except StorageFault:
                log.exception("storage_fault_at_webhook")
                return Response(status_code=503)
        return Response(status_code=200)

    return routes
