"""What has been said about a year, for ever: the outbox forgets after ninety days."""

from storage.database import WriteTx
from storage.tables import counters


async def first_time(tx: WriteTx, year: int) -> bool:
    """Whether the leaders have not been told yet that the arrangement of this year is missing; from now on they have."""
    row = {"name": f"calendar:{year}", "value": 1}
    return await tx.execute(tx.insert_ignoring(counters).values(**row)) == 1
