"""Vehicles and riders as meshes: x ahead, the ground at z = 0, the middle at the origin."""

from __future__ import annotations

import numpy as np

from core.simulate.materials import Material
from core.simulate.mesh import Mesh, box, joined, profile, tube
from core.simulate.people import seated

Rng = np.random.Generator


def _wheels(at: list[float], width: float, radius: float, material: Material) -> list[Mesh]:
    found = []
    for x in at:
        for side in (-1, 1):
            y = side * (width / 2 - 0.12)
            found.append(tube((x, y - 0.11, radius), (x, y + 0.11, radius), radius, material, 10))
    return found


def car(rng: Rng) -> Mesh:
    """A hatchback, a saloon, an SUV or a van for persons."""
    kind = rng.choice(4, p=[0.4, 0.3, 0.17, 0.13])
    length = rng.uniform(*[(3.6, 4.2), (4.3, 4.9), (4.2, 4.8), (4.6, 5.2)][kind])
    width, height = (
        rng.uniform(1.66, 1.85),
        [1.45, 1.42, 1.7, 1.92][kind] + rng.uniform(-0.05, 0.05),
    )
    half, belt, low = length / 2, 0.58 * height, 0.22
    bonnet = [0.62, 0.5, 0.56, 0.78][kind] * half
    back = [-0.96, -0.6, -0.96, -0.98][kind] * half
    paint = Material.DARK_CAR if rng.random() < 0.35 else Material.CAR
    body = [
        (-half, low + 0.1),
        (half - 0.1, low),
        (half, 0.45 * height),
        (bonnet, belt),
        (-half, belt),
    ]
    roof = [(bonnet, belt), (bonnet - 0.62, height - 0.05), (bonnet - 0.95, height)]
    roof += [(back + 0.5, height), (back, belt)]
    glass = [(bonnet - 0.25, belt + 0.04), (bonnet - 0.75, height - 0.14)]
    glass += [(back + 0.6, height - 0.14), (back + 0.25, belt + 0.04)]
    return joined(
        [
            profile(body, width, paint),
            profile(roof, width - 0.24, paint),
            profile(glass, width - 0.21, Material.GLASS),
            *_wheels([-0.6 * half, 0.62 * half], width, 0.31, paint),
        ]
    )


def truck(rng: Rng) -> Mesh:
    """A delivery van with a box, or a lorry."""
    heavy = rng.random() < 0.35
    length = rng.uniform(8.0, 11.0) if heavy else rng.uniform(5.6, 7.2)
    width, height = (2.5, 3.6) if heavy else (2.1, rng.uniform(2.6, 3.1))
    cab = 2.0 if heavy else 1.9
    floor = 1.0 if heavy else 0.6
    half, front = length / 2, 2.9 if heavy else 2.1
    nose = [(half - cab, 0.4), (half, 0.4), (half, 0.55 * front), (half - 0.45, front)]
    nose += [(half - cab, front)]
    load = length - cab - 0.15
    return joined(
        [
            profile(nose, width - 0.15, Material.TRUCK),
            box((load, width, height - floor), Material.TRUCK, (-half + load / 2, 0, floor)),
            box((length - 0.4, 0.9, 0.3), Material.TRUCK, (0, 0, 0.45)),
            *_wheels([-0.6 * half, half - 0.9], width, 0.45, Material.TRUCK),
        ]
    )


def bus(rng: Rng) -> Mesh:
    """A bus: what a truck is easily taken for."""
    length = rng.uniform(9.5, 12.0)
    half = length / 2
    side = [(-half, 0.35), (half, 0.35), (half, 2.2), (half - 0.3, 3.0), (-half, 3.0)]
    return joined(
        [
            profile(side, 2.5, Material.BUS),
            *_wheels([-0.55 * half, 0.6 * half], 2.5, 0.48, Material.BUS),
        ]
    )


