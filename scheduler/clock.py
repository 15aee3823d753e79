"""The clock that rings. APScheduler keeps no knowledge of ours: a memory store, and bells that may be lost."""

from collections.abc import Callable, Sequence

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from handlers.context import Context
from scheduler.jobs import JOBS, Job
from scheduler.meter import Meter
from storage.database import Database, StorageFault

log = structlog.get_logger()


async def pass_once(
    database: Database,
    context: Callable[[], Context],
    wake: Callable[[], None],
    meter: Meter,
    jobs: Sequence[Job] = JOBS,
) -> None:
    """Every job once, each in its own transaction; one that breaks does not stop the others."""
    for job in jobs:
        await ring(database, context, wake, meter, job)


async def ring(
    database: Database, context: Callable[[], Context], wake: Callable[[], None], meter: Meter, job: Job
) -> None:
    """Do what is due of one job, as of now."""
    try:
        with meter.passes.labels(job.name).time(), meter.failures.labels(job.name).count_exceptions():
            async with database.write(job.name) as tx:
                await job.run(context(), tx)
    except StorageFault:
        log.exception("storage_fault_in_job", job=job.name)
    except Exception:
        log.exception("job_broken", job=job.name)
    else:
        wake()


def start(
    database: Database, context: Callable[[], Context], wake: Callable[[], None], meter: Meter
) -> AsyncIOScheduler:
    """Ring for every job at its interval until ``shutdown()``. Late bells are rung once, never dropped."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in JOBS:
        trigger = IntervalTrigger(seconds=int(job.every.total_seconds()))
        scheduler.add_job(
            ring,
            trigger,
            args=(database, context, wake, meter, job),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    return scheduler
