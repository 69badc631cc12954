"""A whole experiment with real training: killed processes, workers and clusters change no byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import main
from core.base.jobs import Job
from core.experiment.folder import opened
from core.experiment.read_spec import read_spec
from core.experiment.report import write_report
from core.experiment.results import RESULTS, curves
from core.experiment.run import run_cells, set_up
from tests.experiments import LEARNING, tiny_spec
from tests.killed_experiment import TRAINED, words
from tests.places import MAIN
from tests.streets import small_street_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scans, a spec, and the experiment run to its end without a stop in `whole`."""
    base = tmp_path_factory.mktemp("experiment")
    small_street_at(base / "scans")
    assert main.main([*words(tiny_spec(base, TRAINED), base / "whole")]) == 0
    return base


def test_what_was_run_can_be_read(base: Path):
    spec = read_spec(str(base / "tiny.toml"))
    experiment = opened(base / "whole", spec, "equal", base / "scans", [0, 1])
    for curve in curves(experiment):
        full = curve.arm == "full"
        assert len(curve.records) == (1 if full else 2)
        for record in curve.records:
            assert record["training"]["steps"] == (50 if full else 10)
            looks = [row["step"] for row in record["training"]["looks"]]
            assert looks == ([25, 50] if full else [5, 10])
            last = record["training"]["looks"][-1]
            assert last["miou"] == pytest.approx(record["figures"]["miou"])
            assert record["figures"]["official"]["benchmark"] == "SemanticKITTI"
    page = (base / "whole/report.html").read_text()
    assert "7 of 7" not in page
    assert "8 of 8 cells are finished" in page
    assert "level in mIoU after round 2 within" in page or "is better than" in page


def test_a_process_that_is_killed_again_and_again(base: Path):
    """SIGKILL after so many lines that it told; what runs after it goes on."""
    out = base / "killed"
    command = [sys.executable, str(MAIN), *words(base / "tiny.toml", out)]
    for lines in (3, 9, 6, 12, 8):
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            for _, _line in zip(range(lines), running.stderr, strict=False):
                pass
            running.kill()
        assert running.returncode in (-signal.SIGKILL, 0)
    assert main.main(words(base / "tiny.toml", out)) == 0
    assert (out / RESULTS).read_bytes() == (base / "whole" / RESULTS).read_bytes()


def test_two_workers(base: Path):
    out = base / "two"
    assert main.main(words(base / "tiny.toml", out, "--workers", "2")) == 0
    assert (out / RESULTS).read_bytes() == (base / "whole" / RESULTS).read_bytes()


@pytest.mark.logs(r"distributed\.nanny: Restarting worker", r"distributed\.")
def test_a_cluster_that_loses_a_worker(base: Path, tmp_path: Path, monkeypatch):
    """Without a network: what is tested is who runs the cells."""
    from distributed import LocalCluster

    monkeypatch.setenv("PYTHONPATH", str(MAIN.parent))
    spec = read_spec(str(tiny_spec(tmp_path)))
    outs = {}

    class Killer(Job):
        killed = False

        def progress(self, done, total, text, **values):
            if text == "cells" and done == 1 and not self.killed:
                self.killed = True
                worker = next(iter(cluster.workers.values()))
                os.kill(worker.process.pid, signal.SIGKILL)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        for name, job, address in (
            ("here", Job(), None),
            ("there", Killer(), cluster.scheduler_address),
        ):
            found = opened(tmp_path / name, spec, "equal", base / "scans", [0, 1])
            set_up(found, Job(), workers=1)
            assert run_cells(found, found.cells, LEARNING, job, cluster=address) == {}
            write_report(found)
            outs[name] = (tmp_path / name / RESULTS).read_bytes()
    assert outs["here"] == outs["there"]
