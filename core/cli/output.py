"""Where the command line writes: a terminal, a file, or a program that may stop reading."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any, TextIO, cast

from core.base.errors import plain

_STOPPED = 141  # as a shell tells of a program whose reader went away


@dataclass
class Outcome:
    """The exit code of what was run."""

    code: int = 0


@contextmanager
def to_terminal() -> Iterator[Outcome]:
    """Run a verb within: what it prints is written whole, in any encoding, or it is said why not.

    A reader that has seen enough, such as `head`, is no error; a full disk is one.
    """
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what no encoding has
            stream.reconfigure(errors="backslashreplace")
    outcome = Outcome()
    try:
        try:
            with redirect_stdout(cast(TextIO, _Plain(sys.stdout))):
                yield outcome
        finally:  # also where argparse ends the program after its help
            sys.stdout.flush()
    except BrokenPipeError:
        _write_nowhere()
        outcome.code = _STOPPED
    except OSError as error:
        if error.filename is not None:  # a file of somebody's, not what is printed
            raise
        _write_nowhere()
        reason = error.strerror or error
        print(f"lidarloop: the output cannot be written: {reason}.", file=sys.stderr)
        outcome.code = 2


class _Plain:
    """A stream that writes control characters out: what files say is not a terminal's to obey."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(plain(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _open_streams() -> None:
    """Where a stream is closed, what it would say goes nowhere: else the next file that is opened
    would stand in its place, and be written to."""
    handle = os.open(os.devnull, os.O_RDWR)
    while handle < 3:  # this was a stream's
        handle = os.dup(handle)
    os.close(handle)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))


def _write_nowhere() -> None:
    """What is still to be printed goes nowhere: Python prints it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def tell(sentences: Iterable[str]) -> None:
    """Say something beside what a verb prints: each sentence a line of its own on stderr."""
    for sentence in sentences:
        print(f"lidarloop: {plain(sentence)}", file=sys.stderr)
