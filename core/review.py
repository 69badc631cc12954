"""Answers to look at again: those that the network sees differently first."""

from __future__ import annotations

from dataclasses import dataclass

from core.classes import FIRST_CODE
from core.files import read_arrays
from core.merge import main_class
from core.project import Project


@dataclass(frozen=True)
class Reviewed:
    """An answer that counts. `found`: class or code of most points; `model`: the class that the
    newest network gives most of them, None without one."""

    unit: str
    found: int
    model: int | None
    annotator: str
    round: str
    seconds: float
    tool: str
    time: float

    @property
    def disputed(self) -> bool:
        return self.model is not None and self.found < FIRST_CODE and self.model != self.found


def reviewed(project: Project) -> list[Reviewed]:
    """Every answer to a unit that counts, disputed ones first, then the newest."""
    heads = [h for h in list(project.answers.effective.values()) if h.verb == "answer"]
    model: dict[str, int] = {}
    scored = project.last_scored()
    if scored is not None and project.units is not None:
        arrays = read_arrays(scored.scores, "predicted", "fingerprint")
        if str(arrays["fingerprint"]) == project.units.fingerprint:
            numbers = project.units.find_all(head.unit for head in heads)
            for head, number in zip(heads, numbers.tolist(), strict=True):
                if number >= 0:
                    model[head.unit] = int(arrays["predicted"][number])
    rows = [
        Reviewed(
            head.unit,
            main_class(head),
            model.get(head.unit),
            head.annotator,
            head.round,
            head.active_s,
            head.tool,
            head.time,
        )
        for head in heads
    ]
    return sorted(rows, key=lambda row: (not row.disputed, -row.time, row.unit))
