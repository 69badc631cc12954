"""Predictions on the disk: whose are there, which are deleted, and what makes them again.

What a network says of every point is read of the round that was scored last, and takes gigabytes a
round. So once a round's scores are whole, the predictions of the rounds before it in its branch are
deleted. Kept are those of the newest scored round of each branch, those of another network, and
what could not be made again: of a checkpoint that is gone, damaged, another one than made them, or
of a network that the settings no longer name.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.project.project import Project
from core.rounds.predictions import source_of
from core.rounds.round import GIVEN, Round


def prune(project: Project, scored: Round, source: Callable[[Round], str], job: Job) -> list[str]:
    """Delete the predictions of the rounds before `scored`; return the ids of those rounds.

    `source` gives the hash of a round's checkpoint that could be scored now, and raises
    ProjectError for one that could not. What was deleted, or could not be, is told.
    """
    gone = []
    for found in project.branch(scored)[:-1]:
        folder = project.predictions(found)
        if not scored.scored or not folder.is_dir() or not _made_again(found, folder, source):
            continue
        size = sum(size for _, size in _files(folder))
        try:
            shutil.rmtree(folder)
        except OSError as error:
            job.say(f"The predictions of {found.id} stay: {folder} cannot be deleted ({error}).")
            continue
        gone.append(found.id)
        job.say(
            f"The predictions of {found.id} ({size / 1e9:.2g} GB) were deleted, its scores stay: "
            f"{again(found)} makes them again."
        )
    return gone


def _made_again(found: Round, folder: Path, source: Callable[[Round], str]) -> bool:
    try:
        now = source(found)
    except ProjectError:  # told where somebody scores that round
        return False
    for path, _ in _files(folder):
        try:
            return source_of(path) == now
        except ProjectError:  # a damaged one tells nothing; another may
            continue
    return True


def again(found: Round) -> str:
    """The command that makes a round's predictions again."""
    return f"`lidarloop score --round {shlex.quote(str(found.folder))}`"


def caches(project: Project) -> dict[str, Any]:
    """Bytes of all predictions, whose are kept with their bytes and scans, and the scored rounds
    whose predictions are not there, each with what makes them again."""
    place = project.path / "cache" / "predictions"
    kept = []
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        sizes = [size for _, size in _files(folder)]
        if sizes:
            kept.append({"round": folder.name, "bytes": sum(sizes), "scans": len(sizes)})
    there = {row["round"] for row in kept}
    return {
        "bytes": sum(row["bytes"] for row in kept),
        "kept": kept,
        "deleted": [
            {"round": found.id, "again": again(found)}
            for found in project.rounds
            if found.scored and found.id not in there
        ],
    }


def told(value: dict[str, Any]) -> list[str]:
    """The lines of what `caches` gives."""
    names = ", ".join(
        f"{'another network' if row['round'] == GIVEN else row['round']} "
        f"({row['bytes'] / 1e9:.2g} GB, {row['scans']:,} scans)"
        for row in value["kept"]
    )
    lines = [f"predictions kept: {names}"] if names else []
    return lines + [
        f"predictions of {row['round']} are deleted, its scores stay: {row['again']} makes them "
        "again"
        for row in value["deleted"]
    ]


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files of predictions below a folder, with their bytes. Links to folders are not
    followed."""
    waiting = [folder] if not folder.is_symlink() else []
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.name.endswith(".npz"):
                        yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
        except OSError:  # deleted while it was looked at
            continue
