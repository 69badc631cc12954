"""What answers took and how good they are: seconds by class, tool, partition, hour and annotator;
agreement of what was answered twice; hit rates of suggestions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from core.answers.entry import Head
from core.answers.labels import ALIKE, FREE
from core.assist.suggestion import FIRST, Suggestion
from core.base.words import size_range
from core.data.classes import FIRST_CODE
from core.project.project import Project
from core.quality.agreement import agreements

GROUPS = ("annotator", "class", "tool", "partition", "hour")
_Z = 1.959963984540054  # of a normal 95 % interval


def _none() -> np.ndarray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Took:
    """Answers of one group: `units` (n,) int64 their numbers, -1 of none now; median and 90th
    percentile of their active seconds, and the sum."""

    name: str
    units: np.ndarray
    median: float
    p90: float
    total: float

    @property
    def answers(self) -> int:
        return len(self.units)


@dataclass(frozen=True)
class Rate:
    """So many hits of `of`, the 95 % interval by Wilson (1927); `units` (n,) int64 by number."""

    name: str
    hits: int
    of: int
    units: np.ndarray = field(default_factory=_none, compare=False)

    @property
    def share(self) -> float:
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.of)


@dataclass(frozen=True)
class Agreed:
    """A pair of annotators, or one with themselves: units answered twice, share of points with the
    same class, Cohen's kappa and mIoU, None where they are not known; `numbers` (n,) int64 of those
    that are prepared now."""

    name: str
    units: int
    same: float | None
    kappa: float | None
    miou: float | None
    numbers: np.ndarray = field(default_factory=_none, compare=False)


@dataclass(frozen=True)
class Effort:
    """`took` by GROUPS; `timed`: answers with measured seconds, of `answers` in all."""

    took: dict[str, list[Took]]
    suggestions: list[Rate]
    agreed: list[Agreed]
    timed: int
    answers: int


def effort_of(project: Project) -> Effort:
    """Of all answers that count. Units answered together shared one look, and what was carried over
    is nobody's work: neither is timed."""
    heads = [h for h in list(project.answers.effective.values()) if h.verb == "answer"]
    timed = [h for h in heads if h.active_s > 0 and h.tool not in {ALIKE, *FREE}]
    units = project.units
    if units is None:
        numbers = np.full(len(timed), -1, np.int64)
    else:
        numbers = units.find_all(head.unit for head in timed)
    seconds = np.array([head.active_s for head in timed], np.float64)
    took = {}
    for group in GROUPS:
        names = _names(project, group, timed, numbers)
        took[group] = list(_took(names, numbers, seconds))
    if units is not None:  # by size, what is prepared no more last
        order = [size_range(units.cuts, part) for part in range(len(units.cuts) + 1)]
        took["partition"].sort(key=lambda row: [*order, row.name].index(row.name))
    return Effort(took, hit_rates(project, heads), agreed_of(project), len(timed), len(heads))


def _names(project: Project, group: str, heads: list[Head], numbers: np.ndarray) -> list[str]:
    """Which member of a group each answer belongs to."""
    if group == "partition":
        if project.units is None:
            return ["not prepared"] * len(heads)
        cuts, parts = project.units.cuts, project.units.partition
        words = [size_range(cuts, part) for part in range(len(cuts) + 1)]
        return [words[parts[n]] if n >= 0 else "prepared no more" for n in numbers.tolist()]
    of: dict[str, Callable[[Head], str]] = {
        "annotator": lambda head: head.annotator,
        "class": lambda head: project.classes.title(head.main_class()),
        "tool": lambda head: head.tool or "not told",
        "hour": lambda head: f"{time.localtime(head.time).tm_hour:02d}:00",
    }
    return [of[group](head) for head in heads]


def _took(names: list[str], numbers: np.ndarray, seconds: np.ndarray) -> Iterator[Took]:
    """A row for each name, the most frequent first."""
    every, place, counts = np.unique(np.array(names, str), return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)])
    for one in np.argsort(-counts, kind="stable").tolist():
        mine = order[starts[one] : starts[one + 1]]
        median, p90 = np.percentile(seconds[mine], [50, 90])
        yield Took(str(every[one]), np.sort(numbers[mine]), float(median), float(p90),
                   float(seconds[mine].sum()))  # fmt: skip


def hit_rates(project: Project, heads: Iterable[Head]) -> list[Rate]:
    """How often suggestions named the class that most of a unit was then answered with, by where
    they came from; those without a case are left out."""
    now = project.classes.now
    counts: dict[str, list[int]] = {}
    units: dict[str, list[str]] = {}

    def note(name: str, hit: bool) -> None:
        one = counts.setdefault(name, [0, 0])
        one[0] += hit
        one[1] += 1
        units.setdefault(name, []).append(head.unit)

    known: dict[str, Suggestion | None] = {}
    for head in heads:
        answer = head.main_class()
        if not head.suggested or answer >= FIRST_CODE:
            continue
        if head.suggested not in known:
            known[head.suggested] = Suggestion.from_text(head.suggested)
        found = known[head.suggested]
        if found is None:
            continue
        found = found.counting(now)
        seen = "shown" if found.shown else "not shown"
        if found.classes:
            note(f"first, {seen}", found.classes[0] == answer)
            note(f"among the first {FIRST}, {seen}", answer in found.classes[:FIRST])
        if found.shape:
            note("by shape alone", found.shape[0] == answer)
        if found.network is not None:
            note("by the network alone", found.network == answer)
        if found.carried is not None:
            note("carried over", found.carried == answer)
    return [
        Rate(name, hits, of, _numbers(project, units[name]))
        for name, (hits, of) in sorted(counts.items())
    ]


def agreed_of(project: Project) -> list[Agreed]:
    """What was answered twice, pair by pair; first those of one person with themselves."""
    rows = []
    for (blind, counted), found in agreements(project).items():
        name = f"{blind} again" if blind == counted else f"{blind} and {counted}"
        numbers = _numbers(project, found.names)
        one = Agreed(name, found.units, found.same, found.kappa, found.miou, numbers)
        rows.append((blind != counted, one))
    return [row for _, row in sorted(rows, key=lambda row: (row[0], row[1].name))]


def _numbers(project: Project, names: Iterable[str]) -> np.ndarray:
    """(n,) int64 of units that are prepared now, ascending."""
    if project.units is None:
        return _none()
    found = project.units.find_all(list(names))
    return np.unique(found[found >= 0])


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share by Wilson's score (1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, _Z**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * float(np.sqrt(share * (1 - share) / of + z2 / (4 * of**2))) / (1 + z2 / of)
    return (middle - half if hits else 0.0), (middle + half if hits < of else 1.0)
