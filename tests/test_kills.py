"""Processes that are killed while they answer or do a step: nothing acknowledged is lost, and the
step ends as without a kill. LIDARLOOP_KILLS says how many kills the slow tests do."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

FEW, MANY = 6, int(os.environ.get("LIDARLOOP_KILLS", "100"))
FAULTS = ("lost", "wrong", "half acts")


def run(module: str, *words: object) -> dict[str, int]:
    """What a harness counted, in a process of its own: it forks, and pytest has threads."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, int] = json.loads(done.stdout)
    print(found)
    return found


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", [[], ["boxes"]], ids=["units", "boxes"])
def test_kills_while_answering(what: list[str], count: int):
    found = run("tests.killed_answers", count, *what)
    assert found["kills"] == count
    assert not any(found[fault] for fault in FAULTS)
    assert found["entries"]


@pytest.mark.slow
def test_kills_over_all_steps():
    found = run("tests.killed_steps", MANY)
    assert sum(found.values()) >= MANY
    assert not [fault for fault in found if ": " in fault]


@pytest.mark.slow
def test_kills_of_the_window():
    found = run("tests.gui.killed_window", MANY)
    assert found["kills"] == MANY
    assert not any(found.get(fault) for fault in FAULTS)


@pytest.mark.slow
def test_full_disks_at_every_step():
    done = subprocess.run(
        [sys.executable, "-m", "tests.full_disks"], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode == 77:
        pytest.skip("this system lets nobody mount a disk of their own")
    found = json.loads(done.stdout)
    print(found)
    assert not [fault for fault in found if ": " in fault]
    assert sum(found.values()) > 100
