"""How often suggestions were right, of answers that were held back from what suggested them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from core.answers.entry import Head
from core.assist.by_network import not_learnt, predicted
from core.assist.by_shape import held_back
from core.assist.calibration import Calibration, Calibrations, calibrate, calibrate_rate
from core.assist.suggestion import Suggestion, mixed, ranked
from core.data.classes import FIRST_CODE
from core.project.project import Project


def calibrations(project: Project) -> Calibrations:
    """One for each kind of suggestion.

    By shape: from answers guessed by those of other scans. With a network: the same answers, those
    only that it was not trained on. Carried over: from what was answered where it was suggested.
    """
    guessed = held_back(project)
    heads = list(project.answers.effective.values())
    unseen = [head.unit for head in not_learnt(project, heads) if head.unit in guessed]
    network = predicted(project, unseen)
    shape = {name: dict(zip(g.classes, g.shares, strict=True)) for name, (g, _) in guessed.items()}
    answer = {name: given for name, (_, given) in guessed.items()}

    def fitted(said: dict[str, dict[int, float]]) -> Calibration:
        first = {name: ranked(mean)[0] for name, mean in said.items() if mean}
        shares = [said[name][c] for name, c in first.items()]
        right = [answer[name] == c for name, c in first.items()]
        return calibrate(np.array(shares, float), np.array(right, bool))

    return Calibrations(
        fitted(shape),
        fitted({name: mixed(shape[name], seen) for name, seen in network.items()}),
        calibrate_rate(_carried_hits(heads, project.classes.now)),
    )


def _carried_hits(heads: Iterable[Head], now: np.ndarray) -> Iterator[bool]:
    """Whether what was carried over to a unit is what it was then answered with."""
    for head in heads:
        found, answer = Suggestion.from_text(head.suggested), head.main_class()
        if head.verb == "answer" and answer < FIRST_CODE and found and found.carried is not None:
            yield found.counting(now).carried == answer
