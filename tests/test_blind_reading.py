"""Blind readings: which units are shown, and how answers are counted. No window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.data.classes import load_classes
from core.data.items import scan_of
from core.project.project import Project
from tests.benchmarks.blind_sample import LEAST_SHARE, SAME, Asked, ask, sample
from tests.benchmarks.blind_score import read, report, wilson
from tests.benchmarks.blind_sheet import SIZES, sheet
from tests.streets import CAR, POLE, ROAD, small_scan, write_scan

SIDEWALK = 48
EACH = 6
NAMES = {ROAD: "road", CAR: "car", POLE: "pole", SIDEWALK: "sidewalk"}


@pytest.fixture(scope="module")
def mixed_street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scans whose ground turns into a sidewalk in the middle of cells, and one car of each of
    which is two fifths pole."""
    root = tmp_path_factory.mktemp("mixed")
    for seed in range(3):
        name = f"00/velodyne/{seed:06d}"
        points, raw = small_scan(seed)
        raw[(raw == ROAD) & (points[:, 0] < -5)] = SIDEWALK
        raw[np.flatnonzero(raw == CAR)[:48]] = POLE
        write_scan(root, f"sequences/{name}", points, raw)
    return root


def sampled(path: Path, root: Path, seed: int) -> tuple[list[Asked], Project]:
    with Project.create(
        path, format="semantickitti", root=root, train=["00"], preset="laptop", seed=seed
    ) as project:
        ask(project)
        return sample(project, EACH), project


def test_a_seed_shows_the_same_units_and_another_one_others(mixed_street: Path, tmp_path: Path):
    first, _ = sampled(tmp_path / "a", mixed_street, 1)
    assert first == sampled(tmp_path / "b", mixed_street, 1)[0]
    assert first != sampled(tmp_path / "c", mixed_street, 2)[0]


def test_shares_are_right_and_nothing_is_passed_over_without_a_reason(
    mixed_street: Path, tmp_path: Path
):
    found, project = sampled(tmp_path / "p", mixed_street, 2)
    shown = {asked.unit: asked for asked in found}
    query, names = project.rounds[0].query, project.need_units().partition_names
    low = capped = 0
    for partition in names:
        of_it = [u for u, g in zip(query.items, query.group, strict=True) if g == partition]
        taken: list[tuple[str, str]] = []
        for unit in of_it:
            if len(taken) == EACH:
                assert unit not in shown
                continue
            name, share = by_hand(project, mixed_street, unit)
            same = taken.count((scan_of(unit), name))
            if unit in shown:
                assert (shown[unit].partition, shown[unit].found) == (partition, name)
                assert shown[unit].share == pytest.approx(share)
                assert share >= LEAST_SHARE
                assert same < SAME
                taken.append((scan_of(unit), name))
            else:
                assert share < LEAST_SHARE or same == SAME
                low += share < LEAST_SHARE
                capped += share >= LEAST_SHARE
        assert len(taken) == EACH
    assert low  # both reasons came up
    assert capped


def by_hand(project: Project, root: Path, unit: str) -> tuple[str, float]:
    """Class and share of a unit, counted point by point from the label file."""
    scan, units = scan_of(unit), project.need_units()
    file = (root / scan.replace("velodyne", "labels")).with_suffix(".label")
    number = [units.name(index) for index in units.range_of(scan)].index(unit)
    counts: dict[int, int] = {}
    for row, raw in zip(project.rows(scan), np.fromfile(file, "<u4").tolist(), strict=True):
        if row == number:
            counts[raw] = counts.get(raw, 0) + 1
    most = max(counts, key=lambda raw: counts[raw])
    return NAMES[most], counts[most] / sum(counts.values())


def test_a_partition_with_too_few_units_is_told(mixed_street: Path, tmp_path: Path):
    _, project = sampled(tmp_path / "p", mixed_street, 1)
    with pytest.raises(ProjectError, match="units to show, not 90"):
        sample(project, 90)


@pytest.mark.parametrize("name", SIZES)
def test_the_sheet_names_every_class_once(name: str):
    assert tuple(SIZES[name]) == load_classes(name).names
    assert f"Pictures 003 to 009 ({'Sem' if name[0] == 's' else 'nuS'}" in sheet(
        {name: range(3, 10)}
    )


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (10, 10, 0.7225, 1.0),
        (0, 10, 0.0, 0.2775),
        (51, 60, 0.7389, 0.9190),
    ],
)
def test_wilson_as_in_tables(right: int, of: int, low: float, high: float):
    assert wilson(right, of) == pytest.approx((low, high), abs=1e-4)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Four pictures: a car and a pole of partition 1, two ground cells, one of nuScenes."""
    rows = [("a", "1", "car"), ("a", "1", "pole"), ("a", "ground", "road"), ("b", "ground", "flat")]
    pictures = [
        {"number": n, "dataset": d, "partition": p, "class": c, "share": 1.0, "unit": str(n)}
        for n, (d, p, c) in enumerate(rows)
    ]
    classes = {"a": ["car", "pole", "trunk", "road", "sidewalk"], "b": ["flat", "manmade"]}
    path = tmp_path / "truth.json"
    path.write_text(json.dumps({"classes": classes, "pictures": pictures}))
    return path


def answered(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_sheet_of_answers_scored_by_hand(truth: Path, tmp_path: Path):
    # The car is right, the pole at the second, the road wrong, the last not answered.
    answers = answered(tmp_path, "number,first,second", "0,Car,pole", "001, trunk, pole",
                       "002.png,sidewalk,")  # fmt: skip
    text = report(read(answers, truth)).splitlines()
    assert text[2:7] == [
        "| all | 4 | 1, 25% (5% to 70%) | 2, 50% (15% to 85%) |",
        "| 1 | 2 | 1, 50% (9% to 91%) | 2, 100% (34% to 100%) |",
        "| ground | 2 | 0, 0% (0% to 66%) | 0, 0% (0% to 66%) |",
        "| a | 3 | 1, 33% (6% to 79%) | 2, 67% (21% to 94%) |",
        "| b | 1 | 0, 0% (0% to 79%) | 0, 0% (0% to 79%) |",
    ]
    assert text[9:12] == ["pole, trunk: 1, 1", "road, sidewalk: 1, 0", "1 without an answer."]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["0,car,pole"], "does not begin"),
        (["number,first,second", "9,car,"], "number 9"),
        (["number,first,second", "0,car,", "0,pole,"], "number 0"),
        (["number,first,second", "0,lorry,"], "0: lorry"),
        (["number,first,second", "3,car,flat"], "3: car"),  # of the other dataset's list
    ],
)
def test_an_answer_that_means_nothing_is_refused(
    truth: Path, tmp_path: Path, lines: list[str], told: str
):
    with pytest.raises(ProjectError, match=told):
        read(answered(tmp_path, *lines), truth)
