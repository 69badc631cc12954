"""Exports carry the ground truth's classes on exactly the answered points."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.answers.journal import Journal
from core.base.errors import ProjectError
from core.base.files import write_arrays
from core.base.jobs import Job
from core.exchange.export import export
from core.project.project import Project
from core.rounds.predictions import new_prediction_file
from tests.core.answers.made import BODY, boxes


@pytest.fixture
def answered(tmp_path: Path, small_street: Path):
    with Project.create(
        tmp_path / "p", format="semantickitti", root=small_street, train=["00"], research=True
    ) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), percent="30")
        steps.annotate(project, Job(), oracle="per-point")
        yield project


def test_labels_equal_the_truth_where_answered_and_zero_elsewhere(
    answered: Project, small_street: Path, tmp_path: Path
):
    said: list[str] = []
    count = export(answered, tmp_path / "out", Job(lambda told: said.append(told.said)))
    files = sorted((tmp_path / "out").rglob("*.label"))
    assert count == len(files) > 0
    given = sum(int((np.fromfile(file, "<u4") > 0).sum()) for file in files)
    total = sum(map(answered.dataset.count, answered.dataset.train))
    assert f"{given:,} of {total:,} points have a class; the rest is 0." in said
    for file in files:
        exported = np.fromfile(file, "<u4")
        raw = np.fromfile(small_street / file.relative_to(tmp_path / "out"), "<u4")
        scan = f"sequences/00/velodyne/{file.stem}"
        labelled = answered.labels(scan) != 252
        np.testing.assert_array_equal(exported, np.where(labelled, raw, 0))
        assert labelled.any()


def test_merged_prefers_answers(answered: Project, tmp_path: Path, monkeypatch):
    tip = answered.tip
    assert tip is not None
    monkeypatch.setattr(Project, "last_scored", lambda _: tip)
    for scan in answered.dataset.train:
        classes = np.full(answered.dataset.count(scan), 14, np.uint8)
        file = new_prediction_file(answered.predictions(tip), scan)
        write_arrays(file, {"classes": classes})
    export(answered, tmp_path / "out", Job(), what="merged")
    for scan in answered.dataset.train:
        labels = answered.labels(scan)
        wanted = answered.classes.decode(np.where(labels == 252, 14, labels).astype(np.uint8))
        file = (tmp_path / "out" / scan.replace("velodyne", "labels")).with_suffix(".label")
        np.testing.assert_array_equal(np.fromfile(file, "<u4"), wanted)


def test_the_journal_goes_out_line_by_line(answered: Project, tmp_path: Path):
    export(answered, tmp_path / "out", Job(), what="journal")
    lines = (tmp_path / "out" / "journal.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    tip = answered.tip
    assert tip is not None
    assert sorted(entry["unit"] for entry in entries) == sorted(tip.query.items)
    assert all(len(entry["rows"]) == len(entry["classes"]) for entry in entries)


KEYS = (
    "annotator seq time verb round scan unit rows classes tool active_s clicks keys suggested "
    "version scan_rows scan_hash cancels blind"
).split()


def test_a_kind_to_come_goes_out_whole_and_changes_no_other_line(answered: Project, tmp_path: Path):
    export(answered, tmp_path / "before", Job(), what="journal")
    before = (tmp_path / "before" / "journal.jsonl").read_bytes()
    assert all(list(json.loads(line)) == KEYS for line in before.splitlines())
    name, scan = answered.answers.annotator, answered.dataset.train[0]
    labels = answered.labels(scan)
    path = answered.path / "journals" / f"{name}.sqlite"
    with closing(Journal(path, name)) as journal:
        stored, _ = journal.append(boxes(name, scan=scan, unit=f"{scan}#c0"))
    answered.answers.take_in(path)
    export(answered, tmp_path / "after", Job(), what="journal")
    after = (tmp_path / "after" / "journal.jsonl").read_bytes()
    assert after.startswith(before)
    line = json.loads(after[len(before) :])
    assert list(line) == [*KEYS, "kind", "body"]
    assert (line["kind"], line["body"], line["seq"]) == ("boxes", BODY, stored.seq)
    np.testing.assert_array_equal(answered.labels(scan), labels)


def test_what_cannot_be_exported(answered: Project, tmp_path: Path, small_street: Path):
    with pytest.raises(ProjectError, match="no predictions"):
        export(answered, tmp_path / "out", Job(), what="predictions")
    with pytest.raises(ProjectError, match="read only"):
        export(answered, small_street, Job())
