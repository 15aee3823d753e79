"""The rules of 党小栖: pure functions and frozen dataclasses on the standard library only. ``now`` is always an argument."""
