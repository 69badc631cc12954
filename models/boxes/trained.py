"""The detectors that a project has trained, ready to look at its frames."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import ProjectError
from core.project.box_training import models_folder
from core.project.project import Project
from core.rounds.box_models import CPSP, FINAL, FIRST, NORMAL, weights_file
from models.boxes import checkpoint
from models.boxes.detector import Detector
from models.boxes.score import Frames
from models.boxes.setup import scenes_of, setup_of

MODELS = (NORMAL, CPSP, FINAL)
_TRAIN = "Train one: `lidarloop train --task boxes`."


def trained_folder(project: Project) -> Path:
    """The newest folder with a detector. Raises ProjectError where none is trained."""
    rounds = [found.folder for found in reversed(project.frame_rounds)]
    first = models_folder(project).with_name(FIRST)
    for folder in [*rounds, first]:
        if any(weights_file(folder, model).exists() for model in MODELS):
            return folder
    raise ProjectError("No detector of boxes is trained yet.", _TRAIN)


def detector_of(project: Project, path: Path) -> Detector:
    """A checkpoint that fits the project. Raises ProjectError."""
    setup = setup_of(project)
    _, about = checkpoint.read(path)
    checkpoint.check_fits(path, about, setup.about(0, 0, ""), project.classes)
    return Detector.load(path, fit=setup.fit, threads=setup.threads)


def frames_of(project: Project) -> Frames:
    """The project's frames as its detectors look at them."""
    dataset, classes = project.dataset, project.classes
    scenes = scenes_of(project)

    def digest(scan: str) -> str:
        return scenes.digest(scan, project.scan_hash(scan))

    return Frames(scenes.read, digest, dataset.from_files, len(classes))
