"""Formats that others install: old ones go on working, broken ones are named and left out."""

from __future__ import annotations

import pickle
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import core.data.formats as registry
from core.base.errors import SettingsError
from core.cli import doctor
from core.data.formats import broken_formats, format_named, formats
from core.data.formats.folder import Folder
from core.data.formats.format import Format
from core.data.opening import open_dataset
from core.data.recognise import recognise

MODULE = '''
from pathlib import Path

import numpy as np

from core.data.formats.format import Format


class Text(Format):
    """Four columns a line, nothing else said."""

    name = "text"
    layout = "<sequence>/*.xyzi"

    def sequences(self, root):
        return tuple(sorted({file.parent.name for file in root.glob("*/*.xyzi")}))

    def scans(self, root, sequence):
        return tuple(sorted(f"{sequence}/{p.stem}" for p in (root / sequence).glob("*.xyzi")))

    def path(self, root, scan):
        return root / f"{scan}.xyzi"

    def points(self, root, scan):
        return np.loadtxt(self.path(root, scan), np.float32, ndmin=2)


class Old:
    """As one wrote a format before there was a class to inherit."""

    name = "old"
    classes = "semantickitti"
    layout = "*.txt"

    def recognises(self, folder):
        return False

    def sequences(self, root):
        return (".",)

    def scans(self, root, sequence):
        return tuple(sorted(p.stem for p in root.glob("*.txt")))

    def path(self, root, scan):
        return root / f"{scan}.txt"

    def count(self, root, scan):
        return 7

    def points(self, root, scan):
        return np.ones((7, 4), np.float32)

    def labels(self, root, scan):
        return np.full(7, 40, np.uint32)

    def pose(self, root, scan):
        return np.eye(4)

    def camera(self, root, scan):
        return None

    def label_file(self, root, scan):
        return f"{scan}.lab", np.dtype("<u2")


class Half(Format):
    name = "half"
    layout = "half"

    def sequences(self, root):
        return ()


class Other:
    name = "other"
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch):
    """Install formats by their entry points, name -> value."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "formats_of_others.py").write_text(MODULE)
    (tmp_path / "lib" / "formats_that_fail.py").write_text("import a_library_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path / "lib")

    def make(**values: str) -> None:
        group = "lidarloop.formats"
        points = [metadata.EntryPoint(name, value, group) for name, value in values.items()]
        monkeypatch.setattr(metadata, "entry_points", lambda group: points)
        registry._known.cache_clear()

    yield make
    registry._known.cache_clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a/1.xyzi", "a/2.xyzi", "one.txt"):
        file = tmp_path / "scans" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("1 2 3 0.5\n4 5 6 127.5\n")
    return tmp_path / "scans"


def test_a_format_says_only_what_it_must(install, root: Path):
    install(text="formats_of_others:Text")
    found = recognise(root)
    assert found is not None
    assert (found.format, found.root, found.scans, found.labelled) == ("text", root, 2, 0)
    dataset = open_dataset("text", root, ["a"], [], intensity_scale=255)
    assert dataset.count("a/1") == 2
    scan = dataset.scan("a/1")
    assert scan.pose is None
    assert not dataset.has_labels("a/1")
    layout = dataset.format
    assert layout.camera(root, "a/1") is None
    assert layout.box_file("a/1") == ""
    assert layout.calibration(root, "a/1").tr is None
    assert layout.label_file(root, "a/1") == ("a/1.label", np.dtype("<u4"))
    assert layout.classes == ""
    np.testing.assert_array_equal(scan.points[1], [4, 5, 6, 127.5])
    np.testing.assert_array_equal(dataset.normalised(scan.points)[1], [4, 5, 6, 0.5])


def test_a_format_of_the_old_protocol_works_and_gains_the_defaults(install, root: Path):
    install(old="formats_of_others:Old")
    dataset = open_dataset("old", root, ["."], [])
    dataset = pickle.loads(pickle.dumps(dataset))  # as it goes to a worker
    layout = dataset.format
    assert isinstance(layout, Format)
    assert (layout.name, layout.classes, layout.layout) == ("old", "semantickitti", "*.txt")
    assert dataset.train == ("one",)
    assert dataset.count("one") == len(dataset.scan("one").points) == 7
    np.testing.assert_array_equal(layout.labels(root, "one"), [40] * 7)
    np.testing.assert_array_equal(dataset.scan("one").pose, np.eye(4))
    assert layout.label_file(root, "one") == ("one.lab", np.dtype("<u2"))
    assert not layout.recognises(root)
    assert layout.box_file("one") == ""


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("formats_that_fail:Format", "No module named 'a_library_nobody_has'"),
        ("formats_of_others:Missing", "Missing"),
        ("formats_of_others:Half", "path"),
        ("formats_of_others:Other", "it has no layout, no path, no points"),
        ("formats_of_others:np", "not callable"),
        ("pathlib:Path", "it has no layout"),
    ],
)
def test_a_broken_one_is_named_and_left_out(install, root: Path, value: str, says: str):
    install(bad=value, text="formats_of_others:Text")
    assert "bad" not in formats()
    assert {"semantickitti", "nuscenes", "folder", "text"} <= set(formats())
    (sentence,) = broken_formats().values()
    assert says in sentence
    assert "\n" not in sentence
    assert recognise(root) is not None
    with pytest.raises(SettingsError, match="cannot be used") as caught:
        open_dataset("bad", root, ["a"], [])
    assert caught.value.what == sentence
    told = [finding for finding in doctor.machine() if finding.name == "format bad"]
    assert [(one.good, one.text) for one in told] == [(False, sentence)]


def test_a_built_in_format_needs_no_look_at_what_is_installed(install, tmp_path: Path):
    install(bad="formats_that_fail:Format")
    assert isinstance(format_named("folder"), Folder)
    assert registry._known.cache_info().currsize == 0
    with pytest.raises(SettingsError, match="no data format nothing"):
        format_named("nothing")
