"""The sample community of the demo, and the day that is played in it."""

from bot.web.sample.community import SampleCommunity, load, read
from bot.web.sample.day import Step, read_day

__all__ = ["SampleCommunity", "Step", "load", "read", "read_day"]
