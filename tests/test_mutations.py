"""Files mutated at random, each kind in a process of its own: read or told, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.mutations import PROJECT_FILES, READERS
from tests.places import ROOT

FEW, MANY = 60, int(os.environ.get("LIDARLOOP_MUTATIONS", "5000"))
QUICK = ("project.toml", "journal", "query", "units", ".npy", ".pcd", "nuScenes sample_data")


def run(kind: str, count: int) -> Counter[str]:
    """What became of `count` mutations of a kind of file, read in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutations", kind, "0", str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{kind}: {done.returncode} {done.stderr[-2000:]}"
    return Counter(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("kind", QUICK)
def test_a_few_mutations(kind: str):
    found = run(kind, FEW)
    assert set(found) <= {"read", "told"}
    assert found.total() == FEW


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*PROJECT_FILES, *READERS])
def test_many_mutations(kind: str):
    found = run(kind, MANY)
    print(kind, dict(found))
    assert set(found) <= {"read", "told"}
    assert found.total() == MANY
