"""Settings: presets, overrides, and what is refused."""

from __future__ import annotations

import tomllib

import pytest

from core.base.errors import SettingsError
from core.base.settings import PRESETS, Settings, load_preset


def test_the_paper_preset_holds_the_papers_numbers():
    paper = load_preset("paper")
    assert (paper.prepare.cell_m, paper.prepare.max_size_m, paper.prepare.partitions) == (10, 25, 3)
    assert (paper.prepare.min_cluster_size, paper.prepare.min_samples) == (20, 10)
    assert (paper.train.batch, paper.train.learning_rate) == (10, 1e-3)
    assert (paper.train.first_epochs, paper.train.epochs) == (100, 30)
    assert paper.query.fraction == "0.01"
    assert paper.sources["train.batch"].startswith("BaSAL")
    assert paper.sources["train.rotate"].startswith("ours")


def test_nuscenes_differs_where_it_must():
    nuscenes = load_preset("nuscenes")
    assert nuscenes.prepare.min_samples == 1
    assert nuscenes.prepare.intensity_scale == 255
    assert nuscenes.prepare.cell_m == load_preset("paper").prepare.cell_m


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_a_round_trip(name: str):
    settings = load_preset(name)
    assert Settings.from_toml(settings.to_toml()) == settings


def test_an_override_changes_one_value_and_its_source():
    before = load_preset("laptop")
    after = before.override("train.epochs", "2", source="--set")
    assert after.train.epochs == 2
    assert after.sources["train.epochs"] == "--set"
    assert after.override("train.epochs", "10", source=before.sources["train.epochs"]) == before


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("train.epoch", "2", "train.epochs"),
        ("epochs", "2", "train.epochs"),
        ("train.epochs", "two", "whole number"),
        ("train.epochs", "0", "from 1"),
        ("train.rotate", "maybe", "true or false"),
        ("query.fraction", "1.5", "share"),
        ("query.fraction", "x", "share"),
        ("prepare.clusterer", "kmeans", "exact, hdbscan"),
        ("train.learning_rate", "nan", "from"),
    ],
)
def test_what_an_override_refuses(key: str, value: str, says: str):
    with pytest.raises(SettingsError, match=says):
        load_preset("paper").override(key, value, source="--set")


def test_a_file_with_a_missing_or_unknown_key_names_it():
    stored = load_preset("paper").to_toml()
    del stored["train"]["batch"]
    with pytest.raises(SettingsError, match=r"train\.batch is missing"):
        Settings.from_toml(stored)
    stored = load_preset("paper").to_toml()
    stored["train"]["bach"] = tomllib.loads('x = {value = 1, source = ""}')["x"]
    with pytest.raises(SettingsError, match=r"train\.batch"):
        Settings.from_toml(stored)
