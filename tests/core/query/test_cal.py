"""CAL: the golden trace, a slow reading of its rules, and what a person is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import ProjectError, SettingsError
from core.boxes.geometry import rotated_iou
from core.query.box_strategies import box_strategy_named
from core.query.box_strategies.cal import LEVEL, LIFTED, weights_of
from core.query.box_strategies.ensemble import Candidates, candidates, ensemble
from core.query.box_strategies.likeness import Likeness
from core.query.box_strategies.walk import Done, Walk, limits, limits_of
from core.query.budget import Budget
from core.query.pool import Draw
from tests.core.boxes.given import golden
from tests.core.query.frame_pools import CLASSES, HOW, frame_pool
from tests.core.query.slow_cal import Frame, slow_cal


def of_frames(frames: list[Frame]) -> Candidates:
    """Frames of which the reliable boxes are told."""
    reliable = [[pair in frame.reliable for pair in frame.boxes] for frame in frames]
    width = max(len(row) for frame in frames for row in frame.features)
    feature = np.concatenate([np.reshape(f.features, (-1, width)) for f in frames]).astype(float)
    return Candidates(
        tuple(frame.name for frame in frames),
        np.cumsum([0, *(len(frame.boxes) for frame in frames)]),
        np.array([s for frame in frames for s, _ in frame.boxes]),
        np.array([c for frame in frames for _, c in frame.boxes], int),
        np.array([one for mine in reliable for one in mine], bool),
        np.cumsum([0, *(len(frame.features) for frame in frames)]),
        feature / np.maximum(1e-300, np.linalg.norm(feature, axis=1, keepdims=True)),
        np.array([frame.barred for frame in frames]),
    )


def golden_frames() -> list[Frame]:
    pool = golden("cal")["selection"]["pool"]
    return [
        Frame(
            name,
            [tuple(pair) for pair in one["E"]],
            [tuple(pair) for pair in one["R"]],
            np.array(one["features"], float),
            False,
        )
        for name, one in pool.items()
    ]


def test_entropies_and_limits_are_those_of_the_golden_table():
    for one in golden("cal")["limits"]:
        found = limits(np.array(one["labelled"]), one["boxes"], 0.1)
        np.testing.assert_allclose(found, one["limits"], atol=1e-6)
    for one in golden("cal")["scene_entropy"]:
        frame = Frame(
            "f", [(s, k) for k, s in enumerate(one["scores"])], [], np.zeros((0, 1)), False
        )
        other = Frame("g", [(0.5, 0)], [(0.5, 0)], np.ones((1, 1)), False)
        weights = dict(enumerate(one.get("weights", [])))
        how = replace(HOW, balance=False, diversity=False)
        walk = Walk(of_frames([frame, other]), np.full(2, np.nan), how, weights=weights)
        (h,) = [taken.entropy for taken in walk if taken.place == 0]
        assert h == pytest.approx(one["H"], abs=1e-9)


def test_the_selection_is_the_golden_one_step_by_step():
    told = golden("cal")["selection"]
    frames, trace, true, picked = golden_frames(), [], 0, []
    found = of_frames(frames)
    shares = limits_of(found, np.array(told["labelled"]), told["boxes"], HOW)
    walk = Walk(found, shares, HOW, trace=trace)
    for taken in walk:
        picked.append(frames[taken.place].name)
        true += told["pool"][picked[-1]]["true"]
        trace[-1] += f", true boxes {true}"
        if true >= told["boxes"]:
            break
    assert picked == told["picked"]
    assert walk.counts.tolist() == told["counts"]
    assert trace == told["trace"]


def slow_frames(pool, both: bool) -> list[Frame]:
    """Each frame's ensemble, a pair of boxes at a time."""
    made = []
    for place in pool.free.tolist():
        name = pool.frames.scans[place]
        seen = [pool.normal[name], pool.cpsp[name] if both else pool.normal[name]]
        rows = [[k for k, s in enumerate(one.score) if s >= 0.1] for one in seen]
        n, c = (
            [(one.box[k], float(one.score[k]), int(one.label[k])) for k in mine]
            for one, mine in zip(seen, rows, strict=True)
        )
        e = list(c)
        if both:
            for box, score, label in n:
                if score <= 0.5:
                    continue
                over = [rotated_iou(box, other)[0][0, 0] for other, _, _ in c]
                best = int(np.argmax(over)) if over else -1
                if over and over[best] > 0.5:
                    if score > e[best][1]:
                        e[best] = (box, score, label)
                elif score > 0.8:
                    e.append((box, score, label))
        reliable = [
            any(rotated_iou(box, other)[0][0, 0] > 0.2 for other, _, _ in n) for box, _, _ in e
        ]
        pairs = [(score, label) for _, score, label in e]
        features = seen[1].feature[rows[1]].astype(float)
        sure = [pair for pair, one in zip(pairs, reliable, strict=True) if one]
        made.append(Frame(name, pairs, sure, features, False))
    return made


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_cal_is_its_rules_read_aloud(seed: int, both: bool):
    how = [{}, {"balance": False}, {"diversity": False}, {"closed_weight": 0.5}][seed]
    pool = frame_pool(seed, 30, **how)
    frames = slow_frames(pool, both)
    amount = 30
    budget = Budget("boxes", amount, pool.frames.costs, "")
    found = box_strategy_named("cal" if both else "cal-normal")(pool, budget, Draw(0, 1))
    slow = slow_cal(frames, pool.labelled.tolist(), amount, pool.settings, len(found.units))
    assert [pool.frames.scans[place] for place in found.units] == [name for name, _, _ in slow]
    np.testing.assert_allclose(found.columns["H"], [h for _, h, _ in slow], atol=1e-12)
    np.testing.assert_allclose(found.columns["Sim"], [s for _, _, s in slow], atol=1e-12)
    made = of_frames(frames)
    whole = Walk(made, limits_of(made, pool.labelled, amount, pool.settings), pool.settings)
    everything = [frames[taken.place].name for taken in whole]
    assert everything == [
        name for name, _, _ in slow_cal(frames, pool.labelled.tolist(), amount, pool.settings)
    ]
    assert sorted(everything) == sorted(frame.name for frame in frames)


