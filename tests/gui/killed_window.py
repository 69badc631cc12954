"""Kills the window while somebody answers with real keys, at random instants, and opens it again.

    xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.gui.killed_window COUNT [SEED]

Each window is a fork of a warm parent that has loaded all and made no application yet.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.answers.answers import Answers
from gui.app import _start
from tests.all_steps import wrong_with
from tests.gui.driver import Driver, keep_settings_in, open_window, truth
from tests.streets import asked_project, copied_project, small_street_at

_MOST_KEYS = 12  # that are waited for before a kill
_PATIENCE_S = 60.0


class _Waiter:
    """What the driver needs of pytest-qt."""

    def waitUntil(self, condition: Callable[[], object], timeout: int = 10_000) -> None:  # as its
        end = time.monotonic() + timeout / 1000
        while not condition():
            assert time.monotonic() < end, "it never came"
            QTest.qWait(2)

    def waitExposed(self, window: object) -> None:
        assert QTest.qWaitForWindowExposed(window)


def _person(project: Path, place: Path, seed: int, writing: int) -> NoReturn:
    """In the child: open the window, press keys until it is killed, saying what is saved."""
    try:
        keep_settings_in(place)
        _start()
        waiter = _Waiter()
        driver = Driver(open_window(project, waiter), waiter)
        driver.settle()
        rng = random.Random(seed)
        keys = driver.session.project.classes.keys
        while True:
            if driver.state.target is None or rng.random() < 0.3:
                driver.key("Z", Qt.KeyboardModifier.ControlModifier)
            else:
                driver.key(keys[truth(driver)])
            seq = max((head.seq for head in driver.answers.history.heads), default=0)
            os.write(writing, f"{seq}\n".encode())
    finally:
        os._exit(1)


def _killed_once(project: Path, place: Path, rng: random.Random) -> int:
    """Let somebody answer, and kill the window; return the last entry that it showed as saved."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _person(project, place, rng.randrange(1 << 30), writing)
    os.close(writing)
    wanted, delay = rng.randint(0, _MOST_KEYS), rng.random() * 0.05
    said = b""
    while said.count(b"\n") < wanted and (piece := os.read(reading, 4096)):
        said += piece
    time.sleep(delay if wanted else 40 * delay)  # also while it opens
    os.kill(child, signal.SIGKILL)
    while piece := os.read(reading, 65536):
        said += piece
    os.close(reading)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it ended by itself"
    whole = said.rpartition(b"\n")[0].split()
    return int(whole[-1]) if whole else 0


def kills(count: int, place: Path, seed: int = 1) -> Counter[str]:
    """Kill the window `count` times; return how many entries there are, and faults."""
    small_street_at(place / "scans")
    asked_project(place / "made", place / "scans")
    project = copied_project(place / "made", place / "p", place / "scans")
    rng, found = random.Random(seed), Counter[str]()
    known: list[tuple[int, float, str]] = []
    for _ in range(count):
        acknowledged = _killed_once(project, place, rng)
        (journal,) = (project / "journals").glob("*.sqlite")
        with closing(Answers.open(journal.parent, journal.stem, read_only=True)) as answers:
            now = [(entry.seq, entry.time, entry.unit) for entry in answers.entries()]
        found["kills"] += 1
        found["lost"] += len(now) < acknowledged or now[: len(known)] != known
        found["wrong"] += bool(wrong_with(project))
        known = now
    found["entries"] = len(known)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="lidarloop-") as folder:
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
        print(json.dumps(kills(int(sys.argv[1]), Path(folder), seed)))
    assert QApplication.instance() is None  # the parent never made one
