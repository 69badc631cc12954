"""Figures as tables have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.words import DASH
from core.experiment.folder import Experiment
from core.experiment.results import Curve
from core.experiment.statistics import paired


def percent(value: float | None, digits: int = 1) -> str:
    """A share in percent, a dash where it is not known."""
    return DASH if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f}"


def mean_and_half(values: Sequence[float]) -> str:
    """ "16.5 ± 1.2" in percent; the mean alone of one seed."""
    if not values or not np.isfinite(values).all():
        return DASH
    found = paired(values)
    half = f" ± {percent(found.half())}" if found is not None else ""
    return f"{percent(float(np.mean(values)))}{half}"


def ended(experiment: Experiment, mine: Sequence[Curve]) -> list[Curve]:
    """Those of an arm's curves that have their last round."""
    rounds = {arm.name: experiment.rounds(arm) for arm in experiment.spec.arms}
    return [curve for curve in mine if len(curve.records) == rounds[curve.arm]]
