"""Plants: trunks and branches as tubes, leaves as thousands of small triangles between which rays
pass, as they do in a crown."""

from __future__ import annotations

import numpy as np

from core.simulate.materials import Material
from core.simulate.mesh import Mesh, joined, leaves, made, tube

Rng = np.random.Generator


def _ball(rng: Rng, count: int, radii: tuple[float, float, float]) -> np.ndarray:
    """(count, 3) places in an ellipsoid, most of them near its surface."""
    ray = rng.normal(size=(count, 3))
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    return ray * rng.random((count, 1)) ** 0.25 * radii


def tree(rng: Rng, size: float) -> Mesh:
    """A broad-leaved tree `size` metres high: trunk, forking branches, a crown of clumps."""
    height = size
    stem, radius = height * rng.uniform(0.18, 0.3), 0.019 * height * rng.uniform(0.6, 1.2)
    lean = rng.normal(0, 0.06 * stem, 2)
    fork = np.array([*lean, stem])
    parts = [tube((0, 0, -0.3), fork, radius, Material.TRUNK)]
    spread = height * rng.uniform(0.26, 0.4)
    clumps = []
    for _ in range(int(rng.integers(5, 9))):
        angle, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.75) * spread
        up = rng.uniform(0.1, 0.6) * height
        tip = fork + np.array([out * np.cos(angle), out * np.sin(angle), up])
        parts.append(tube(fork, tip, 0.4 * radius, Material.TRUNK, 5))
        r = spread * rng.uniform(0.45, 0.75)
        clumps.append(tip + _ball(rng, int(36 * r**2 + 60), (r, r, 0.75 * r)))
    parts.append(leaves(np.concatenate(clumps), 0.34, Material.LEAVES, rng))
    return joined(parts)


def conifer(rng: Rng, size: float) -> Mesh:
    """A cone of branches, `size` metres high, that nearly reaches the ground."""
    height = size
    foot = rng.uniform(0.3, 2.2)
    wide = height * rng.uniform(0.14, 0.2)
    share = rng.random(int(height * 80)) ** 0.75
    angle, out = rng.uniform(0, 2 * np.pi, len(share)), rng.random(len(share)) ** 0.4
    reach = wide * (1 - share) * out + 0.1
    centres = np.stack(
        [reach * np.cos(angle), reach * np.sin(angle), foot + share * (height - foot)], axis=1
    )
    stem = tube((0, 0, -0.3), (0, 0, 0.8 * height), 0.018 * height, Material.TRUNK, 6)
    return joined([stem, leaves(centres, 0.36, Material.LEAVES, rng)])


def bush(rng: Rng, size: float) -> Mesh:
    """A shrub of `size` metres across."""
    half = size / 2
    places = _ball(rng, int(75 * size**1.6 + 30), (half, half, 0.8 * half))
    places[:, 2] += 0.55 * half
    return leaves(places, 0.22, Material.LEAVES, rng)


def grass(rng: Rng, size: float) -> Mesh:
    """High grass and weeds: low vegetation that terrain is easily taken for."""
    places = rng.uniform(-size / 2, size / 2, (int(34 * size**2), 3))
    places[:, 2] = rng.uniform(-0.05, rng.uniform(0.12, 0.6), len(places))
    return leaves(places, 0.2, Material.LEAVES, rng)


def grove(rng: Rng, size: float) -> Mesh:
    """A tree or two seen from far, `size` metres high, leaves down to the ground."""
    r = size * rng.uniform(0.14, 0.28)
    places = _ball(rng, int(70 * r**1.5 + 40), (r, r, 0.5 * size))
    places[:, 2] += 0.45 * size
    return leaves(places, 0.4, Material.LEAVES, rng)


def thicket(rng: Rng, height: float) -> Mesh:
    """Two metres of a wild hedge along x: shrubs that grow into each other, some higher."""
    tall = height * rng.uniform(0.7, 1.3)
    places = _ball(rng, int(120 * tall + 60), (1.25, rng.uniform(0.7, 1.2), 0.5 * tall))
    places[:, 2] += 0.45 * tall
    return leaves(places, 0.26, Material.LEAVES, rng)


def hedge(rng: Rng, height: float) -> Mesh:
    """Two metres of a cut hedge along x: a thin core that lets some rays pass, leaves round it."""
    length = 2.0
    half, deep = length / 2, rng.uniform(0.3, 0.5)
    places = rng.uniform(-1, 1, (int(34 * length * height), 3)) * (half, deep, height / 2)
    side = rng.random(len(places))
    places[side < 0.7, 1] = np.sign(places[side < 0.7, 1]) * deep
    places[side > 0.85, 2] = height / 2
    places[:, 2] += height / 2
    core = made(
        np.array([[-half, 0, 0], [half, 0, 0], [half, 0, height], [-half, 0, height]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
        Material.HEDGE,
    )
    return joined([core, leaves(places, 0.24, Material.LEAVES, rng)])
