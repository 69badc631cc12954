"""Tables that need units and truth alone."""

from __future__ import annotations

from pathlib import Path

from core.experiment.folder import Experiment


def write_table(experiment: Experiment) -> Path:
    raise NotImplementedError(experiment)
