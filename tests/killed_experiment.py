"""Kills a whole experiment, with its workers, at random instants until it gets through; then its
results.csv must be that of a run without a kill, byte for byte.

python -m tests.killed_experiment COUNT [WORKERS,…] [town|boxes]

COUNT kills with each number of workers, of a tiny experiment with two seeds, of a small town of
five, or of a tiny one of boxes with pseudo scenes and a delivery. WORKERS may be `dask`: COUNT
times a local cluster of two loses one of them, while the experiment runs on.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from core.experiment.results import RESULTS
from tests.box_experiments import BOX_TINY, box_spec, scans_at
from tests.experiments import TINY, tiny_spec
from tests.places import MAIN, ROOT
from tests.streets import small_street_at

TRAINED = TINY.replace("steps = 4", "steps = 10").replace("full = false", "full = true")
_SMALL_TOWN = {
    "scans = 100": "scans = 10",
    "validation = 30": "validation = 5",
    "rounds = 5": "rounds = 2",
    "steps = 2000": "steps = 10",
    "block = 5": "block = 1",
}
_SMALL_ARMS = ("random", "ent", "basal")
DASK = "dask"
_IN_A_ROW = 5  # kills of one run before it may end


def words(spec: Path, out: Path, *more: str) -> list[str]:
    """The command line of a tiny experiment, two seeds, on the scans beside its spec."""
    root = str(spec.parent / "scans")
    return ["experiment", str(spec), str(out), "--root", root, "--seeds", "0-1", *more]


def town_words(spec: Path, out: Path, *more: str) -> list[str]:
    """The command line of a town's experiment, five seeds; it makes its own scans."""
    return ["experiment", str(spec), str(out), "--seeds", "0-4", *more]


def small_street(folder: Path) -> Path:
    """The tiny experiment, with a reference on full labels, and its scans."""
    small_street_at(folder / "scans")
    return tiny_spec(folder, TRAINED)


def small_boxes(folder: Path) -> Path:
    """The tiny experiment of boxes, delivered at its end, and its scans."""
    scans_at(folder / "scans")
    return box_spec(folder, BOX_TINY.replace("steps = 3", "steps = 4\ndeliver = true"))


def small_town(folder: Path) -> Path:
    """The experiment `town`, with fewer scans, steps, rounds and arms."""
    text = (ROOT / "resources/experiments/town.toml").read_text(encoding="utf-8")
    for line, smaller in _SMALL_TOWN.items():
        assert text.count(f"\n{line}\n") == 1, line
        text = text.replace(line, smaller)
    head, _, arms = text.partition("[arms]\n")
    kept = [line for line in arms.splitlines() if line.split(" = ")[0] in _SMALL_ARMS]
    path = folder / "town.toml"
    path.write_text(head + "\n".join(["[arms]", *kept, ""]), encoding="utf-8")
    return path


KINDS = {
    "tiny": (small_street, words),
    "town": (small_town, town_words),
    "boxes": (small_boxes, words),
}


def kills(count: int, workers: list[str], kind: str = "tiny", seed: int = 0) -> Counter[str]:
    """Kill experiments `count` times with each number of workers; return how often each was killed
    and gone on with to the same bytes, and faults by what they are."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lidarloop-") as folder:
        base = Path(folder)
        made, line_of = KINDS[kind]
        spec = made(base)
        began = time.monotonic()
        code, told = _run(line_of(spec, base / "whole"), None)
        seconds = time.monotonic() - began
        assert code == 0, told
        wanted = (base / "whole" / RESULTS).read_bytes()
        for many in workers:
            rng, left, number = random.Random(f"{seed} {many}"), count, 0
            if many == DASK:
                code, told = _losing(count, line_of(spec, base / "out-dask"), rng, seconds)
                same = not code and (base / "out-dask" / RESULTS).read_bytes() == wanted
                found[f"lost {count} workers: {'the same results' if same else told[-300:]}"] += 1
                continue
            while left:
                number += 1
                out = base / f"out-{many}-{number}"
                line = line_of(spec, out, "--workers", many)
                for _ in range(min(_IN_A_ROW, left)):
                    code, told = _run(line, rng.uniform(0.02, 0.7) * seconds)
                    if code != -signal.SIGKILL:
                        break
                    left -= 1
                    found[f"killed with {many}"] += 1
                if code == -signal.SIGKILL:
                    code, told = _run(line, None)
                if code or (out / RESULTS).read_bytes() != wanted:
                    found[f"{many} workers, run {number}: {code} {told[-300:]}"] += 1
                    break
                found[f"the same results with {many}"] += 1
                print(many, number, left, file=sys.stderr, flush=True)
    return found


def _losing(count: int, line: list[str], rng: random.Random, seconds: float) -> tuple[int, str]:
    """Run a command over a cluster that loses workers at random instants; its code and words."""
    from distributed import LocalCluster

    os.environ["PYTHONPATH"] = str(MAIN.parent)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        tempfile.TemporaryFile("w+") as told,
        subprocess.Popen(
            [sys.executable, str(MAIN), *line, "--cluster", cluster.scheduler_address],
            stdout=told,
            stderr=subprocess.STDOUT,
        ) as running,
    ):
        for _ in range(count):
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(rng.uniform(0.1, 0.4) * seconds / count)
            assert running.returncode is None, "it ended before a worker was lost"
            worker = rng.choice(list(cluster.workers.values()))
            os.kill(worker.process.pid, signal.SIGKILL)
        code = running.wait()
        told.seek(0)
        return code, told.read()


def _run(line: list[str], kill_after: float | None) -> tuple[int, str]:
    """Run a command and all it starts, for so many seconds at most; its code and what it told."""
    with subprocess.Popen(
        [sys.executable, str(MAIN), *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            told, _ = running.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            told, _ = running.communicate()
    return running.returncode, told


if __name__ == "__main__":
    many = sys.argv[2].split(",") if len(sys.argv) > 2 else ["1", "2"]
    kind = sys.argv[3] if len(sys.argv) > 3 else "tiny"
    print(json.dumps(kills(int(sys.argv[1]), many, kind), indent=1))
