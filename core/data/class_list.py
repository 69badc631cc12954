"""Class lists: raw id of a dataset ↔ class id, name, colour, key.

Class ids are 0..C-1, C <= 200. Codes of 200 and more say why a row has no class. An id is for ever:
answers, predictions and networks know classes by it, so names, colours, keys, raw ids and the order
in which classes are shown may change, classes may be added behind the others, and one may count as
another (a merge, which can be undone); none is ever taken away.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

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
BUILT_IN = ("semantickitti", "nuscenes", "kitti")
# The left hand's keys in the order of the palette's grid; the second page is on Shift.
GRID = tuple("12345QWERTASDFGZXCVB")
KEYS = GRID + tuple(f"Shift+{key}" for key in GRID)
MOST_RAW = 0xFFFF  # a label's lower half


EACH_ITSELF = np.arange(256, dtype=np.uint8)  # ClassList.now without merges
EACH_ITSELF.setflags(write=False)


class Merge(NamedTuple):
    """A recorded step: what is of class `source` counts as `into` until it is undone. `time`: when,
    ISO 8601; `by`: the annotator."""

    source: int
    into: int
    time: str = ""
    by: str = ""


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
    class_to_raw : raw id that an export writes for each class; everything else exports as `none`
    countable : classes whose things can be told apart, such as cars
    about : what belongs to each class, in a line, "" where the list does not say
    was : names that each class had before, oldest first; () where none was ever renamed
    merges : merges that hold, in the order in which they were made
    order : class ids in the order in which people see them; () for that of the ids
    """

    name: str
    names: tuple[str, ...]
    colours: np.ndarray
    keys: tuple[str, ...]
    raw_to_class: Mapping[int, int]
    class_to_raw: tuple[int, ...]
    countable: frozenset[int] = frozenset()
    about: tuple[str, ...] = ()
    was: tuple[tuple[str, ...], ...] = ()
    merges: tuple[Merge, ...] = ()
    order: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def now(self) -> np.ndarray:
        """(256,) uint8: the class that counts for each class and code, after all merges."""
        table = EACH_ITSELF.copy()
        for merge in self.merges:
            table[table == merge.source] = merge.into
        table.setflags(write=False)
        return table

    @property
    def shown(self) -> tuple[int, ...]:
        """Ids of the classes that can be given, in the order in which people see them."""
        gone = {merge.source for merge in self.merges}
        return tuple(c for c in self.order or range(len(self)) if c not in gone)

    @property
    def boxed(self) -> tuple[int, ...]:
        """Those of the shown classes that boxes are of: the countable ones; all where none is."""
        return tuple(c for c in self.shown if c in self.countable) or self.shown

    def names_before(self, found: int) -> tuple[str, ...]:
        """The names that a class had before."""
        return self.was[found] if self.was else ()

    @cached_property
    def _known(self) -> tuple[np.ndarray, np.ndarray]:
        """Raw ids that the list knows, ascending (int64), and the class of each (uint8)."""
        pairs = sorted(self.raw_to_class.items())
        return np.array([p[0] for p in pairs], np.int64), np.array([p[1] for p in pairs], np.uint8)

    @cached_property
    def has_none(self) -> bool:
        """Whether an id is left for what has no class."""
        return 0 not in self.raw_to_class or IGNORED in self.raw_to_class.values()

    @cached_property
    def none(self) -> int:
        """The raw id that an export writes where there is no class: 0 where that is ignored, else
        the smallest ignored id, else 0. Raises SettingsError where none is ignored and 0 is a
        class."""
        if not self.has_none:
            raise SettingsError(
                f"0 is {self.names[self.raw_to_class[0]]} in the class list {self.name}, and no id "
                "is left for points without a class.",
                "Name one at the top of classes.toml, such as ignored = [255].",
            )
        ignored = (raw for raw, found in self.raw_to_class.items() if found == IGNORED)
        return min(ignored, default=0)

    def title(self, found: int) -> str:
        """Name of a class or code."""
        return self.names[found] if found < len(self) else _CODE_NAMES[found]

    def encode(self, raw: np.ndarray) -> np.ndarray:
        """Map raw ids (N,) of the dataset to (N,) uint8 classes or IGNORED.

        Of a class that is merged it is the one that it counts as. Raises DataError naming the ids
        that the list does not know.
        """
        known, meant = self._known
        place = np.minimum(np.searchsorted(known, raw), len(known) - 1)
        unknown = known[place] != raw
        if unknown.any():
            ids = ", ".join(str(i) for i in np.unique(raw[unknown])[:8])
            raise DataError(
                f"The labels use ids the class list {self.name} does not know: {ids}.",
                "Add them to the list's raw_ids (or to its ignored ids) in classes.toml.",
            )
        classes: np.ndarray = self.now[meant[place]]
        return classes

    def decode(self, classes: np.ndarray) -> np.ndarray:
        """Map (N,) uint8 classes to (N,) uint32 raw ids; every code exports as `none`, a class that
        was merged as the one it counts as. Raises SettingsError as `none` does, where there is a
        code."""
        now = self.now[classes]
        table = np.zeros(256, np.uint32)
        table[: len(self)] = self.class_to_raw
        if (now >= len(self)).any():
            table[len(self) :] = self.none
        raw: np.ndarray = table[now]
        return raw

    def to_toml(self) -> str:
        """Return the list as the TOML that `load_classes` reads."""
        import tomlkit

        document = tomlkit.document()
        document["name"] = self.name
        document["ignored"] = [r for r, c in self.raw_to_class.items() if c == IGNORED]
        places = {found: place for place, found in enumerate(self.order)}
        entries = tomlkit.aot()
        for index, name in enumerate(self.names):
            entry = tomlkit.table()
            entry["name"] = name
            entry["id"] = index
            entry["raw"] = self.class_to_raw[index]
            entry["raw_ids"] = [r for r, c in self.raw_to_class.items() if c == index]
            entry["colour"] = colour_code(self.colours[index])
            entry["key"] = self.keys[index]
            if index in self.countable:
                entry["countable"] = True
            if self.about and self.about[index]:
                entry["about"] = self.about[index]
            if places:
                entry["place"] = places[index]
            if self.names_before(index):
                entry["was"] = list(self.names_before(index))
            entries.append(entry)
        document["class"] = entries
        if self.merges:
            merges = tomlkit.aot()
            for merge in self.merges:
                step = tomlkit.table()
                step["class"] = self.names[merge.source]
                step["into"] = self.names[merge.into]
                step["time"], step["by"] = merge.time, merge.by
                merges.append(step)
            document["merge"] = merges
        return tomlkit.dumps(document)

    def check_ids(self, answered: Iterable[int], file: Path) -> None:
        """Raise SettingsError where an answered class is not in the list, read from `file`."""
        beyond = [found for found in answered if len(self) <= found < FIRST_CODE]
        if beyond:
            raise SettingsError(
                f"{file} has {len(self)} classes, but answers are of one with the id {beyond[0]}.",
                "Bring the missing entries back from a copy of the project.",
            )

    def number(self, name: str) -> int:
        """The id of the class of that name. Raises SettingsError naming those there are."""
        if name in self.names:
            return self.names.index(name)
        near = difflib.get_close_matches(name, self.names, 1, 0.5)
        raise SettingsError(
            f"There is no class {name!r}.",
            f"The nearest is {near[0]}." if near else f"Classes: {', '.join(self.names)}.",
        )


def colour_code(rgb: np.ndarray) -> str:
    """ "#rrggbb" of (3,) uint8."""
    return "#{:02x}{:02x}{:02x}".format(*rgb.tolist())
