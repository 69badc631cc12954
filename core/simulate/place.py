"""A place: one district with its streets, what stands there and what moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.loading import loading
from core.simulate.circuit import LAP_M, streets
from core.simulate.districts import District
from core.simulate.ground import Ground
from core.simulate.layout import Item, Layout
from core.simulate.materials import MOVING, RAW
from core.simulate.mesh import Mesh
from core.simulate.movers import Mover, movers
from core.simulate.scene import Scene, is_thing

STRETCH_M = 256  # stations that share one scene
REACH_M = 80.0  # of the sensors


@dataclass(frozen=True)
class Thing:
    """What labels tell apart, where it is at one time.

    Attributes
    ----------
    number : its track, and its label's instance; raw : SemanticKITTI's id, a moving one as such
    at : (3,) metres of its origin in the district; yaw : radians; speed : m/s
    middle, size : (3,) of the box round its mesh, in the mesh's own frame
    mesh : the mesh where it is
    """

    number: int
    raw: int
    at: np.ndarray
    yaw: float
    speed: float
    middle: np.ndarray
    size: np.ndarray
    mesh: Mesh


class Place:
    """One district of a town. Everything follows from `key`, which names it; `tail` multiplies
    what is rare."""

    def __init__(self, district: District, key: Sequence[int], tail: float = 1.0) -> None:
        self.district, self._key = district, tuple(key)
        d, rng = district, self._generator(0)
        way = streets(rng, d.nodes, d.radius, d.jitter, d.side_share)
        self.ground = Ground(d, way, rng)
        self.items = Layout(d, self.ground, self._generator(1), tail).items
        self.movers = movers(d, self.ground, self._generator(2), tail)
        self._meshes: dict[int, Mesh] = {}  # of movers
        self._stretch: tuple[int, Stretch] | None = None

    def _generator(self, *what: int) -> np.random.Generator:
        return np.random.default_rng([*self._key, *what])

    def noise(self, station: float) -> np.random.Generator:
        """The generator of what a scan at a station has of chance."""
        return self._generator(4, round(station * 1000))

    def mesh_of(self, of: Item | Mover) -> Mesh:
        """The mesh of one thing, in its own frame."""
        return of.make(self._generator(3, of.number))

    def pose(self, station: float, height: float) -> np.ndarray:
        """(4, 4) float64 from the sensor's frame to the district's, `station` metres on the
        circuit and `height` above one's own lane."""
        place, ahead = self.ground.streets.at(np.array(station))
        left = np.array([-ahead[1], ahead[0]])
        middle = place - self.district.lane * left
        wheels = np.stack([middle + 1.35 * ahead, middle - 1.35 * ahead])
        front, back = self.ground.heights(wheels)
        right_wheel, left_wheel = self.ground.heights(middle + np.outer([-0.8, 0.8], left))
        x = np.array([*ahead, (front - back) / 2.7])
        x /= np.linalg.norm(x)
        y = np.array([*left, (left_wheel - right_wheel) / 1.6])
        y -= (y @ x) * x
        y /= np.linalg.norm(y)
        pose = np.eye(4)
        pose[:3, :3] = np.stack([x, y, np.cross(x, y)], axis=1)
        pose[:3, 3] = np.array([*middle, (front + back) / 2]) + height * pose[:3, 2]
        return pose

    def stretch(self, station: float) -> Stretch:
        """What stands within reach of a station; kept while the next one lies in it too."""
        index = int(station % LAP_M // STRETCH_M)
        if self._stretch is None or self._stretch[0] != index:
            self._stretch = index, Stretch(self, index)
        return self._stretch[1]

    def moving(self, time: float) -> list[Thing]:
        """All that moves at a time in seconds."""
        found = []
        for mover in self.movers:
            if mover.start <= time <= mover.end:
                if mover.number not in self._meshes:
                    self._meshes[mover.number] = self.mesh_of(mover)
                at, yaw = mover.pose(self.ground, time)
                speed = float(np.hypot(mover.speed, mover.drift))
                found.append(_thing(mover.number, self._meshes[mover.number], at, yaw, speed))
        return found


class Stretch:
    """What stands within reach of a part of the circuit, as one scene.

    static : the scene; things : those that labels tell apart
    """

    def __init__(self, place: Place, index: int) -> None:
        with loading:
            from scipy.spatial import cKDTree

        stations = np.arange(index * STRETCH_M, (index + 1) * STRETCH_M, 4.0)
        centres = place.ground.streets.at(stations)[0]
        reach = REACH_M + 5
        sites = np.array([item.at[:2] for item in place.items]).reshape(-1, 2)
        near = cKDTree(centres).query(sites, distance_upper_bound=reach)[0] < np.inf
        ground = place.ground.mesh(centres, reach)
        meshes, numbers = [ground], [0]
        tones: list[float | np.ndarray] = [_patches(ground)]
        self.things: list[Thing] = []
        for k in np.flatnonzero(near):
            item = place.items[k]
            mesh = place.mesh_of(item)
            counted = is_thing(mesh)
            if counted:
                self.things.append(_thing(item.number, mesh, item.at, item.yaw, 0.0))
            meshes.append(mesh.placed(item.at, item.yaw))
            numbers.append(item.number if counted else 0)
            tones.append(tone(item.number))
        self.static = Scene(meshes, numbers, tones)


def tone(number: int) -> float:
    """How much brighter than others of its kind a thing is, in standard deviations."""
    return float(np.random.default_rng(number).normal())


def _patches(ground: Mesh) -> np.ndarray:
    """(T,) float32 likewise for triangles of the ground, alike within some metres."""
    middle = ground.vertices[ground.faces].mean(1)[:, :2]
    waves = np.array([[0.31, 0.12], [-0.17, 0.27], [0.05, -0.61], [0.43, 0.39]])
    found: np.ndarray = np.sin(middle @ waves.T).sum(1) / np.sqrt(2)
    return found.astype(np.float32)


def _thing(number: int, mesh: Mesh, at: np.ndarray, yaw: float, speed: float) -> Thing:
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    raw = int(RAW[mesh.material[0]])
    raw = MOVING[raw] if speed and raw in MOVING else raw
    return Thing(number, raw, at, yaw, speed, (low + high) / 2, high - low, mesh.placed(at, yaw))
