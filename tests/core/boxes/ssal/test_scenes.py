"""Pseudo scenes: nothing overlaps, nothing is left of what went, all stands on the ground; and the
scenes of a training are a function of seed, number and bank."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.boxes.geometry import points_in_boxes, rotated_iou
from core.boxes.kinds import kinds
from core.boxes.ssal.bank import Item, without
from core.boxes.ssal.confident import Rule
from core.boxes.ssal.cpsp import BANK, TOLD, Cpsp, Parts
from core.boxes.ssal.refresh import How, Labelled, judged
from core.boxes.ssal.scenes import drawn, ground_below, pseudo_scene
from core.boxes.table import Boxes
from tests.core.boxes.ssal.made import (
    OneFrame,
    boxes_by_chance,
    frame,
    height,
    items_of,
    labels_of,
    prediction,
)

_GROUND = 3000  # points of a frame: 30 or so below each thing


@pytest.mark.parametrize("seed", range(6))
def test_a_pseudo_scene_never_overlaps_and_holds_no_point_of_what_went(seed: int):
    rng = np.random.default_rng(seed)
    here, there = boxes_by_chance(rng, 15), boxes_by_chance(rng, 60)
    cleared = without(frame(rng, here), here)
    source = frame(rng, there)
    items = items_of(source, there, "s")
    scene = pseudo_scene(cleared, items[:40], items[40:])
    overlap = rotated_iou(scene.boxes, scene.boxes)[0]
    assert (overlap[~np.eye(len(overlap), dtype=bool)] == 0).all()
    # Left out is only what overlaps something that is there.
    assert 10 < len(scene.boxes) <= 40
    whole = pseudo_scene(cleared, items, [])
    for item in items[:40]:
        there_ = np.abs(scene.boxes[:, :2] - item.box[:2]).sum(1).min() < 1e-4
        assert there_ or (rotated_iou(item.box, whole.boxes)[0] > 0).any()
    kept = scene.points[: len(scene.points) - scene.pasted]
    assert (points_in_boxes(kept, here) < 0).all()
    assert (points_in_boxes(kept, scene.boxes) < 0).all()
    # Each thing has its own points, and nobody else's.
    for box, label in zip(scene.boxes, scene.labels, strict=True):
        (item,) = [i for i in items[:40] if np.abs(i.box[:2] - box[:2]).sum() < 1e-4]
        assert label == item.label
        np.testing.assert_allclose(box[3:], item.box[3:], rtol=1e-6)
        grown = box + np.array([0, 0, 0, 2e-3, 2e-3, 2e-3, 0], np.float32)
        inside = points_in_boxes(scene.points[len(kept) :], grown) == 0
        assert inside.sum() == len(item.points)


def test_things_stand_on_the_ground_that_is_there():
    """A slope: the ground below each thing is known to 5 cm, whatever height it came with."""
    rng = np.random.default_rng(3)
    boxes = boxes_by_chance(rng, 20)
    items = [
        Item(box + np.array([0, 0, 1.5, 0, 0, 0, 0]), 0, 1.0, "s", np.zeros((5, 4), "f4"), 0)
        for box in boxes
    ]
    scene = pseudo_scene(frame(rng, boxes[:0]), items, [])
    bottom = scene.boxes[:, 2] - scene.boxes[:, 5] / 2
    np.testing.assert_allclose(bottom, height(scene.boxes[:, :2]), atol=0.05)
    assert ground_below(np.zeros((9, 4), "f4"), np.zeros(2)) is None


def ground_at(x: float, count: int) -> np.ndarray:
    """So many points of flat ground, 1.7 m below the sensor, on a ring of 2 m around (x, 0)."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    z = np.full(count, -1.7)
    ring = np.column_stack([x + 2 * np.cos(turn), 2 * np.sin(turn), z, np.zeros(count)])
    return ring.astype(np.float32)


