"""Points on things as a scanner sees them."""

from __future__ import annotations

import numpy as np

CAR_SIZE = (3.9, 1.6, 1.56)


def corner_of_a_car(
    x: float, y: float, yaw: float, count: int = 60, ground: float = -1.7
) -> tuple[np.ndarray, np.ndarray]:
    """Points on the two sides of a car that the sensor sees, and its box (7,)."""
    length, width, height = CAR_SIZE
    box = np.array([x, y, ground + height / 2, length, width, height, yaw])
    rng = np.random.default_rng(0)
    own = rng.uniform(-0.5, 0.5, (2 * count, 2))
    cos, sin = np.cos(yaw), np.sin(yaw)
    here = np.array([-(cos * x + sin * y), -(cos * y - sin * x)])  # the sensor, seen by the car
    own[:count, 0], own[count:, 1] = np.sign(here) / 2
    own *= (length, width)
    points = np.empty((2 * count, 3))
    points[:, 0] = x + cos * own[:, 0] - sin * own[:, 1]
    points[:, 1] = y + sin * own[:, 0] + cos * own[:, 1]
    points[:, 2] = rng.uniform(ground + 0.3, ground + height - 0.08, 2 * count)
    return points, box
