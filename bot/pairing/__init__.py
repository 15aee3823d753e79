"""Pairing proposals beyond one grid: the solver for districts."""
