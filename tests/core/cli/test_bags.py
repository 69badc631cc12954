"""A bag on the command line, from `new` to the labels that go out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.answers.effort import Effort
from core.project.project import Project
from tests.bags import (
    CLOUD,
    KINDS,
    ROS1,
    TF,
    cloud,
    drive,
    plain_rows,
    store_of,
    transform,
    transforms,
    write_bag,
)
from tests.core.cli.faces import lidarloop
from tests.streets import small_scan

START = 1_700_000_000 * 10**9


def street_bag(folder: Path, kind: str, count: int = 3) -> tuple[Path, list[np.ndarray]]:
    scans = [small_scan(number)[0] for number in range(count)]
    messages = drive(kind, scans)
    store = store_of(kind)
    for at in range(count):
        time = START + at * 10**8
        moved = transform(store, "map", "lidar", time, (at, 0, 0))
        messages.append(("/tf", TF, time, transforms(store, [moved])))
    messages.sort(key=lambda message: message[2])
    return write_bag(folder / "drive", messages, kind), scans


def new(path: Path, root: Path, *more: str, train: str = "drive") -> int:
    words = ("--format", "bag", "--root", root, "--train", train, "--classes", "semantickitti")
    return lidarloop("new", path, *words, "--preset", "laptop", *more)


def placed(project: Project, item: str) -> tuple[str, int]:
    units = project.need_units()
    at = int(units.find_all([item])[0])
    scan = units.scans[units.scan[at]]
    return scan, at - units.range_of(scan).start


@pytest.mark.parametrize("kind", KINDS)
def test_from_a_bag_to_labels(tmp_path: Path, kind: str, capsys):
    path, scans = street_bag(tmp_path, kind)
    assert new(tmp_path / "p", path, "--set", "query.fraction=0.3") == 0
    out = capsys.readouterr()
    assert f"{tmp_path / 'p'}: 3 training scans, 0 validation scans" in out.out
    assert "columns: x, y, z, intensity, ring" in out.out
    assert lidarloop("prepare", tmp_path / "p", "--workers", "1") == 0
    assert lidarloop("query", tmp_path / "p") == 0
    with Project(tmp_path / "p") as project:
        assert project.tip is not None
        item = project.tip.query.items[0]
        scan, number = placed(project, item)
        rows = np.flatnonzero(project.rows(scan) == number)
        given = np.full(len(rows), 3, np.uint8)
        project.answers.answer(
            project.scan_ref(scan),
            rows,
            given,
            round=project.tip.id,
            unit=item,
            effort=Effort(tool="key"),
        )
        raw = project.classes.decode(given)[0]
    assert lidarloop("export", tmp_path / "p", tmp_path / "out") == 0
    files = sorted((tmp_path / "out").rglob("*.label"))
    assert [file.name for file in files] == [f"{scan.rpartition('/')[2]}.label"]
    labels = np.fromfile(files[0], "<u4")
    assert len(labels) == len(scans[int(files[0].stem)])
    assert np.array_equal(np.flatnonzero(labels), rows)
    assert (labels[rows] == raw).all()
    assert lidarloop("status", tmp_path / "p", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])["poses"]
    assert row["from"] == "/tf (lidar in map)"
    assert lidarloop("poses", tmp_path / "p") == 0
    assert "drive: its poses are those of /tf (lidar in map)" in capsys.readouterr().out


def test_a_bag_of_several_topics_asks_which(tmp_path: Path, capsys):
    scans = [small_scan(number)[0] for number in range(2)]
    messages = [*drive("ros1", scans, topic="/front"), *drive("ros1", scans[:1], topic="/rear")]
    path = write_bag(tmp_path / "drive", sorted(messages, key=lambda message: message[2]))
    assert new(tmp_path / "p", path) == 2
    said = capsys.readouterr().err
    assert "Choose a topic: drive/front (2 scans), drive/rear (1 scans)." in said
    assert not (tmp_path / "p").exists()
    assert new(tmp_path / "p", path, train="drive/front") == 0
    assert "2 training scans" in capsys.readouterr().out


def test_what_a_driver_lays_out_otherwise_is_named(tmp_path: Path, capsys):
    rows = plain_rows(small_scan(0)[0])
    rows = rows.astype(np.dtype([(n, rows.dtype[n]) for n in rows.dtype.names]))
    rows.dtype.names = ("x", "y", "z", "intensity", "reflectivity")
    path = write_bag(tmp_path / "one", [("/points", CLOUD, START, cloud(ROS1, rows))])
    assert new(tmp_path / "p", path, train="one") == 0
    out = capsys.readouterr()
    assert "columns: x, y, z, intensity, reflectivity" in out.out
    assert "one: 000000 has several" not in out.err  # one of them is called intensity
    assert "one: neither tf nor odometry, so no poses: `lidarloop poses`" in out.err
    assert new(tmp_path / "q", path, "--columns", "x,y,z,reflectivity", train="one") == 0
    with Project(tmp_path / "q") as project:
        points = project.dataset.scan("one/000000").points
    assert np.array_equal(points[:, 3], rows["reflectivity"])


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_scan_that_is_damaged_is_left_out_and_named(tmp_path: Path, damaged: int, capsys):
    good = [small_scan(number)[0] for number in range(3)]
    messages = drive("ros1", good)
    bad = cloud(ROS1, plain_rows(good[damaged]), said={"width": 10**6})
    messages[damaged] = (*messages[damaged][:3], bad)
    path = write_bag(tmp_path / "drive", messages)
    assert new(tmp_path / "p", path) == 0
    assert lidarloop("prepare", tmp_path / "p", "--workers", "1") == 0
    said = capsys.readouterr().err
    assert "1 of 3 scans is left out" in said
    assert "says 1,000,000 x 1 points of 32 bytes" in said
