"""Where files of labels and of predictions go: never to the same place in KITTI's layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.data.formats.semantickitti import SemanticKitti
from core.data.recognise import recognise
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.exchange.layouts import OWN, layout_of
from core.project.project import Project
from tests.exchanged import answer, contents, predict
from tests.streets import small_scan, write_scan


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("labels/0.label", "predictions/0.label"),
        ("labels/labels/labels/0.label", "labels/labels/predictions/0.label"),
        ("truth/0.label", "truth/0.label"),
        ("my-labels/0.label", "my-labels/0.label"),
        ("a/labels", "a/labels"),
    ],
)
def test_predictions_of_an_installed_format_may_have_no_folder_of_labels(
    tmp_path: Path, monkeypatch, name: str, wanted: str
):
    scan = "sequences/00/velodyne/000000"
    write_scan(tmp_path / "data", scan, small_scan(0)[0], None)
    with Project.create(
        tmp_path / "p", format="semantickitti", root=tmp_path / "data", train=["00"]
    ) as project:
        place = (name, np.dtype("<u4"))
        monkeypatch.setattr(SemanticKitti, "label_file", lambda *_: place)
        assert layout_of(project, OWN, "predictions", [scan]).files == {scan: wanted}


@pytest.mark.parametrize(
    ("format", "scan", "labels", "predictions"),
    [
        ("semantickitti", "velodyne/000000", "labels/000000", "predictions/000000"),
        (
            "semantickitti",
            "sequences/00/velodyne/000000",
            "sequences/00/labels/000000",
            "sequences/00/predictions/000000",
        ),
        (
            "semantickitti",
            "sequences/labels/velodyne/000000",
            "sequences/labels/labels/000000",
            "sequences/labels/predictions/000000",
        ),
        (
            "kitti",
            "training/velodyne/000000",
            "training/labels/000000",
            "training/predictions/000000",
        ),
        (
            "kitti-tracking",
            "training/velodyne/0001/000000",
            "training/labels/0001/000000",
            "training/predictions/0001/000000",
        ),
        (
            "kitti-raw",
            "a/b/velodyne_points/data/0000000000",
            "a/b/labels/0000000000",
            "a/b/predictions/0000000000",
        ),
        (
            "kitti-360",
            "data_3d_raw/a/velodyne_points/data/0000000000",
            "data_3d_raw/a/labels/0000000000",
            "data_3d_raw/a/predictions/0000000000",
        ),
    ],
)
def test_predictions_lie_beside_labels(
    tmp_path: Path, monkeypatch, format: str, scan: str, labels: str, predictions: str
):
    root = tmp_path / "data"
    (root / scan).parent.mkdir(parents=True)
    small_scan(0)[0].tofile(root / f"{scan}.bin")
    (root / "poses.txt").write_text("")  # point_labeler's
    found = recognise(root)
    assert found is not None
    with Project.create(
        tmp_path / "p", format=format, root=root, train=list(found.sequences)
    ) as project:
        assert project.dataset.train == (scan,)
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job(), units=1, strategy="random")
        predict(project, {scan: np.zeros(project.count(scan), np.uint8)}, monkeypatch)
        files = layout_of(project, OWN, "predictions", [scan]).files
        assert files == {scan: f"{predictions}.label"}
        # One folder takes both, and neither is taken for the other.
        answer(project, scan, np.arange(9), 1)
        export(project, tmp_path / "out", Job())
        export(project, tmp_path / "out", Job(), what="predictions")
        assert set(contents(tmp_path / "out")) == {f"{labels}.label", f"{predictions}.label"}
    with Project.create(
        tmp_path / "again", format=format, root=root, train=list(found.sequences)
    ) as project:
        import_labels(project, tmp_path / "out", Job())
        assert set(project.labels(scan)[:9].tolist()) == {1}
        assert set(project.labels(scan)[9:].tolist()) == {252}
