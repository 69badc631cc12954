"""The whole loop by the command line alone, as a user's script would run it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.data.classes import UNLABELLED, load_classes
from core.data.items import scan_of
from core.project.project import Project
from tests.places import MAIN
from tests.samples import Scans


def quick(epochs: int = 1) -> list[str]:
    """The smallest network at the coarsest voxels: what is tested is the loop, not the learning."""
    values = ("width=0.125", "voxel_m=0.5", f"first_epochs={epochs}", f"epochs={epochs}")
    return [word for value in values for word in ("--set", f"train.{value}")]


def lidarloop(*words: object) -> str:
    """Run one verb in a process of its own; return what it printed. It leads a session, as in a
    terminal of its own: within that of all tests its training would come last."""
    command = [sys.executable, str(MAIN), *(str(word) for word in words)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, start_new_session=True
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def two_rounds(project: Path, scans: Scans) -> dict:
    """new, prepare, then query, annotate, train twice, and export; return the status."""
    what = ["--format", scans.format, "--root", scans.root, "--train", ",".join(scans.train)]
    what += ["--val", ",".join(scans.validation), "--preset", "laptop", "--research"]
    steps = quick(1 if scans.real else 5)  # few scans need more passes for one point that is right
    lidarloop("new", project, *what, *steps)
    lidarloop("prepare", project)
    for _ in range(2):
        lidarloop("query", project)
        lidarloop("annotate", project, "--oracle", "per-point")
        lidarloop("train", project)
    lidarloop("export", project, project.parent / "out")
    assert "BAD" not in lidarloop("doctor", project)
    return json.loads(lidarloop("status", project, "--json"))


def check_rounds(status: dict) -> None:
    first, second = status["rounds"]
    assert (first["id"], second["id"]) == ("001-size", "002-basal")
    assert (first["parent"], second["parent"]) == (None, "001-size")
    for found in (first, second):
        assert found["stage"] == "scored"
        assert found["asked"] == {k: found["answered"][k] for k in ("items", "points")}
        assert 0 < found["miou"] < 1
    asked = [found["asked"]["points"] for found in (first, second)]
    assert status["spent"]["points"] == sum(asked)
    # A round of 1 % may leave over less than the smallest unit that did not fit.
    for spent, round in ((asked[0], 1), (sum(asked), 2)):
        budget = status["points"]["train"] * round / 100
        assert 0.98 * budget < spent <= budget


def check_labels(project: Path, out: Path, raw_of: np.ndarray) -> None:
    """Every exported label is the truth on the answered rows and 0 on all others."""
    asked: dict[str, list[str]] = {}
    for query in sorted((project / "rounds").glob("*/query.json")):
        for item in json.loads(query.read_text())["items"]:
            asked.setdefault(scan_of(item["unit_id"]), []).append(item["unit_id"])
    with Project(project, read_only=True) as opened:
        table, answered = opened.need_units(), 0
        for scan in opened.dataset.train:
            numbers = table.find_all(asked.get(scan, [])) - table.range_of(scan).start
            rows = np.isin(opened.rows(scan), numbers)
            truth = opened.dataset.ground_truth(scan, opened.classes)
            assert truth is not None
            file, dtype = opened.dataset.format.label_file(opened.root, scan)
            assert (out / file).exists() == rows.any()
            if rows.any():
                wanted = np.where(rows, raw_of[truth], 0)
                np.testing.assert_array_equal(np.fromfile(out / file, dtype), wanted)
                answered += int(rows.sum())
    assert answered > 0


def official_raw_ids(name: str) -> np.ndarray:
    """(256,) the raw id that stands for each class; ignored is 0."""
    classes = load_classes(name)
    table = np.zeros(UNLABELLED + 4, np.int64)
    table[: len(classes)] = classes.class_to_raw
    return table


def test_two_rounds_on_a_street(street: Scans, request: pytest.FixtureRequest, tmp_path: Path):
    project = tmp_path / "street"
    status = two_rounds(project, street)
    check_rounds(status)
    check_labels(project, tmp_path / "out", official_raw_ids("semantickitti"))
    if street.real:
        check_reference(status, request.getfixturevalue("prepare_counts"))


def check_reference(status: dict, prepare_counts: Path) -> None:
    """The 20 real training scans have the units that an independent implementation found."""
    with prepare_counts.open() as file:
        rows = [row for row in csv.DictReader(file) if not row["scan"].startswith("08")]
    assert len(rows) == status["scans"]["train"] == 20
    total = {name: sum(int(row[name]) for row in rows) for name in rows[0] if name != "scan"}
    too_large = status["units"].pop("oversize_points")
    assert 100 * total["oversize_clusters"] < too_large < status["points"]["train"] / 2
    cells = status["units"].pop("cells")  # those with many points are cut in four here
    assert total["cells_20plus"] < cells < 4 * total["cells_20plus"]
    assert status["units"] == {
        "clusters": total["kept_clusters"],
        "oversize": total["oversize_clusters"],
        "noise_points": total["noise_points"],
    }
    assert status["points"]["train"] == 2_472_453
    sizes = [row["size_max"] for row in status["partitions"]]
    assert sizes == [4, 8, 25, None]
    assert [row["units"] for row in status["partitions"]] == [685, 862, 691, cells]


@pytest.mark.slow
def test_two_rounds_on_keyframes(keyframes: Scans, tmp_path: Path):
    project = tmp_path / "street"
    status = two_rounds(project, keyframes)
    train, validation = (9, 3) if keyframes.real else (4, 2)
    assert status["scans"] == {"train": train, "validation": validation}
    check_rounds(status)
    check_labels(project, tmp_path / "out", official_raw_ids("nuscenes"))


@pytest.mark.slow
@pytest.mark.parametrize("bad", ["truncated", "nan", "empty", "labels"])
def test_a_bad_scan_in_the_loop(simulated: Scans, tmp_path: Path, bad: str):
    """NaN rows are carried along; of other faults prepare says which scan it goes on without."""
    root = tmp_path / "scans"
    source = simulated.root / "sequences/00"
    for frame in ("000000", "000001"):
        for folder, suffix in (("velodyne", "bin"), ("labels", "label")):
            target = root / "sequences/00" / folder / f"{frame}.{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((source / folder / target.name).read_bytes())
    scan = root / "sequences/00/velodyne/000001.bin"
    if bad == "nan":
        points = np.fromfile(scan, "<f4").reshape(-1, 4)
        points[1000:2000, :3] = np.nan
        points.tofile(scan)
    elif bad == "labels":
        label = root / "sequences/00/labels/000001.label"
        label.write_bytes(label.read_bytes()[:-4])
    else:
        scan.write_bytes(scan.read_bytes()[: 0 if bad == "empty" else -3])
    project = tmp_path / "p"
    words = ["--format", "semantickitti", "--root", root, "--train", "00", "--research"]
    lidarloop("new", project, *words, "--preset", "laptop", *quick())
    verbs = (
        ("prepare",),
        ("query", "--points", "20%"),
        ("annotate", "--oracle", "majority"),
        ("train",),
    )
    told = {}
    for verb, *options in (*verbs, ("status",)):
        done = subprocess.run(
            [sys.executable, str(MAIN), verb, str(project), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told[verb] = done.stdout + done.stderr
    for verb in ("prepare", "status"):
        assert ("1 of 2 scans is left out" in told[verb]) == (bad != "nan"), told[verb]
        assert bad == "nan" or "000001" in told[verb].partition("is left out")[2]
