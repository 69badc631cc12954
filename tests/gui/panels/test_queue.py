"""The queue: its order, its filters, and what the round has cost."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.answers.entry import Head, pack_counts
from core.answers.fold import Fold
from core.assist.by_shape import is_bare
from core.data.items import scan_of
from core.query.budget import units_budget
from core.query.pool import Draw
from core.query.query import freeze
from core.query.strategies import strategies
from core.rounds.spending import Spending
from gui.desk.rows import Rows
from tests.core.query.pools import random_pool

SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def test_keys_sort_and_filter_the_queue(driver):
    query = driver.state.round.query
    everything = list(driver.state.order.places)
    driver.key("S", SHIFT)
    scans = [scan_of(query.items[place]) for place in driver.state.order.places]
    best = [scan_of(item) for item in dict.fromkeys(query.items)]
    assert list(dict.fromkeys(scans)) == list(dict.fromkeys(best))
    assert scans == sorted(scans, key=best.index)
    assert sorted(driver.state.order.places) == everything
    driver.key("S", SHIFT)
    assert driver.state.order.places == everything
    partitions = driver.session.project.units.partition_names
    seen = []
    for name in partitions:
        driver.key("F", SHIFT)
        assert {query.group[place] for place in driver.state.order.places} <= {name}
        seen += driver.state.order.places
    assert sorted(seen) == everything
    driver.key("F", SHIFT)
    assert driver.state.order.places == everything


def test_a_filter_keeps_items_with_one_class_suggested(taught):
    state, box = taught.state, taught.session.queue.suggested
    first = dict(state.guesses.first)
    assert first
    assert not any(is_bare(state.project, unit) for unit in first)
    everything = list(state.order.places)
    taught.key("C", SHIFT)
    wanted = state.order.suggested
    assert wanted == max(set(first.values()), key=list(first.values()).count)
    items = [state.round.query.items[place] for place in state.order.places]
    assert items == [item for item in state.round.query.items if first.get(item) == wanted]
    assert box.currentText() == f"Perhaps {state.class_name(wanted)} ({len(items)})"
    state.go(state.order.places[0])
    taught.settle()
    keys = taught.session.project.classes.keys
    for _ in items:
        assert state.round.query.items[state.cursor] in items
        taught.key(keys[wanted])
    waiting = len(state.project.open_items(state.round))
    if waiting:
        assert f"{waiting:,} more wait" in taught.session.status.said.text()
    while state.order.suggested is not None:
        taught.key("C", SHIFT)
    assert state.order.places == everything


@pytest.mark.slow
def test_a_filter_stays_when_a_step_ends_and_goes_with_its_round(taught):
    everything = list(taught.state.order.places)
    taught.key("C", SHIFT)
    kept = list(taught.state.order.places)
    assert kept != everything
    taught.state.reload()
    taught.settle()
    assert taught.state.order.places == kept
    taught.state.summary.round = None  # another one is on the table after the reload
    taught.state.reload()
    taught.settle()
    assert taught.state.order.places == everything


@pytest.mark.slow
def test_no_class_is_offered_while_suggestions_are_off(taught):
    assert taught.session.queue.suggested.count() > 1
    taught.key("G", Qt.KeyboardModifier.ControlModifier)
    assert taught.session.queue.suggested.count() == 1
    assert not taught.session.queue.suggested.isEnabled()


def test_the_budget_counts_answers_and_takes_undone_ones_back(driver):
    budget, query = driver.session.queue.budget, driver.state.round.query
    total = f"{len(query.items):,} items"
    assert budget.spent.text().startswith(f"0 of {total}, 0 of ")
    first = driver.state.cursor
    driver.key("1")
    driver.key(Qt.Key.Key_Delete)  # declined: done, but no unit and no point
    points = int(query.cost[first])
    assert budget.spent.text().startswith(f"2 of {total} (1 declined), {points:,} of ")
    label = driver.window.stepper.buttons["label"].text()
    assert label.endswith(f"2/{len(query.items):,}")
    assert budget.bar.value() == 2
    assert "left" in budget.time.text()
    driver.key("Z", Qt.KeyboardModifier.ControlModifier)
    driver.key("Z", Qt.KeyboardModifier.ControlModifier)
    assert budget.bar.value() == 0


@pytest.mark.parametrize("seed", range(5))
def test_spending_equals_a_count_from_the_start(seed: int):
    """Random answers, declines and undos to items and to other units."""
    rng = np.random.default_rng(seed)
    pool, _ = random_pool(seed)
    selection = strategies()["random"](pool, units_budget(pool.units, 12), Draw(1, 1))
    query = freeze(
        selection, pool.units, strategy="random", draw=Draw(1, 1),
        budget=units_budget(pool.units, 12), checkpoint=None, parent=None,
    )  # fmt: skip
    fold = Fold()
    spending = Spending(query, fold)
    names = [*query.items, "elsewhere#c1", "elsewhere#c2"]
    for seq in range(1, 80):
        verb = rng.choice(["answer", "answer", "decline", "undo"])
        counts = pack_counts(np.zeros(1, np.uint8)) if verb == "answer" else b""
        cancels = int(rng.integers(1, seq)) if verb == "undo" and seq > 1 else None
        fold.add(Head(
            "ann", seq, float(seq), str(verb), "", "s", str(rng.choice(names)),
            int(rng.integers(1, 900)), counts,
            round(float(rng.exponential(3)), 3), "key", "", cancels, False,
        ))  # fmt: skip
        if rng.random() < 0.5:
            spending.follow()
    spending.follow()
    heads = [fold.effective[item] for item in query.items if item in fold.effective]
    answered = [head for head in heads if head.verb == "answer"]
    assert (spending.done, spending.units) == (len(heads), len(answered))
    assert spending.points == sum(head.points for head in answered)
    assert spending.hundredths == sum(round(head.active_s * 100) for head in heads)
    assert spending.seconds == spending.hundredths / 100
    assert spending.waiting == len(query.items) - len(heads)


def test_an_answer_does_not_touch_each_line(driver, monkeypatch):
    """A round may ask 140,636: laid out line by line, they hold the window for a second."""
    asked, length = [], Rows.__len__
    monkeypatch.setattr(Rows, "__len__", lambda rows: asked.append(rows) or length(rows))
    for _ in range(3):
        driver.key("1")
    # Twice for each line and answer would be such a layout; painting asks for some more.
    assert len(asked) < 3 * 2 * len(driver.state.order.places)


def test_a_key_that_sorts_counts_no_item_anew(driver, monkeypatch):
    """The budget counted all answers to the round at each such key."""
    made, begin = [], Spending.__init__

    def noted(spending: Spending, *arguments) -> None:
        made.append(arguments)
        begin(spending, *arguments)

    monkeypatch.setattr(Spending, "__init__", noted)
    driver.key("S", SHIFT)
    assert not made
    driver.key("1")
    driver.rest()
    assert driver.session.queue.budget.spent.text().startswith("1 of ")
