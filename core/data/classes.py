"""Class lists, as the rest of the program knows them: the list, its codes, how it is read."""

from __future__ import annotations

from core.data.class_files import read_class_list
from core.data.class_list import (
    BUILT_IN,
    EACH_ITSELF,
    FIRST_CODE,
    GRID,
    IGNORED,
    KEYS,
    MIXED,
    MOST_RAW,
    UNLABELLED,
    UNSURE,
    ClassList,
    Merge,
)

__all__ = [
    "BUILT_IN",
    "EACH_ITSELF",
    "FIRST_CODE",
    "GRID",
    "IGNORED",
    "KEYS",
    "MIXED",
    "MOST_RAW",
    "UNLABELLED",
    "UNSURE",
    "ClassList",
    "Merge",
    "load_classes",
]


def load_classes(name: str) -> ClassList:
    """Read a class list: one of BUILT_IN, or the path of a file of it.

    Files: our own .toml (docs/formats.md), the .yaml of semantic-kitti-api (labels, color_map,
    learning_map), the .json of labelCloud or CVAT. Our own names the list, the raw ids to ignore,
    and per class its name, colour, the raw id to export (by default its place, from 1), other raw
    ids that mean it, its key (by default the next of the grid), and whether its things are
    countable (by default not; a list of an older version has those of the built-in list of its
    name). Raises SettingsError saying which entry is wrong.
    """
    return read_class_list(name)
