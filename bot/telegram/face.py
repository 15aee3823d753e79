"""The Telegram face as a part of the house: connect, check, listen, send."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
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

    def __init__(self, me: Me, run: Run, *, poller: Poller | None = None, routes: APIRouter | None = None) -> None:
        """Exactly one of the two ways is used; ``run`` is what the program does for it until it stops."""
        self.me = me
        self.run = run
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
    me = Me(int(token.partition(":")[0]), "")  # the bot's id is the first part of its token; its name Telegram tells

    async def introduce() -> None:
        await bot.initialize()
        await _prepare(bot, settings, said)
        me.username = bot.username
        for line in await checks.look(bot, me, config, database, said):
            log.warning("check", said=line)

    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient())
        stack.push_async_callback(bot.shutdown)
        faces["telegram", me.bot] = TelegramFace(bot, settings.per_minute)
        try:
            await introduce()
        except InvalidToken:
            raise ChannelFault(said.say("check.token")) from None
        except TelegramError as error:
            log.warning("telegram_down_at_start", error=type(error).__name__, said=said.say("check.down"))
        if settings.mode == "webhook":
            secret = settings.webhook_secret.get_secret_value()
            yield Line(me, partial(_keep_trying, introduce, me), routes=webhook.router(secret, me, inbox, now))
        else:
            url = f"{settings.base_url}{quote(token, safe=':')}/getUpdates"
            watch = inbox.watch("telegram", me.bot)
            poller = Poller(client, url, me, inbox, now, settings.poll_seconds, introduce, watch)
            yield Line(me, poller.run, poller=poller)


async def _keep_trying(introduce: Callable[[], Awaitable[None]], me: Me, pause: float = 1.0) -> None:
    """Until Telegram knows where to deliver: the channel may be down at start."""
    while not me.username:
        try:
            await introduce()
        except TelegramError as error:
            log.warning("telegram_still_down", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)


async def _prepare(bot: Bot, settings: Telegram, said: Sentences) -> None:
    """The menu of commands, and the way updates come. Pending updates are never dropped.

    Raises:
        telegram.error.TelegramError: updates may come the wrong way or not at all; the menu is not worth that.

    """
    if settings.mode == "webhook":
        secret = settings.webhook_secret.get_secret_value()
        await bot.set_webhook(
            settings.webhook_url, secret_token=secret, allowed_updates=ALLOWED, drop_pending_updates=False
        )
    else:
        await bot.delete_webhook(drop_pending_updates=False)
    try:
        menu = [BotCommand(c.name, said.say(f"help.{c.name}")) for c in COMMANDS if c.whom is For.RESIDENT]
        await bot.set_my_commands(menu, scope=BotCommandScopeAllPrivateChats())
    except TelegramError as error:
        log.warning("telegram_without_menu", error=type(error).__name__)
