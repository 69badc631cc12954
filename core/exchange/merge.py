"""Other annotators' journals brought into a project, and where annotators disagree."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from core.answers.entry import Head
from core.answers.journal import Journal, built_aside
from core.answers.journal_file import LATEST
from core.base.errors import ProjectError
from core.project.change_classes import check_same_classes
from core.project.project import Project

_DAY_S = 86_400.0


def merge(project: Project, others: Sequence[Path]) -> list[str]:
    """Bring the journals of the projects `others` into a project.

    A journal that is here already gains what the other one has beyond it. Labels are a fold in time
    order, so the order of merging changes nothing. Returns a sentence per journal. Raises
    ProjectError, and then nothing is changed, for a journal of other scans, and for two people of
    the same name.
    """
    plan: dict[str, Path] = {}
    said = []
    journals = project.path / "journals"
    for other in others:
        files = sorted((other / "journals").glob("*.sqlite"))
        check_same_classes(project.classes, other)
        if not files:
            raise ProjectError(
                f"{other} holds no journals.", "Name the folder of a LidarLoop project."
            )
        for file in files:
            name = file.stem
            theirs = _heads(file, name)
            if not theirs:
                continue  # somebody only looked
            _check_scans(project, file, name)
            _check_times(file, theirs)
            here = plan.get(name, journals / file.name)
            known = _heads(here, name) if here.exists() else []
            short, long = sorted((known, theirs), key=len)
            if long[: len(short)] != short:
                raise ProjectError(
                    f"Both {project.path} and {other} have an annotator {name}, with different "
                    "answers.",
                    "Rename one: move the answers to a journal of another name before merging.",
                )
            if len(theirs) > len(known):
                if name == project.answers.annotator:
                    raise ProjectError(
                        f"{other} has newer answers of {name} than this project, who is you.",
                        "Merge in the other direction, or as another user.",
                    )
                plan[name] = file
                said.append(f"{name}: {len(theirs) - len(known):,} new entries from {other}")
            else:
                said.append(f"{name}: nothing new in {other}")
    for name, file in plan.items():
        path = journals / file.name
        # A new journal is built beside its place: half of one would stop whoever opens the project.
        opened = closing(Journal(path, name)) if path.exists() else built_aside(path, name)
        with closing(Journal(file, name, read_only=True)) as longer, opened as journal:
            journal.extend(longer)
        project.answers.take_in(path)
    return said


def _heads(file: Path, name: str) -> list[Head]:
    with closing(Journal(file, name, read_only=True)) as journal:
        return journal.heads()


def _check_times(file: Path, heads: Sequence[Head]) -> None:
    """Nobody's next answer would be later than one at the end of all times, which it must be."""
    latest = max(heads, key=lambda head: head.time)
    if latest.time > LATEST - _DAY_S:
        raise ProjectError(
            f"{file} has an entry of the year 2223, {latest.seq}: no answer could follow it.",
            "Bring a copy from before that entry.",
        )


def _check_scans(project: Project, file: Path, name: str) -> None:
    """Every entry must be of a scan of the project, and of the same content."""
    scans = set(project.source.scans)
    with closing(Journal(file, name, read_only=True)) as journal:
        for scan, rows, content in journal.scans():
            same = scan in scans and project.count(scan) == rows
            if not same or project.scan_hash(scan) != content:
                raise ProjectError(
                    f"{file} has answers on {scan}, which is another scan here or none.",
                    "Merge projects on the same scans only.",
                )
