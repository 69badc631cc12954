"""Damaged box files: boxes, or one sentence; never another fault, never a box that is none."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import DataError
from core.boxes.camera import AS_IF
from core.boxes.formats import (
    csv_file,
    kitti_object,
    kitti_tracking,
    labelcloud,
    nuscenes,
    openlabel,
)
from core.boxes.table import Boxes, problem
from tests.core.boxes.frames import KITTI, NAMES, made_up

TABLE = made_up(count=4)
FRAMES = {"0": TABLE, "1": made_up(1, count=3)}
BY_NUMBER = {int(frame): boxes for frame, boxes in FRAMES.items()}


def one(boxes: Boxes) -> dict[str, Boxes]:
    return {"": boxes}


KINDS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "kitti object": (
        kitti_object.written(TABLE, AS_IF, KITTI).text,
        lambda file: one(kitti_object.read(file, AS_IF, NAMES)),
    ),
    "kitti tracking": (
        kitti_tracking.written(BY_NUMBER, AS_IF, KITTI).text,
        lambda file: kitti_tracking.read(file, AS_IF, NAMES).frames,
    ),
    "csv": (csv_file.written(FRAMES, KITTI).text, lambda file: csv_file.read(file, NAMES).frames),
    "openlabel": (
        openlabel.written(FRAMES, KITTI).text,
        lambda file: openlabel.read(file, NAMES).frames,
    ),
    "nuscenes": (
        nuscenes.written(FRAMES, {}, KITTI).text,
        lambda file: nuscenes.read(file, {}, NAMES).frames,
    ),
    "labelcloud": (
        labelcloud.written(TABLE, KITTI, Path("a.bin")).text,
        lambda file: one(labelcloud.read(file, NAMES)[0]),
    ),
}
WORDS = ("", "nan", "-1", "1e999", "x", "0", "null", "[]", "{}", '"a"', "true", "1e20", "\x00", ",")
VALUES = (None, True, -1, 0, 1e20, 1e308, float("inf"), "x", [], {}, [None], {"val": 3}, 10**400)


def spoilt_text(text: str, rng: random.Random) -> str:
    """A text with a word replaced, or a part cut out, doubled or moved."""
    words = text.replace(",", " , ").split(" ") if "," in text else text.split(" ")
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(words))
        end = min(place + rng.randint(1, 5), len(words))
        act = rng.randrange(4)
        if act == 0:
            words[place] = rng.choice(WORDS)
        elif act == 1:
            del words[place:end]
        elif act == 2:
            words[place:place] = words[place:end]
        else:
            words = words[: max(place, 1)]
    return " ".join(words).replace(" , ", ",")


def spoilt_value(value: Any, rng: random.Random) -> Any:
    """A JSON value with one member somewhere in it replaced, left out or doubled."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not inner or rng.random() < 0.1:
        return rng.choice(VALUES)
    place = rng.randrange(len(inner))
    key = list(value)[place] if isinstance(value, dict) else place
    made = value.copy()
    act = rng.random()
    if act < 0.15:
        del made[key]
    elif act < 0.25 and isinstance(made, list):
        made.append(made[place])
    else:
        made[key] = spoilt_value(inner[place], rng)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_boxes_or_a_sentence(tmp_path: Path, kind: str):
    text, read = KINDS[kind]
    file, rng, said = tmp_path / "a.txt", random.Random(kind), list[str]()
    for number in range(400):
        if text.startswith("{") and number % 2:
            file.write_text(json.dumps(spoilt_value(json.loads(text), rng)))
        else:
            file.write_text(spoilt_text(text, rng))
        try:
            frames = read(file)
        except DataError as error:
            said.append(error.what)
            continue
        for boxes in frames.values():
            assert all(problem(row) is None for row in boxes.box)
            assert np.all(np.abs(boxes.box[:, 6]) <= math.pi)
            assert (boxes.label < len(KITTI)).all()
    assert len(said) > 80
    assert all(str(file) in sentence and "\n" not in sentence for sentence in said)
    assert max(map(len, said)) < len(str(file)) + 400
