"""What moves: where each mover is at any time, from its own few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.simulate import people, vehicles
from core.simulate.circuit import LAP_M
from core.simulate.districts import District
from core.simulate.ground import Ground
from core.simulate.layout import Make

OWN_SPEED = 10.0  # m/s: a metre in a tenth of a second
SEEN_M = 75.0  # ahead and behind, while a mover is there
FIRST_NUMBER = 40_001  # of movers; things that stand have smaller ones


@dataclass(frozen=True)
class Mover:
    """One that moves along the circuit at a steady speed, or across it.

    Attributes
    ----------
    make : its mesh, from a generator of its own
    number : its track; a label's instance
    start, end : seconds, between which it is there
    meet : seconds at which it is at `station`, metres on the circuit
    speed : m/s along the circuit, negative against one's own way
    aside : metres to the left of the circuit's middle at `meet`; `drift` : m/s to the left
    """

    make: Make
    number: int
    start: float
    end: float
    meet: float
    station: float
    speed: float
    aside: float
    drift: float = 0.0

    def pose(self, ground: Ground, time: float) -> tuple[np.ndarray, float]:
        """(3,) its place on the ground and its heading in radians, at a time in seconds."""
        since = time - self.meet
        place, ahead = ground.streets.at(np.array(self.station + self.speed * since))
        left = np.array([-ahead[1], ahead[0]])
        xy = place + (self.aside + self.drift * since) * left
        way = self.speed * ahead + self.drift * left
        z = float(ground.heights(xy[None])[0])
        return np.array([*xy, z]), float(np.arctan2(way[1], way[0]))


def movers(
    district: District, ground: Ground, rng: np.random.Generator, tail: float
) -> list[Mover]:
    """All movers of one lap, which takes LAP_M / OWN_SPEED seconds."""
    d = district
    found: list[Mover] = []

    def add(make: Make, s: float, speed: float, aside: float, drift: float = 0.0) -> None:
        """One that is beside the own car when this is at s."""
        away = abs(speed - OWN_SPEED)
        time, span = s / OWN_SPEED, SEEN_M / max(away, 1.0)
        if drift:
            span = min(span, (d.half_road + d.walk) / abs(drift))
        number = FIRST_NUMBER + len(found)
        found.append(Mover(make, number, time - span, time + span, time, s, speed, aside, drift))

    against, beside = rng.uniform(6.5, 9.5), d.half_road - 0.7
    places = _apart(rng, d.traffic + tail * d.lorries, 18.0)
    for s in places:
        heavy = rng.random() < tail * d.lorries / (d.traffic + tail * d.lorries)
        make: Make = vehicles.car
        if heavy:
            make = (vehicles.truck, vehicles.bus)[int(rng.random() < 0.3)]
        elif rng.random() < 0.02 * tail:
            make = vehicles.motorcyclist
        add(make, s, -against, d.lane)
    s = rng.uniform(0, 120)
    while s < LAP_M:  # ahead and behind on one's own way, one at a time each
        length = rng.uniform(60, 260)
        if rng.random() < min(0.22 * d.traffic, 0.75):
            for gap in (rng.uniform(12, 32), -rng.uniform(10, 30)):
                make = vehicles.truck if rng.random() < 0.1 * tail * d.lorries else vehicles.car
                start, end = s / OWN_SPEED, (s + length) / OWN_SPEED
                number = FIRST_NUMBER + len(found)
                found.append(Mover(make, number, start, end, start, s + gap, OWN_SPEED, -d.lane))
        s += length + rng.uniform(20, 260) / max(d.traffic, 0.3)
    for s in _apart(rng, tail * d.cyclists, 12.0):
        speed = rng.uniform(3.5, 6) * rng.choice([-1, 1])
        add(vehicles.bicyclist, s, speed, beside if speed < 0 else -beside)
    for s in _apart(rng, 0.2 * tail * d.cyclists, 12.0):
        add(vehicles.motorcyclist, s, -against, d.lane - 0.3)
    for s in _apart(rng, 2 * tail * d.walkers, 1.0):
        side, speed = rng.choice([-1, 1]), rng.uniform(0.8, 1.7) * rng.choice([-1, 1])
        if rng.random() < 0.08:
            add(people.person, s, 0.05, 0.0, speed)
        else:
            out = d.half_road + max(d.walk, 0.8) - rng.uniform(0.0, 0.5)
            add(people.person, s, speed, side * out)
    return found


def _apart(rng: np.random.Generator, rate: float, least_m: float) -> np.ndarray:
    """Ascending stations, `rate` on 100 m, at least so far from each other."""
    count = rng.poisson(rate * LAP_M / 100)
    places = np.sort(rng.uniform(0, LAP_M, count))
    return places[np.concatenate([[True], np.diff(places) > least_m])] if count else places
