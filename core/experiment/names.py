"""What is known of experiments before one is read: their names, words and files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

PROTOCOLS = ("equal", "paper")
RESUME = "resume"  # in the place of a spec's name: the one that a folder holds
ABOUT = "experiment.json"


def names() -> list[str]:
    """The experiments that come with the program."""
    folder = resources.files("resources") / "experiments"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir()
                  if file.name.endswith(".toml"))  # fmt: skip


def is_cell(project: Path) -> bool:
    """Whether a project is a cell of an experiment: what is answered there would change results."""
    folder = project.resolve().parent
    return folder.name == "cells" and (folder.parent / ABOUT).exists()
