"""``python -m tests.emulator --port N --token T``: the emulator as a process of its own, driven under ``/_control/``.

One line of JSON on standard output says where it listens; it ends by a signal.
"""

import argparse
import asyncio
import json
import signal
import sys

from tests.emulator.control import router
from tests.emulator.core import TOKEN, Emulator


async def serve(port: int, token: str) -> None:
    """Until SIGTERM or SIGINT."""
    em = Emulator(port=port, token=token)
    em.server.app.include_router(router(em))
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with em:
        where = {"origin": em.origin, "base_url": em.base_url, "base_file_url": em.base_file_url, "token": token}
        sys.stdout.write(json.dumps(where) + "\n")
        sys.stdout.flush()
        await over.wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulator")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.token))


if __name__ == "__main__":
    main()
