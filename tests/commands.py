"""The command line as a person uses it, without a window and without a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.cli import verbs
from tests.places import SAMPLES


class Faces:
    """Stands in for main.py."""

    class network:
        backend = staticmethod(lambda: "none")

    class window:
        pass


@dataclass(frozen=True)
class Said:
    """What a command said: exit code, standard output, standard error."""

    code: int
    out: str
    told: str


class CommandLine:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Said:
        self._capsys.readouterr()
        code = verbs.run([str(word) for word in words], Faces())
        out, told = self._capsys.readouterr()
        return Said(code, out, told)

    def new(self, project: Path, data: Path, train: str, *more: object, format: str = "folder"):
        """Make a project with the class list that lies beside the data, or the format's own."""
        yard = data.parent / "yard.toml"
        classes = ("--classes", yard) if format == "folder" and yard.exists() else ()
        where = ("--format", format, "--root", data, "--train", train)
        return self("new", project, *where, "--preset", "laptop", *classes, *more)


def case(name: str) -> Path:
    """The data of a case of other people's sensors; skips the test where they are not to be had."""
    path = SAMPLES.parent / "cases" / name / "data"
    if not path.is_dir():
        pytest.skip(f"the sample scans are not at {SAMPLES}")
    return path
