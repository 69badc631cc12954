"""Class lists: raw id of a dataset ↔ class id, name, colour, key.

Class ids are 0..C-1, C <= 200. Codes of 200 and more say why a row has no class.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError, SettingsError

IGNORED, MIXED, UNSURE, UNLABELLED = 255, 254, 253, 252
FIRST_CODE = 200
_CODE_NAMES = {
    IGNORED: "ignored",
    MIXED: "mixed",
    UNSURE: "unsure",
    UNLABELLED: "not labelled",
}
BUILT_IN = ("semantickitti", "nuscenes")
# The left hand's keys in the order of the palette's grid; the second page is on Shift.
GRID = tuple("12345QWERTASDFGZXCVB")
KEYS = GRID + tuple(f"Shift+{key}" for key in GRID)


@dataclass(frozen=True)
class ClassList:
    """The classes of a project.

    Attributes
    ----------
    name : what the list is called
    names : class names, in the order of the class ids
    colours : (C, 3) uint8, read only
    keys : one key per class
    raw_to_class : raw id of the dataset -> class id or IGNORED
    class_to_raw : raw id that an export writes for each class; everything else exports as 0
    countable : classes whose things can be told apart, such as cars
    about : what belongs to each class, in a line, "" where the list does not say
    """

    name: str
    names: tuple[str, ...]
    colours: np.ndarray
    keys: tuple[str, ...]
    raw_to_class: Mapping[int, int]
    class_to_raw: tuple[int, ...]
    countable: frozenset[int] = frozenset()
    about: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _table(self) -> np.ndarray:
        """Class of each raw id; UNLABELLED marks ids the list does not know."""
        table = np.full(max(self.raw_to_class) + 1, UNLABELLED, np.uint8)
        for raw, found in self.raw_to_class.items():
            table[raw] = found
        return table

    def title(self, found: int) -> str:
        """Name of a class or code."""
        return self.names[found] if found < len(self) else _CODE_NAMES[found]

    def encode(self, raw: np.ndarray) -> np.ndarray:
        """Map raw ids (N,) of the dataset to (N,) uint8 classes or IGNORED.

        Raises DataError naming the ids that the list does not know.
        """
        table = self._table
        inside = raw < len(table)
        classes = table[np.where(inside, raw, 0)]
        unknown = ~inside | (classes == UNLABELLED)
        if unknown.any():
            ids = ", ".join(str(i) for i in np.unique(raw[unknown])[:8])
            raise DataError(
                f"The labels use ids the class list {self.name} does not know: {ids}.",
                "Add them to the list's raw_ids (or to its ignored ids) in classes.toml.",
            )
        return classes

    def decode(self, classes: np.ndarray) -> np.ndarray:
        """Map (N,) uint8 classes to (N,) uint32 raw ids; every code exports as 0."""
        table = np.zeros(256, np.uint32)
        table[: len(self)] = self.class_to_raw
        raw: np.ndarray = table[classes]
        return raw

    def to_toml(self) -> str:
        """Return the list as the TOML that `load_classes` reads."""
        import tomlkit

        document = tomlkit.document()
        document["name"] = self.name
        document["ignored"] = [r for r, c in self.raw_to_class.items() if c == IGNORED]
        entries = tomlkit.aot()
        for index, name in enumerate(self.names):
            entry = tomlkit.table()
            entry["name"] = name
            entry["raw"] = self.class_to_raw[index]
            entry["raw_ids"] = [r for r, c in self.raw_to_class.items() if c == index]
            entry["colour"] = "#{:02x}{:02x}{:02x}".format(*self.colours[index].tolist())
            entry["key"] = self.keys[index]
            if index in self.countable:
                entry["countable"] = True
            if self.about and self.about[index]:
                entry["about"] = self.about[index]
            entries.append(entry)
        document["class"] = entries
        return tomlkit.dumps(document)


def load_classes(name: str) -> ClassList:
    """Read a class list: "semantickitti", "nuscenes", or the path of a .toml file.

    The file names the list, the raw ids to ignore, and per class its name, colour, the raw id to
    export (by default its place, from 1), other raw ids that mean it, its key (by default the next
    of the grid), in `about` what belongs to it, and whether its things are countable (by default
    not; a list of an older version has both of the built-in list of its name). Raises SettingsError
    saying which entry is wrong.
    """
    if name.endswith(".toml"):
        source = Path(name)
        try:
            text = source.read_text(encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"The class list {source} cannot be read: {error.strerror}.",
                "Name a .toml file with one [[class]] entry per class; docs/formats.md has one.",
            ) from error
    else:
        found = resources.files("resources") / "classes" / f"{name}.toml"
        if not name or not found.is_file():
            raise SettingsError(
                f"There is no class list {name!r}." if name else "No class list is given.",
                "Use semantickitti, nuscenes, or your own .toml file; docs/formats.md has one.",
            )
        text = found.read_text(encoding="utf-8")
    try:
        return _from_toml(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is no TOML file: {error}.", "Mend that line.") from error


def _from_toml(stored: Mapping[str, Any], where: str) -> ClassList:
    entries = stored.get("class", [])
    if not 1 <= len(entries) <= len(KEYS):
        raise SettingsError(
            f"{where} has {len(entries)} classes.",
            f"Give it between 1 and {len(KEYS)} [[class]] entries.",
        )
    raw_to_class = {int(raw): IGNORED for raw in stored.get("ignored", [0])}
    names, colours, keys, canonical = [], [], [], []
    for index, entry in enumerate(entries):
        number = f"class {index + 1} of {where}"
        try:
            names.append(str(entry["name"]))
            colours.append(_colour(entry["colour"]))
            raw = int(entry.get("raw", index + 1))
            ids = {raw, *map(int, entry.get("raw_ids", []))}
        except (KeyError, TypeError, ValueError) as error:
            raise SettingsError(
                f"{number} has no usable {error}.",
                'Write name = "car", colour = "#6496f5" and, if it has one, raw = 10.',
            ) from error
        taken = sorted(ids & raw_to_class.keys())
        if taken:
            raise SettingsError(
                f"{number} claims raw id {taken[0]}, which is taken already.",
                "Give each raw id to one class, or to ignored.",
            )
        raw_to_class.update(dict.fromkeys(sorted(ids), index))
        canonical.append(raw)
        keys.append(str(entry.get("key", KEYS[index])))
    for kind, values in (("name", names), ("key", keys)):
        twice = {value for value in values if values.count(value) > 1}
        if twice:
            raise SettingsError(
                f"{where} gives the {kind} {min(twice)!r} twice.",
                f"Give each class its own {kind}.",
            )
    table = np.array(colours, np.uint8)
    table.setflags(write=False)
    name = str(stored.get("name", where))
    return ClassList(
        name,
        tuple(names),
        table,
        tuple(keys),
        raw_to_class,
        tuple(canonical),
        _countable(entries, name, where),
        _about(entries, name, where),
    )


def _countable(entries: Sequence[Mapping[str, Any]], name: str, where: str) -> frozenset[int]:
    marks = [entry.get("countable", False) for entry in entries]
    for index, mark in enumerate(marks):
        if not isinstance(mark, bool):
            raise SettingsError(
                f"class {index + 1} of {where} has countable = {mark!r}.", "Write true or false."
            )
    if (
        not any("countable" in entry for entry in entries)
        and name in BUILT_IN
        and where not in BUILT_IN
    ):
        usual = load_classes(name)
        things = {usual.names[index] for index in usual.countable}
        marks = [entry["name"] in things for entry in entries]
    return frozenset(index for index, mark in enumerate(marks) if mark)


def _about(entries: Sequence[Mapping[str, Any]], name: str, where: str) -> tuple[str, ...]:
    """What belongs to each class; where a list of a built-in one's name does not say, as there."""
    usual: dict[str, str] = {}
    if name in BUILT_IN and where not in BUILT_IN:
        known = load_classes(name)
        usual = dict(zip(known.names, known.about, strict=True))
    return tuple(str(entry.get("about", usual.get(str(entry["name"]), ""))) for entry in entries)


def _colour(text: str) -> tuple[int, ...]:
    code = bytes.fromhex(str(text).removeprefix("#"))
    if len(code) != 3:
        raise ValueError(f"colour {text!r}")
    return tuple(code)
