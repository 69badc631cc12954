"""What is built: houses, fences, walls, poles, signs, and the objects that no class is for."""

from __future__ import annotations

import numpy as np

from core.simulate.materials import Material
from core.simulate.mesh import Mesh, box, joined, made, panel, tube

Rng = np.random.Generator


def house(rng: Rng, width: float, depth: float, height: float, *, flat: bool) -> Mesh:
    """A house `width` along x, `depth` along y: its front at y = -depth / 2, with windows, a door,
    steps and balconies that stand out from it; a gable where the roof is not flat."""
    x, y = width / 2, depth / 2
    parts = [box((width, depth, height + 1), Material.BUILDING, (0, 0, -1))]
    if not flat:
        top = height + rng.uniform(0.25, 0.45) * depth
        eave = 0.35
        a, b = x + eave, y + eave
        ridge = [[-a, -b, height - 0.1], [a, -b, height - 0.1], [a, 0, top], [-a, 0, top]]
        ridge += [[-a, b, height - 0.1], [a, b, height - 0.1]]
        faces = [[0, 1, 2], [0, 2, 3], [3, 2, 5], [3, 5, 4], [0, 3, 4], [1, 5, 2]]
        parts.append(made(np.array(ridge), np.array(faces), Material.BUILDING))
    storeys = max(int(height / 3), 1)
    bays = max(int(width / 2.8), 1)
    for face in (-1, 1):
        for bay in range(bays):
            centre = -x + (bay + 0.5) * width / bays
            for storey in range(storeys):
                low = 1.0 + 3 * storey
                out = face * (y + 0.02)
                ends = ((centre - 0.6, out), (centre + 0.6, out))
                parts.append(panel(*ends, low, low + 1.4, Material.WINDOW))
                if storey and rng.random() < 0.12:
                    at = (centre, face * (y + 0.5), low - 0.9)
                    parts.append(box((2.2, 1.0, 0.95), Material.BUILDING, at))
    parts.append(
        box((1.6, 1.0, 0.4), Material.BUILDING, (rng.uniform(-0.3, 0.3) * width, -y - 0.4, 0))
    )
    return joined(parts)


def hall(rng: Rng, width: float, depth: float, height: float) -> Mesh:
    """A hall of industry with gates and a canopy."""
    parts = [box((width, depth, height + 1), Material.BUILDING, (0, 0, -1))]
    for gate in np.arange(-width / 2 + 4, width / 2 - 3, 8.0):
        ends = ((gate - 1.8, -depth / 2 - 0.03), (gate + 1.8, -depth / 2 - 0.03))
        parts.append(panel(*ends, 0.0, 3.6, Material.WINDOW))
        parts.append(box((4.4, 1.6, 0.25), Material.BUILDING, (gate, -depth / 2 - 0.8, 3.9)))
    if rng.random() < 0.4:
        parts.append(
            tube((width / 4, 0, height), (width / 4, 0, height + 8), 0.6, Material.BUILDING)
        )
    return joined(parts)


def fence(rng: Rng, height: float, *, sheer: bool) -> Mesh:
    """Two metres of a fence along x, a post at each end: boards, or a mesh that most rays pass."""
    half = 1.0
    what = Material.MESH_FENCE if sheer else Material.FENCE
    parts = []
    if sheer:
        parts.append(panel((-half, 0), (half, 0), 0.0, height, what))
    else:
        edges = np.arange(-half, half, 0.14)
        for edge in edges[rng.random(len(edges)) < 0.93]:
            parts.append(panel((edge, 0), (edge + 0.115, 0), 0.06, height, what))
    for end in (-half, half):
        parts.append(box((0.09, 0.09, height + 0.1), Material.FENCE, (end, 0, 0)))
    return joined(parts)


def wall(rng: Rng, height: float) -> Mesh:
    """Two metres of a low garden wall along x, a fence by class."""
    return box((2.0, rng.uniform(0.2, 0.35), height + 0.3), Material.FENCE, (0, 0, -0.3))


def guardrail(rng: Rng) -> Mesh:
    """Two metres of a rail along x, a post behind it."""
    post = box((0.1, 0.1, 0.75), Material.FENCE, (0, 0.08, 0))
    return joined([box((2.0, 0.06, 0.32), Material.FENCE, (0, 0, 0.45)), post])


def lamp(rng: Rng) -> Mesh:
    """A street lamp with an arm towards -y."""
    height, arm = rng.uniform(4.5, 9.0), rng.uniform(0.4, 2.0)
    what = Material.POLE
    return joined(
        [
            tube((0, 0, -0.2), (0, 0, height), rng.uniform(0.06, 0.11), what),
            tube((0, 0, 0), (0, 0, 1.0), 0.12, what),
            tube((0, 0, height), (0, -arm, height + 0.2), 0.04, what, 5),
            box((0.3, 0.6, 0.12), what, (0, -arm, height + 0.15)),
        ]
    )


