"""Changes of a project's class list that touch no answer: each gives a list with the same ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.base.errors import SettingsError
from core.data.class_colours import free_colour
from core.data.class_list import KEYS, ClassList, Merge
from core.data.class_rows import ClassRow, free_key, free_raw, ignored_of, rows_of, to_class_list


def with_rows(classes: ClassList, rows: Sequence[ClassRow], order: Sequence[int] = ()) -> ClassList:
    """The list whose class of id i is `rows[i]`; rows behind the classes that there are, are new.

    `order`: ids as people see them, by default as before with new ones last. A class that is
    renamed keeps its earlier names. Raises SettingsError for what makes no class list.
    """
    if len(rows) < len(classes):
        raise SettingsError(
            f"{classes.names[len(rows)]} was taken away, and answers may be of it.",
            "Merge it into another class instead.",
        )
    kept = list(rows)
    for number, name in enumerate(classes.names):
        row, before = rows[number], classes.names_before(number)
        if row.name != name:
            before = tuple(old for old in (*before, name) if old != row.name)
        kept[number] = replace(row, was=before)
    known = set(classes.keys)
    for row in kept:
        if row.key not in known and row.key not in KEYS:
            raise SettingsError(
                f"{row.name} has the key {row.key!r}, which is no key of a class.",
                f"Keys: {', '.join(KEYS[:20])}, and these with Shift+.",
            )
    shown = tuple(order) or (
        *(classes.order or range(len(classes))),
        *range(len(classes), len(kept)),
    )
    return to_class_list(
        classes.name, kept, ignored_of(classes), order=shown, merges=classes.merges
    )


def new_row(
    rows: Sequence[ClassRow],
    ignored: Sequence[int],
    name: str,
    *,
    colour: str = "",
    key: str = "",
    raw: int | None = None,
) -> ClassRow:
    """A row to add to others: what is not given is free, and its colour unlike all others."""
    return ClassRow(
        name,
        colour or free_colour([row.colour for row in rows]),
        key or free_key(row.key for row in rows),
        free_raw(rows, ignored) if raw is None else raw,
    )


def moved(classes: ClassList, found: int, place: int) -> ClassList:
    """The list that shows a class at a place, from 0 on; ids and keys stay."""
    order = [c for c in classes.order or range(len(classes)) if c != found]
    shown = [c for c in order if c in set(classes.shown)]
    at = order.index(shown[place]) if 0 <= place < len(shown) else len(order)
    return with_rows(classes, rows_of(classes), [*order[:at], found, *order[at:]])


def merged(classes: ClassList, source: int, into: int, *, time: str, by: str) -> ClassList:
    """The list in which all that is of class `source` counts as `into`, until it is undone."""
    for found in (source, into):
        if found not in classes.shown:
            other = classes.names[classes.now[found]]
            raise SettingsError(
                f"{classes.names[found]} counts as {other} already.", "Undo that merge first."
            )
    if source == into:
        raise SettingsError(
            f"{classes.names[source]} cannot be merged into itself.", "Name another class."
        )
    return replace(classes, merges=(*classes.merges, Merge(source, into, time, by)))


def unmerged(classes: ClassList) -> tuple[ClassList, Merge]:
    """The list without its newest merge, and that merge. A key that another class has meanwhile is
    left to it."""
    if not classes.merges:
        raise SettingsError("No classes are merged.", "There is nothing to undo.")
    *before, last = classes.merges
    rows = rows_of(classes)
    gone = {merge.source for merge in before}
    others = [row.key for at, row in enumerate(rows) if at not in gone and at != last.source]
    if rows[last.source].key in others:
        key = free_key(row.key for row in rows)
        if not key:
            raise SettingsError(
                f"No key is free for {rows[last.source].name}.", "Merge another class first."
            )
        rows[last.source] = replace(rows[last.source], key=key)
    order = classes.order or tuple(range(len(classes)))
    found = to_class_list(classes.name, rows, ignored_of(classes), order=order, merges=before)
    return found, last
