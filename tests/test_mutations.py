"""Files mutated at random, each kind in a process of its own: read or told, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.mutations import KINDS
from tests.places import ROOT

FEW, MANY = 50, int(os.environ.get("LIDARLOOP_MUTATIONS", "5000"))
QUICK = ("journal", "project.toml,query,training,units", ".npy,.pcd,nuScenes sample_data")
GOOD = {"read", "same", "other", "told"}


def run(kinds: str, count: int) -> list[Counter[str]]:
    """What became of `count` mutations of each kind of file, read in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutations", kinds, "0", str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{kinds}: {done.returncode} {done.stderr[-2000:]}"
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [Counter({k: n for k, n in one.items() if k not in ("kind", "first")}) for one in found]


@pytest.mark.parametrize("kinds", QUICK)
def test_a_few_mutations(kinds: str):
    for found in run(kinds, FEW):
        assert set(found) <= GOOD
        assert found.total() == FEW


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutations(kind: str):
    (found,) = run(kind, MANY)
    print(kind, dict(found))
    assert set(found) <= GOOD
    assert found.total() == MANY
