"""An experiment in a process of its own: `lidarloop experiment`, as on the command line.

It ends with the window, even with one that is killed, unless the person lets it go on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.base.errors import StorageError
from core.base.files import storage_error
from core.base.giving_way import come_last
from core.experiment.attached import STAY, kill_tree
from core.experiment.names import RESUME

LOG = ".run.log"
_MAIN = Path(__file__).resolve().parents[2] / "main.py"
_OURS = "lidarloop: "


@dataclass(frozen=True)
class Order:
    """What is run: the words of the command line."""

    name: str
    out: Path
    root: Path | None
    seeds: str
    workers: int
    protocol: str

    @classmethod
    def to_go_on(cls, out: Path, workers: int) -> Order:
        """To run what is not finished of the experiment that a folder holds."""
        return cls(RESUME, out, None, "", workers, "")

    @property
    def words(self) -> list[str]:
        words = ["experiment", self.name, str(self.out), "--workers", str(self.workers)]
        if self.name == RESUME:
            return words
        words += ["--seeds", self.seeds, "--protocol", self.protocol]
        return words if self.root is None else [*words, "--root", str(self.root)]


class Run:
    """A process that runs an experiment in `out`. Raises StorageError where the folder cannot be
    written."""

    def __init__(self, order: Order, program: Sequence[str] = (sys.executable, str(_MAIN))) -> None:
        self.order, self.out = order, order.out
        self.log = self.out / LOG
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            self.log.unlink(missing_ok=True)
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise storage_error(self.log, error) from error
        try:
            self._process = subprocess.Popen(
                [*program, *order.words, "--attached"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt in the window's terminal is not for it
            )
        except OSError as error:
            raise StorageError(
                f"The experiment's process cannot be started: {error}.", "Install LidarLoop again."
            ) from error
        finally:
            os.close(log)
        come_last(self._process.pid)
        self.stopped = False

    @property
    def process(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._close()
        return code

    def stop(self) -> None:
        """Kill it and all that it began; what it finished stays."""
        self.stopped = True
        if self.code is None:  # else its number may be another program's
            kill_tree(self._process.pid)
            self._process.wait()
        self._close()

    def let_go(self) -> None:
        """Let it go on without the window."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.write(STAY)
                self._process.stdin.flush()
            except OSError:  # it has just ended
                pass
        self._close()
        self._process.returncode = self._process.returncode or 0  # no warning: it is nobody's now

    def _close(self) -> None:
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                pass

    def problem(self) -> str:
        """A sentence why it ended, "" where it runs, was stopped or ended well; failed cells are
        told by their own files."""
        code = self.code
        if code in (None, 0) or self.stopped:
            return ""
        said = told(self.log)
        if said or code == 2:
            return said
        return (
            f"The run ended by itself (exit code {code}): {self.log} holds what it said. Go on "
            "starts it again; what is finished stays."
        )


def told(log: Path) -> str:
    """The last sentence that a run said of why it could not go on, "" for none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    ours = [line.removeprefix(_OURS) for line in lines if line.startswith(_OURS)]
    ours = [line for line in ours if not line.startswith("cell ")]
    return ours[-1] if ours else ""
