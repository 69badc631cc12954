"""Where one drives: a closed circuit through a grid of streets, and the streets beside it.

The circuit goes round a random tree: a walk along the tree's outside passes every crossing of a
grid of twice as many streets once, and ends where it began. So it turns to both sides, its arms
run beside each other as streets round a block do, and no place comes twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LAP_M = 2048.0  # length of a circuit; a metre a scan
Node = tuple[int, int]


@dataclass(frozen=True)
class Streets:
    """Polylines with a point at every metre.

    Attributes
    ----------
    xy : (n, 2) metres; ahead : (n, 2) unit vectors along the street
    station : (n,) metres from the start of the street
    street : (n,) int64, 0 for the circuit
    """

    xy: np.ndarray
    ahead: np.ndarray
    station: np.ndarray
    street: np.ndarray

    def of(self, street: int) -> slice:
        """The points of one street."""
        return slice(*np.searchsorted(self.street, (street, street + 1)).tolist())

    @property
    def count(self) -> int:
        return int(self.street[-1]) + 1

    def at(self, station: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m, 2) places and (m, 2) directions on the circuit at stations (m,), laps on."""
        lap = self.of(0)
        ring = np.concatenate([self.xy[lap], self.xy[:1]])
        heading = np.unwrap(np.arctan2(self.ahead[lap, 1], self.ahead[lap, 0]))
        turn = 2 * np.pi * np.round((heading[-1] - heading[0]) / (2 * np.pi))
        heading = np.append(heading, heading[0] + turn)
        s, known = np.mod(station, LAP_M), np.linspace(0, LAP_M, len(ring))
        place = np.stack([np.interp(s, known, ring[:, k]) for k in (0, 1)], axis=-1)
        angle = np.interp(s, known, heading)
        return place, np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def streets(
    rng: np.random.Generator, nodes: Node, radius: float, jitter: float, side_share: float
) -> Streets:
    """A circuit round a tree of `nodes` (across, along), its corners of a radius in metres.

    `jitter` moves the crossings, as a share of the distance between them; `side_share` of the
    grid's other edges are streets too.
    """
    order = _around(_tree(rng, nodes))
    corner = {node: np.array(node) + rng.uniform(-jitter, jitter, 2) for node in sorted(order)}
    # The circuit's length is linear in the distance between crossings: two trials give it.
    short, long = (_length(_rounded(order, corner, step, radius)) for step in (400.0, 800.0))
    step = 400.0 + (LAP_M - short) * 400.0 / (long - short)
    lap = _rounded(order, corner, step, radius)
    parts = [_every_metre(lap, int(LAP_M))]
    driven = {frozenset(pair) for pair in zip(order, order[1:] + order[:1], strict=True)}
    for node in sorted(order):
        for other in ((node[0] + 1, node[1]), (node[0], node[1] + 1)):
            if other in corner and frozenset((node, other)) not in driven:
                if rng.random() < side_share:
                    ends = np.stack([corner[node], corner[other]]) * step
                    parts.append(_every_metre(ends, int(_length(ends))))
    ahead = [_directions(part, closed=k == 0) for k, part in enumerate(parts)]
    return Streets(
        np.concatenate(parts),
        np.concatenate(ahead),
        np.concatenate([np.arange(len(part), dtype=float) for part in parts]),
        np.concatenate([np.full(len(part), k) for k, part in enumerate(parts)]),
    )


def _tree(rng: np.random.Generator, nodes: Node) -> set[frozenset[Node]]:
    """The edges of a random tree over a grid of nodes; one that is alone has an edge to itself."""
    start = (0, 0)
    reached, edges = [start], {frozenset((start,))}
    while len(reached) < nodes[0] * nodes[1]:
        x, y = reached[rng.integers(len(reached))]
        near = [(x + 1, y), (x, y + 1), (x - 1, y), (x, y - 1)]
        i, j = near[rng.integers(4)]
        if 0 <= i < nodes[0] and 0 <= j < nodes[1] and (i, j) not in reached:
            reached.append((i, j))
            edges.add(frozenset(((x, y), (i, j))))
    return edges


def _around(tree: set[frozenset[Node]]) -> list[Node]:
    """The walk round a tree: each node becomes four crossings, each edge opens two squares."""
    links: dict[Node, set[Node]] = {}

    def link(a: Node, b: Node, *, cut: bool = False) -> None:
        for one, two in ((a, b), (b, a)):
            known = links.setdefault(one, set())
            known.discard(two) if cut else known.add(two)

    for i, j in sorted({node for edge in tree for node in edge}):
        square = [(2 * i, 2 * j), (2 * i + 1, 2 * j), (2 * i + 1, 2 * j + 1), (2 * i, 2 * j + 1)]
        for a, b in zip(square, square[1:] + square[:1], strict=True):
            link(a, b)
    for (i, j), (k, m) in (sorted(edge) for edge in tree if len(edge) == 2):
        across = k > i
        first = [(2 * i + 1, 2 * j + d) if across else (2 * i + d, 2 * j + 1) for d in (0, 1)]
        second = [(2 * k, 2 * m + d) if across else (2 * k + d, 2 * m) for d in (0, 1)]
        link(*first, cut=True)
        link(*second, cut=True)
        for a, b in zip(first, second, strict=True):
            link(a, b)
    order = [(0, 0)]
    while True:
        onwards = sorted(links[order[-1]] - set(order[-2:-1]))
        if len(order) > 1 and order[0] in onwards:
            return order
        order.append(onwards[0])


def _rounded(
    order: list[Node], corner: dict[Node, np.ndarray], step: float, radius: float
) -> np.ndarray:
    """(n, 2) the closed way through all crossings, an arc at each."""
    points = np.stack([corner[node] for node in order]) * step
    found = []
    for before, here, after in zip(
        np.roll(points, 1, 0), points, np.roll(points, -1, 0), strict=True
    ):
        came = (here - before) / np.linalg.norm(here - before)
        goes = (after - here) / np.linalg.norm(after - here)
        turn = np.arctan2(came[0] * goes[1] - came[1] * goes[0], came @ goes)
        if abs(turn) < 1e-3:
            found.append(here[None])
            continue
        reach = radius * np.tan(abs(turn) / 2)
        left = np.sign(turn) * np.array([-came[1], came[0]])
        centre = here - reach * came + radius * left
        angle = np.linspace(0, turn, max(int(abs(turn) * radius), 3))[:, None]
        arm = -radius * left
        found.append(centre + np.cos(angle) * arm + np.sin(angle) * np.array([-arm[1], arm[0]]))
    way = np.concatenate(found)
    return np.concatenate([way, way[:1]])


def _length(way: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())


def _every_metre(way: np.ndarray, count: int) -> np.ndarray:
    """(count, 2) points at equal distances along a way, its end left out."""
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    wanted = np.linspace(0, s[-1], count, endpoint=False)
    return np.stack([np.interp(wanted, s, way[:, k]) for k in (0, 1)], axis=1)


def _directions(part: np.ndarray, *, closed: bool) -> np.ndarray:
    if closed:
        along = np.roll(part, -1, 0) - np.roll(part, 1, 0)
    else:
        along = np.gradient(part, axis=0)
    found: np.ndarray = along / np.linalg.norm(along, axis=1, keepdims=True)
    return found
