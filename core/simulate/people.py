"""People as meshes: x ahead, the ground at z = 0."""

from __future__ import annotations

import numpy as np

from core.simulate.materials import Material
from core.simulate.mesh import Mesh, box, joined, tube

Rng = np.random.Generator


def person(rng: Rng, what: Material = Material.PERSON) -> Mesh:
    """Somebody who stands or walks, some with a bag or a trolley."""
    s, stride = rng.uniform(0.88, 1.1), rng.uniform(0.05, 0.32)
    hip, chest = 0.88 * s, 1.42 * s
    swing = rng.uniform(0.05, 0.25)
    parts = [
        tube((stride, 0.1, 0.0), (0, 0.1, hip), 0.085 * s, what, 6),
        tube((-stride, -0.1, 0.0), (0, -0.1, hip), 0.085 * s, what, 6),
        tube((0, 0, hip - 0.05), (0.02, 0, chest), 0.19 * s, what, 8),
        tube((0, 0.24 * s, chest), (-swing, 0.27 * s, 0.8 * s), 0.055, what, 5),
        tube((0, -0.24 * s, chest), (swing, -0.27 * s, 0.8 * s), 0.055, what, 5),
        tube((0.02, 0, chest + 0.05), (0.03, 0, chest + 0.32 * s), 0.105 * s, what, 8),
    ]
    if rng.random() < 0.3:
        parts.append(box((0.25, 0.32, 0.42), what, (-0.22, 0, 1.0 * s)))
    elif rng.random() < 0.1:
        parts.append(box((0.75, 0.5, 0.6), what, (0.75, 0, 0.25)))
    return joined(parts)


def seated(rng: Rng, what: Material, seat_m: float) -> Mesh:
    """A rider on a saddle at a height, hands on the bar."""
    s = rng.uniform(0.9, 1.08)
    lean = rng.uniform(0.12, 0.3)
    shoulder = (lean - 0.18, 0.0, seat_m + 0.58 * s)
    x, _, z = shoulder
    parts = [
        tube((-0.2, 0, seat_m), shoulder, 0.17 * s, what, 8),
        tube((x + 0.05, 0, z + 0.05), (x + 0.1, 0, z + 0.33 * s), 0.11 * s, what, 8),
    ]
    for side in (-1, 1):
        knee = (0.22, 0.13 * side, seat_m - 0.2)
        parts.append(tube((-0.18, 0.1 * side, seat_m), knee, 0.085, what, 6))
        parts.append(tube(knee, (0.02, 0.13 * side, seat_m - 0.62), 0.065, what, 6))
        parts.append(
            tube((x, 0.2 * side, z - 0.05), (0.38, 0.24 * side, seat_m + 0.14), 0.05, what, 5)
        )
    return joined(parts)
