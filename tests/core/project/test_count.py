"""Counting points: a scan's file is not parsed for a number that is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.data.formats.folder import Folder
from core.exchange.export import export
from core.project.project import Project
from core.project.status import status
from tests.streets import give, small_scan


@pytest.fixture
def parsed(monkeypatch) -> list[str]:
    """The scans whose files are parsed, or opened to be counted."""
    seen: list[str] = []
    real, real_count = Folder.points, Folder.count

    def points(self, root: Path, scan: str) -> np.ndarray:
        seen.append(scan)
        return real(self, root, scan)

    def count(self, root: Path, scan: str) -> int:
        seen.append(scan)
        return real_count(self, root, scan)

    monkeypatch.setattr(Folder, "points", points)
    monkeypatch.setattr(Folder, "count", count)
    return seen


@pytest.fixture
def project(tmp_path: Path):
    root = tmp_path / "scans"
    for sequence, count in (("train", 2), ("val", 1)):
        (root / sequence).mkdir(parents=True)
        for number in range(count):
            np.save(root / sequence / f"{number}.npy", small_scan(number)[0])
    options = {"format": "folder", "root": root, "classes": "semantickitti"}
    with Project.create(tmp_path / "p", train=["train"], validation=["val"], **options) as made:
        yield made


def test_labels_of_prepared_scans_parse_no_scan(project: Project, parsed: list[str], tmp_path):
    steps.prepare(project, Job(), workers=1)
    give(project, 0, 3)
    parsed.clear()
    wanted = [len(small_scan(number)[0]) for number in range(2)]
    for _ in range(2):
        assert [len(project.labels(scan)) for scan in project.dataset.train] == wanted
        assert [project.count(scan) for scan in project.dataset.train] == wanted
    assert np.count_nonzero(project.labels("train/0") == 3) == project.need_units().points[0]
    export(project, tmp_path / "out", Job())
    assert status(project, backend="")["points"] == {"train": sum(wanted)}
    assert parsed == []


def test_other_scans_are_parsed_once_while_they_stay(project: Project, parsed: list[str]):
    for _ in range(2):
        status(project, backend="")
        assert len(project.labels("val/0")) == len(small_scan(0)[0])
    assert sorted(parsed) == ["train/0", "train/1", "val/0"]
    np.save(project.root / "val" / "0.npy", small_scan(0)[0][:100])
    assert project.count("val/0") == 100
