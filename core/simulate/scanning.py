"""One scan of a place: rays out, returns with noise and reflections, labels and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.loading import loading
from core.simulate.materials import LOST, MOVING, PASSED, RAW, Material, reflection
from core.simulate.movers import OWN_SPEED
from core.simulate.place import REACH_M, Place, Thing, tone
from core.simulate.scene import NOTHING, Hits, Scene
from core.simulate.sensor import Sensor

NOISE_M = 0.02
HAZE_M = 140.0  # of each ray's chance, what exp(-(range / HAZE_M)²) is of 1 comes back
WEAK = 5e-6  # brightness x cosine / range², of which two thirds of the rays come back
DARK = 0.03  # brightness of what seems black
ON_M = 0.02  # behind a surface that it passed, a ray goes on
OF_THING, OF_POINT = 0.6, 0.8  # shares of the spread of reflections, squares sum to 1


@dataclass(frozen=True)
class Box:
    """A thing, in the sensor's frame.

    Attributes
    ----------
    number : its track, and its label's instance; raw : SemanticKITTI's id, a moving one as such
    centre : (3,) metres, of the box; size : (3,) length, width, height; yaw : radians
    speed : m/s; points : that came back from it
    seen : share of the rays that would meet it if nothing else were there
    """

    number: int
    raw: int
    centre: np.ndarray
    size: np.ndarray
    yaw: float
    speed: float
    points: int
    seen: float


@dataclass(frozen=True)
class Simulated:
    """One scan.

    Attributes
    ----------
    points : (N, 4) float32 x, y, z in metres from the sensor, reflection 0..1
    labels : (N,) uint32 raw id, and a thing's number in the high 16 bits
    ring : (N,) uint8 beam, from the top
    pose : (4, 4) float64 from the sensor's frame to the district's
    boxes : of things of which at least a point came back
    """

    points: np.ndarray
    labels: np.ndarray
    ring: np.ndarray
    pose: np.ndarray
    boxes: tuple[Box, ...]


def scan(place: Place, station: float, sensor: Sensor, *, boxes: bool = False) -> Simulated:
    """What the sensor sees at `station` metres on the circuit; the same whatever else was asked.

    `boxes` are left out unless asked for: they need rays of their own.
    """
    rng, time = place.noise(station), station / OWN_SPEED
    pose = place.pose(station, sensor.height)
    starts, rays = sensor.rays
    turn = pose[:3, :3].astype(np.float32)
    start = _turned(starts, turn) + pose[:3, 3].astype(np.float32)
    cast = np.hstack([start, _turned(rays, turn)])
    here, movers = place.stretch(station), place.moving(time)
    moving = Scene(
        [mover.mesh for mover in movers],
        [mover.number for mover in movers],
        [tone(mover.number) for mover in movers],
    )
    hits = _met((here.static, moving), cast, rng)
    own = np.flatnonzero(np.isfinite(sensor.to_own))
    hits.put(own, _own_car(len(own)), sensor.to_own[own])
    back, light = _returned(hits, sensor, rng)
    away = hits.away[back] + rng.normal(0, NOISE_M, len(back)).astype(np.float32)
    xyz = starts[back] + rays[back] * away[:, None]
    thing, raw = hits.thing[back], RAW[hits.material[back]]
    moves = np.isin(thing, [mover.number for mover in movers])
    for still, moved in MOVING.items():
        raw = np.where(moves & (raw == still), np.uint32(moved), raw)
    instance = np.where(raw > 0, thing, 0).astype(np.uint32)
    return Simulated(
        np.column_stack([xyz, light]).astype(np.float32),
        raw | instance << np.uint32(16),
        sensor.ring[back],
        pose,
        _boxes([*here.things, *movers], hits.thing, thing, pose, cast) if boxes else (),
    )


def _turned(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """(R, 3) vectors turned by a matrix: without a library's threads, which would only wait."""
    x, y, z = vectors.T
    found: np.ndarray = x[:, None] * turn[:, 0] + y[:, None] * turn[:, 1] + z[:, None] * turn[:, 2]
    return found


def _met(scenes: Sequence[Scene], rays: np.ndarray, rng: np.random.Generator) -> Hits:
    """What each of rays (R, 6) meets, past the hedges, meshes and wheels that let it pass."""

    def first(rays: np.ndarray) -> Hits:
        static, moving = (scene.cast(rays) for scene in scenes)
        return static.nearer(moving)

    hits = first(rays)
    passes = (rng.random(len(rays)) < PASSED[hits.material]) & (hits.material != NOTHING)
    through = np.flatnonzero(passes)
    before = hits.away[through, None] + np.float32(ON_M)
    later = rays[through]
    later[:, :3] += before * later[:, 3:]
    beyond = first(later)
    hits.put(through, beyond, before[:, 0])
    return hits


def _own_car(count: int) -> Hits:
    """What rays meet on the own car, at no distance."""
    none = np.zeros(count, np.float32)
    return Hits(
        none, np.full(count, Material.OWN_CAR, np.int16), none.astype(np.int32), none, none + 1
    )


def _returned(
    hits: Hits, sensor: Sensor, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) rays that come back, ascending, and (N,) their reflections 0..1."""
    with loading:
        from scipy.special import ndtr

    spread = OF_THING * hits.tone + OF_POINT * rng.normal(size=len(hits.away))
    light = reflection(hits.material, ndtr(spread))
    near = np.minimum(hits.away, 2 * REACH_M)
    signal = np.maximum(light, DARK) * hits.facing / near**2
    kept = sensor.returned * (1 - LOST[hits.material]) * (1 - np.exp(-signal / WEAK))
    kept *= np.exp(-((near / HAZE_M) ** 2))
    back = rng.random(len(near)) < kept
    back &= (hits.material != NOTHING) & ~sensor.blocked
    back &= (hits.away > sensor.least) & (hits.away < REACH_M)
    light = light * np.clip(1.25 - near / 80, 0.4, 1.0)  # the far looks darker
    rows = np.flatnonzero(back)
    return rows, light[rows]


def _boxes(
    things: Sequence[Thing],
    met: np.ndarray,
    back: np.ndarray,
    pose: np.ndarray,
    rays: np.ndarray,
) -> tuple[Box, ...]:
    """The boxes of things of which a point came back.

    met (R,) things that rays met, back (N,) that came back; both 0 for none.
    """
    counts = np.bincount(back, minlength=1)
    shown = [each for each in things if each.number < len(counts) and counts[each.number]]
    alone = Scene(
        [each.mesh for each in shown], [each.number for each in shown], [0.0] * len(shown)
    )
    would = np.bincount(alone.all_met(rays)[1], minlength=len(counts))
    do = np.bincount(met, minlength=len(counts))
    inverse = np.linalg.inv(pose)
    found = []
    for each in shown:
        c, s = np.cos(each.yaw), np.sin(each.yaw)
        x, y, z = each.middle
        centre = each.at + np.array([c * x - s * y, s * x + c * y, z])
        ahead = inverse[:3, :3] @ [c, s, 0]
        found.append(
            Box(
                each.number,
                each.raw,
                inverse[:3, :3] @ centre + inverse[:3, 3],
                each.size,
                float(np.arctan2(ahead[1], ahead[0])),
                each.speed,
                int(counts[each.number]),
                float(min(do[each.number] / max(would[each.number], 1), 1.0)),
            )
        )
    return tuple(found)
