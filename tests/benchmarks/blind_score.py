"""How many units of a blind reading were named right."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.base.errors import ProjectError

_Z = 1.959964  # 95 %
_FIELDS = ["number", "first", "second"]


@dataclass(frozen=True)
class Reading:
    """One picture: its partition and dataset, its class, and what the reader said ("" nothing)."""

    number: int
    partition: str
    dataset: str
    found: str
    first: str
    second: str

    @property
    def right(self) -> bool:
        return self.first == self.found

    @property
    def in_two(self) -> bool:
        return self.found in (self.first, self.second)


def wilson(right: int, of: int) -> tuple[float, float]:
    """Bounds of the 95 % score interval of a share (Wilson 1927)."""
    share, z2 = right / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def read(answers: Path, truth: Path) -> list[Reading]:
    """Join answers (CSV: number,first,second) and truth; what is not answered counts as wrong.

    Raises ProjectError where a file is missing, and where a number or a name is not one of the
    pictures' or their classes'.
    """
    for path in (answers, truth):
        if not path.is_file():
            raise ProjectError(
                f"There is no file {path}.", "Name answers and truth, in this order."
            )
    stored = json.loads(truth.read_text(encoding="utf-8"))
    said = _said(answers, stored)
    return [
        Reading(
            picture["number"],
            picture["partition"],
            picture["dataset"],
            picture["class"],
            *said.get(picture["number"], ("", "")),
        )
        for picture in stored["pictures"]
    ]


def _said(answers: Path, stored: dict[str, Any]) -> dict[int, tuple[str, str]]:
    dataset_of = {picture["number"]: picture["dataset"] for picture in stored["pictures"]}
    said: dict[int, tuple[str, str]] = {}
    wrong = []
    with answers.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        if rows.fieldnames is None or [name.strip() for name in rows.fieldnames] != _FIELDS:
            raise ProjectError(
                f"{answers} does not begin with the line {','.join(_FIELDS)}.", "Write it there."
            )
        for row in rows:
            text = (row["number"] or "").strip().removesuffix(".png")
            number = int(text) if text.isdecimal() else -1
            if number not in dataset_of or number in said:
                wrong.append(f"line {rows.line_num}: number {text or 'missing'}")
                continue
            names = stored["classes"][dataset_of[number]]
            first, second = ((row[name] or "").strip().lower() for name in _FIELDS[1:])
            wrong += [f"{text}: {name}" for name in (first, second) if name and name not in names]
            said[number] = (first, second)
    if wrong:
        raise ProjectError(
            f"{answers} holds numbers or names that are not known, or a number twice: "
            f"{'; '.join(wrong)}.",
            "Correct them by the names of classes.txt for that picture.",
        )
    return said


def report(readings: list[Reading]) -> str:
    """A table in Markdown of shares with intervals, then the pairs that were confused."""
    groups = [("all", readings)]
    for partition in sorted({r.partition for r in readings}):
        groups.append((partition, [r for r in readings if r.partition == partition]))
    for dataset in dict.fromkeys(r.dataset for r in readings):
        groups.append((dataset, [r for r in readings if r.dataset == dataset]))
    lines = ["| units | of | right at the first | right in two |", "|---|---|---|---|"]
    for name, some in groups:
        first = _share(sum(r.right for r in some), len(some))
        lines.append(f"| {name} | {len(some)} | {first} | {_two(some)} |")
    pairs = Counter((r.found, r.first) for r in readings if not r.right and r.first)
    seconds = Counter((r.found, r.first) for r in readings if not r.right and r.in_two)
    lines += ["", "Confused (truth, answer: how often, of these right at the second):"]
    for (found, first), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        lines.append(f"{found}, {first}: {count}, {seconds[found, first]}")
    silent = sum(not r.first for r in readings)
    if silent:
        lines.append(f"{silent} without an answer.")
    usual, count = Counter((r.dataset, r.found) for r in readings).most_common(1)[0]
    lines += ["", f"The most frequent class, {usual[1]} of {usual[0]}, is right {count} times."]
    return "\n".join(lines)


def _two(some: list[Reading]) -> str:
    return _share(sum(r.in_two for r in some), len(some))


def _share(right: int, of: int) -> str:
    low, high = wilson(right, of)
    return f"{right}, {right / of:.0%} ({low:.0%} to {high:.0%})"
