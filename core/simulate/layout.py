"""What stands where in a district: large things first, then what finds room beside them.

Only places are decided here. A thing's mesh is made from its own number when a scan comes near, so
it is the same whichever scans are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from core.simulate import people, plants, structures, vehicles
from core.simulate.districts import District
from core.simulate.ground import WIDE_M, Ground
from core.simulate.mesh import Mesh

Rng = np.random.Generator
Make = Callable[[Rng], Mesh]
_CELL_M = 0.4  # of the map of what is taken
NEAR_M = 15.0  # what stands so far from every street may belong to any


@dataclass(frozen=True)
class Item:
    """One thing that stands still.

    Attributes
    ----------
    make : its mesh, from a generator of its own
    at : (3,) metres; yaw : radians
    number : from 1 on, within the district; its label's instance where its class has things
    """

    make: Make
    at: np.ndarray
    yaw: float
    number: int


class Layout:
    """Fills a district; `items` are what stands there."""

    def __init__(self, district: District, ground: Ground, rng: Rng, tail: float) -> None:
        self.district, self.ground, self._rng, self._tail = district, ground, rng, tail
        self._found: list[tuple[Make, np.ndarray, float]] = []
        low = ground.streets.xy.min(0) - WIDE_M
        shape = ((ground.streets.xy.max(0) + WIDE_M - low) / _CELL_M).astype(int) + 1
        self._parked: list[tuple[int, int, float]] = []  # in bays: street, side, place
        self._bounds: dict[tuple[int, int], list[tuple[float, float]]] = {}
        self._low, self._taken = low, np.zeros(shape, bool)
        self._last = shape - 1
        self._houses()
        self._at_the_kerb()
        self._fronts()
        self._furniture()
        self._behind()
        self._far()
        heights = ground.heights(np.array([xy for _, xy, _ in self._found]).reshape(-1, 2))
        self.items = [
            Item(make, np.array([*xy, z]), yaw, number)
            for number, ((make, xy, yaw), z) in enumerate(
                zip(self._found, heights, strict=True), start=1
            )
        ]

    def _sides(self) -> Iterator[tuple[int, int, int]]:
        """Each street, side and its length in metres."""
        streets = self.ground.streets
        for street in range(streets.count):
            for side in (-1, 1):
                yield street, side, self._length(street)

    def _length(self, street: int) -> int:
        return int(np.count_nonzero(self.ground.streets.street == street))

    def _place(self, street: int, side: int, s: float, out: float) -> tuple[np.ndarray, float]:
        """(2,) the place `out` metres outside a street's edge, and the street's direction there,
        turned so that the street lies to the right of what looks along it."""
        streets = self.ground.streets
        first = streets.of(street).start
        k = first + int(s)
        ahead = streets.ahead[k]
        left = np.array([-ahead[1], ahead[0]])
        xy = streets.xy[k] + (s - int(s)) * ahead
        xy = xy + side * (self.district.half_road + out) * left
        yaw = np.arctan2(ahead[1], ahead[0]) + (np.pi if side < 0 else 0.0)
        return xy, float(yaw)

    def _cells(self, xy: np.ndarray, yaw: float, size: tuple[float, float]) -> np.ndarray:
        """(n, 2) cells of the map that an oblong covers."""
        c, s = np.cos(yaw), np.sin(yaw)
        grid = _grid(*(max(int(side / _CELL_M) + 1, 2) for side in size)) * size
        places = grid @ np.array([[c, s], [-s, c]]) + (xy - self._low)
        found: np.ndarray = np.minimum((places / _CELL_M).astype(int), self._last)
        return found

    def _add(
        self,
        make: Make,
        street: int,
        side: int,
        s: float,
        out: float,
        size: tuple[float, float],
        *,
        turn: float = 0.0,
        room: float = 0.3,
        keep: bool = True,
    ) -> bool:
        """Put a thing of `size` beside a street, its middle `out` metres outside the edge, if
        nothing stands there and no other street is near; say whether it was. `room` is kept free
        round it, where it `keep`s its place."""
        if not 0 <= s < self._length(street) - 1:
            return False
        xy, yaw = self._place(street, side, s, out)
        yaw += turn
        cells = self._cells(xy, yaw, (size[0] + 2 * room, size[1] + 2 * room))
        if self._taken[cells[:, 0], cells[:, 1]].any():
            return False
        c, sn = np.cos(yaw), np.sin(yaw)
        corners = np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]]) * size / 2
        beside = self.ground.beside(xy + corners @ np.array([[c, sn], [-sn, c]]))
        inner = out - (abs(np.cos(turn)) * size[1] + abs(np.sin(turn)) * size[0]) / 2
        least = inner - 0.5 if inner < 0.1 else max(min(inner - 0.5, NEAR_M), 0.1)
        if beside.out[0] < min(out - 0.5, NEAR_M) or beside.out.min() < least:
            return False
        if keep:
            self._taken[cells[:, 0], cells[:, 1]] = True
        self._found.append((make, xy, yaw))
        return True

    def _walk(self, street: int, side: int, s: float) -> float:
        """Metres from a street's edge to where its sidewalk begins."""
        bay = self.ground.bays(street, np.array(side), np.array(s))
        return float(bay)

    def _bound(self, street: int, side: int, s: float, out: float) -> None:
        """Remember where a house or a fence begins: people and poles stand against it."""
        self._bounds.setdefault((street, side), []).append((s, out))

    def _edge(self, street: int, side: int, s: float, against: float) -> tuple[float, float]:
        """Where furniture near s stands: against what bounds a lot, with a chance, where it grows
        into one cluster with it; else at the kerb."""
        bounds, rng = self._bounds.get((street, side), []), self._rng
        if bounds and rng.random() < against:
            at, out = bounds[rng.integers(len(bounds))]
            return at + rng.uniform(-0.6, 0.6), out - rng.uniform(0.1, 0.25)
        start = self._walk(street, side, s)
        return s, start + (0.45 if self.district.walk else rng.uniform(1.2, 2.4))

    def _houses(self) -> None:
        d, rng = self.district, self._rng
        for street, side, length in self._sides():
            s = rng.uniform(0, 6)
            while s < length - 4:
                width, depth = rng.uniform(*d.width), rng.uniform(*d.depth)
                if rng.random() < d.house_share and s + width < length:
                    mid = s + width / 2
                    out = self._walk(street, side, mid) + d.walk + d.verge
                    out += rng.uniform(*d.setback) + depth / 2
                    height, flat = rng.uniform(*d.height), rng.random() < d.flat
                    make = (
                        partial(structures.hall, width=width, depth=depth, height=height)
                        if d.halls
                        else partial(
                            structures.house, width=width, depth=depth, height=height, flat=flat
                        )
                    )
                    if self._add(make, street, side, mid, out, (width, depth)):
                        self._bound(street, side, mid, out - depth / 2)
                s += width + rng.uniform(*d.gap)

    def _scatter(self, rate: float, length: int) -> np.ndarray:
        """Ascending places along a side, `rate` on 100 m."""
        count = self._rng.poisson(rate * length / 100)
        return np.sort(self._rng.uniform(1, length - 1.01, count))

    def _at_the_kerb(self) -> None:
        """Parked vehicles, in bays or half on the road."""
        d, rng, tail = self.district, self._rng, self._tail
        kinds: tuple[tuple[float, Make, tuple[float, float]], ...] = (
            (d.trucks * tail, vehicles.truck, (8.0, 2.5)),
            (d.buses * tail, vehicles.bus, (12.0, 2.6)),
            (d.machines * tail, vehicles.other_vehicle, (5.6, 2.3)),
            (d.motorcycles * tail, vehicles.motorcycle, (2.1, 0.8)),
            (d.parked, vehicles.car, (5.6, 1.9)),
        )
        for street, side, length in self._sides():
            for rate, make, size in kinds:
                for s in self._scatter(1.5 * rate, length):
                    bay = self._walk(street, side, s)
                    if bay:
                        out, turn = bay / 2, rng.normal(0, 0.02)
                    elif rng.random() < 0.5:
                        out, turn = 0.0, rng.normal(0, 0.02)
                    else:  # in a yard, towards the street
                        out = d.walk + d.verge + rng.uniform(3.2, 9)
                        turn = rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.1)
                    if rng.random() < 0.5:
                        turn += np.pi
                    self._add(make, street, side, s, out, size, turn=turn, room=0.05)
                    if make is vehicles.car and bay:
                        self._parked.append((street, side, s))

    def _furniture(self) -> None:
        """Along the sidewalk: on its outer edge what is fixed, people anywhere."""
        d, rng, tail = self.district, self._rng, self._tail
        kinds: tuple[tuple[float, Make, float], ...] = (
            (d.lamps, structures.lamp, 0.3),
            (d.posts, structures.post, 0.3),
            (d.signs * tail, structures.sign, 0.3),
            (d.boards * tail, structures.board, 0.6),
            (d.bollards, structures.bollard, 0.25),
            (0.4 * d.objects, structures.thing, 1.2),
        )
        for street, side, length in self._sides():
            for rate, make, size in kinds:
                for s in self._scatter(rate, length):
                    s, out = self._edge(street, side, s, 0.85)
                    turn = np.pi / 2 * rng.integers(4) if make is structures.thing else 0.0
                    turn += np.pi if make is structures.lamp else 0.0
                    self._add(make, street, side, s, out, (size, size), turn=turn, room=-0.1)
            for s in self._scatter(d.trees, length):
                s, out = self._edge(street, side, s, 0.3)
                make = partial(plants.tree, size=rng.uniform(5.5, 11))
                self._add(make, street, side, s, out, (0.5, 0.5), room=0.2)
            riders: tuple[tuple[float, Make], ...] = (
                (d.riders * tail, vehicles.bicyclist),
                (0.5 * d.riders * tail, vehicles.motorcyclist),
            )
            for rate, ride in riders:
                for s in self._scatter(rate, length):
                    out = self._walk(street, side, s) - rng.uniform(0.0, 1.2)
                    turn = np.pi * rng.integers(2) + rng.normal(0, 0.3)
                    self._add(ride, street, side, s, out, (1.6, 0.5), turn=turn, room=0.05)
            for s in self._scatter(d.people * tail, length):
                self._somebody(street, side, s)

    def _somebody(self, street: int, side: int, s: float) -> None:
        """A person: getting into a car, close to what bounds the lots, or on the way."""
        d, rng = self.district, self._rng
        chance = rng.random()
        if chance < 0.4 and self._parked:
            street, side, s = self._parked[rng.integers(len(self._parked))]
            s, out = s + rng.uniform(-1.4, 1.4), d.bay / 2 + 1.25
        elif chance < 0.9:
            s, out = self._edge(street, side, s, 1.0)
        else:
            out = self._walk(street, side, s) + rng.uniform(0.3, max(d.walk, 0.6))
        turn = rng.uniform(0, 2 * np.pi)
        self._add(people.person, street, side, s, out, (0.4, 0.4), turn=turn, room=-0.1)

    def _fronts(self) -> None:
        """What bounds the lots, in pieces of two metres that follow the street; bicycles lean on
        it."""
        d, rng, tail = self.district, self._rng, self._tail
        for street, side, length in self._sides():
            s = rng.uniform(0, 3)
            while s < length - 3:
                run = min(rng.uniform(6, 24), length - s - 0.5)
                out = self._walk(street, side, s + run / 2) + d.walk + d.verge + 0.35
                height, kind = rng.uniform(0.8, 1.9), int(rng.choice(7, p=d.fronts))
                makes: tuple[tuple[Make, float, float], ...] = (
                    (partial(structures.fence, height=height, sheer=False), 0.3, 0.0),
                    (partial(structures.fence, height=height + 0.4, sheer=True), 0.3, 0.0),
                    (partial(structures.wall, height=0.7 * height), 0.4, 0.0),
                    (partial(plants.hedge, height=height), 0.8, 0.0),
                    (structures.guardrail, 0.2, -0.6 * d.verge),
                    (partial(plants.thicket, height=1.5 * height + 0.6), 1.6, 0.8),
                )
                for at in s + rng.uniform(0, run, rng.poisson(d.bicycles * tail * run / 100)):
                    near, turn = out - rng.uniform(0.45, 0.6), np.pi * rng.integers(2)
                    self._add(
                        vehicles.bicycle, street, side, at, near, (1.7, 0.4), turn=turn, room=0.0
                    )
                if kind < len(makes):
                    make, deep, back = makes[kind]
                    for piece in np.arange(s + 1, s + run - 1, 2.0):
                        size = (1.2, max(deep - 0.4, 0.1))
                        if self._add(make, street, side, piece, out + back, size, room=0.0):
                            self._bound(street, side, piece, out + back - deep / 2)
                s += run + rng.uniform(0, 4)

    def _behind(self) -> None:
        """Green and objects behind the fronts, as far as one sees."""
        d, rng = self.district, self._rng
        for street, side, length in self._sides():
            start = d.walk + d.verge
            kinds: list[tuple[float, Callable[..., Mesh], tuple[float, float], float, float]] = [
                (d.woods, plants.tree, (5, 12), 40, 0.6),
                (d.conifers, plants.conifer, (6, 16), 45, 0.6),
                (d.bushes, plants.bush, (0.5, 2.0), 34, 0.8),
                (0.5 * d.bushes, plants.bush, (0.4, 1.2), 7, 0.6),
                (d.weeds, plants.grass, (1.5, 4.5), 18, 0.0),
            ]
            for rate, grow, sizes, reach, room in kinds:
                for s in self._scatter(rate, length):
                    out = start + 0.8 + reach * rng.random() ** 1.6
                    size = rng.uniform(*sizes)
                    foot = 0.5 if sizes[1] > 5 else 0.35 * size
                    make = partial(grow, size=size)
                    self._add(make, street, side, s, out, (foot, foot), room=room, keep=room > 0)
            built: tuple[tuple[float, Make, float], ...] = (
                (0.6 * d.objects, structures.thing, 1.6),
                (d.shelters, structures.shelter, 2.6),
            )
            for rate, build, side_m in built:
                for s in self._scatter(rate, length):
                    out = start + rng.uniform(1.2, 9)
                    turn = rng.normal(0, 0.1) + np.pi / 2 * rng.integers(4)
                    self._add(build, street, side, s, out, (side_m, side_m), turn=turn)

    def _far(self) -> None:
        """Green that closes the view: trees far from every street, all over the district."""
        d, rng, size = self.district, self._rng, np.array(self._taken.shape) * _CELL_M
        count = rng.poisson(d.groves * size.prod() / 1000)
        places = self._low + rng.random((count, 2)) * size
        heights = rng.uniform(1.8, 6.2, count)
        out = self.ground.beside(places).out
        cells = ((places - self._low) / _CELL_M).astype(int)
        kept = (out > NEAR_M + 2) & (out < WIDE_M - 6) & ~self._taken[cells[:, 0], cells[:, 1]]
        for xy, height in zip(places[kept], heights[kept], strict=True):
            self._found.append((partial(plants.grove, size=height), xy, 0.0))


@cache
def _grid(across: int, along: int) -> np.ndarray:
    """(across * along, 2) places that fill a square of 1, its middle at 0."""
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, across), np.linspace(-0.5, 0.5, along))
    return np.stack([u.reshape(-1), v.reshape(-1)], axis=1)
