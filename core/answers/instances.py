"""Instances: which thing of its class a point is of, beside the class that it was given.

An answer names the things it is about in its entry's body, {"things": {"names": ["ann/17"]}}; where
its rows are of several things, or some of none, "of" says which: a number for each row, its place
among the names from 1 on, 0 for none (uint16, little-endian, zlib, base64). A name is the same in
all scans and of all annotators: "<annotator>/<number>", or "file/<number>" for what a label file
brought. Numbers to write into label files are given when labels are exported.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.answers.body import told, unpacked
from core.answers.entry import Entry
from core.base.errors import ProjectError

MOST = 0xFFFF  # the upper half of a label
_KEY, _FILE = "things", "file"


@dataclass(frozen=True)
class Things:
    """Things of rows: `names`, and `of_row` (n,) int32, place of a row's thing from 1 on, 0 where
    it is of none."""

    names: tuple[str, ...]
    of_row: np.ndarray


def named(annotator: str, number: int) -> str:
    """The name of a thing that an annotator told apart; of each of theirs another number."""
    return f"{annotator}/{number}"


def from_file(instance: np.ndarray) -> Things:
    """The things of a label file's instances (n,), 0 for none."""
    numbers, place = np.unique(instance, return_inverse=True)
    none = int(len(numbers) > 0 and numbers[0] == 0)
    names = tuple(f"{_FILE}/{number}" for number in numbers[none:].tolist())
    return Things(names, (place + 1 - none).astype(np.int32))


def with_things(body: str, things: Things) -> str:
    """An entry's body that tells of the things of its rows too, in the order of the rows."""
    if not things.names or not things.of_row.any():
        return body
    if len(things.names) > MOST:
        raise ValueError(f"{len(things.names)} things in one answer")
    these: dict[str, Any] = {"names": list(things.names)}
    if len(things.names) > 1 or not things.of_row.all():
        packed = zlib.compress(things.of_row.astype("<u2").tobytes())
        these["of"] = base64.b64encode(packed).decode()
    return json.dumps({**told(body), _KEY: these}, ensure_ascii=False)


def things_of(entry: Entry) -> Things:
    """The things that an entry tells of its rows; none where it says nothing of them, or what a
    later program wrote."""
    none = Things((), np.zeros(len(entry.rows), np.int32))
    try:
        found = told(entry.body)[_KEY]
        names = tuple(found["names"])
        if "of" in found:
            of_row = np.frombuffer(unpacked(found["of"], 2 * len(entry.rows)), "<u2")
        else:
            of_row = np.ones(len(entry.rows), np.uint16)
    except (ValueError, KeyError, TypeError):
        return none
    good = len(of_row) == len(entry.rows) and of_row.max(initial=0) <= len(names)
    return Things(names, of_row.astype(np.int32)) if good and all(map(_named, names)) else none


def _named(name: object) -> bool:
    return isinstance(name, str) and bool(name)


def instances_of(entries: Iterable[Entry], rows: int) -> Things:
    """The things of a scan's (rows,) points: what the last answer to each said, or did not say.

    `entries` are answers in time order; names come in the order in which they are first told.
    """
    place: dict[str, int] = {}
    found = np.zeros(rows, np.int32)
    for entry in entries:
        these = things_of(entry)
        numbers = [0, *(place.setdefault(name, len(place) + 1) for name in these.names)]
        found[entry.rows] = np.array(numbers, np.int32)[these.of_row]
    return Things(tuple(place), found)


def numbered(names: Sequence[str], taken: Iterable[int] = (), most: int = MOST) -> dict[str, int]:
    """Name of a thing -> its number in label files, 1 to `most`, of the things of one sequence.

    What a label file brought keeps its number; others have those that are free and not `taken`, in
    the order of `names`. Raises ProjectError where there are too many.
    """
    found = {name: kept for name in names if (kept := _kept(name)) is not None}
    free = iter(sorted(set(range(1, most + 1)).difference(found.values(), taken)))
    for name in names:
        if name not in found:
            number = next(free, None)
            if number is None:
                raise ProjectError(
                    f"A sequence has more than {most:,} things: a label has no room for more.",
                    "Export fewer scans of it at a time, as projects of their own.",
                )
            found[name] = number
    return found


def _kept(name: str) -> int | None:
    who, _, number = name.partition("/")
    return int(number) if who == _FILE and number.isdecimal() and int(number) <= MOST else None
