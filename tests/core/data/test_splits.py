"""Official splits: the benchmark's own sequences, as far as they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import SettingsError
from core.data.splits import expanded, official


def test_the_splits_have_the_official_sizes_and_share_nothing():
    kitti, nuscenes = official("semantickitti"), official("nuscenes")
    assert kitti["val"] == ("08",)
    assert kitti["train"] == tuple(f"{n:02d}" for n in (*range(8), 9, 10))
    assert {name: len(scenes) for name, scenes in nuscenes.items()} == {
        "train": 700, "val": 150, "test": 150, "mini_train": 8, "mini_val": 2,
    }  # fmt: skip
    whole = [*nuscenes["train"], *nuscenes["val"], *nuscenes["test"]]
    assert len(set(whole)) == 1000
    # The ten scenes of v1.0-mini, as its scene.json names them.
    assert set(nuscenes["mini_train"]) | set(nuscenes["mini_val"]) == {
        f"scene-{n:04d}" for n in (61, 103, 553, 655, 757, 796, 916, 1077, 1094, 1100)
    }
    assert set(nuscenes["mini_val"]) == {"scene-0103", "scene-0916"}


def test_only_what_is_there_is_taken_and_counted():
    there = ["scene-0061", "scene-0103", "scene-0757"]
    found, said = expanded("nuscenes", Path(), ["mini_train", "scene-0103"], there)
    assert found == ["scene-0061", "scene-0757", "scene-0103"]
    assert said == ["mini_train: 2 of the 8 sequences of the official split are there"]
    with pytest.raises(SettingsError, match="None of the 150 sequences"):
        expanded("nuscenes", Path(), ["test"], there)


def test_a_folder_of_that_name_is_meant_as_it_is():
    assert expanded("nuscenes", Path(), ["train", "val"], ["train", "val"]) == (
        ["train", "val"],
        [],
    )
    assert expanded("folder", Path(), ["train"], ["a"]) == (["train"], [])
