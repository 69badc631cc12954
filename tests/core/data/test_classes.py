"""Class lists: the official maps by hand-picked ids, and lists of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError, SettingsError
from core.data.classes import IGNORED, MIXED, UNLABELLED, UNSURE, load_classes


@pytest.mark.parametrize(
    ("raw", "name"),
    [(10, "car"), (252, "car"), (60, "road"), (13, "other-vehicle"), (81, "traffic-sign")],
)
def test_semantickitti_uses_the_datasets_own_learning_map(raw: int, name: str):
    classes = load_classes("semantickitti")
    assert classes.names[classes.encode(np.array([raw]))[0]] == name


def test_both_official_lists_have_as_many_classes_as_the_benchmarks():
    assert len(load_classes("semantickitti")) == 19
    assert len(load_classes("nuscenes")) == 16
    assert load_classes("semantickitti").encode(np.array([0, 1, 52, 99])).tolist() == [IGNORED] * 4
    assert load_classes("nuscenes").encode(np.array([0, 31])).tolist() == [IGNORED] * 2


@pytest.mark.parametrize("name", ["semantickitti", "nuscenes"])
def test_an_export_is_read_as_the_same_classes(name: str):
    classes = load_classes(name)
    every = np.arange(len(classes), dtype=np.uint8)
    np.testing.assert_array_equal(classes.encode(classes.decode(every)), every)
    codes = np.array([IGNORED, MIXED, UNSURE, UNLABELLED], np.uint8)
    assert not classes.decode(codes).any()


@pytest.mark.parametrize("name", ["semantickitti", "nuscenes"])
def test_a_list_survives_its_own_toml(name: str, tmp_path: Path):
    classes = load_classes(name)
    (tmp_path / "again.toml").write_text(classes.to_toml())
    again = load_classes(str(tmp_path / "again.toml"))
    assert (again.names, again.keys, again.class_to_raw) == (
        classes.names,
        classes.keys,
        classes.class_to_raw,
    )
    assert dict(again.raw_to_class) == dict(classes.raw_to_class)
    np.testing.assert_array_equal(again.colours, classes.colours)


def test_a_short_list_gets_ids_and_keys_by_place(tmp_path: Path):
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[class]]\nname = "crane"\ncolour = "#ff0000"\n'
        '[[class]]\nname = "rail"\ncolour = "#00ff00"\nraw_ids = [7]\n'
    )
    classes = load_classes(str(file))
    assert classes.encode(np.array([0, 1, 2, 7])).tolist() == [IGNORED, 0, 1, 1]
    assert classes.keys == ("1", "2")
    with pytest.raises(DataError, match="does not know: 3"):
        classes.encode(np.array([1, 3]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "0 classes"),
        ("[[class]\n", "no TOML"),
        ('[[class]]\ncolour = "#ff0000"', "class 1 .* 'name'"),
        ('[[class]]\nname = "a"\ncolour = "red"', "class 1"),
        ('[[class]]\nname = "a"\ncolour = "#ff0000"\n' * 2, "'a' twice"),
        (
            '[[class]]\nname = "a"\ncolour = "#ff0000"\nraw = 3\n'
            '[[class]]\nname = "b"\ncolour = "#ff0000"\nraw = 3\n',
            "raw id 3",
        ),
    ],
)
def test_a_list_that_cannot_be_used(text: str, says: str, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        load_classes(str(tmp_path / "mine.toml"))


def test_a_list_there_is_not():
    with pytest.raises(SettingsError, match="no class list 'waymo'"):
        load_classes("waymo")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_classes("nowhere/mine.toml")


def test_which_classes_are_countable_is_kept_and_an_older_list_has_the_usual_ones(tmp_path: Path):
    found = load_classes("semantickitti")
    named = {found.names[index] for index in found.countable}
    assert named == {
        "car", "bicycle", "motorcycle", "truck", "other-vehicle", "person", "bicyclist",
        "motorcyclist",
    }  # fmt: skip
    file = tmp_path / "classes.toml"
    file.write_text(found.to_toml())
    assert load_classes(str(file)).countable == found.countable
    file.write_text(found.to_toml().replace("countable = true\n", ""))  # as 0.1.0 wrote it
    assert load_classes(str(file)).countable == found.countable


def test_an_own_list_says_itself_what_is_countable(tmp_path: Path):
    file = tmp_path / "mine.toml"
    text = (
        '[[class]]\nname = "car"\ncolour = "#112233"\n{}[[class]]\nname = "x"\ncolour = "#112234"\n'
    )
    file.write_text(text.format("countable = true\n"))
    assert load_classes(str(file)).countable == {0}
    file.write_text(text.format(""))
    assert not load_classes(str(file)).countable
    file.write_text(text.format("countable = 1\n"))
    with pytest.raises(SettingsError, match="has countable = 1"):
        load_classes(str(file))
