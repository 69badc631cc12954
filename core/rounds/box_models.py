"""What a round of frames keeps of its detectors: weights and predictions, by the model's name.

A frame round's folder holds them; where frames were finished before any were asked, `FIRST` beside
the rounds does.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from core.base.errors import ProjectError
from core.base.files import read_json

NORMAL, CPSP, FINAL = "normal", "cpsp", "final"
FIRST = "000-start"
_EVALUATE = "Run `lidarloop evaluate --task boxes` on the project."


def weights_file(folder: Path, model: str) -> Path:
    """The checkpoint of a model, one of NORMAL, CPSP, FINAL."""
    return folder / f"{model}.safetensors"


def predictions_file(folder: Path, model: str) -> Path:
    """What a model says of the frames (core.boxes.predictions)."""
    return folder / f"{model}-boxes.npz"


def best_of(folder: Path, models: Collection[str]) -> str:
    """The one of some models whose boxes are shown and exported: FINAL, else NORMAL unless the
    other was better on held-out frames. Raises ProjectError where what they are worth is
    damaged."""
    if FINAL in models:
        return FINAL
    worth = {}
    for model in models:
        path = metrics_file(folder, model)
        mean = read_json(path, do=_EVALUATE, mean=dict)["mean"] if path.exists() else {}
        loose = mean.get("loose") or 0.0
        if not isinstance(loose, float | int):
            raise ProjectError(f"{path} is damaged: loose AP is {str(loose)[:40]!r}.", _EVALUATE)
        worth[model] = loose
    return max(models, key=lambda model: (worth[model], model == NORMAL))


def metrics_file(folder: Path, model: str) -> Path:
    """How good a model is on frames that it did not learn (core.quality.box_metrics)."""
    return folder / f"{model}-metrics.json"
