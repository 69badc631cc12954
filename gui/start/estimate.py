"""What a new project would hold, by what is typed on its page: read beside the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.base.errors import ProjectError
from core.base.machine import too_much
from core.base.settings import load_preset
from core.data.formats import format_named
from core.data.listing import sequences_of
from core.data.opening import open_dataset
from core.data.plausible import judge
from core.data.reading import Reading
from core.data.splits import expanded


@dataclass(frozen=True)
class Estimate:
    """Numbers of scans, what is wrong by field ("train", "validation", "columns", "unit"), and what
    to know by field ("preset", "scans" for what is odd about the data, and the same); the columns
    that were found, and those that are proposed where they do not fit."""

    train: int = 0
    validation: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    proposed: str = ""


def estimate(
    format: str,
    root: Path,
    train: Sequence[str],
    validation: Sequence[str],
    preset: str,
    columns: Sequence[str] = (),
    unit: str = "",
) -> Estimate:
    """Find the scans of both sides and what the preset needs; every fault is told by its field."""
    wrong: dict[str, str] = {}
    notes: dict[str, str] = {}
    counts = {"train": 0, "validation": 0}
    sides = {"train": list(train), "validation": list(validation)}
    points = None
    for name in sides:
        try:
            there = sequences_of(format_named(format), root)
            sides[name], said = expanded(format, root, sides[name], there)
            notes[name] = " ".join(f"{sentence}." for sentence in said)
            if name == "train" or sides[name]:
                alone = open_dataset(format, root, sides[name], ())
                counts[name] = len(alone.train)
                points = points or alone.count(alone.train[0])
        except ProjectError as error:
            wrong[name] = f"{error.what} {error.do}"
    if not wrong and sides["validation"]:
        try:
            open_dataset(format, root, sides["train"], sides["validation"])
        except ProjectError as error:
            wrong["validation"] = f"{error.what} {error.do}"
    settings = load_preset(preset).train
    reason = too_much(settings, points) if points else too_much(settings)
    if reason is not None:
        fits = "nuscenes-laptop" if format == "nuscenes" else "laptop"
        notes["preset"] = f"{reason} The preset {fits} fits this machine; Settings change it later."
    found, proposed = _judge(format, root, sides, columns, unit, wrong, notes)
    return Estimate(counts["train"], counts["validation"], wrong, notes, found, proposed)


def _judge(
    format: str,
    root: Path,
    sides: Mapping[str, Sequence[str]],
    columns: Sequence[str],
    unit: str,
    wrong: dict[str, str],
    notes: dict[str, str],
) -> tuple[tuple[str, ...], str]:
    """What a few scans show: the columns found, and those proposed; sentences by field."""
    if wrong:
        return (), ""
    try:
        reading = Reading(tuple(columns), unit)
        judged = judge(
            open_dataset(format, root, sides["train"], sides["validation"], reading=reading)
        )
    except ProjectError as error:
        wrong["columns"] = f"{error.what} {error.do}"
        return (), ""
    notes["scans"] = "\n".join(judged.notes)
    if judged.refused is not None:
        wrong[judged.about or "train"] = f"{judged.refused.what} {judged.refused.do}"
    return judged.columns, judged.proposed