def test_what_has_no_ground_below_it_is_left_out_and_blocks_nobody():
    """Ground is known at x = 10, by 20 points, neither at x = 40, by 19, nor at x = 50, where a box
    stands that reaches over x = 10 and comes first."""
    points = np.zeros((5, 4), "f4")
    long, near, hidden, far = (
        Item(np.array([x, 0, z, length, 2, 1.5, 0.0]), 0, 1.0, "s", points, 0)
        for x, z, length in ((50, 3, 90), (10, 3, 4), (10, 3, 4), (40, -5, 4))
    )
    background = np.concatenate([ground_at(10, 20), ground_at(40, 19)])
    scene = pseudo_scene(background, [long, near, hidden, far], [])
    np.testing.assert_allclose(scene.boxes, [[10, 0, -1.7 + 0.75, 4, 2, 1.5, 0]], rtol=1e-6)
    assert scene.pasted == 5
    # Likewise false positives, of which there are the points alone.
    scene = pseudo_scene(background, [], [long, near, hidden, far])
    assert (len(scene.boxes), scene.pasted) == (0, 5)
    np.testing.assert_allclose(scene.points[-5:], [[10, 0, -0.95, 0]] * 5, rtol=1e-6)
    alone = pseudo_scene(np.zeros((0, 4), "f4"), [near], [near])
    assert (len(alone.boxes), len(alone.points), alone.pasted) == (0, 0, 0)


def test_of_a_class_so_many_are_drawn_at_most():
    rng = np.random.default_rng(0)
    items = {k: items_of(frame(rng, b), b, "s") for k, b in enumerate([boxes_by_chance(rng, 9)])}
    items[5] = items[0][:2]
    found = drawn(items, {0: 4, 5: 10}, np.random.default_rng(1))
    assert len(found) == 6
    assert len({id(item) for item in found}) >= 4
    again = drawn(items, {0: 4, 5: 10}, np.random.default_rng(1))
    assert [id(i) for i in found] == [id(i) for i in again]


def world(
    folder: Path,
    *,
    seed: int = 0,
    objects: bool = True,
    pool: int = 5,
    steps: int = 80,
    network: str = "n",
    digest: Callable[[str], str | None] = {}.get,
):
    rng = np.random.default_rng(7)
    boxes = {f"u/{k}": boxes_by_chance(rng, 14) for k in range(pool)}
    points = {scan: frame(rng, mine, _GROUND) for scan, mine in boxes.items()}
    own = boxes_by_chance(rng, 6)
    points["l/0"] = frame(rng, own, _GROUND)
    held = boxes_by_chance(rng, 14)
    points["h/0"] = frame(rng, held, _GROUND)
    boxes["h/0"] = held
    table = Boxes.of(held, labels_of(held))
    made = Cpsp(
        folder,
        OneFrame(),
        people=items_of(points["l/0"], own, "l/0") if objects else [],
        boxes={"l/0": own},
        pool=[scan for scan in boxes if scan.startswith("u")],
        held_out={"h/0": Labelled(table, points["h/0"])},
        read=points.__getitem__,
        digest=lambda scan: digest(scan) or "as it was",
        kinds=kinds(["car", "pedestrian", "cyclist"], "kitti"),
        how=How(Rule(5), 1, 0.2, 0.5, True),
        parts=Parts({0: 15, 1: 10, 2: 10}, 3, 0.2, 8),
        steps=steps,
        seed=seed,
        network=network,
    )
    by_points = {mine.tobytes(): scan for scan, mine in points.items()}

    def predict(scenes):
        found = []
        for scene in scenes:
            true = boxes[by_points[scene.tobytes()]]
            score = np.random.default_rng(len(found)).uniform(0.1, 0.99, len(true))
            found.append(prediction(true, score, labels_of(true)))
        return found

    return made, predict


