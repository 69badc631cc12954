"""Thousands of damaged files of every kind: the same points, others, or a sentence; no fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.data.clouds.damage import KINDS
from tests.places import ROOT

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is limited as Linux does it"
)


def outcomes(folder: Path, cases: int, *kinds: str) -> dict[str, dict[str, int]]:
    """How often each outcome came, from a process of its own."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "tests.core.data.clouds.damage",
            folder,
            str(cases),
            *kinds,
        ],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    found: dict[str, dict[str, int]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_two_hundred_damaged_files_of_every_kind(tmp_path: Path):
    for kind, counts in outcomes(tmp_path, 200, *KINDS).items():
        assert sum(counts.values()) >= 200, kind
        if kind != "bin":  # of numbers alone a cut between two rows cannot be told
            assert counts["a sentence"] > 50, kind


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_damaged_files(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]):
    counts = outcomes(tmp_path, 10_000, kind)[kind]
    assert sum(counts.values()) >= 10_000
    with capsys.disabled():  # the table of docs/formats.md
        said = (
            f"{counts.get(what, 0):,}" for what in ("the same points", "other points", "a sentence")
        )
        print(f"\n| {kind} | {' | '.join(said)} |", end="")
