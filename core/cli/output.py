"""Where the command line writes: a terminal, a file, or a program that may stop reading."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what no encoding has
            stream.reconfigure(errors="backslashreplace")
    outcome = Outcome()
    try:
        try:
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


def _write_nowhere() -> None:
    """What is still to be printed goes nowhere: Python prints it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
