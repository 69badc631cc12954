"""Slots and colours of a scan's units, against loops over rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.data.classes import IGNORED, UNLABELLED
from core.prepare.units import INVALID, NOISE, OVERSIZE, TINY
from gui.look.colours import GREY
from gui.points import paint
from gui.points.slots import make_slots


def scan(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Units and labels of 500 rows; some units have one label, some several, some none."""
    rng = np.random.default_rng(seed)
    states = [NOISE, TINY, INVALID, OVERSIZE, OVERSIZE - 1, OVERSIZE - 2]
    unit = rng.choice([*range(12), *states], 500).astype(np.int32)
    labels = np.full(500, UNLABELLED, np.uint8)
    for u in (0, 3, OVERSIZE - 1):
        labels[unit == u] = 4
    mixed = np.isin(unit, [5, 6, NOISE])
    labels[mixed] = rng.choice([1, 2, IGNORED, UNLABELLED], mixed.sum())
    return unit, labels


@pytest.mark.parametrize("seed", range(5))
def test_rows_share_a_slot_if_and_only_if_they_share_unit_and_label(seed: int):
    unit, labels = scan(seed)
    slots = make_slots(unit, 12, labels)
    of_pair: dict[tuple[int, int], int] = {}
    for row in range(len(unit)):
        pair = (int(unit[row]), int(labels[row]))
        assert of_pair.setdefault(pair, int(slots.slot[row])) == slots.slot[row]
    assert len(set(of_pair.values())) == len(of_pair)
    for (u, label), slot in of_pair.items():
        assert slots.label[slot] == label
        if u >= 0:
            assert slots.of_unit[slot] == u
        else:
            assert slots.of_unit[slot] >= 12
    for u in range(12):
        counts = Counter(labels[unit == u].tolist())
        assert counts[int(slots.label[u])] == max(counts.values())


@pytest.mark.parametrize("seed", range(3))
def test_labelled_rows_have_their_classes_colour_in_every_mode_of_values(seed: int):
    unit, labels = scan(seed)
    slots = make_slots(unit, 12, labels)
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 256, (256, 3)).astype(np.uint8)
    ramp = rng.integers(0, 256, (4, 3)).astype(np.uint8)
    partition = rng.integers(0, 4, 12)
    rgb = paint.colours(slots, "label", partition, ramp, table)[slots.slot]
    np.testing.assert_array_equal(rgb, table[labels])
    rgb = paint.colours(slots, "partition", partition, ramp, table)[slots.slot]
    for row in range(len(unit)):
        wanted = ramp[partition[unit[row]]] if unit[row] >= 0 else GREY
        assert tuple(rgb[row]) == tuple(wanted)


def test_what_has_no_class_is_left_to_height_and_light_in_the_scene():
    unit, labels = scan(1)
    slots = make_slots(unit, 12, labels)
    table = np.full((256, 3), 9, np.uint8)
    rgb = paint.colours(slots, "scene", np.zeros(12, int), table[:4], table)[slots.slot]
    assert ((rgb == 0).all(axis=1) == (labels == UNLABELLED)).all()


@pytest.mark.parametrize("seed", range(5))
def test_labels_that_come_later_give_the_slots_of_a_new_start(seed: int):
    """Whole units, parts of units and stray points, in any order: each row has its own label."""
    unit, labels = scan(seed)
    slots, rng = make_slots(unit, 12, labels), np.random.default_rng(seed)
    followed = 0
    for _ in range(60):
        state = rng.choice(np.unique(unit))
        rows = np.flatnonzero(unit == state)
        if rng.random() < 0.3:
            rows = rows[: rng.integers(1, len(rows) + 1)]
        after = labels.copy()
        after[rows] = rng.choice([1, 2, 3, UNLABELLED])
        table = slots.label.copy()
        if slots.follow(labels, after):
            followed += 1
        else:
            np.testing.assert_array_equal(slots.label, table)
            slots = make_slots(unit, 12, after)
        labels = after
        np.testing.assert_array_equal(slots.label[slots.slot], labels)
        fresh = make_slots(unit, 12, labels)
        np.testing.assert_array_equal(slots.of_unit[slots.slot], fresh.of_unit[fresh.slot])
    assert 10 < followed < 60