def post(rng: Rng) -> Mesh:
    """A bare pole, as for wires, about as thick as a young trunk."""
    return tube((0, 0, -0.2), (0, 0, rng.uniform(5.5, 9.0)), rng.uniform(0.1, 0.17), Material.POLE)


def bollard(rng: Rng) -> Mesh:
    """As high as a child."""
    return tube(
        (0, 0, -0.1), (0, 0, rng.uniform(0.8, 1.15)), rng.uniform(0.07, 0.14), Material.POLE
    )


def sign(rng: Rng) -> Mesh:
    """One or two plates on a pole, facing along x."""
    height = rng.uniform(2.2, 3.0)
    pole = tube((0, 0, -0.2), (0, 0, height), 0.035, Material.POLE, 6)
    plates = []
    for k in range(1 + (rng.random() < 0.35)):
        size, top = rng.uniform(0.5, 0.8), height - 0.75 * k
        middle, sides = np.array([0.04, 0, top - size / 2]), int(rng.choice([3, 4, 8, 12]))
        angle = (
            np.linspace(0, 2 * np.pi, sides, endpoint=False) + np.pi / 2 + np.pi / 4 * (sides == 4)
        )
        rim = np.stack([np.zeros(sides), np.cos(angle), np.sin(angle)], 1) * size / 2
        fan = np.stack([np.zeros(sides - 2, int), np.arange(1, sides - 1), np.arange(2, sides)], 1)
        plates.append(made(rim + middle, fan, Material.SIGN))
    return joined([pole, *plates])


def board(rng: Rng) -> Mesh:
    """A large sign beside a road for fast cars, on two poles."""
    width, low = rng.uniform(2.0, 4.5), rng.uniform(1.6, 2.6)
    ends = ((0.1, -width / 2), (0.1, width / 2))
    poles = [
        tube((0, y, -0.3), (0, y, low + 1.6), 0.07, Material.POLE) for y in (-width / 3, width / 3)
    ]
    return joined([panel(*ends, low, low + rng.uniform(1.2, 2.4), Material.SIGN), *poles])


def thing(rng: Rng) -> Mesh:
    """An object without class: a bin, a container, a box of electricity, a bench, a pile."""
    what, kind = Material.OBJECT, rng.choice(5)
    if kind == 0:
        return box((0.55, 0.7, 1.05), what)
    if kind == 1:
        return box((rng.uniform(1.4, 4.5), rng.uniform(1.1, 2.2), rng.uniform(1.2, 2.3)), what)
    if kind == 2:
        return box((1.1, 0.35, 1.2), what)
    if kind == 3:
        seat = box((1.7, 0.45, 0.08), what, (0, 0, 0.42))
        legs = [box((0.08, 0.4, 0.42), what, (x, 0, 0)) for x in (-0.7, 0.7)]
        return joined([seat, box((1.7, 0.06, 0.45), what, (0, 0.22, 0.5)), *legs])
    top = rng.uniform(0.6, 1.6)
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rim = np.stack([np.cos(angle) * 1.6 * top, np.sin(angle) * 1.4 * top, np.zeros(12)], 1)
    faces = np.stack([np.arange(12), np.roll(np.arange(12), -1), np.full(12, 12)], 1)
    return made(np.concatenate([rim, [[0, 0, top]]]), faces, what)


def shelter(rng: Rng) -> Mesh:
    """A structure without class: a shelter for passengers, a shed, or stairs."""
    what, kind = Material.STRUCTURE, rng.choice(3)
    if kind == 0:
        posts = [box((0.08, 0.08, 2.3), what, (x, y, 0)) for x in (-1.8, 1.8) for y in (-0.6, 0.6)]
        return joined(
            [
                panel((-1.8, 0.65), (1.8, 0.65), 0.2, 2.2, what),
                box((4.0, 1.5, 0.12), what, (0, 0, 2.3)),
                *posts,
            ]
        )
    if kind == 1:
        return box((rng.uniform(2.2, 4.0), rng.uniform(1.8, 2.8), rng.uniform(2.0, 2.6)), what)
    steps = [box((2.0, 0.35, 0.17 * (k + 1)), what, (0, 0.35 * k, 0)) for k in range(6)]
    return joined([*steps, box((0.1, 2.1, 1.4), what, (1.0, 0.9, 0))])
