"""Bugs planted on purpose: a test that finds none of them proves nothing (``make mutants``)."""