def true_counts(taken) -> np.ndarray:
    return taken.brings


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("boxes", [8, 60, 400])
def test_ranked_anew_nothing_changes_while_predictions_are_true(seed: int, boxes: int):
    pool = frame_pool(seed, 40)
    frames = candidates([pool.frames.scans[k] for k in pool.free], pool.normal, pool.cpsp, {}, HOW)
    shares = limits_of(frames, pool.labelled, boxes, HOW)
    frozen = list(Walk(frames, shares, HOW))
    for k in range(len(frozen)):
        done = [Done(taken.place, true_counts(taken)) for taken in frozen[:k]]
        first = frozen[k]
        live = Walk(
            frames,
            shares,
            HOW,
            done=done,
            level=first.level,
            lifted=first.lifted,
        )
        assert [t.place for t in live] == [t.place for t in frozen[k:]]


def test_an_ensemble_by_hand():
    """The normal model's boxes: .9 on the other's .6 (stays), .55 on its .7 (does not), .85 alone
    (comes along), .7 alone (does not), .3 on its .2 (is not asked); reliable is what it knows."""
    from tests.core.boxes.ssal.made import prediction

    def at(*x):
        return [[place, 0, 0, 4, 2, 1.5, 0] for place in x]

    normal = prediction(at(0, 10, 20, 30, 40), [0.9, 0.55, 0.85, 0.7, 0.3], [1, 0, 2, 0, 0])
    other = prediction(at(0.5, 10.2, 40.3, 60), [0.6, 0.7, 0.2, 0.95], [0, 0, 0, 1])
    score, label, reliable = ensemble(normal, other, HOW)
    assert score.tolist() == [0.9, 0.7, 0.2, 0.95, 0.85]
    assert label.tolist() == [1, 0, 0, 1, 2]
    assert reliable.tolist() == [True, True, True, False, True]
    none = prediction(np.zeros((0, 7)), [], [])
    score, _, reliable = ensemble(normal, none, HOW)  # 16: appended all the same
    assert (score.tolist(), reliable.tolist()) == ([0.9, 0.85], [True, True])
    score, _, reliable = ensemble(none, other, HOW)  # 18: reliable is nothing
    assert (len(score), reliable.any()) == (4, False)


