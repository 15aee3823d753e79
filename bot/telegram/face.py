"""The Telegram face as a part of the house: connect, check, listen, send."""

import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import quote

import httpx
import structlog
from fastapi import APIRouter
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.config import Config, Telegram
from bot.telegram import checks, webhook
from bot.telegram.polling import Poller
from bot.telegram.sender import TelegramFace
from bot.telegram.updates import ALLOWED, Me
from handlers.commands import COMMANDS, For
from scheduler.delivery import Face
from scheduler.inbox import Inbox
from storage.database import Database
from texts.sentences import Sentences

log = structlog.get_logger()

Run = Callable[[], Coroutine[object, object, None]]


class ChannelFault(Exception):
    """The channel cannot be used as configured; the message is Chinese."""


def make_bot(settings: Telegram) -> Bot:
    """A ``Bot`` whose calls wait long enough to learn their outcome (a send without an answer is of unknown outcome)."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # retry_after as a timedelta; the old form only warns
    request = HTTPXRequest(
        connection_pool_size=64,
        connect_timeout=10,
        read_timeout=25,
        write_timeout=20,
        pool_timeout=20,
        httpx_kwargs={"trust_env": True},
    )
    return Bot(
        settings.token.get_secret_value(),
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=request,
    )


class Line:
    """An open line to Telegram: the poller (or the webhook's route) and the sender."""

    def __init__(self, me: Me, poller: Poller | None, routes: APIRouter | None) -> None:
        """Exactly one of the two ways is used."""
        self.me = me
        self.poller = poller
        self.routes = routes


@asynccontextmanager
async def connect(
    config: Config,
    database: Database,
    said: Sentences,
    inbox: Inbox,
    faces: dict[tuple[str, str], Face],
    now: Callable[[], datetime],
) -> AsyncIterator[Line]:
    """Register the face and open the line. A channel that is down is waited for; a wrong token is a fault.

    Raises:
        ChannelFault: the token is refused.

    """
    settings = config.telegram
    if settings is None:
        raise ChannelFault(said.say("check.no_telegram"))
    bot = make_bot(settings)
    token = settings.token.get_secret_value()
    async with httpx.AsyncClient() as client:
        me = await _identify(bot, settings, said)
        try:
            faces["telegram", me.bot] = TelegramFace(bot, settings.per_minute)
            await _prepare(bot, settings, said, me)
            for line in await checks.look(bot, me, config, database, said):
                log.warning("check", said=line)
            if settings.mode == "webhook":
                secret = settings.webhook_secret.get_secret_value()
                yield Line(me, None, webhook.router(secret, me, inbox, now))
            else:
                url = f"{settings.base_url}{quote(token, safe=':')}/getUpdates"
                yield Line(me, Poller(client, url, me, inbox, now, settings.poll_seconds), None)
        finally:
            await bot.shutdown()


async def _identify(bot: Bot, settings: Telegram, said: Sentences) -> Me:
    try:
        await bot.initialize()
    except InvalidToken:
        raise ChannelFault(said.say("check.token")) from None
    except TelegramError as error:
        # The channel may be down at start: the bot's id is the first part of its token, and the poller keeps trying.
        log.warning("telegram_down_at_start", error=type(error).__name__)
        return Me(int(settings.token.get_secret_value().partition(":")[0]), "")
    return Me(bot.id, bot.username)


async def _prepare(bot: Bot, settings: Telegram, said: Sentences, me: Me) -> None:
    """The menu of commands, and the way updates come. Pending updates are never dropped."""
    if not me.username:
        return
    try:
        menu = [BotCommand(c.name, said.say(f"help.{c.name}")) for c in COMMANDS if c.whom is For.RESIDENT]
        await bot.set_my_commands(menu, scope=BotCommandScopeAllPrivateChats())
        if settings.mode == "webhook":
            secret = settings.webhook_secret.get_secret_value()
            await bot.set_webhook(
                settings.webhook_url, secret_token=secret, allowed_updates=ALLOWED, drop_pending_updates=False
            )
        else:
            await bot.delete_webhook(drop_pending_updates=False)
    except TelegramError as error:
        log.warning("telegram_not_prepared", error=type(error).__name__)
