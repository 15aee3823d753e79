"""What may be wrong with the bot in its groups, in plain Chinese, at start and for ``dangxiaoqi check``."""

import sqlalchemy as sa
from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.config import Config, Telegram
from bot.telegram.updates import Me
from storage.database import Database
from storage.tables import groups
from storage.types import YES
from texts.sentences import Sentences

_ADMIN = (ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)


async def look(bot: Bot, me: Me, config: Config, database: Database, said: Sentences) -> list[str]:
    """Every finding as a sentence; an empty list when all is well. Never raises for what Telegram answers."""
    found = [said.say("check.region")] if config.community.region == "CN" else []
    if not me.username:
        return [*found, said.say("check.down")]
    async with database.read() as tx:
        stmt = sa.select(groups.c.chat_id, groups.c.title).where(
            groups.c.channel == "telegram", groups.c.bot == me.bot, groups.c.active == YES
        )
        known = await tx.rows(stmt)
    if not known:
        found.append(said.say("check.no_group", username=me.username))
    try:
        hears_all = bool((await bot.get_me()).can_read_all_group_messages)
    except TelegramError:
        return [*found, said.say("check.down")]
    for row in known:
        name = row.title or row.chat_id
        try:
            member = await bot.get_chat_member(int(row.chat_id), me.id)
        except (BadRequest, Forbidden):
            found.append(said.say("check.not_in_group", group=name))
            continue
        except TelegramError:
            return [*found, said.say("check.down")]
        if member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED):
            found.append(said.say("check.not_in_group", group=name))
        elif member.status not in _ADMIN:
            found.append(said.say("check.not_admin" if hears_all else "check.deaf", group=name))
    if not known and not hears_all:
        found.append(said.say("check.privacy"))
    return found


_BACKLOG = 100
"""Updates that wait at Telegram: more than a busy minute of a district."""


async def line(bot: Bot, settings: Telegram, said: Sentences) -> list[str]:
    """Whether messages come the way that is configured; sentences as above.

    Raises:
        telegram.error.TelegramError: Telegram does not answer.

    """
    info = await bot.get_webhook_info()
    found = []
    if settings.mode == "polling" and info.url:
        found.append(said.say("check.webhook_set"))
    if settings.mode == "webhook" and info.url != settings.webhook_url:
        found.append(said.say("check.webhook_elsewhere"))
    if info.pending_update_count > _BACKLOG:
        found.append(said.say("check.backlog", count=info.pending_update_count))
    return found
