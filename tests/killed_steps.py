"""Kills each step at random instants until it gets through; then all must be as without a kill.

python -m tests.killed_steps COUNT [STEP,…]       COUNT kills over all steps
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import models.training.train as training
from tests.all_steps import (
    STEPS,
    Stages,
    entries_of,
    forked,
    left_by,
    run,
    wrong_with,
)

_IN_A_ROW = 6  # kills of one run before it may end
_ONLY_READ = ("status", "doctor", "agreement")


def kills(count: int, names: list[str], seed: int = 0) -> Counter[str]:
    """Kill steps `count` times in all; return how often each, and faults by what they are."""
    found: Counter[str] = Counter()
    training._SAVE_EVERY_S = 0.0  # so that there are states to go on from
    with tempfile.TemporaryDirectory(prefix="lidarloop-") as folder:
        stages = Stages(Path(folder), slow=any(STEPS[name].slow for name in names) or count > 20)
        names = [name for name in names if stages.here(STEPS[name])]
        each = -(-count // len(names))
        for name in names:
            _kill_one(stages, name, each, random.Random(f"{seed} {name}"), found)
            print(name, found[name], file=sys.stderr, flush=True)
    return found


def _kill_one(
    stages: Stages, name: str, count: int, rng: random.Random, found: Counter[str]
) -> None:
    step, place = STEPS[name], stages.place / "trial"
    words = stages.words(step, place)
    stages.begin(step, place)
    began = time.monotonic()
    code, told = forked(lambda: run(words))
    seconds = time.monotonic() - began
    assert code == 0, (name, code, told)
    wanted = left_by(place)
    done = 0
    while done < count:
        stages.begin(step, place)
        known = entries_of(place / "p")
        for _ in range(min(_IN_A_ROW, count - done)):
            code, told = forked(lambda: run(words), kill_after=rng.uniform(0, 1.1) * seconds)
            if code != -9:
                break
            done += 1
            found[name] += 1
            wrong = wrong_with(place / "p") if step.begins != "damaged" else ""
            now = entries_of(place / "p") if not wrong else {}
            if not wrong and any(now.get(who, 0) < many for who, many in known.items()):
                wrong = f"entries lost: {known} {now}"
            known = now or known
            if wrong:
                found[f"{name}: {wrong}"] += 1
                return
        if code == -9:
            code, told = forked(lambda: run(words))
        if not _ended_well(code, told) or left_by(place) != wanted:
            found[f"{name}: {code} {told[-300:]} {_other(left_by(place), wanted)}"] += 1
            return


def _ended_well(code: int, told: str) -> bool:
    """Whether a step was done, or a sentence says that it was done before the kill."""
    return code == 0 or (code == 2 and "Traceback" not in told)


def _other(found: dict[str, object], wanted: dict[str, object]) -> list[str]:
    return sorted(n for n in found.keys() | wanted.keys() if found.get(n) != wanted.get(n))


if __name__ == "__main__":
    chosen = sys.argv[2].split(",") if len(sys.argv) > 2 else []
    chosen = chosen or [name for name in STEPS if name not in _ONLY_READ]
    counted = kills(int(sys.argv[1]), chosen)
    print(json.dumps(counted, indent=1))
