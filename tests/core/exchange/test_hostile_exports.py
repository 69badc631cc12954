"""Names and labels that data or installed formats give lead an export nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.data.formats import _known
from core.data.formats.folder import Folder
from core.exchange.export import export
from core.exchange.import_labels import import_labels
from core.exchange.raw_labels import packed
from core.project.project import Project
from tests.exchanged import answer, contents, write_keyframes
from tests.streets import small_scan


@pytest.mark.parametrize(
    "token", ["../../../gone", "a/../../../../gone", "/tmp/lidarloop-gone", "x\0y", "a" * 300]
)
def test_tokens_of_tables_lead_nowhere(tmp_path: Path, token: str):
    root = tmp_path / "data"
    write_keyframes(root, {"scene-1/a": np.full(800, 17, np.uint8)})
    for name in ("sample_data", "lidarseg"):
        file = root / "v1.0-mini" / f"{name}.json"
        rows = json.loads(file.read_text())
        rows[0]["token"] = token
        file.write_text(json.dumps(rows))
    before = contents(tmp_path / "data")
    with pytest.raises(ProjectError, match=r"name a file elsewhere.* is no name of a file"):
        Project.create(
            tmp_path / "p", format="nuscenes", root=root, train=["scene-1"], preset="nuscenes"
        )
    assert contents(tmp_path / "data") == before
    assert not list(tmp_path.rglob("*gone*"))
    assert not Path("/tmp/lidarloop-gone_lidarseg.bin").exists()


class Hostile(Folder):
    """An installed format whose answers a test chooses."""

    name = "hostile"
    classes = "semantickitti"
    file: object = ("a.label", np.dtype("<u4"))
    found: object = None

    def label_file(self, root, scan):
        return self.file

    def labels(self, root, scan):
        return self.found


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch):
    made = Hostile()
    monkeypatch.setitem(_known().usable, "hostile", made)
    (tmp_path / "scans").mkdir()
    np.save(tmp_path / "scans/a.npy", small_scan(0)[0])
    with Project.create(
        tmp_path / "p", format="hostile", root=tmp_path / "scans", train=["."], preset="laptop"
    ) as project:
        answer(project, "a", np.arange(10), 3)
        yield made, project


@pytest.mark.parametrize(
    "file",
    [
        ("../gone.label", "<u4"),
        ("/tmp/gone.label", "<u4"),
        ("a\0", "<u4"),
        ("", "<u4"),
        ("a.label", "<f4"),
        ("a.label", "no dtype"),
        ("a.label", None),
        (7, "<u4"),
        "a.label",
        None,
        ("a.label", "<u4", 1),
    ],
    ids=repr,
)
def test_what_installed_formats_say_of_label_files(hostile, tmp_path: Path, file: object):
    made, project = hostile
    made.file = file
    for what in ("labels", "panoptic"):
        with pytest.raises(ProjectError) as caught:
            export(project, tmp_path / "out", Job(), what=what)
        assert "\n" not in caught.value.what
    assert not list(tmp_path.rglob("*.label"))


@pytest.mark.parametrize(
    "found",
    [
        np.zeros((4960, 2), np.uint32),
        np.zeros(4960),
        np.full(4960, -1),
        np.array(["a"] * 4960),
        np.zeros(0, np.uint32),
        "labels",
        [1, 2],
        {"a": 1},
    ],
    ids=range(8),
)
def test_what_installed_formats_give_as_labels(hostile, found: object):
    made, project = hostile
    made.found = found
    with pytest.raises(ProjectError):
        import_labels(project, project.root, Job())


def test_an_id_that_does_not_fit_is_refused_where_it_is_packed():
    """Class lists of today refuse it; an imported label or an old list may still have it."""
    raw = np.array([255, 300, 7], np.uint32)
    assert packed(raw[:1], np.dtype("u1"), "a") == b"\xff"
    with pytest.raises(ProjectError, match="labels of a have the id 300"):
        packed(raw, np.dtype("u1"), "a")


def test_an_id_that_does_not_fit_is_refused(tmp_path: Path, root: Path):
    text = 'name = "yard"\n[[class]]\nname = "crane"\ncolour = "#ffcc00"\nraw = {}\n'
    for raw, format, says in ((70000, "semantickitti", "labels hold 0 to"), (300, "nuscenes", "")):
        classes = tmp_path / f"{raw}.toml"
        classes.write_text(text.format(7))
        if format == "nuscenes":
            root = tmp_path / "keys"
            write_keyframes(root, {"scene-1/a": np.full(800, 17, np.uint8)})
        train = ["scene-1"] if format == "nuscenes" else ["00"]
        options = {"format": format, "root": root, "train": train, "preset": "laptop"}
        Project.create(tmp_path / f"p{raw}", **options, classes=str(classes)).close()
        file = tmp_path / f"p{raw}" / "classes.toml"  # as an older version let it pass
        file.write_text(file.read_text().replace("raw = 7", f"raw = {raw}"))
        classes.write_text(text.format(raw))
        with pytest.raises(ProjectError, match="crane has the raw id"):
            Project.create(tmp_path / f"q{raw}", **options, classes=str(classes))
        assert not (tmp_path / f"q{raw}").exists()
        with Project(tmp_path / f"p{raw}") as project:
            answer(project, project.dataset.train[0], np.arange(10), 0)
            with pytest.raises(ProjectError, match=says or "has the id 300|have the id 300"):
                export(project, tmp_path / f"out{raw}", Job())
            assert not contents(tmp_path / f"out{raw}")
