"""Doctor: a whole project passes; what was broken is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.cli import doctor
from core.project.frozen import training_set
from core.project.project import Project


@pytest.fixture
def path(tmp_path: Path, small_street: Path) -> Path:
    options = {"format": "semantickitti", "root": small_street, "train": ["00"], "research": True}
    with Project.create(tmp_path / "p", **options) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), percent="20")
        steps.annotate(project, Job(), oracle="majority")
    return tmp_path / "p"


def bad(path: Path) -> str:
    return " ".join(str(f) for f in doctor.integrity(path, Job()) if f.good is False)


def test_a_whole_project_has_nothing_bad(path: Path):
    findings = {finding.name: finding for finding in doctor.integrity(path, Job())}
    (name,) = (file.stem for file in (path / "journals").glob("*.sqlite"))
    assert list(findings) == [f"journal {name}", "project", "journals", "source scans", "001-size"]
    assert all(finding.good for finding in findings.values())


def test_a_changed_scan_is_named(path: Path, small_street: Path):
    scan = small_street / "sequences/00/velodyne/000001.bin"
    points = np.fromfile(scan, "<f4")
    points[5] += 1
    points.tofile(scan)
    told = bad(path)
    assert "000001 changed since preparation" in told
    assert "000001 has changed since" in told  # and its answers are of another content


def test_a_training_set_of_scans_that_are_gone_is_named(path: Path):
    with Project(path) as project:
        training_set(project, project.rounds[0])
    file = path / "rounds/001-size/training.json"
    file.write_text(file.read_text().replace("velodyne/000001", "velodyne/999999"))
    assert "'sequences/00/velodyne/999999', which is not in the dataset" in bad(path)


def test_a_damaged_entry_is_named(path: Path):
    (journal,) = (path / "journals").glob("*.sqlite")
    with sqlite3.connect(journal) as database:
        database.execute("UPDATE entries SET rows = x'00' WHERE seq = 2")
    database.close()
    assert "Entry 2" in bad(path)


def test_a_damaged_query_is_named(path: Path):
    (path / "rounds/001-size/query.json").write_text('{"version": 1')
    assert "query.json" in bad(path)


@pytest.mark.parametrize(
    "name", ["training.json", "bank.json", "normal-boxes.npz", "final-boxes.npz"]
)
def test_what_is_damaged_of_detectors_is_named(path: Path, name: str):
    folder = path / "frame-rounds/000-start"
    folder.mkdir(parents=True)
    assert not bad(path)
    (folder / name).write_bytes(b"garbage")
    assert name in bad(path)


def test_no_project_is_one_finding(tmp_path: Path):
    (finding,) = doctor.integrity(tmp_path, Job())
    assert finding.good is False
    assert "no LidarLoop project" in finding.text


def test_the_packages_of_this_machine_are_listed():
    found = {finding.name: finding for finding in doctor.machine()}
    assert all(found[name].good for name in doctor.PACKAGES)
    assert all(found[name].good is None for name in doctor.OPTIONAL)
