"""Kills a process while it answers, at random instants: what was acknowledged is there, as it was.

    python -m tests.killed_answers COUNT [boxes]

With "boxes" they draw, move and take away boxes and finish frames, beside answering units. Each
process is a fork of a warm parent, which opens the journal, acts, says which entry was the last,
and is killed by SIGKILL; then the journal is read by another.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import numpy as np

from core.answers.act import act_of
from core.answers.answers import Answers, Given
from core.answers.box import BOXES, FRAMES, Box, box_of
from core.answers.boxes import BoxAnswers, Drawn
from core.answers.effort import Effort
from core.answers.entry import Entry, ScanRef

_SCAN = ScanRef("s", 5000, "h")
_KEY = Effort(tool="key")
_MOST_ACTS = 40  # that are waited for before a kill
Act = Callable[[Answers, random.Random], None]


def _rows(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and classes of the unit of a number."""
    rng = np.random.default_rng(number)
    return np.sort(rng.choice(5000, 400, replace=False)), rng.integers(0, 9, 400).astype(np.uint8)


def _given(number: int) -> Given:
    return Given(_SCAN, *_rows(number), round="r", unit=f"s#c{number}", effort=_KEY)


def _act(answers: Answers, rng: random.Random) -> None:
    """Do one of what a person can do."""
    number = len(answers.history.heads)
    chance = rng.random()
    if chance < 0.6:
        answers.answer(*_given(number)[:3], round="r", unit=f"s#c{number}", effort=_KEY)
    elif chance < 0.8:
        answers.answer_together([_given(number + n) for n in range(3)], at=f"s#c{number}")
    elif chance < 0.85:
        answers.decline(_SCAN, round="r", unit=f"s#c{number}")
    elif chance < 0.9:
        answers.reopen("s", f"s#c{number - 1}")
    elif chance < 0.97:
        answers.undo()
    else:
        answers.redo()


def _box(seq: int) -> Box | None:
    """What the entry of a number says of its box: it is drawn, moved, or taken away."""
    rng = np.random.default_rng(seq)
    if seq % 7 == 0:
        return None
    return Box(rng.uniform(1, 9, 7), int(rng.integers(9)), track=f"{seq % 5}", sure=seq % 3 > 0)


def _act_on_boxes(answers: Answers, rng: random.Random) -> None:
    """Do one of what a person can do who draws boxes, and answers units now and then."""
    boxes, first = BoxAnswers(answers), answers.history.written + 1
    chance = rng.random()
    if chance < 0.55:
        names = boxes.new_names("s", rng.choice((1, 1, 3)))
        drawn = list(boxes.counts_by_scan())  # of one scan: it has boxes, or none
        if drawn and rng.random() < 0.4:  # another state of one that is there
            names[0] = rng.choice(list(boxes.of(_SCAN, np.eye(4))))
        states = [Drawn(_SCAN, name, _box(first + n), _KEY) for n, name in enumerate(names)]
        boxes.draw(states, round="r")
    elif chance < 0.65:
        boxes.finish(_SCAN, round="r", effort=_KEY)
    elif chance < 0.7:
        boxes.reopen(_SCAN)
    else:
        _act(answers, rng)


def _annotator(folder: Path, seed: int, writing: int, act: Act) -> NoReturn:
    """In the child: act until it is killed, saying the last entry after each act."""
    try:
        rng = random.Random(seed)
        with closing(Answers.open(folder, "ann")) as answers:
            while True:
                act(answers, rng)
                heads = answers.history.heads
                os.write(writing, f"{heads[-1].seq if heads else 0}\n".encode())
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(1)


def _killed_once(folder: Path, rng: random.Random, act: Act) -> int:
    """Let somebody answer, and kill them; return the last entry that they saw saved, 0 for none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _annotator(folder, rng.randrange(1 << 30), writing, act)
    os.close(writing)
    said = b""
    wanted, delay = rng.randint(0, _MOST_ACTS), rng.random() * 0.004
    while said.count(b"\n") < wanted and select.select([reading], [], [], 60)[0]:
        piece = os.read(reading, 4096)
        if not piece:
            break
        said += piece
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    while piece := os.read(reading, 65536):
        said += piece
    os.close(reading)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it ended by itself"
    whole = said.rpartition(b"\n")[0].split()
    return int(whole[-1]) if whole else 0


def _value(entry: Entry) -> tuple[object, ...]:
    return (entry.seq, entry.time, entry.verb, entry.unit, entry.cancels, entry.rows.tobytes())


def kills(count: int, place: Path, act: Act = _act) -> Counter[str]:
    """Kill `count` times, fifty a journal; return how many entries are there, and faults."""
    found: Counter[str] = Counter()
    for first in range(0, count, 50):
        _of_one_journal(
            min(50, count - first), place / f"{first}", random.Random(first), found, act
        )
    return found


def _of_one_journal(
    count: int, folder: Path, rng: random.Random, found: Counter[str], act: Act
) -> None:
    known = list[tuple[object, ...]]()
    for _ in range(count):
        acknowledged = _killed_once(folder, rng, act)
        with closing(Answers.open(folder, "ann")) as answers:
            entries = list(answers.entries())
            answers.labels(_SCAN)
        now = [_value(entry) for entry in entries]
        found["kills"] += 1
        found["lost"] += len(now) < acknowledged or now[: len(known)] != known
        found["wrong"] += [entry.seq for entry in entries] != list(range(1, len(entries) + 1))
        found["wrong"] += sum(not _is_as_given(entry) for entry in entries[len(known) :])
        found["half acts"] += not _acts_are_whole(entries[len(known) :])
        known = now
    found["entries"] += len(known)


def _is_as_given(entry: Entry) -> bool:
    if entry.verb != "answer" or entry.kind == FRAMES:
        return True
    if entry.kind == BOXES:
        found, wanted = box_of(entry.body), _box(entry.seq)
        return found is wanted is None or (
            found is not None and wanted is not None and found.equals(wanted)
        )
    rows, classes = _rows(int(entry.unit.removeprefix("s#c")))
    return np.array_equal(entry.rows, rows) and np.array_equal(entry.classes, classes)


def _acts_are_whole(entries: list[Entry]) -> bool:
    """Whether no act is there in part: its entries follow each other, all of them."""
    there = {entry.seq for entry in entries}
    acts = [(entry.seq, act_of(entry.body)) for entry in entries]
    return all(act is None or there.issuperset(act.numbers(seq)) for seq, act in acts)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="lidarloop-") as place:
        act = _act_on_boxes if sys.argv[2:] == ["boxes"] else _act
        print(json.dumps(kills(int(sys.argv[1]), Path(place), act)))
