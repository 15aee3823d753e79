"""``/metrics`` for Prometheus: what the parts counted, and what waits in the database. Numbers, nobody's."""

from collections.abc import Iterable, Iterator
from hmac import compare_digest
from ipaddress import ip_address
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Header, HTTPException, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from bot.app import House
from storage import waiting
from storage.database import StorageFault


class _Seen(Collector):
    """What was read for one answer."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    @override
    def collect(self) -> Iterable[Metric]:
        return self._metrics


def routes(house: House) -> APIRouter:
    """The page, where it is asked for. Whoever may not see it is told that there is nothing."""
    router = APIRouter()
    token = house.config.web.metrics_token.get_secret_value()

    @router.get("/metrics")
    async def metrics(request: Request, authorization: Annotated[str, Header()] = "") -> Response:
        if token:
            if not compare_digest(authorization.encode(), f"Bearer {token}".encode()):
                raise HTTPException(404)
        elif not _is_direct(request):
            raise HTTPException(404)
        page = generate_latest(house.meter.registry) + generate_latest(await _look(house))
        return Response(page, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router if house.config.web.metrics else APIRouter()


def _is_direct(request: Request) -> bool:
    """From this machine itself; not for somebody else through a proxy on it."""
    if request.client is None or "forwarded" in request.headers or "x-forwarded-for" in request.headers:
        return False
    return ip_address(request.client.host).is_loopback


async def _look(house: House) -> CollectorRegistry:
    found = CollectorRegistry()
    found.register(_Seen([*_lines(house), *_faults(house)]))
    cx = house.context()
    quiet = cx.policy.staff_quiet.next_allowed(cx.calendar, cx.now) > cx.now
    try:
        async with house.database.read() as tx:
            counts = await waiting.in_outbox(tx)
            late = await waiting.late(tx, cx.now, quiet=quiet)
            stuck, aside = await waiting.stuck(tx, cx.now), await waiting.set_aside(tx)
    except (StorageFault, sa.exc.SQLAlchemyError):
        found.register(_Seen([_gauge("dangxiaoqi_database_up", "Whether the database can be read.", 0)]))
        return found
    outbox = GaugeMetricFamily("dangxiaoqi_outbox", "Messages not sent, by state and kind.", labels=["state", "kind"])
    for (state, kind), n in counts.items():
        outbox.add_metric([state, kind], n)
    overdue = GaugeMetricFamily("dangxiaoqi_late", "What fell due over two minutes ago and is not done.", labels=["of"])
    longest = GaugeMetricFamily("dangxiaoqi_late_seconds", "How long the oldest of them waits.", labels=["of"])
    for name, what in late.items():
        overdue.add_metric([name], what.count)
        longest.add_metric([name], what.seconds)
    unknown = sum(n for (state, _), n in counts.items() if state == "unknown")
    found.register(
        _Seen(
            [
                _gauge("dangxiaoqi_database_up", "Whether the database can be read.", 1),
                outbox,
                _gauge("dangxiaoqi_unknown_sends", "Sends nobody knows the outcome of.", unknown),
                _gauge("dangxiaoqi_stuck_sends", "Messages that should have left long ago.", stuck),
                _gauge("dangxiaoqi_dead_letters", "Messages set aside within seven days.", aside),
                overdue,
                longest,
            ]
        )
    )
    return found


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _lines(house: House) -> Iterator[Metric]:
    deaf = GaugeMetricFamily("dangxiaoqi_deaf", "1 while a channel answers nothing.", labels=["channel"])
    silent = GaugeMetricFamily(
        "dangxiaoqi_answered_seconds_ago", "Since the last answer of a channel, an empty one too.", labels=["channel"]
    )
    gaps = CounterMetricFamily("dangxiaoqi_update_id_gaps", "Places where update ids were missing.", labels=["channel"])
    for watch in house.inbox.watches:
        deaf.add_metric([watch.channel], watch.deaf_since is not None)
        silent.add_metric([watch.channel], watch.silent())
        gaps.add_metric([watch.channel], watch.gaps)
    yield from (deaf, silent, gaps)


def _faults(house: House) -> Iterator[Metric]:
    family = CounterMetricFamily(
        "dangxiaoqi_database_errors", "Transactions the database did not do.", labels=["transaction"]
    )
    for name, count in house.database.faults.items():
        family.add_metric([name], count)
    yield family
