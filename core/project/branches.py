"""Branches: what counts in one, where one stands, and what is said of its rounds.

An answer is nobody's twice: a branch counts the answers to its own rounds, volunteered ones, and
those to units that it asked too, whichever round they were given to.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.answers.entry import Head
from core.answers.labels import FREE
from core.base.errors import ProjectError, SettingsError, plain
from core.project.project import Project
from core.rounds.round import Round, asked_by
from core.rounds.tree import START

_MOST_NAME = 60


@dataclass(frozen=True)
class Counted:
    """Of a branch: unit_id -> the answer or decline that counts for it there, and the `points` that
    were answered for it; what was carried over from another scan, or given by boxes, costs
    nothing."""

    heads: dict[str, Head]
    points: int


def counted(project: Project, tip: Round | None) -> Counted:
    """What counts in the branch that ends at `tip`, None for before the first round."""
    answers = project.answers
    heads = answers.effective.copy()
    line = {found.id for found in project.branch(tip)}
    if len(line) == len(project.rounds):
        return Counted(heads, answers.spent().points)
    asked = asked_by(project.rounds, line)
    rounds = {*line, ""}
    mine: dict[str, Head] = {}
    for unit, head in heads.items():
        if head.round not in rounds and unit not in asked:
            earlier = answers.fold.of_rounds(unit, rounds)
            if earlier is None:
                continue
            head = earlier
        mine[unit] = head
    cost = (h.points for h in mine.values() if h.verb == "answer" and h.tool not in FREE)
    return Counted(mine, sum(cost))


def round_or_start(project: Project, id: str) -> Round | None:
    """The round of an id, None for "start", before the first. Raises ProjectError."""
    return None if id in (START, "start") else project.round(id)


def stand_at(project: Project, id: str) -> None:
    """Put another round on the table: the next query is asked after it. Raises ProjectError."""
    project.need_writable()
    found = round_or_start(project, id)
    if found is not None and project.tree.of(found.id).archived:
        raise ProjectError(f"Round {found.id} is put away.", "Bring it back first.")
    project.tree.stand_at(found.id if found is not None else START)


def tell(project: Project, id: str, *, name: str | None = None, note: str | None = None) -> None:
    """Name a round, or note something about it; "" takes it away. Raises ProjectError."""
    project.need_writable()
    found = project.round(id)
    if name is not None:
        name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        if len(name) > _MOST_NAME:
            raise SettingsError(
                f"The name of {id} has {len(name)} letters.",
                f"Give it {_MOST_NAME} at most, and the rest as a note.",
            )
        others = {one.id: project.tree.of(one.id).name for one in project.rounds if one != found}
        taken = [other for other, known in others.items() if name and name in (known, other)]
        if taken:
            raise SettingsError(f"{taken[0]} is called {name} already.", "Choose another name.")
    project.tree.tell(id, name=name, note=note.strip() if note is not None else None)


def archive(project: Project, id: str, *, away: bool) -> list[str]:
    """Put a round away with all rounds after it, or bring it back with all before it; return their
    ids. Nothing of them is deleted. Raises ProjectError for what is on the table."""
    project.need_writable()
    found = project.round(id)
    if away:
        moved = [one for one in project.rounds if found in project.branch(one)]
        if any(one in moved for one in project.branch(project.tip)):
            raise ProjectError(
                f"Round {id} is in the branch on the table.", "Go to another branch first."
            )
    else:
        moved = project.branch(found)
    ids = [one.id for one in moved if project.tree.of(one.id).archived != away]
    for one in ids:
        project.tree.tell(one, archived=away)
    return ids


def in_tree(project: Project, *, all: bool) -> list[tuple[Round, int]]:
    """The rounds, each below the one it was asked after, with how far inward it stands: one after
    another stand in a line, where a branch begins is a step. `all`: those put away too."""
    shown = [one for one in project.rounds if all or not project.tree.of(one.id).archived]
    ids = {one.id for one in shown}
    below: dict[str | None, list[Round]] = {}
    for one in shown:
        below.setdefault(one.parent if one.parent in ids else None, []).append(one)
    found = []
    waiting = [(one, 0) for one in reversed(below.get(None, []))]
    while waiting:
        one, depth = waiting.pop()
        found.append((one, depth))
        after = below.get(one.id, [])
        waiting += [(child, depth + (len(after) > 1)) for child in reversed(after)]
    return found


def named(project: Project, id: str) -> str:
    """A round's id, and its name where it has one."""
    name = plain(project.tree.of(id).name)
    return f"{id} ({name})" if name else id
