"""Pools of frames, made: predictions of two models that agree now and then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.base.settings import load_preset
from core.boxes.predictions import FramePrediction
from core.query.frame_pool import FramePool
from core.query.frames import frames_of

HOW = load_preset("paper").ssal
CLASSES = ("car", "pedestrian", "cyclist")


def near(rng: np.random.Generator, seen: FramePrediction, width: int) -> FramePrediction:
    """What another model says of the same frame."""
    kept = rng.random(len(seen)) < 0.8
    box = seen.box[kept] + rng.normal(0, 0.15, (int(kept.sum()), 7)) * [1, 1, 1, 0, 0, 0, 0.3]
    more = boxes(rng, int(rng.integers(0, 3)))
    n = len(box) + len(more)
    label = np.concatenate([seen.label[kept], rng.integers(0, 3, len(more))]).astype(np.uint8)
    return made(rng, np.concatenate([box, more]), label, width, n)


def boxes(rng: np.random.Generator, n: int) -> np.ndarray:
    xy = rng.uniform(-40, 40, (n, 2))
    size = rng.uniform(0.8, 4, (n, 3))
    return np.column_stack([xy, np.zeros(n), size, rng.uniform(-3, 3, n)])


def made(rng, box, label, width, n) -> FramePrediction:
    score = rng.uniform(0.05, 0.999, n)
    order = np.argsort(-score)
    feature = rng.normal(size=(n, width)) + 2 * np.eye(width)[label % width]
    return FramePrediction(box[order], score[order], label[order], feature[order].astype("f4"))


def frame_pool(
    seed: int, count: int = 30, most: int = 8, width: int = 4, *, cpsp: bool = True, **how
) -> FramePool:
    rng = np.random.default_rng(seed)
    scans = [f"a/{k:04d}" for k in range(count)]
    normal, other = {}, {}
    for scan in scans:
        n = int(rng.integers(0, most + 1))
        label = rng.choice(3, n, p=(0.75, 0.15, 0.1)).astype(np.uint8)
        normal[scan] = made(rng, boxes(rng, n), label, width, n)
        other[scan] = near(rng, normal[scan], width)
    settled = frozenset(scans[::9])
    drawn = {scan: 3 for scan in settled}
    frames = frames_of(
        scans,
        settled=settled,
        finished=[3] * len(settled),
        drawn=drawn,
        minutes=5,
        predicted={s: int((p.score > 0.3).sum()) for s, p in normal.items()},
    )
    return FramePool(
        frames,
        CLASSES,
        np.array([30, 6, 3]),
        normal,
        other if cpsp else None,
        replace(HOW, **how),
    )
