"""A Telegram Bot API server of our own: real HTTP, a played world, faults on demand, a journal of everything.

In a test (in another process: ``EmulatorProcess``, or ``python -m tests.emulator --port N`` and ``control.py``)::

    async with Emulator(privacy=False) as em:                # base_url=em.base_url, token=em.token for the program
        wang = em.user("王阿姨")
        group = em.group("示范小区", [wang], bot_admin=True)
        asked = wang.says(group, "3栋电梯坏了")               # queued as an update at once
        await em.until(lambda: asked.reactions == ["👀"])    # what the program did
        [card] = em.said(group)                              # card.text, .labels, .buttons, .edited, .reply_to
        press = wang.presses(card, "接单")
        await em.until(lambda: press.answered)
        em.fault("reply_lost", "sendMessage", after=1)       # spoil a call; kinds in ``faults.py``
        assert em.calls("sendMessage")[0].ok
    assert em.violations == []                               # every request was as the Bot API describes it
"""

from tests.emulator.answer import ApiError, Call
from tests.emulator.clock import Clock
from tests.emulator.core import TOKEN, Emulator
from tests.emulator.faults import Fault
from tests.emulator.groups import Channel, Group
from tests.emulator.model import Account, Button, Chat, Message
from tests.emulator.people import Person
from tests.emulator.process import EmulatorProcess
from tests.emulator.world import Press

__all__ = [
    "TOKEN",
    "Account",
    "ApiError",
    "Button",
    "Call",
    "Channel",
    "Chat",
    "Clock",
    "Emulator",
    "EmulatorProcess",
    "Fault",
    "Group",
    "Message",
    "Person",
    "Press",
]
