"""The class list of an open project is changed: the journals, which know ids only, stay as they
are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.base.errors import SettingsError
from core.base.words import counted
from core.data import class_changes
from core.data.class_rows import ClassRow
from core.data.classes import ClassList, Merge, load_classes
from core.project.project import CLASSES, Project


def change_rows(project: Project, rows: Sequence[ClassRow], order: Sequence[int] = ()) -> None:
    """Give the classes new names, colours, keys, raw ids and order, and add those behind them.

    `rows` in the order of the ids, as class_changes.with_rows takes them. Raises SettingsError, and
    then nothing is changed.
    """
    project.use_classes(class_changes.with_rows(project.classes, rows, order))


def merge(project: Project, source: int, into: int) -> str:
    """Let what is of class `source` count as `into`; return a sentence on what that was."""
    points = project.answers.fold.class_counts().get(source, 0)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    by = project.answers.annotator
    project.use_classes(class_changes.merged(project.classes, source, into, time=now, by=by))
    names, boxes = project.classes.names, project.boxes.class_counts().get(source, 0)
    many = f"{points:,} answered points" + (f" and {counted(boxes, 'box')}" if boxes else "")
    return f"{names[source]} counts as {names[into]} now: {many}."


def undo_merge(project: Project) -> Merge:
    """Take the newest merge back: labels are as they were without it. Returns it."""
    classes, merge = class_changes.unmerged(project.classes)
    project.use_classes(classes)
    return merge


def check_same_classes(classes: ClassList, other: Path) -> None:
    """Raise SettingsError where the project `other` means other classes by the same ids, or has
    some that are not in `classes`."""
    file = other / CLASSES
    if not file.exists():
        return
    theirs = load_classes(str(file))
    for number, name in enumerate(theirs.names):
        if number >= len(classes):
            raise SettingsError(
                f"{other} has a class {name} that this project lacks.",
                f"Add it first, as there: `lidarloop classes PROJECT add {name}`.",
            )
        known = {classes.names[number], *classes.names_before(number)}
        if known.isdisjoint({name, *theirs.names_before(number)}):
            raise SettingsError(
                f"The class with the id {number} is {classes.names[number]} here and {name} there: "
                "labels would be mixed up.",
                "Answers can be merged between copies of one project, with the same class list.",
            )
