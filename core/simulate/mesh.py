"""Meshes: triangles of materials, the few shapes that all things are made of, and their placing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.simulate.materials import Material

Point = Sequence[float] | np.ndarray  # (3,) metres


@dataclass(frozen=True)
class Mesh:
    """Triangles.

    Attributes
    ----------
    vertices : (V, 3) float32 metres
    faces : (T, 3) int32, rows of `vertices`
    material : (T,) uint8
    """

    vertices: np.ndarray
    faces: np.ndarray
    material: np.ndarray

    def placed(self, at: Point, yaw: float = 0.0) -> Mesh:
        """Turned by `yaw` radians about z, then moved by `at` (3,)."""
        c, s = np.cos(yaw), np.sin(yaw)
        turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        return Mesh((self.vertices @ turn + at).astype(np.float32), self.faces, self.material)

    def of(self, material: Material) -> Mesh:
        """The same shape of another material."""
        return Mesh(self.vertices, self.faces, np.full(len(self.faces), material, np.uint8))


def made(vertices: np.ndarray, faces: np.ndarray, material: Material) -> Mesh:
    """A mesh of one material."""
    return Mesh(
        np.asarray(vertices, np.float32),
        np.asarray(faces, np.int32),
        np.full(len(faces), material, np.uint8),
    )


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """All meshes as one; of none, an empty one."""
    if not meshes:
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros(0, np.uint8))
    first = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate(
            [mesh.faces + np.int32(start) for mesh, start in zip(meshes, first, strict=True)]
        ),
        np.concatenate([mesh.material for mesh in meshes]),
    )


def prism(outline: np.ndarray, low: np.ndarray, high: np.ndarray, material: Material) -> Mesh:
    """A closed prism between two copies of a convex outline.

    outline (n, 3) lies in a plane; low and high (3,) move it to the two ends.
    """
    n = len(outline)
    vertices = np.concatenate([outline + low, outline + high])
    k, after = np.arange(n), np.roll(np.arange(n), -1)
    sides = np.concatenate([np.stack([k, after, after + n], 1), np.stack([k, after + n, k + n], 1)])
    fan = np.stack([np.zeros(n - 2, int), np.arange(1, n - 1), np.arange(2, n)], 1)
    return made(vertices, np.concatenate([sides, fan, fan + n]), material)


def box(size: Sequence[float], material: Material, at: Sequence[float] = (0, 0, 0)) -> Mesh:
    """A box of `size` (3,) whose bottom's centre is `at`."""
    x, y = size[0] / 2, size[1] / 2
    floor = np.array([[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]])
    return prism(floor + at, np.zeros(3), np.array([0, 0, size[2]]), material)


def profile(outline: Sequence[tuple[float, float]], width: float, material: Material) -> Mesh:
    """A side view, (n, 2) as x and z, as thick as `width` along y."""
    flat = np.array([(x, 0.0, z) for x, z in outline])
    aside = np.array([0.0, width / 2, 0.0])
    return prism(flat, -aside, aside, material)


def tube(start: Point, end: Point, radius: float, material: Material, sides: int = 8) -> Mesh:
    """A closed tube between two points."""
    low, high = np.array(start, float), np.array(end, float)
    along = (high - low) / np.linalg.norm(high - low)
    other = np.array([1.0, 0, 0]) if abs(along[0]) < 0.9 else np.array([0, 1.0, 0])
    u = np.cross(along, other)
    u /= np.linalg.norm(u)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = radius * (np.cos(angle) * u + np.sin(angle) * np.cross(along, u))
    return prism(ring, low, high, material)


def panel(a: Sequence[float], b: Sequence[float], low: float, high: float, what: Material) -> Mesh:
    """An upright pane from a to b (2,), between two heights."""
    (ax, ay), (bx, by) = a, b
    corners = np.array([[ax, ay, low], [bx, by, low], [bx, by, high], [ax, ay, high]])
    return made(corners, np.array([[0, 1, 2], [0, 2, 3]]), what)


def leaves(centres: np.ndarray, size_m: float, what: Material, rng: np.random.Generator) -> Mesh:
    """A triangle of about `size_m` at each of centres (n, 3), turned by chance."""
    count = len(centres)
    corners = rng.normal(0, 0.55 * size_m, (count, 3, 3))
    vertices = (centres[:, None] + corners).reshape(-1, 3)
    return made(vertices, np.arange(3 * count).reshape(-1, 3), what)
