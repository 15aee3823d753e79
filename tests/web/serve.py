"""Serve the demo from a given database file on any free port and print the address: ``python -m tests.web.serve FILE``."""

import asyncio
import sys
from pathlib import Path

from bot.app import serve
from bot.web.server import demo_config, part


def _print(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def main() -> None:
    """Until SIGTERM."""
    config = demo_config(f"sqlite:///{Path(sys.argv[1])}")
    asyncio.run(serve(config, [part(demo=True, port=int(sys.argv[2]) if len(sys.argv) > 2 else 0, ready=_print)]))


if __name__ == "__main__":
    main()
