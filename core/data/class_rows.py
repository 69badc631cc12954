"""Class lists as rows: what a file or a person says of each class, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.base.errors import SettingsError
from core.data.class_list import IGNORED, KEYS, MOST_RAW, ClassList, Merge, colour_code

LONGEST_NAME = 60
COLUMNS = ("name", "colour", "key", "raw", "raw_ids")


@dataclass(frozen=True)
class ClassRow:
    """One class. Its id is its place among the rows.

    Attributes
    ----------
    name, colour, key : "#rrggbb", and the key that gives it
    raw : the id that an export writes
    raw_ids : further ids that mean it when labels are read
    countable : whether its things can be told apart
    about : what belongs to it, in a line
    was : names it had before
    """

    name: str
    colour: str
    key: str
    raw: int
    raw_ids: tuple[int, ...] = ()
    countable: bool = False
    about: str = ""
    was: tuple[str, ...] = ()


class Problem(NamedTuple):
    """What is wrong in a row (its place) and one of COLUMNS, or of all (-1, ""), in a sentence."""

    row: int
    column: str
    what: str
    do: str

    @property
    def sentence(self) -> str:
        return f"{self.what} {self.do}"


def rows_of(classes: ClassList) -> list[ClassRow]:
    """The rows of a class list, in the order of the ids."""
    more: dict[int, list[int]] = {}
    for raw, found in classes.raw_to_class.items():
        if found != IGNORED and raw != classes.class_to_raw[found]:
            more.setdefault(found, []).append(raw)
    return [
        ClassRow(
            name,
            colour_code(classes.colours[number]),
            classes.keys[number],
            classes.class_to_raw[number],
            tuple(more.get(number, ())),
            number in classes.countable,
            classes.about[number] if classes.about else "",
            classes.names_before(number),
        )
        for number, name in enumerate(classes.names)
    ]


def ignored_of(classes: ClassList) -> tuple[int, ...]:
    """Raw ids that are no class."""
    return tuple(raw for raw, found in classes.raw_to_class.items() if found == IGNORED)


def problems(
    rows: Sequence[ClassRow],
    ignored: Iterable[int],
    gone: frozenset[int] = frozenset(),
    *,
    most: int = MOST_RAW,
) -> Iterator[Problem]:
    """Everything that makes rows no class list, the worst first. `gone`: places of rows that were
    merged, whose key another may have; `most`: the largest raw id."""
    if not 1 <= len(rows) <= len(KEYS):
        yield Problem(
            -1, "", f"There are {len(rows)} classes.", f"Give between 1 and {len(KEYS)} of them."
        )
    owner = dict.fromkeys(ignored, -1)
    names: dict[str, int] = {}
    keys: dict[str, int] = {}
    for place, row in enumerate(rows):
        name = row.name
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            shown = f"the name {name[:20]!r}" if name.strip() else "no name"
            yield Problem(
                place, "name", f"Class {place + 1} has {shown}.",
                f"Give it one of 1 to {LONGEST_NAME} letters, on one line.",
            )  # fmt: skip
        elif name in names:
            yield Problem(
                place, "name", f"It gives the name {name!r} twice.", "Give each class its own name."
            )
        names.setdefault(name, place)
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", row.colour):
            yield Problem(
                place, "colour", f"{row.colour!r} is no colour.", 'Write it as "#6496f5".'
            )
        if not row.key.strip() or not row.key.isprintable():
            yield Problem(place, "key", f"{name} has no key.", f"Keys: {', '.join(KEYS[:6])} …")
        elif place not in gone:
            if row.key in keys:
                yield Problem(
                    place, "key", f"It gives the key {row.key!r} twice, to "
                    f"{rows[keys[row.key]].name} and {name}.", "Give each class its own key.",
                )  # fmt: skip
            keys.setdefault(row.key, place)
        for column, raw in (("raw", row.raw), *(("raw_ids", raw) for raw in row.raw_ids)):
            if not 0 <= raw <= most:
                yield Problem(
                    place, column, f"The raw id {raw} of {name} is out of range.",
                    f"Raw ids are 0 to {most:,}.",
                )  # fmt: skip
            elif owner.get(raw, place) != place:
                other = "ignored" if owner[raw] < 0 else f"that of {rows[owner[raw]].name}"
                yield Problem(
                    place, column, f"The raw id {raw} of {name} is taken already: it is {other}.",
                    "Give each raw id to one class, or to ignored.",
                )  # fmt: skip
            owner.setdefault(raw, place)
    for raw in ignored:
        if not 0 <= raw <= most:
            yield Problem(
                -1, "", f"The ignored id {raw} is out of range.", f"Raw ids are 0 to {most:,}."
            )


def to_class_list(
    name: str,
    rows: Sequence[ClassRow],
    ignored: Iterable[int] = (0,),
    *,
    order: Sequence[int] = (),
    merges: Sequence[Merge] = (),
    most: int = MOST_RAW,
) -> ClassList:
    """The class list that rows make. Raises SettingsError for the first thing that is wrong."""
    ignored = tuple(dict.fromkeys(ignored))
    gone = frozenset(merge.source for merge in merges)
    for problem in problems(rows, ignored, gone, most=most):
        raise SettingsError(f"{name}: {problem.what}", problem.do)
    table = np.array([list(bytes.fromhex(row.colour[1:])) for row in rows], np.uint8)
    table.setflags(write=False)
    raw_to_class = dict.fromkeys(ignored, IGNORED)
    for number, row in enumerate(rows):
        raw_to_class.update(dict.fromkeys(sorted({row.raw, *row.raw_ids}), number))
    was = tuple(row.was for row in rows)
    straight = list(order) == list(range(len(rows)))
    return ClassList(
        name,
        tuple(row.name for row in rows),
        table,
        tuple(row.key for row in rows),
        raw_to_class,
        tuple(row.raw for row in rows),
        frozenset(number for number, row in enumerate(rows) if row.countable),
        tuple(row.about for row in rows),
        was if any(was) else (),
        tuple(merges),
        () if straight else tuple(order),
    )


def free_key(taken: Iterable[str]) -> str:
    """The first key of the left hand that no class has, "" where all are taken."""
    used = set(taken)
    return next((key for key in KEYS if key not in used), "")


def free_raw(rows: Iterable[ClassRow], ignored: Iterable[int]) -> int:
    """The smallest raw id from 1 on that nothing has."""
    used = {raw for row in rows for raw in (row.raw, *row.raw_ids)} | set(ignored)
    return next(raw for raw in range(1, MOST_RAW + 1) if raw not in used)
