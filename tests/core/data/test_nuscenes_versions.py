"""nuScenes unpacked whole: tables of several versions beside each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, SettingsError
from core.base.jobs import Job
from core.data.formats import nuscenes
from core.data.formats.nuscenes import NuScenes
from core.data.opening import open_dataset
from core.data.plausible import judge
from core.exchange.export import export
from core.project.project import Project
from tests.exchanged import answer, contents, write_keyframes

SCENES = {"trainval": "scene-0001", "mini": "scene-0061", "test": "scene-0077"}
LABELS = np.full(40, 17, np.uint8)


def unpacked(root: Path, *versions: str) -> Path:
    for version in versions:
        scene = SCENES.get(version, f"scene-{version}")
        write_keyframes(root, {f"{scene}/{version}": LABELS}, f"v1.0-{version}")
    return root


@pytest.mark.parametrize(
    ("versions", "read"),
    [
        (("test", "trainval", "mini"), "trainval"),
        (("test", "mini"), "mini"),
        (("test",), "test"),
        (("test", "own", "town"), "test"),
        (("town", "own"), "own"),
    ],
)
def test_one_version_is_read_and_the_others_are_named(
    tmp_path: Path, versions: tuple[str, ...], read: str
):
    unpacked(tmp_path, *versions)
    (tmp_path / "v1.0-empty").mkdir()
    (scene,) = NuScenes().sequences(tmp_path)
    assert scene == SCENES.get(read, f"scene-{read}")
    dataset = open_dataset("nuscenes", tmp_path, [scene], [])
    assert dataset.train == (f"samples/LIDAR_TOP/{read}",)
    others = [f"v1.0-{version}" for version in versions if version != read]
    told = [note for note in judge(dataset).notes if "tables" in note]
    assert len(told) == bool(others)
    assert all(f"v1.0-{read} are read" in note for note in told)
    assert all(other in note for note in told for other in others)
    with pytest.raises(DataError, match="no sequence scene-9999") as wrong:
        open_dataset("nuscenes", tmp_path, ["scene-9999"], [])
    assert (f"move v1.0-{read} elsewhere" in wrong.value.do) == bool(others)
    assert wrong.value.do.startswith(f"There are {scene}.")


def test_the_version_whose_labels_are_there_is_read_first(tmp_path: Path):
    """As of a project made from mini, to whose folder the metadata of trainval came later."""
    unpacked(tmp_path, "mini")
    dataset = open_dataset("nuscenes", tmp_path, [SCENES["mini"]], [])
    assert dataset.has_labels(dataset.train[0])
    before = NuScenes()
    write_keyframes(tmp_path, {f"{SCENES['mini']}/mini": LABELS}, "v1.0-trainval")
    shutil.rmtree(tmp_path / "lidarseg/v1.0-trainval")
    nuscenes._tables.cache_clear()
    assert before.has_labels(tmp_path, dataset.train[0])
    assert "v1.0-mini are read" in before.notes(tmp_path, SCENES["mini"])[0]
    (tmp_path / "lidarseg").rename(tmp_path / "panoptic")
    assert "v1.0-mini are read" in before.notes(tmp_path, SCENES["mini"])[0]
    (tmp_path / "panoptic").rename(tmp_path / "elsewhere")
    assert "v1.0-trainval are read" in before.notes(tmp_path, SCENES["mini"])[0]


def test_a_split_of_a_version_that_is_not_read_says_so(tmp_path: Path):
    root = unpacked(tmp_path / "data", "trainval", "test")
    with pytest.raises(SettingsError, match="None of the 150") as wrong:
        Project.create(tmp_path / "p", format="nuscenes", root=root, train=["test"])
    assert "There are scene-0001." in wrong.value.do
    assert "move v1.0-trainval elsewhere" in wrong.value.do


def test_labels_go_out_with_the_tables_that_were_read(tmp_path: Path):
    root = unpacked(tmp_path / "data", "mini", "test", "trainval")
    with Project.create(
        tmp_path / "p", format="nuscenes", root=root, train=["scene-0001"]
    ) as project:
        answer(project, project.dataset.train[0], np.arange(9), 3)
        export(project, tmp_path / "out", Job())
    names = contents(tmp_path / "out")
    assert {name.split("/")[0] for name in names} == {"lidarseg", "maps", "v1.0-trainval"}
    assert any(name.startswith("lidarseg/v1.0-trainval/") for name in names)
