"""The town's speed, in CPU seconds: a place, the scene of a stretch, a scan of half a million
triangles with movers and labels."""

from __future__ import annotations

from core.simulate import districts
from core.simulate.place import Place
from core.simulate.scanning import scan
from core.simulate.sensor import sensor
from tests.benchmarks.measures import cpu_seconds

SCANS = 20


def test_scans_a_second(report):
    scan(Place(districts.HIGHWAY, (0, 0)), 0.0, sensor(64))  # loads open3d
    places: list[Place] = []

    def build() -> None:
        places.append(Place(districts.WOOD_ROAD, (1, 0)))
        places[0].stretch(0.0)

    built = cpu_seconds(build)
    triangles = places[0].stretch(0.0).static.triangles
    assert triangles > 400_000

    def drive() -> None:
        for station in range(SCANS):
            scan(places[0], float(station), sensor(64))

    each = cpu_seconds(drive) / SCANS
    report(f"town: a district and its first scene, {triangles:,} triangles, CPU s", built, "<= 5")
    report("town: scans a CPU second, 64 beams", 1 / each, ">= 8")
    assert built <= 5
    assert each <= 0.125
