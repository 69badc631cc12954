"""The verb `rounds`: the tree of rounds, where one stands in it, names, notes, what differs."""

from __future__ import annotations

import argparse

from core.base.errors import plain
from core.base.words import DASH
from core.project.branches import archive, counted, in_tree, named, stand_at, tell
from core.project.project import Project
from core.rounds import figures
from core.rounds.round import Round

CHANGES = ("at", "name", "note", "archive", "restore")


def add_arguments(made: argparse.ArgumentParser) -> None:
    one = made.add_mutually_exclusive_group()
    one.add_argument(
        "--at", metavar="ROUND", help='put a round on the table; "start" is before the first'
    )
    one.add_argument("--name", nargs=2, metavar=("ROUND", "NAME"), help='name one; "" for none')
    one.add_argument("--note", nargs=2, metavar=("ROUND", "TEXT"), help="note something about one")
    one.add_argument("--archive", metavar="ROUND", help="put it away, with all rounds after it")
    one.add_argument("--restore", metavar="ROUND", help="bring it back, with those before it")
    one.add_argument(
        "--compare", nargs=2, metavar=("A", "B"), help="figures and queries of two, side by side"
    )
    made.add_argument("--all", action="store_true", help="list those that are put away too")


def changes(arguments: argparse.Namespace) -> bool:
    """Whether the verb writes something."""
    return any(getattr(arguments, name) is not None for name in CHANGES)


def run(project: Project, arguments: argparse.Namespace) -> str:
    """Do what was asked; the tree afterwards, or the comparison. Raises ProjectError."""
    if arguments.at is not None:
        stand_at(project, arguments.at)
    elif arguments.name is not None:
        tell(project, arguments.name[0], name=arguments.name[1])
    elif arguments.note is not None:
        tell(project, arguments.note[0], note=arguments.note[1])
    elif arguments.archive is not None:
        archive(project, arguments.archive, away=True)
    elif arguments.restore is not None:
        archive(project, arguments.restore, away=False)
    elif arguments.compare is not None:
        from core.desk.compare import compare, told

        a, b = (project.round(id) for id in arguments.compare)
        return told(project, compare(project, a, b))
    return tree(project, all=arguments.all)


def tree(project: Project, *, all: bool = False) -> str:
    """A line for each round below the one it was asked after; the one on the table is marked."""
    shown = [one for one in project.rounds if all or not project.tree.of(one.id).archived]
    if not shown:
        return "No round was asked yet." if not project.rounds else "Every round is put away."
    tip, lines = project.tip, list[str]()
    for one, depth in in_tree(project, all=all):
        lines += _lines(project, one, depth, here=one == tip)
    points = counted(project, tip).points
    where = f"on the table: {named(project, tip.id)}" if tip else "before the first round"
    away = len(project.rounds) - len(shown)
    put_away = f"; {away:,} put away (--all shows them)" if away else ""
    return "\n".join([*lines, f"{where}; {points:,} points answered in this branch{put_away}"])


def _lines(project: Project, one: Round, depth: int, *, here: bool) -> list[str]:
    about = project.tree.of(one.id)
    metrics = one.metrics(project.classes) or {}
    done = len(one.query.items) - len(project.open_items(one))
    title = f"{'* ' if here else '  '}{'    ' * depth}{named(project, one.id)}"
    seed = f", seed {one.query.seed}" if one.query.seed != project.seed else ""
    text = (
        f"{title:<32} {project.stage(one):<9} {done:,} of {len(one.query.items):,} answered, "
        f"mIoU {figures.words(metrics) if metrics else DASH}{seed}"
        f"{', put away' if about.archived else ''}"
    )
    indent = "      " + "    " * depth
    return [text, *(f"{indent}{plain(line)}" for line in about.note.splitlines())]