@pytest.mark.parametrize("by_frame", [False, True])
def test_likeness_to_frames_that_were_there_does_not_follow_those_that_come(by_frame: bool):
    """A list that somebody still ranks on counts no frame that was finished since, and moves
    nothing of the newer ones."""
    pool = frame_pool(1, 12)
    found = candidates(pool.frames.scans, pool.normal, pool.cpsp, {}, HOW)
    full = [k for k in range(len(found)) if found.first_feature[k + 1] > found.first_feature[k]]
    assert len(full) > 4

    def fresh(added: list[int]) -> list[float]:
        alone = Likeness(found, by_frame=by_frame)
        for place in added:
            alone.add(place)
        return [alone.of(place) for place in full]

    kept = Likeness(found, by_frame=by_frame)
    kept.add(full[0])
    old = Likeness(found, by_frame=by_frame, before=kept)
    kept.add(full[1])
    new = Likeness(found, by_frame=by_frame, before=kept)
    for _ in range(2):
        assert [old.of(place) for place in full] == fresh(full[:1])
        assert [new.of(place) for place in full] == fresh(full[:2])
    old.add(full[2])
    assert [old.of(place) for place in full] == fresh([full[0], full[2]])


def test_frames_of_regions_come_last():
    pool = frame_pool(0, 20)
    names = [pool.frames.scans[k] for k in pool.free]
    widest = max(names, key=lambda name: len(pool.cpsp[name]))
    all_over = {widest: np.array([[0, 0, 0, 200, 200, 9, 0]], float)}
    frames = candidates(names, pool.normal, pool.cpsp, all_over, HOW)
    assert frames.barred.tolist() == [name == widest for name in names]
    order = [
        names[taken.place] for taken in Walk(frames, limits_of(frames, pool.labelled, 10, HOW), HOW)
    ]
    assert sorted(order) == sorted(names)
    assert order.index(widest) == len(order) - 1


def test_each_frame_says_why():
    pool = frame_pool(3, 30)
    budget = Budget("boxes", 40, pool.frames.costs, "40 boxes")
    found = box_strategy_named("cal")(pool, budget, Draw(0, 1))
    for place, reason in enumerate(found.reason):
        assert f"H {found.columns['H'][place]:.2f} over" in reason
        assert f"{found.columns['Sim'][place]:.2f}" in reason
    assert "pedestrian is short, 0 of " in " ".join(found.reason)
    assert "brings" in found.reason[0]
    assert {LEVEL, LIFTED} < found.columns.keys()


@pytest.mark.parametrize("name", ["cal", "cal-normal", "entropy", "kecor"])
def test_without_anything_found_it_is_said(name: str):
    pool = frame_pool(0, 12, most=0, cpsp=False)
    budget = Budget("frames", 5, np.ones(12, int), "5 frames")
    found = box_strategy_named(name)(pool, budget, Draw(4, 1))
    chance = box_strategy_named("random")(pool, budget, Draw(4, 1))
    assert found.units.tolist() == chance.units.tolist()
    assert set(found.reason) == {"no detector found a thing in any frame: drawn by chance"}
    with pytest.raises(ProjectError, match="none has looked"):
        box_strategy_named(name)(replace(pool, normal=None), budget, Draw(4, 1))
    # Frames that came since the detector looked are not left out.
    some = replace(pool, normal={}, cpsp=None)
    assert len(box_strategy_named(name)(some, budget, Draw(4, 1)).units) == 5


def test_weights_of_classes_are_read_or_refused():
    assert weights_of(replace(HOW, class_weights="car 2, cyclist .5"), CLASSES) == {0: 2, 2: 0.5}
    renamed = [("auto",), (), ()]  # since the weights were kept
    assert weights_of(replace(HOW, class_weights="auto 2"), CLASSES, renamed) == {0: 2}
    for wrong in ("car", "tram 1", "car x", "car -1", "car nan", "car 2, car 3"):
        with pytest.raises(SettingsError):
            weights_of(replace(HOW, class_weights=wrong), CLASSES)
