"""Colours of points: units, partitions, classes, measures. Arrays only, no Qt."""

from __future__ import annotations

import colorsys
from functools import cache

import numpy as np

from core.base.loading import loading
from core.data.classes import IGNORED, MIXED, UNLABELLED, UNSURE, ClassList

# Ordered, and told apart by people who see no red or no green.
_RAMP = np.array([[0xF2, 0xC1, 0x4E], [0x4F, 0xB2, 0x86], [0x3F, 0x7C, 0xAC]], float)
GROUND = (0x7A, 0x6A, 0x58)
GREY = (0x7B, 0x83, 0x8D)
RIGHT_RGB, WRONG_RGB = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)  # the first two of the charts
_GOLDEN = 0.618033988749895
_PALETTE = 512
# A perceptual ramp from dark violet over green to yellow, by its knots.
_MEASURE = np.array(
    [[68, 1, 84], [64, 67, 135], [41, 120, 142], [34, 167, 132], [121, 209, 81], [253, 231, 36]],
    float,
)


def unit_colours(count: int) -> np.ndarray:
    """(count, 3) uint8: hues a golden angle apart, so that neighbours differ."""
    return _unit_palette()[np.arange(count) % _PALETTE]


@cache
def _unit_palette() -> np.ndarray:
    palette = [
        colorsys.hls_to_rgb((0.11 + i * _GOLDEN) % 1, (0.60, 0.68, 0.54)[i % 3], 0.62)
        for i in range(_PALETTE)
    ]
    return np.round(np.array(palette) * 255).astype(np.uint8)


def partition_colours(count: int) -> np.ndarray:
    """(count + 1, 3) uint8: an ordered ramp for `count` size classes, then the ground."""
    at = np.linspace(0, len(_RAMP) - 1, count) if count > 1 else np.zeros(count)
    ramp = np.column_stack([np.interp(at, range(len(_RAMP)), c) for c in _RAMP.T])
    return np.vstack([np.round(ramp), GROUND]).astype(np.uint8)


def measure_table() -> np.ndarray:
    """(256, 3) uint8 perceptual ramp for entropy, height and intensity."""
    at = np.linspace(0, len(_MEASURE) - 1, 256)
    columns = [np.interp(at, range(len(_MEASURE)), c) for c in _MEASURE.T]
    return np.round(np.column_stack(columns)).astype(np.uint8)


def class_table(classes: ClassList) -> np.ndarray:
    """(256, 3) uint8: the colour of each class and of each code."""
    table = np.tile(np.array(GREY, np.uint8), (256, 1))
    table[: len(classes)] = lifted(classes.colours)
    table[IGNORED] = (0x9A, 0x8C, 0x98)
    table[MIXED] = (0xC9, 0xA2, 0x27)
    table[UNSURE] = (0xB5, 0x65, 0x76)
    table[UNLABELLED] = (0x5C, 0x65, 0x70)
    return table


def lifted(rgb: np.ndarray) -> np.ndarray:
    """(n, 3) uint8: class colours (n, 3) uint8 as points have them: black and dark navy, which are
    lost on a dark canvas, are lighter."""
    dark = rgb.max(axis=1) < 90
    return np.where(dark[:, None], np.minimum(255, rgb.astype(int) + 70), rgb).astype(np.uint8)


def palette_of(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (N,) uint8 in a palette (256, 3) uint8 of colours (N, 3) uint8: the most frequent ones
    in steps of 8, each colour at the nearest."""
    with loading:
        from scipy.spatial import cKDTree

    coarse, place, counts = np.unique(
        (rgb >> 3).astype(np.int32) @ (1024, 32, 1), return_inverse=True, return_counts=True
    )
    kinds = np.column_stack([coarse >> 10, coarse >> 5 & 31, coarse & 31]) * 8 + 4
    common = np.argsort(-counts, kind="stable")[:256]
    nearest = cKDTree(kinds[common]).query(kinds)[1].astype(np.uint8)
    table = np.zeros((256, 3), np.uint8)
    table[: len(common)] = kinds[common]
    return nearest[place], table


def spread(values: np.ndarray) -> np.ndarray:
    """(N,) float32 in 0..255: values (N,) between their 2nd and 98th percentile."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(len(values), np.float32)
    low, high = np.percentile(finite, [2, 98])
    scaled = (np.nan_to_num(values) - low) / max(float(high - low), 1e-6)
    return (np.clip(scaled, 0, 1) * 255).astype(np.float32)
