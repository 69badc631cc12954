"""`lidarloop classes`: the class list of a project, shown and changed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from core.base.errors import SettingsError
from core.data.class_changes import moved, new_row
from core.data.class_colours import alike
from core.data.class_rows import ClassRow, ignored_of, rows_of
from core.project.change_classes import change_rows, merge, undo_merge
from core.project.project import Project

Change = Callable[[Project, argparse.Namespace], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the verb its changes; without one the list is shown."""
    parser.set_defaults(change="list")
    changes = parser.add_subparsers(title="changes", metavar="CHANGE", dest="change")
    changes.add_parser("list", help="show the classes (the default)")
    made = changes.add_parser("add", help="add a class behind the others")
    made.add_argument("name", metavar="NAME")
    made.add_argument("--colour", default="", metavar="#RRGGBB", help="default: unlike all others")
    made.add_argument("--key", default="", help="default: the first that is free")
    made.add_argument("--raw", type=int, metavar="ID", help="the id that an export writes")
    made = changes.add_parser("rename", help="give a class another name")
    made.add_argument("name", metavar="NAME")
    made.add_argument("new", metavar="NEW")
    made = changes.add_parser("recolour", help="give a class another colour")
    made.add_argument("name", metavar="NAME")
    made.add_argument("colour", metavar="#RRGGBB")
    made = changes.add_parser("key", help="give a class another key")
    made.add_argument("name", metavar="NAME")
    made.add_argument("key", metavar="KEY")
    made = changes.add_parser("raw", help="give a class other raw ids, the first for exports")
    made.add_argument("name", metavar="NAME")
    made.add_argument("ids", type=int, nargs="+", metavar="ID")
    made = changes.add_parser("move", help="show a class at another place, from 1 on")
    made.add_argument("name", metavar="NAME")
    made.add_argument("place", type=int, metavar="PLACE")
    made = changes.add_parser("merge", help="let a class count as another; undo takes it back")
    made.add_argument("name", metavar="NAME")
    made.add_argument("into", metavar="INTO")
    changes.add_parser("undo", help="take the newest merge back")


def run(project: Project, arguments: argparse.Namespace) -> str:
    """Do what was asked; return what to print."""
    return _CHANGES[arguments.change or "list"](project, arguments)


def table(project: Project) -> str:
    """The classes as people see them, and what is odd about them."""
    classes = project.classes
    rows = rows_of(classes)
    counts = project.answers.fold.class_counts()
    wide = max(len(name) for name in classes.names)
    lines = [f"{'':>3} {'class':<{wide}}  {'colour':<7}  {'key':<7}  {'points':>10}  raw ids"]
    for place, found in enumerate(classes.shown, start=1):
        row = rows[found]
        ids = ", ".join(map(str, (row.raw, *row.raw_ids)))
        lines.append(
            f"{place:>3} {row.name:<{wide}}  {row.colour:<7}  {row.key:<7}  "
            f"{counts.get(found, 0):>10,}  {ids}"
        )
    lines += [
        f"{classes.names[step.source]} counts as {classes.names[step.into]} "
        f"(merged {step.time[:16].replace('T', ' ')} by {step.by})"
        for step in classes.merges
    ]
    shown = classes.shown
    pairs = alike([rows[found].colour for found in shown])
    for one, other, who in pairs:
        names = (classes.names[shown[one]], classes.names[shown[other]])
        lines.append(f"{names[0]} and {names[1]} look alike to {who}")
    return "\n".join(lines)


def _list(project: Project, _: argparse.Namespace) -> str:
    return table(project)


def _add(project: Project, said: argparse.Namespace) -> str:
    rows = rows_of(project.classes)
    ignored = ignored_of(project.classes)
    row = new_row(rows, ignored, said.name, colour=said.colour, key=said.key, raw=said.raw)
    change_rows(project, [*rows, row])
    return f"{row.name} was added: colour {row.colour}, key {row.key}, raw id {row.raw}."


def _changed(project: Project, name: str, change: Callable[[ClassRow], ClassRow]) -> None:
    rows = rows_of(project.classes)
    number = project.classes.number(name)
    rows[number] = change(rows[number])
    change_rows(project, rows)


def _rename(project: Project, said: argparse.Namespace) -> str:
    _changed(project, said.name, lambda row: replace(row, name=said.new))
    return f"{said.name} is called {said.new} now; every answer stays as it is."


def _recolour(project: Project, said: argparse.Namespace) -> str:
    _changed(project, said.name, lambda row: replace(row, colour=said.colour))
    return f"{said.name} is {said.colour} now."


def _key(project: Project, said: argparse.Namespace) -> str:
    _changed(project, said.name, lambda row: replace(row, key=said.key))
    return f"{said.name} has the key {said.key} now."


def _raw(project: Project, said: argparse.Namespace) -> str:
    first, *more = said.ids
    _changed(project, said.name, lambda row: replace(row, raw=first, raw_ids=tuple(more)))
    return f"{said.name} is exported as {first} now."


def _move(project: Project, said: argparse.Namespace) -> str:
    count = len(project.classes.shown)
    if not 1 <= said.place <= count:
        raise SettingsError(f"There is no place {said.place}.", f"Places are 1 to {count}.")
    project.use_classes(moved(project.classes, project.classes.number(said.name), said.place - 1))
    return f"{said.name} is shown at place {said.place} now."


def _merge(project: Project, said: argparse.Namespace) -> str:
    number = project.classes.number
    sentence = merge(project, number(said.name), number(said.into))
    return f"{sentence} `lidarloop classes {project.path} undo` takes it back."


def _undo(project: Project, _: argparse.Namespace) -> str:
    step = undo_merge(project)
    names = project.classes.names
    return f"{names[step.source]} is a class of its own again, beside {names[step.into]}."


_CHANGES: dict[str, Change] = {
    "list": _list,
    "add": _add,
    "rename": _rename,
    "recolour": _recolour,
    "key": _key,
    "raw": _raw,
    "move": _move,
    "merge": _merge,
    "undo": _undo,
}
