"""A project of version 0.1.0 opens as it was left, and goes on (tests/old)."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import steps
from core.base.errors import ProjectError
from core.base.jobs import Job
from core.exchange.export import WHAT, export
from core.exchange.outbox import MANIFEST
from core.project.project import Project
from core.project.status import status
from models import steps as network
from tests.places import ROOT

OLD = ROOT / "tests" / "old"
ASKED = {
    "basal": {"strategy": "basal", "percent": "5%"},
    "size": {"strategy": "size", "percent": "5%"},
    "random": {"strategy": "random", "units": 6},
    "default": {"percent": "4"},
    "minutes": {"minutes": 0.4},
}


@pytest.fixture
def old(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the old project, to be opened as the annotator ann."""
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    for part in ("scans", "project"):
        shutil.copytree(OLD / part, tmp_path / part)
    return tmp_path / "project"


def expected(name: str) -> Any:
    return json.loads((OLD / "expected" / name).read_text(encoding="utf-8"))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def labels(project: Project) -> dict[str, str]:
    return {scan: digest(project.labels(scan).tobytes()) for scan in project.dataset.train}


def check_has(found: object, wanted: object) -> None:
    """Every key that was there has its value still; more may follow."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict)
        for key, value in wanted.items():
            check_has(found[key], value)
    elif isinstance(wanted, list):
        assert isinstance(found, list)
        assert len(found) == len(wanted)
        for one, value in zip(found, wanted, strict=True):
            check_has(one, value)
    else:
        assert found == wanted


def check_query(found: bytes, name: str) -> None:
    """Byte for byte, but for the last digits of E, D and score: they are the machine's BLAS's."""

    def rounded(text: str) -> str:
        return re.sub(r"\d+\.\d{9,}", lambda number: f"{float(number[0]):.9g}", text)

    wanted = (OLD / "expected" / f"query_{name}.json").read_bytes()
    if b'"D": ' in wanted:
        assert rounded(found.decode()) == rounded(wanted.decode())
    else:
        assert found == wanted


@pytest.mark.parametrize("read_only", [True, False])
def test_it_says_what_it_said(old: Path, read_only: bool):
    with Project(old, read_only=read_only) as project:
        assert labels(project) == expected("hashes.json")["labels"]
        wanted = expected("status.json")
        kept = json.loads((old / "rounds/001-size/metrics.json").read_text())
        assert wanted["rounds"][0]["miou"] == kept["miou"]
        # It was the mean over classes in truth or prediction; of its confusion the truth's count.
        rows = zip(kept["iou"].values(), kept["confusion"], strict=True)
        values = [value for value, row in rows if sum(row)]
        wanted["rounds"][0]["miou"] = pytest.approx(sum(values) / len(values))
        check_has(status(project, backend="plain torch"), wanted)


@pytest.mark.parametrize("what", WHAT)
def test_it_exports_the_same_bytes(old: Path, tmp_path: Path, what: str):
    out = tmp_path / "out"
    with Project(old) as project:
        export(project, out, Job(), what=what)
    files = [path for path in out.rglob("*") if path.is_file() and path.name != MANIFEST]
    found = {path.relative_to(out).as_posix(): digest(path.read_bytes()) for path in files}
    known = expected("hashes.json")["export"]
    assert found == known.get(what, known["labels"])  # it tells no things apart


@pytest.mark.parametrize("name", ASKED)
def test_it_asks_the_same(old: Path, name: str):
    shutil.rmtree(old / "rounds" / "002-basal")
    with Project(old) as project:
        found = steps.ask(project, Job(), **ASKED[name])
        check_query((found.folder / "query.json").read_bytes(), name)


def test_it_asks_the_same_after_the_open_query(old: Path):
    with Project(old) as project:
        steps.annotate(project, Job(), oracle="per-point")
        found = steps.ask(project, Job(), strategy="basal", percent="5%")
        check_query((found.folder / "query.json").read_bytes(), "finished")


def test_it_answers_asks_and_trains(old: Path):
    with Project(old) as project:
        tip = project.tip
        assert tip is not None
        waiting = project.open_items(tip)
        before = [project.labels(scan) for scan in project.dataset.train]
        steps.annotate(project, Job(), oracle="per-point")
        project.answers.undo()
        (left,) = project.open_items(tip)
        network.train(project, Job())
        assert project.stage(tip) == "scored"
        found = steps.ask(project, Job())
        assert (found.id, found.parent) == ("003-basal", tip.id)
        assert set(found.query.items).isdisjoint(set(waiting) - {left})
    with Project(old) as project:
        assert [project.stage(one) for one in project.rounds] == ["scored", "scored", "asked"]
        for scan, was in zip(project.dataset.train, before, strict=True):
            now = project.labels(scan)
            np.testing.assert_array_equal(now[was != 252], was[was != 252])


def test_of_a_damaged_journal_the_good_part_is_kept(old: Path):
    """Its last page is overwritten."""
    file = old / "journals" / "ann.sqlite"
    data = bytearray(file.read_bytes())
    data[-4096:] = b"\xff" * 4096
    file.write_bytes(data)
    with Project(old) as project:
        kept = [entry.seq for entry in project.answers.entries() if entry.annotator == "ann"]
        assert kept == expected("damaged.json")["entries"]
        assert labels(project) == expected("damaged.json")["labels"]


@pytest.mark.parametrize("pages", [1, 3, 5, 6])
def test_a_journal_cut_short_is_refused_untouched_or_opens_with_its_good_part(
    old: Path, pages: int
):
    file = old / "journals" / "ann.sqlite"
    data = file.read_bytes()[: pages * 4096]
    file.write_bytes(data)
    refusal = None
    try:
        with Project(old) as project:
            kept = [entry.seq for entry in project.answers.entries() if entry.annotator == "ann"]
    except ProjectError as error:
        refusal = error.what
    if refusal is not None:
        assert file.name in refusal
        assert file.read_bytes() == data
    else:
        assert kept
        assert kept == expected("damaged.json")["entries"][: len(kept)]
