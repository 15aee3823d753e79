"""Successive shortest paths: the cheapest way to give every household one taker, exact, in integers, standard library only.

Households are put in one by one. Whoever is put in may push others along a chain of takers, and the chain taken is the
cheapest there is; after every step the whole is as cheap as it can be for those who are in (min-cost flow, Ahuja, Magnanti
and Orlin 1993, section 9.7). Only takers are nodes: the way from A to B costs what the cheapest household of A would add
by going to B. Prices keep every way at or above zero, so that Dijkstra's search may be used and may stop early.
"""

from collections.abc import Mapping, Sequence


def cheapest(
    costs: Sequence[Mapping[int, int]], rooms: Sequence[int], loads: Sequence[int], slope: int, over: int
) -> list[int | None]:
    """The taker of each household, None for nobody.

    ``costs``: per household what each taker in question costs. A taker holds at most ``rooms`` households; the n-th of
    them costs ``slope * (2 * (loads + n) - 1)`` more, which sums up to ``slope`` times the square of his load. ``over``,
    the price of nobody, must be above any gain that leaving one household out could bring.
    """
    flow = _Flow(costs, rooms, loads, slope, over)
    for household in range(len(costs)):
        flow.put_in(household)
    return [None if taker == flow.nobody else taker for taker in flow.given]


class _Flow:
    """Who has whom so far; the last taker is nobody, who has room for all."""

    def __init__(
        self, costs: Sequence[Mapping[int, int]], rooms: Sequence[int], loads: Sequence[int], slope: int, over: int
    ) -> None:
        self.nobody = len(rooms)
        self.far = 4 * over  # beyond every chain that ends with nobody, so never taken
        takers = range(self.nobody)
        self.rows = [[*(row.get(taker, self.far) for taker in takers), over] for row in costs]
        self.room = [*rooms, len(costs)]
        self.next = [*(slope * (2 * load + 1) for load in loads), 0]
        self.rise = [*(2 * slope for _ in takers), 0]
        self.price = [0] * (self.nobody + 1)
        self.held: list[set[int]] = [set() for _ in self.price]
        self.given = [self.nobody] * len(costs)
        self.ways: list[list[int]] = [[] for _ in self.price]

    def put_in(self, household: int) -> None:
        """One more household, along the cheapest chain."""
        end, came = self._search(household)
        moves = []
        taker = end
        while (before := came[taker]) is not None:
            moves.append((self._cheapest_of(before, taker), before, taker))
            taker = before
        self.held[taker].add(household)
        self.given[household] = taker
        touched = {taker, end}
        for moved, before, after in moves:
            self.held[before].remove(moved)
            self.held[after].add(moved)
            self.given[moved] = after
            touched |= {before, after}
        self.room[end] -= 1
        self.next[end] += self.rise[end]
        for taker in touched:
            self.ways[taker] = self._ways(taker)

    def _search(self, household: int) -> tuple[int, list[int | None]]:
        """The last taker of the cheapest chain, and before whom each taker comes in it; raises the prices on the way."""
        price = self.price
        key = [cost - p for cost, p in zip(self.rows[household], price, strict=True)]
        came: list[int | None] = [None] * len(key)
        waiting = set(range(len(key)))
        settled = []
        end, best = self.nobody, 2 * self.far
        while waiting:
            taker = min(waiting, key=key.__getitem__)
            here = key[taker]
            if here >= best:
                break
            waiting.remove(taker)
            settled.append(taker)
            here += price[taker]
            if self.room[taker] > 0 and here + self.next[taker] < best:
                end, best = taker, here + self.next[taker]
            ways = self.ways[taker]
            if ways:
                for other in waiting:
                    there = here + ways[other] - price[other]
                    if there < key[other]:
                        key[other] = there
                        came[other] = taker
        for taker in settled:
            if key[taker] < best:
                price[taker] += key[taker] - best
        return end, came

    def _cheapest_of(self, taker: int, other: int) -> int:
        """The household of a taker that goes to the other one most cheaply."""
        return min(self.held[taker], key=lambda h: (self.rows[h][other] - self.rows[h][taker], h))

    def _ways(self, taker: int) -> list[int]:
        """What each other taker would add for the cheapest household of this one."""
        adds = []
        for household in self.held[taker]:
            row = self.rows[household]
            mine = row[taker]
            adds.append([cost - mine for cost in row])
        return list(map(min, zip(*adds, strict=True)))
