"""The command line without a network and without a window."""

from __future__ import annotations

from core.cli import verbs


class Faces:
    """Stands in for main.py."""

    class network:
        backend = staticmethod(lambda: "torch")

    class window:
        pass


def lidarloop(*argv: object) -> int:
    """Run a verb; its exit code."""
    return verbs.run([str(word) for word in argv], Faces())