def other_vehicle(rng: Rng) -> Mesh:
    """A trailer, a caravan or a machine on wheels."""
    kind = rng.choice(3)
    what = Material.OTHER_VEHICLE
    if kind == 0:
        load = [
            box((2.6, 1.6, 0.5), what, (0, 0, 0.5)),
            tube((1.3, 0, 0.5), (2.4, 0, 0.4), 0.05, what),
        ]
        return joined([*load, *_wheels([0.0], 1.7, 0.3, what)])
    if kind == 1:
        side = [(-2.4, 0.5), (2.2, 0.45), (2.5, 1.5), (2.0, 2.5), (-2.3, 2.6), (-2.6, 1.4)]
        drawbar = tube((2.3, 0, 0.5), (3.4, 0, 0.45), 0.06, what)
        return joined([profile(side, 2.1, what), drawbar, *_wheels([-0.2], 2.1, 0.32, what)])
    reach = rng.uniform(2.2, 3.2)
    return joined(
        [
            box((2.8, 2.0, 0.9), what, (-0.3, 0, 0.7)),
            box((1.3, 1.4, 1.4), what, (-0.7, 0, 1.6)),
            tube((1.0, 0.2, 1.4), (1.0 + 0.6 * reach, 0.2, 2.6), 0.16, what),
            tube((1.0 + 0.6 * reach, 0.2, 2.6), (1.0 + reach, 0.2, 0.7), 0.13, what),
            *_wheels([-1.0, 0.8], 2.2, 0.5, what),
        ]
    )


def bicycle(rng: Rng, what: Material = Material.BICYCLE) -> Mesh:
    """A frame between two wheels that let most rays pass."""
    s = rng.uniform(0.92, 1.05)
    hub, rear, seat, head = 0.34 * s, -0.52 * s, (-0.18 * s, 0, 0.92 * s), (0.34 * s, 0, 0.86 * s)
    pedals, handle = (-0.05, 0, 0.3), (0.38 * s, 0, 1.02 * s)
    tubes = [
        tube(seat, pedals, 0.03, what, 5),
        tube(head, pedals, 0.03, what, 5),
        tube(seat, head, 0.03, what, 5),
        tube((rear, 0, hub), pedals, 0.02, what, 5),
        tube((rear, 0, hub), seat, 0.02, what, 5),
        tube((0.53 * s, 0, hub), handle, 0.025, what, 5),
        tube((0.36 * s, -0.28, 1.03 * s), (0.36 * s, 0.28, 1.03 * s), 0.02, what, 5),
        box((0.26, 0.16, 0.08), what, (-0.2 * s, 0, 0.93 * s)),
    ]
    wheels = [tube((x, -0.03, hub), (x, 0.03, hub), hub, what, 12) for x in (rear, 0.53 * s)]
    return joined([*tubes, *wheels])


def motorcycle(rng: Rng, what: Material = Material.MOTORCYCLE) -> Mesh:
    """A motorcycle or a scooter."""
    s = rng.uniform(0.85, 1.05)
    side = [(-0.75, 0.62), (-0.1, 0.28), (0.35, 0.35), (0.55, 0.9), (0.2, 0.98), (-0.2, 0.78)]
    fork = tube((0.72 * s, 0, 0.31), (0.45 * s, 0, 1.05 * s), 0.05, what, 5)
    handle = tube((0.42 * s, -0.36, 1.05 * s), (0.42 * s, 0.36, 1.05 * s), 0.03, what, 5)
    wheels = [
        tube((x * s, -0.07, 0.31), (x * s, 0.07, 0.31), 0.31, what, 12) for x in (-0.66, 0.72)
    ]
    return joined([profile([(x * s, z * s) for x, z in side], 0.34, what), fork, handle, *wheels])


def bicyclist(rng: Rng) -> Mesh:
    """A rider and the bicycle, one thing."""
    what = Material.BICYCLIST
    return joined([bicycle(rng, what), seated(rng, what, 0.95)])


def motorcyclist(rng: Rng) -> Mesh:
    """A rider and the motorcycle, one thing."""
    what = Material.MOTORCYCLIST
    return joined([motorcycle(rng, what), seated(rng, what, 0.78)])