def same(a, b) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_scenes_are_a_function_of_seed_number_and_bank(tmp_path: Path):
    first, predict = world(tmp_path / "a")
    assert [step for step in range(80) if first.due(step)] == list(range(0, 80, 10))
    with pytest.raises(ProjectError, match=r"no bank\.npz"):
        first.sample(0)
    first.refresh(0, predict, Job())
    early = [first.sample(k) for k in range(12)]
    first.refresh(10, predict, Job())
    late = [first.sample(k) for k in range(12)]
    assert not all(map(same, early, late))
    # A second run, killed after the refresh: the bank that was kept is used, byte for byte.
    kept = (tmp_path / "a" / BANK).read_bytes()
    again, _ = world(tmp_path / "a")
    assert all(map(same, late, [again.sample(k) for k in range(12)]))
    again.refresh(10, None, Job())  # looks at nothing
    assert (tmp_path / "a" / BANK).read_bytes() == kept
    # Elsewhere the same bytes come out.
    other, predict = world(tmp_path / "b")
    other.refresh(0, predict, Job())
    other.refresh(10, predict, Job())
    assert (tmp_path / "b" / BANK).read_bytes() == kept
    # Another seed is another training.
    with pytest.raises(ProjectError, match=r"no bank\.npz"):
        world(tmp_path / "a", seed=1)[0].sample(0)
    # So is one in which something else looks at the frames.
    with pytest.raises(ProjectError, match=r"no bank\.npz"):
        world(tmp_path / "a", network="other")[0].sample(0)
    # And one in which a frame that is looked at is made of something else now.
    for changed in ("u/3", "h/0"):
        with pytest.raises(ProjectError, match=r"no bank\.npz"):
            world(tmp_path / "a", digest={changed: "other"}.get)[0].sample(0)
    told = (tmp_path / "a" / TOLD).read_text()
    assert '"step": 10' in told
    assert '"threshold"' in told


def test_killed_before_the_bank_was_kept_it_is_made_again(tmp_path: Path):
    first, predict = world(tmp_path)
    first.refresh(0, predict, Job())
    again, predict = world(tmp_path)
    again.refresh(10, predict, Job())
    assert again.bank.step == 10
    (tmp_path / BANK).unlink()
    lost, predict = world(tmp_path)
    with pytest.raises(ProjectError, match="last refresh is missing"):
        lost.refresh(20, predict, Job())
    lost.refresh(0, predict, Job())  # from the beginning it can


def test_a_labelled_frame_is_one_in_five_and_an_empty_bank_leaves_them_alone(tmp_path: Path):
    made, predict = world(tmp_path / "a")
    made.refresh(0, predict, Job())
    share = np.mean([len(made.sample(k).points) == 1 for k in range(400)])
    assert share == pytest.approx(0.2, abs=0.06)
    empty, _ = world(tmp_path / "b", objects=False)

    def nothing(scenes):
        return [prediction(np.zeros((0, 7)), [], []) for _ in scenes]

    empty.refresh(0, nothing, Job())
    assert all(len(empty.sample(k).points) == 1 for k in range(20))
    # A class without predictions goes on with what people drew.
    alone, _ = world(tmp_path / "c")
    alone.refresh(0, nothing, Job())
    assert max(len(alone.sample(k).boxes) for k in range(20)) > 3


def test_held_out_boxes_are_judged_by_hand():
    held = np.array([[10, 0, 0, 4, 2, 1.5, 0], [20, 0, 0, 4, 2, 1.5, 0]], float)
    points = np.column_stack([held[:, :3], [0, 0]]).astype(np.float32)
    known = {"h": Labelled(Boxes.of(held, [0, 0]), points)}
    near, far = np.array([0.1, 0, 0, 0, 0, 0, 0]), np.array([30.0, 0, 0, 0, 0, 0, 0])
    said = np.concatenate([held + near, held[:1] + far])
    found = {"h": prediction(said, [0.9, 0.5, 0.8], [0, 0, 0])}
    judge = judged(known, found, {0: 0.6, 1: 0.6}, kinds(["car", "pedestrian"], "kitti"))
    assert (judge.right[0], judge.judged[0]) == (1, 2)
    assert judge.judged[1] == 0
