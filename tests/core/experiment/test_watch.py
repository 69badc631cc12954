"""Watching: who runs it, what each cell is at, how long it takes; and a run that ends with its
program."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import SettingsError
from core.base.files import write_json, writer_lock
from core.experiment.attached import STAY, follow, kill_tree
from core.experiment.lines import lines_of
from core.experiment.names import is_cell
from core.experiment.watch import FAILED, FINISHED, RUNNING, WAITING, Watch, holder_of
from tests.made_experiments import half_done, made_experiment, record, record_all
from tests.places import ROOT


def test_who_holds_a_folder_is_told_by_what_lives(tmp_path: Path):
    assert holder_of(tmp_path) is None
    with writer_lock(tmp_path):
        found = holder_of(tmp_path)
        assert found is not None
        assert found.process == os.getpid()
        assert found.here
    assert holder_of(tmp_path) is None
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left = tmp_path / ".lock.holder"
    words = "another window (process {} of ann on {})\n"
    left.write_text(words.format(ended.pid, socket.gethostname()))
    assert holder_of(tmp_path) is None, "what a killed process left"
    left.write_text(words.format(os.getpid(), socket.gethostname()))
    os.utime(left, (1e9, 1e9))
    assert holder_of(tmp_path) is None, "another process has its number now"
    left.write_text(words.format(7, "elsewhere"))
    found = holder_of(tmp_path)
    assert found is not None
    assert not found.here
    assert found.words == "process 7 of ann on elsewhere"


def test_each_cell_is_told_by_its_files(tmp_path: Path):
    experiment = made_experiment(tmp_path / "out")
    half_done(experiment)
    seen = Watch(experiment.out).look()
    states = {(one.cell.arm.name, one.cell.seed): one for one in seen.shown}
    assert len(states) == len(experiment.arms) == 7 * 3
    assert states["random", 0].state == FINISHED
    assert states["margin", 2].state == FAILED
    assert states["margin", 2].why.startswith("ZeroDivisionError")
    at_work = states["ent", 2]
    assert (at_work.state, at_work.done, at_work.of, at_work.part) == (WAITING, 2, 5, 0.75)
    with writer_lock(at_work.folder):
        again = Watch(experiment.out).look()
    assert again.count(RUNNING) == 1
    counts = [again.count(state) for state in (FINISHED, RUNNING, FAILED, WAITING)]
    assert counts == [14 + 1, 1, 1, 4], "seeds 0 and 1, the full one of seed 2; the rest of it"


def test_time_left_is_that_of_rounds_that_are_still_to_be_trained(tmp_path: Path):
    """By hand: two arms and a control of two seeds, 2 rounds, the first one shared by the three; a
    round took 30 s. Of seed 0 all is done, of seed 1 the shared round: 3 second rounds are left."""
    experiment = made_experiment(
        tmp_path / "out", arms=("random", "ent"), seeds=(0, 1), rounds=2, full=False
    )
    assert Watch(experiment.out).look().seconds_left is None
    for cell in experiment.cells:
        if cell.seed == 0:
            for number in range(1, experiment.rounds(cell.arm) + 1):
                record(experiment, cell, number)
        elif cell.arm.kind == "first":
            record(experiment, cell, 1)
    assert Watch(experiment.out).look().seconds_left == pytest.approx(3 * 30)
    record_all(experiment)
    assert Watch(experiment.out).look().seconds_left == 0


def test_a_line_is_the_mean_of_the_seeds_that_came_furthest(tmp_path: Path):
    experiment = made_experiment(tmp_path / "out")
    half_done(experiment)
    lines = {line.arm: line for line in lines_of(Watch(experiment.out).look().by_arm, "points")}
    basal = lines["basal"]
    assert basal.seeds == (0, 1)
    assert basal.each.shape == (2, 5)
    assert len(basal.behind) == 1
    assert len(basal.behind[0][1]) == 2
    a, b = basal.each[:, 4]
    assert basal.mean[4] == pytest.approx((a + b) / 2)
    assert basal.half[4] == pytest.approx(12.7062 * abs(a - b) / 2, rel=1e-4), "t of one degree"
    assert lines["full"].level, "nobody's answers"
    assert np.ptp(lines["control"].cost) == 0


def test_a_folder_without_an_experiment_is_one_sentence(tmp_path: Path):
    with pytest.raises(SettingsError, match="holds no experiment"):
        Watch(tmp_path).look()


def test_a_cell_is_known_by_its_place(tmp_path: Path):
    experiment = made_experiment(tmp_path / "out")
    assert is_cell(experiment.cell_folder("any"))
    write_json(tmp_path / "cells" / "one" / "x.json", {})
    assert not is_cell(tmp_path / "cells" / "one")


@pytest.mark.parametrize(("said", "stops"), [(b"", True), (b"what\n", True), (STAY, False)])
def test_a_run_ends_with_its_program_unless_it_is_let_go(said: bytes, stops: bool):
    reads, writes = os.pipe()
    stopped = threading.Event()
    thread = follow(reads, stopped.set)
    os.write(writes, said)
    os.close(writes)
    thread.join(10)
    os.close(reads)
    assert stopped.is_set() == stops


def test_a_run_that_is_attached_can_end_by_itself():
    """Python aborted where a thread still waited in the buffer of its standard input."""
    script = "import sys; from core.experiment.attached import follow; follow(sys.stdin.fileno())"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, cwd=ROOT, stderr=subprocess.PIPE
    ) as process:
        assert process.wait(60) == 0, process.stderr and process.stderr.read()


def test_all_that_a_process_began_is_killed_with_it():
    began = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']).wait()"
    script = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {began!r}], " \
             "stdin=subprocess.PIPE).pid, flush=True); input()"  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as top:
        assert top.stdout is not None
        child = int(top.stdout.readline())
        kill_tree(top.pid)
    import psutil

    assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"
    kill_tree(top.pid)  # none is no error
