"""Folders of experiments as a run leaves them, made without one: figures by a rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.experiment.folder import Cell, Experiment, opened
from core.experiment.read_spec import read_spec
from core.experiment.record import CONFUSIONS, RECORD
from core.experiment.spec import CONTROL, FULL
from core.rounds.round import LOG, QUERY
from tests.experiments import TINY, tiny_spec

CLASSES = ("road", "car", "pole")
ARMS = ("random", "ent", "margin", "basal", "size x coreset")


def made_experiment(
    folder: Path,
    *,
    arms: Sequence[str] = ARMS,
    seeds: Sequence[int] = (0, 1, 2),
    rounds: int = 5,
    full: bool = True,
    root: Path | None = None,
) -> Experiment:
    """An experiment in `folder` on scans below `root` whose experiment.json is written and nothing
    is run; its spec is tiny.toml beside the folder."""
    head, _, _ = TINY.partition("[arms]")
    head = head.replace("rounds = 2", f"rounds = {rounds}")
    head = head.replace("full = false", f"full = {str(full).lower()}")
    lines = "\n".join(f'"{arm}" = "{arm}"' for arm in arms)
    spec = read_spec(str(tiny_spec(folder.parent, f"{head}[arms]\n{lines}\n")))
    found = opened(folder, spec, "equal", root or folder.parent / "scans", list(seeds))
    found.write()
    return found


def miou_of(experiment: Experiment, cell: Cell, number: int) -> float:
    """What a cell comes to after a round, by its place and seed."""
    place = [arm.name for arm in experiment.spec.arms].index(cell.arm.name)
    wobble = ((cell.seed * 7 + place * 3 + number * 5) % 11 - 5) / 400
    if cell.arm.kind == FULL:
        return 0.62 + wobble
    gain = 0.2 if cell.arm.kind == CONTROL else 1.0
    return 0.3 + gain * (0.03 + 0.004 * place) * (number - 1) ** 0.7 + wobble


def record(experiment: Experiment, cell: Cell, number: int, *, wall_s: float = 30.0) -> Path:
    """Leave what a recorded round leaves; return its folder."""
    name = cell.arm.start if number == 1 else cell.arm.strategy.replace(" ", "-")
    folder = experiment.cell_folder(cell.name) / "rounds" / f"{number:03d}-{name}"
    asked = 1 if cell.arm.kind == CONTROL else number
    whole = cell.arm.kind == FULL
    miou = 0.3 if cell.arm.kind == "first" else miou_of(experiment, cell, number)
    costs: dict[str, Any] = {
        "points": 100_000 if whole else 1000 * asked + cell.seed,
        "units": None if whole else 40 * asked,
        "scans": 9 if whole else 3 * asked,
        "seconds": None if whole else 300.0 * asked,
        "classes": {name: 300 * asked for name in CLASSES},
    }
    _write(folder / QUERY, {})
    np.savez(folder / CONFUSIONS, scans=np.array(["a"]), confusion=np.full((1, 3, 3), 2, np.int64))
    _write(
        folder / RECORD,
        {
            "version": 1,
            "round": number,
            "costs": costs,
            "training": {"steps": 4, "views": 4, "voxels": 99, "loss": 0.5, "looks": []},
            "figures": {
                "miou": miou,
                "miou_classes": 3,
                "all_classes": 19,
                "official": {"benchmark": "SemanticKITTI", "miou": miou * 0.9},
                "iou": {name: miou + 0.1 * (n - 1) for n, name in enumerate(CLASSES)},
            },
            "truth": dict.fromkeys(CLASSES, 5000),
            "made_with": {"version": "1", "backend": "none", "python": "3", "machine": "x"},
            "wall_s": wall_s,
        },
    )
    return folder


def _write(path: Path, value: Any) -> None:
    """As the program does, without waiting for the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def record_all(experiment: Experiment, *, leave: Sequence[str] = ()) -> None:
    """Record every round of every cell but those of the arms in `leave`."""
    for cell in experiment.cells:
        if cell.arm.name not in leave:
            for number in range(1, experiment.rounds(cell.arm) + 1):
                record(experiment, cell, number)


def half_done(experiment: Experiment) -> None:
    """Of the last seed two rounds each, one that failed, one in the middle of its training."""
    last = experiment.seeds[-1]
    for cell in experiment.cells:
        whole = experiment.rounds(cell.arm)
        for number in range(1, min(whole, 2 if cell.seed == last else whole) + 1):
            record(experiment, cell, number)
    failed = next(c for c in experiment.arms if c.arm.name == "margin" and c.seed == last)
    why = "ZeroDivisionError: a fault. Tell us; the trace is in failed/margin-2.json."
    _write(experiment.failure(failed.name), {"why": why, "trace": ""})
    at_work = next(c for c in experiment.arms if c.arm.name == "ent" and c.seed == last)
    folder = experiment.cell_folder(at_work.name) / "rounds" / "003-ent"
    _write(folder / QUERY, {})
    _write(folder / LOG, {"epochs": [{"epoch": 1, "loss": 1.0, "steps": 3}]})
