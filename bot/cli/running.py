"""``run`` and ``demo``: the only verbs that stay. Which faces there are is decided in ``faces``."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from bot import logs
from bot.app import House, Part, serve
from bot.backups import daily
from bot.cli import call as calls
from bot.cli.database import UNREACHABLE
from bot.cli.stop import Stop
from bot.config import Config
from bot.telegram.face import ChannelFault, Line, connect
from bot.web import server
from bot.web.server import CannotListen
from storage.database import StorageFault
from storage.schema import NewerDatabase

app = typer.Typer()


def faces(config: Config) -> list[Part]:
    """The seam: every face a configuration asks for, and the daily copy. The page is always there, for /health and for webhooks."""
    lines: list[Line] = []

    @asynccontextmanager
    async def telegram(home: House) -> AsyncIterator[Callable[[], Coroutine[object, object, None]] | None]:
        async with connect(
            config, home.database, home.said, home.inbox, home.faces, lambda: home.context().now
        ) as line:
            lines.append(line)
            yield line.run

    page = server.part(demo=False, routers=lambda _: [line.routes for line in lines if line.routes])
    return [telegram, page, daily.part] if config.telegram is not None else [page, daily.part]


@app.command()
def run(ctx: typer.Context) -> None:
    """Until SIGINT or SIGTERM."""
    call = calls.of(ctx)
    config = call.config()
    if call.is_open():
        raise call.stop("check.open_file", path=call.path)
    _serve(call, config, faces(config))


@app.command()
def demo(
    ctx: typer.Context,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    data: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """The sample community on a page; without ``--data`` nothing remains of it."""
    call = calls.of(ctx)
    with TemporaryDirectory(prefix="dangxiaoqi-") as folder:
        file = (data or Path(folder) / "demo.db").absolute()
        config = server.demo_config(f"sqlite:///{file}", host=host, port=port)
        ready = lambda url: call.print(call.say("run.ready", url=url))  # noqa: E731 - said once
        _serve(call, config, [server.part(demo=True, ready=ready)])


def _serve(call: calls.Call, config: Config, parts: Sequence[Part]) -> None:
    logs.configure()
    try:
        asyncio.run(serve(config, parts))
    except Exception as error:
        reason = _reason(call, error)
        if reason is None:
            raise
        raise reason from None


def _reason(call: calls.Call, error: BaseException) -> Stop | None:
    """What stopped the program, in a line; nothing for a bug, which stays one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    match error:
        case ChannelFault() | CannotListen():
            return call.stop("run.stopped", reason=error)
        case NewerDatabase():
            return call.stop("database.newer")
        case StorageFault():
            return call.stop("database.failed", error=type(error.__cause__ or error).__name__)
        case _ if isinstance(error, UNREACHABLE):
            return call.stop("database.unreachable", error=type(error).__name__)
    return None
