"""A simulated street: labelled scans in SemanticKITTI layout, by casting a LiDAR's rays.

One straight street, nothing moves: road, kerbs and pavements, lawns, buildings, fences, trees,
poles with signs, parked cars, trucks, bicycles, people. Sequence 00 is for training; 08, another
street of another seed, is for validation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import open3d

from core.base.files import write_atomic
from core.base.jobs import Job

# Raw ids of SemanticKITTI.
CAR, BICYCLE, TRUCK, PERSON, ROAD, PARKING, SIDEWALK = 10, 11, 18, 30, 40, 44, 48
BUILDING, FENCE, VEGETATION, TRUNK, TERRAIN, POLE, SIGN = 50, 51, 70, 71, 72, 80, 81
_REFLECTIVITY = {ROAD: 0.12, SIDEWALK: 0.25, TERRAIN: 0.35, VEGETATION: 0.4, SIGN: 0.95, CAR: 0.5}

BEAMS, COLUMNS = 64, 2048  # elevations of a 64-beam sensor, +2 to -24.8 degrees
SENSOR_M, STEP_M, REACH_M = 1.73, 6.0, 80.0
RANGE_NOISE_M, DROP = 0.015, 0.06
LENGTH_M, HALF_ROAD_M, PAVEMENT_M, KERB_M = 260.0, 4.5, 3.0, 0.14


@dataclass
class Street:
    """Meshes and their raw ids."""

    meshes: list[open3d.t.geometry.TriangleMesh] = field(default_factory=list)
    raw: list[int] = field(default_factory=list)

    def add(self, mesh: open3d.geometry.TriangleMesh, at: tuple[float, ...], raw: int) -> None:
        mesh.translate(at)
        self.meshes.append(open3d.t.geometry.TriangleMesh.from_legacy(mesh))
        self.raw.append(raw)

    def box(self, centre: tuple[float, ...], size: tuple[float, ...], raw: int) -> None:
        """An upright box of `size` whose bottom centre is `centre`."""
        width, height, depth = size
        mesh = open3d.geometry.TriangleMesh.create_box(width, height, depth)
        low = (centre[0] - size[0] / 2, centre[1] - size[1] / 2, centre[2])
        self.add(mesh, low, raw)

    def post(self, at: tuple[float, ...], radius: float, height: float, raw: int) -> None:
        """An upright cylinder whose foot is `at`."""
        mesh = open3d.geometry.TriangleMesh.create_cylinder(radius, height, 12, 1)
        self.add(mesh, (at[0], at[1], at[2] + height / 2), raw)

    def ball(self, centre: tuple[float, ...], radius: float, raw: int) -> None:
        self.add(open3d.geometry.TriangleMesh.create_sphere(radius, 8), centre, raw)


def build(rng: np.random.Generator) -> Street:
    """Build a street along x, the road's surface at z = 0."""
    street = Street()
    middle = LENGTH_M / 2 - 40
    street.box((middle, 0, -0.5), (LENGTH_M, 2 * HALF_ROAD_M, 0.5), ROAD)
    for side in (-1, 1):
        edge = HALF_ROAD_M + PAVEMENT_M / 2
        street.box((middle, side * edge, -0.5), (LENGTH_M, PAVEMENT_M, 0.5 + KERB_M), SIDEWALK)
        street.box((middle, side * 31, -0.5), (LENGTH_M, 47, 0.5 + KERB_M), TERRAIN)
        _houses(street, rng, side)
        _pavement(street, rng, side)
        _parked(street, rng, side)
    return street


def _houses(street: Street, rng: np.random.Generator, side: int) -> None:
    x = -38.0
    while x < LENGTH_M - 45:
        width, depth = rng.uniform(9, 20), rng.uniform(8, 14)
        front = HALF_ROAD_M + PAVEMENT_M + rng.uniform(4, 9)
        at = (x + width / 2, side * (front + depth / 2), 0.0)
        street.box(at, (width, depth, rng.uniform(5, 12)), BUILDING)
        gap = rng.uniform(4, 14)
        if rng.random() < 0.7:
            street.box((x + width + gap / 2, side * (front - 1), 0.1), (gap, 0.08, 1.3), FENCE)
        for _ in range(int(rng.integers(0, 4))):
            bush = (x + rng.uniform(0, width), side * (front - rng.uniform(1, 3)), 0.5)
            street.ball(bush, rng.uniform(0.4, 1.0), VEGETATION)
        x += width + gap


