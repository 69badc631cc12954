"""What a round of frames keeps of its detectors: weights and predictions, by the model's name.

A frame round's folder holds them; where frames were finished before any were asked, `FIRST` beside
the rounds does.
"""

from __future__ import annotations

from pathlib import Path

NORMAL, CPSP, FINAL = "normal", "cpsp", "final"
FIRST = "000-start"


def weights_file(folder: Path, model: str) -> Path:
    """The checkpoint of a model, one of NORMAL, CPSP, FINAL."""
    return folder / f"{model}.safetensors"


def predictions_file(folder: Path, model: str) -> Path:
    """What a model says of the frames (core.boxes.predictions)."""
    return folder / f"{model}-boxes.npz"


def metrics_file(folder: Path, model: str) -> Path:
    """How good a model is on frames that it did not learn (core.quality.box_metrics)."""
    return folder / f"{model}-metrics.json"
