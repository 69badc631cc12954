"""One's own answers saved to another place, where the project's journal is gone."""

from __future__ import annotations

import time
from pathlib import Path

from core.answers.answers import Answers
from core.base.paths import home


def save_elsewhere(answers: Answers, project: Path, folder: Path) -> str:
    """Save one's own answers to a journal in a folder; return a sentence on what to do with it.

    Raises StorageError.
    """
    path = answers.save_elsewhere(folder)
    return (
        f"All answers of {answers.annotator} are saved in {path}. Close the project, bring "
        f"its folder back where it is gone, and put this file into {project / 'journals'}."
    )


def save_at_home(answers: Answers, project: Path) -> str:
    """As `save_elsewhere`, in a new folder of the person's own; "" where nothing would be lost."""
    if not answers.stranded:
        return ""
    name = f"lidarloop-{project.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder = home() / name
    number = 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{name}-{number}")
    return save_elsewhere(answers, project, folder)
