"""Members of the roster: codes and accounts."""

import sqlalchemy as sa

from domain.incoming import Chat
from storage.database import ReadTx, WriteTx
from storage.rosters import fresh_code
from storage.tables import accounts, members
from storage.types import YES


async def bind(tx: WriteTx, code: str, chat: Chat, account: str) -> int | None:
    """Bind an account to the member a code was handed to. A code works once; nothing when it is wrong or used."""
    where = (members.c.bind_code == code.strip().upper(), members.c.active == YES)
    member_id: int | None = await tx.value(sa.select(members.c.id).where(*where))
    if member_id is None or await tx.execute(sa.update(members).where(*where).values(bind_code="")) != 1:
        return None
    row = {"channel": chat.channel, "bot": chat.bot, "account": account, "member_id": member_id, "chat_id": chat.id}
    await tx.execute(tx.upsert(accounts, row, ["channel", "bot", "account"]))
    return member_id


async def bind_codes(tx: ReadTx, area_id: int) -> dict[int, str]:
    """The codes not used yet, per member."""
    where = (members.c.area_id == area_id, members.c.bind_code != "")
    return {row.id: row.bind_code for row in await tx.rows(sa.select(members).where(*where))}


async def unbind(tx: WriteTx, member_id: int, chat: Chat) -> None:
    """The account cannot be reached any more (blocked, deleted). A fresh code waits for the day he comes back."""
    await tx.execute(
        sa.delete(accounts).where(
            accounts.c.channel == chat.channel, accounts.c.bot == chat.bot, accounts.c.chat_id == chat.id
        )
    )
    await tx.execute(sa.update(members).where(members.c.id == member_id).values(bind_code=fresh_code()))
