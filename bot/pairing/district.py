"""The same question as ``domain.assignment.solve``, answered by OR-tools' min-cost flow: a whole district at once.

Needs OR-tools (``pip install dangxiaoqi[solver]``); a running program does not. From every volunteer one arc for each
further household leads to the sink, each dearer than the one before (the convex load), and one arc for everybody who finds
no room leads there from the source.
"""

from importlib.metadata import version

import numpy as np
from ortools.graph.python import min_cost_flow

from domain.assignment import Chosen, Question, Terms, Unsolved, price

VERSION = f"ortools-{version('ortools')}"


def solve(question: Question, terms: Terms) -> Chosen:
    """The best answer.

    Raises:
        Unsolved: the costs are too large for its integers.

    """
    if not question.households:
        return {}
    priced = price(question, terms)
    homes, people = len(priced.households), len(priced.volunteers)
    source, sink = homes + people, homes + people + 1
    arcs = [(home, homes + taker, cost) for home, row in enumerate(priced.costs) for taker, cost in row.items()]
    asked = len(arcs)
    for taker, volunteer in enumerate(priced.volunteers):
        load = volunteer.held + volunteer.credit
        steps = range(load, load + min(volunteer.room, homes))
        arcs += [(homes + taker, sink, priced.slope * (2 * step + 1)) for step in steps]
    arcs += [(home, source, priced.over) for home in range(homes)]
    tails, heads, costs = np.array(arcs, dtype=np.int64).T
    rooms = np.ones(len(arcs), dtype=np.int64)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, rooms, costs)
    flow.add_arc_with_capacity_and_unit_cost(source, sink, homes, 0)
    flow.set_nodes_supplies(np.arange(homes), np.ones(homes, dtype=np.int64))
    flow.set_node_supply(sink, -homes)
    if flow.solve() != flow.OPTIMAL:
        raise Unsolved
    taken = np.flatnonzero(flow.flows(np.arange(asked)))
    return {priced.households[arcs[n][0]].id: priced.volunteers[arcs[n][1] - homes].id for n in taken}