def _pavement(street: Street, rng: np.random.Generator, side: int) -> None:
    """Trees, poles with signs, and people along the pavement."""
    for x in np.arange(-30, LENGTH_M - 50, 14.0) + rng.uniform(0, 6):
        y, kind = side * (HALF_ROAD_M + rng.uniform(0.5, 1.2)), rng.random()
        if kind < 0.55:
            height = rng.uniform(2.2, 3.5)
            street.post((x, y, KERB_M), rng.uniform(0.12, 0.3), height, TRUNK)
            for _ in range(7):
                off = rng.normal(0, 0.7, 3)
                crown = (x + off[0], y + off[1], height + 1.2 + off[2])
                street.ball(crown, rng.uniform(0.6, 1.1), VEGETATION)
        else:
            height = rng.uniform(2.4, 7.0)
            street.post((x, y, KERB_M), 0.06, height, POLE)
            if kind > 0.72:
                street.box((x, y, min(height, 2.6) - 0.6), (0.05, 0.65, 0.65), SIGN)
    for x in rng.uniform(-30, LENGTH_M - 50, 16):
        y = side * (HALF_ROAD_M + rng.uniform(0.8, PAVEMENT_M - 0.3))
        street.post((x, y, KERB_M), 0.2, rng.uniform(1.3, 1.6), PERSON)
        street.ball((x, y, KERB_M + rng.uniform(1.5, 1.75)), 0.13, PERSON)


def _parked(street: Street, rng: np.random.Generator, side: int) -> None:
    """Cars, trucks and bicycles along the kerb."""
    x = -35.0 + rng.uniform(0, 6)
    while x < LENGTH_M - 50:
        y, kind = side * (HALF_ROAD_M - 1.1), rng.random()
        if kind < 0.55:
            length = rng.uniform(3.8, 4.8)
            street.box((x, y, 0.25), (length, 1.75, 0.65), CAR)
            street.box((x - 0.2, y, 0.9), (length * 0.52, 1.55, 0.6), CAR)
        elif kind < 0.63:
            street.box((x, y, 0.4), (7.5, 2.2, 2.7), TRUCK)
            x += 3
        elif kind < 0.75:
            for wheel in (-0.5, 0.5):
                street.box((x + wheel, y, 0.05), (0.62, 0.05, 0.62), BICYCLE)
            street.box((x, y, 0.55), (0.9, 0.06, 0.4), BICYCLE)
        x += rng.uniform(5.5, 12)


def cast(street: Street, x: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scan the street from (x, 0): (N, 4) float32 in the sensor's frame and (N,) uint32 raw ids."""
    scene = open3d.t.geometry.RaycastingScene()
    for mesh in street.meshes:
        scene.add_triangles(mesh)
    elevation = np.radians(np.linspace(2.0, -24.8, BEAMS))
    azimuth = np.linspace(np.pi, -np.pi, COLUMNS, endpoint=False)
    rise, turn = np.meshgrid(elevation, azimuth, indexing="ij")
    flat = np.cos(rise)
    ray = np.stack([flat * np.cos(turn), flat * np.sin(turn), np.sin(rise)], -1).reshape(-1, 3)
    origin = np.broadcast_to([x, 0.0, SENSOR_M], ray.shape)
    rays = open3d.core.Tensor.from_numpy(np.hstack([origin, ray]).astype(np.float32))
    hit = scene.cast_rays(rays)
    away, mesh = hit["t_hit"].numpy(), hit["geometry_ids"].numpy()
    seen = (away < REACH_M) & (away > 2.0) & (rng.random(len(away)) > DROP)
    away = away[seen] + rng.normal(0, RANGE_NOISE_M, int(seen.sum()))
    raw = np.array(street.raw, np.uint32)[mesh[seen]]
    facing = np.abs((hit["primitive_normals"].numpy()[seen] * ray[seen]).sum(axis=1))
    base = np.array([_REFLECTIVITY.get(int(value), 0.3) for value in range(256)])[raw]
    intensity = np.clip(base * (0.4 + 0.6 * facing) + rng.normal(0, 0.02, len(raw)), 0, 0.99)
    return np.column_stack([ray[seen] * away[:, None], intensity]).astype(np.float32), raw


def simulate(out: Path, scans: int, seed: int, job: Job) -> None:
    """Write `scans` training scans (sequence 00) and a quarter as many (at least 2) validation
    scans (08) below `out`, with labels, poses and calibration. The same seed gives the same bytes.
    """
    parts = (("00", scans, 0), ("08", max(2, scans // 4), 1))
    total = sum(count for _, count, _ in parts)
    done = 0
    for sequence, count, stream in parts:
        folder = out / "sequences" / sequence
        rng = np.random.default_rng([seed, stream])
        street = build(rng)
        poses = []
        for frame in range(count):
            x = (frame * STEP_M) % (LENGTH_M - 110)
            points, raw = cast(street, x, rng)
            name = f"{frame:06d}"
            write_atomic(folder / "velodyne" / f"{name}.bin", points.tobytes())
            write_atomic(folder / "labels" / f"{name}.label", raw.tobytes())
            poses.append(f"1 0 0 {x} 0 1 0 0 0 0 1 0\n")
            done += 1
            job.progress(done, total, "simulate")
        write_atomic(folder / "poses.txt", "".join(poses).encode())
        write_atomic(folder / "calib.txt", b"Tr: 1 0 0 0 0 1 0 0 0 0 1 0\n")
