"""Months of a whole community under any sequence of what people, clocks and outages do: on paper, and on a real database."""
