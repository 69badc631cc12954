"""Targets, loss and decoding, against slow references and worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.boxes.geometry import rotated_iou
from core.boxes.kinds import kinds
from core.boxes.samples import Sample
from models.boxes.decode import decode, features_of
from models.boxes.pillar_center import Maps
from models.boxes.targets import Targets, loss_of, map_shape, targets
from tests.models.boxes.made import CAR, GRID, KITTI, NONE, PEDESTRIAN, VAN, scene

KINDS = kinds(KITTI.names, KITTI.name)
NO_POINTS = np.zeros((0, 4), np.float32)


def one(*boxes: tuple[list[float], int], ignore: np.ndarray = NONE) -> Targets:
    box = np.array([b for b, _ in boxes], np.float32).reshape(-1, 7)
    label = np.array([c for _, c in boxes], np.int64)
    return targets([Sample(NO_POINTS, box, label, ignore)], GRID, KINDS)


def said(wanted: Targets, scenes: int = 1, high: float = 8.0) -> Maps:
    """Maps that say just what is wanted, sure and fitting."""
    height, width = map_shape(GRID)
    heat = torch.where(wanted.heat == 1, high, -high)
    beside = torch.zeros(scenes * height * width, 9)
    beside[wanted.place, :8] = wanted.code
    beside[wanted.place, 8] = 1.0
    beside = beside.view(scenes, height, width, 9).permute(0, 3, 1, 2)
    x, y = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    shared = torch.stack([x + 0.5, y + 0.5]).float()[None].repeat(scenes, 1, 1, 1)
    return Maps(heat, beside, shared)


ALL = torch.ones(len(KITTI.names), dtype=torch.bool)


def test_the_heat_is_a_bell_around_the_cell_of_a_middle():
    found = one(([8.3, 0.2, -1, 3.9, 1.6, 1.5, 0.3], CAR)).heat[0]
    radius = max(1, round(0.35 * 3.9 / 1.0))
    sigma = (2 * radius + 1) / 6
    wanted = np.zeros(found.shape[1:])
    for row in range(wanted.shape[0]):
        for column in range(wanted.shape[1]):
            away = (row - 8, column - 8)
            if max(map(abs, away)) <= radius:
                wanted[row, column] = math.exp(-(away[0] ** 2 + away[1] ** 2) / (2 * sigma**2))
    np.testing.assert_allclose(found[CAR], wanted, atol=1e-6)
    assert float(found.sum()) == pytest.approx(wanted.sum(), rel=1e-5)


def test_bells_are_cut_at_the_edges_and_meet_in_the_larger_one():
    corner = one(([0.1, -7.9, -1, 3.9, 1.6, 1.5, 0], CAR)).heat[0, CAR]
    assert corner[0, 0] == 1
    assert int((corner > 0).sum()) == 4
    two = one(([4.5, 0.5, -1, 3.9, 1.6, 1.5, 0], CAR), ([4.5, 1.5, -1, 3.9, 1.6, 1.5, 0], CAR))
    assert int((two.heat == 1).sum()) == len(two.place) == 2


def test_around_a_neighbour_nothing_is_wrong_for_its_class_alone():
    found = one(([8.5, 0.5, -0.8, 5.0, 1.9, 2.2, 0], VAN))
    masked = (~found.counts[0]).sum(dim=(1, 2))
    assert masked[CAR] == (2 * round(0.35 * 5.0) + 1) ** 2
    assert int(masked.sum()) == int(masked[CAR])
    assert found.label.tolist() == [VAN]


def test_where_a_small_box_to_ignore_is_nothing_is_wrong():
    """A pedestrian that nobody confirmed is smaller than a cell and holds no cell's middle; one
    outside of the grid changes nothing."""
    small = [8.05, 0.05, -1, 0.8, 0.6, 1.7, 0]
    found = one(ignore=np.array([small, [40, 0, -1, 0.8, 0.6, 1.7, 0]], np.float32))
    wanted = np.zeros(map_shape(GRID), bool)
    wanted[7:10, 7:10] = True
    for label in range(len(KITTI.names)):
        np.testing.assert_array_equal(~found.counts[0, label].numpy(), wanted)


def test_in_a_region_to_ignore_nothing_is_wrong_for_any_class():
    region = np.array([[8, 0, -1, 4, 2, 2, 0]], np.float32)
    found = one(ignore=region)
    rows, columns = np.nonzero(~found.counts[0, PEDESTRIAN].numpy())
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (
        6,
        9,
        7,
        9,
    )  # and the nine around (8, 8)
    assert bool((found.counts[0] == found.counts[0, :1]).all())


def test_what_is_outside_is_not_learnt_and_a_cell_has_one_object():
    outside = ([17.0, 0, -1, 3.9, 1.6, 1.5, 0], CAR)
    person = ([4.2, 0.2, -1, 0.8, 0.6, 1.7, 0], PEDESTRIAN)
    found = one(outside, person, ([4.4, 0.4, -1, 0.8, 0.6, 1.7, 0], CAR))
    assert found.label.tolist() == [PEDESTRIAN]


@pytest.mark.parametrize("seed", range(4))
def test_what_the_targets_say_is_decoded_to_the_boxes(seed: int):
    samples = [scene(seed), scene(seed + 10)]
    wanted = targets(samples, GRID, KINDS)
    for sample, found in zip(samples, decode(said(wanted, 2), ALL, GRID, fit=True), strict=True):
        order = np.argsort(found.label)
        np.testing.assert_array_equal(found.label[order], np.sort(sample.labels))
        boxes = sample.boxes[np.argsort(sample.labels)]
        np.testing.assert_allclose(found.box[order], boxes, atol=1e-4)
        # Features here are row and column in cells: linear, so at the box's middle.
        middle = (boxes[:, :2] - GRID.low[:2]) / 1.0
        np.testing.assert_allclose(found.feature[order], middle, atol=0.51)
        heat = 1 / (1 + math.exp(-8))
        np.testing.assert_allclose(found.score, math.sqrt(heat), atol=1e-6)


def test_scores_are_of_heat_and_fit_and_unknown_classes_are_never_found():
    wanted = one(([8.3, 0.2, -1, 3.9, 1.6, 1.5, 0.3], CAR))
    maps = said(wanted, high=0.0)  # heat 0.5 at the middle, and everywhere: one peak is a plain
    maps = maps._replace(heat=torch.where(wanted.heat == 1, 0.0, -9.0))
    maps.beside[:, 8] = -0.5
    (both,) = decode(maps, ALL, GRID, fit=True)
    assert both.score.tolist() == pytest.approx([math.sqrt(0.5 * 0.25)])
    (heat,) = decode(maps, ALL, GRID, fit=False)
    assert heat.score.tolist() == pytest.approx([0.5])
    known = ALL.clone()
    known[CAR] = False
    (none,) = decode(maps, known, GRID, fit=True)
    assert none.box.shape == (0, 7)
    assert none.feature.shape == (0, 2)


def test_of_boxes_in_one_place_the_best_stays_whatever_its_class():
    rng = np.random.default_rng(0)
    height, width = map_shape(GRID)
    maps = Maps(
        torch.from_numpy(rng.normal(-1, 2, (1, len(KINDS), height, width))).float(),
        torch.from_numpy(rng.normal(0, 0.5, (1, 9, height, width))).float(),
        torch.zeros(1, 2, height, width),
    )
    (found,) = decode(maps, ALL, GRID, fit=True)
    assert 2 < len(found) <= 100
    assert (np.diff(found.score) <= 0).all()
    assert found.score.min() >= 0.1
    overlap = rotated_iou(found.box, found.box)[0]
    assert (overlap[~np.eye(len(found), dtype=bool)] <= 0.1).all()


def test_features_are_read_between_cells_at_five_places():
    rng = np.random.default_rng(1)
    shared = torch.from_numpy(rng.normal(size=(3, 16, 16)))
    box = np.array([7.3, -1.2, 0, 4.0, 2.0, 1.5, 0.7])

    def at(x: float, y: float) -> np.ndarray:
        u, v = (x - GRID.low[0]) - 0.5, (y - GRID.low[1]) - 0.5
        row, column = int(u), int(v)
        a, b = u - row, v - column
        m = shared[:, row : row + 2, column : column + 2].numpy()
        across = m[:, :, 0] * (1 - b) + m[:, :, 1] * b
        return across[:, 0] * (1 - a) + across[:, 1] * a

    c, s = math.cos(0.7), math.sin(0.7)
    places = [(0, 0), (2 * c, 2 * s), (-2 * c, -2 * s), (-s, c), (s, -c)]
    wanted = np.mean([at(box[0] + dx, box[1] + dy) for dx, dy in places], axis=0)
    found = features_of(shared, torch.from_numpy(box[None]), GRID)
    np.testing.assert_allclose(found[0], wanted, atol=1e-6)


def slow_loss(maps: Maps, wanted: Targets) -> float:
    """Cell by cell."""
    heat, codes = 0.0, 0.0
    logits, true, counts = (t.numpy() for t in (maps.heat, wanted.heat, wanted.counts))
    for place in np.ndindex(*logits.shape):
        p = 1 / (1 + math.exp(-logits[place]))
        if true[place] == 1:
            heat -= (1 - p) ** 2 * math.log(p)
        elif counts[place]:
            heat -= (1 - true[place]) ** 4 * p**2 * math.log(1 - p)
    width = maps.heat.shape[3]
    fits = 0.0
    for place, code, box in zip(wanted.place.tolist(), wanted.code, wanted.box, strict=True):
        column = maps.beside[0, :, place // width, place % width].double().numpy()
        codes += np.abs(column[:8] - code.numpy()).sum()
        x, y = place // width + column[0], place % width + column[1] - 8
        size = np.exp(column[3:6])
        found = np.array([x, y, column[2] - 1, *size, math.atan2(column[6], column[7])])
        fits += abs(column[8] - (2 * rotated_iou(found[None], box[None])[1][0, 0] - 1))
    n = max(1, len(wanted.place))
    return (heat + 0.5 * codes + fits) / n


@pytest.mark.parametrize("empty", [False, True])
def test_the_loss_is_that_of_a_slow_walk_over_the_cells(empty: bool):
    rng = np.random.default_rng(3)
    van = ([12.5, 5.5, -0.8, 5.0, 1.9, 2.2, 0], VAN)
    sample = scene(2)
    boxes = [] if empty else [*zip(sample.boxes.tolist(), sample.labels.tolist(), strict=True), van]
    wanted = one(*boxes)
    height, width = map_shape(GRID)
    beside = said(wanted).beside + torch.from_numpy(rng.normal(0, 0.1, (1, 9, height, width)))
    heat = torch.from_numpy(rng.normal(-2, 1, (1, len(KINDS), height, width))).float()
    maps = Maps(heat, beside.float(), torch.zeros(1, 2, height, width))
    assert float(loss_of(maps, wanted, GRID)) == pytest.approx(slow_loss(maps, wanted), rel=1e-4)


def test_the_loss_of_a_perfect_answer_is_nearly_nothing():
    wanted = targets([scene(0), scene(1)], GRID, KINDS)
    assert float(loss_of(said(wanted, 2, high=12.0), wanted, GRID)) < 1e-3
