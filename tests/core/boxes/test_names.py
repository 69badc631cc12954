"""What a class was called before, in the files of others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.base.errors import DataError
from core.boxes.formats.kitti_lines import TYPES
from core.boxes.names import names_known_as, names_of
from core.data.classes import load_classes

KITTI = load_classes("kitti")


def renamed(**to: str):
    """KITTI's classes, some of another name; what they were called is kept."""
    names = [to.get(name, name) for name in KITTI.names]
    was = tuple((name,) if name in to else () for name in KITTI.names)
    return replace(KITTI, names=tuple(names), was=was)


def test_an_earlier_name_means_the_class_still():
    classes = renamed(car="auto")
    assert names_of(classes).ids(["Car", "auto", "Van"], "a.txt") == [0, 0, 1]
    with pytest.raises(DataError, match="the class Boat"):
        names_of(classes).ids(["Boat"], "a.txt")
    assert names_known_as(classes, TYPES)[:2] == ["car", "van"]


def test_a_name_that_another_class_has_now_is_that_ones():
    classes = renamed(car="auto", van="car")
    assert names_of(classes).ids(["Car", "Van", "auto"], "a.txt") == [1, 1, 0]
    assert names_known_as(classes, TYPES)[:2] == ["auto", "car"]


def test_a_name_that_two_classes_had_means_none():
    was = (("car",), ("car",), *[()] * (len(KITTI) - 2))
    classes = replace(KITTI, names=("auto", "lorry", *KITTI.names[2:]), was=was)
    with pytest.raises(DataError, match="the class Car"):
        names_of(classes).ids(["Car"], "a.txt")
    assert names_known_as(classes, TYPES)[:2] == ["auto", "lorry"]


def test_a_class_that_nobody_else_knows_keeps_its_name():
    assert names_known_as(renamed(misc="robot"), TYPES)[7] == "misc"
    own = replace(renamed(), names=("rover", *KITTI.names[1:]))
    assert names_known_as(own, TYPES)[0] == "rover"
