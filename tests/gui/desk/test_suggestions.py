"""Suggestions in the window: shown with their keys, confirmed by Enter, never by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core import steps
from core.answers.effort import Effort
from core.assist.by_shape import is_bare
from core.assist.calibration import ENOUGH, Calibration, Calibrations
from core.assist.suggestion import Suggestion
from core.base.jobs import Job
from core.project.project import Project
from tests.drives import write_drive
from tests.gui.driver import Driver, open_window, truth
from tests.streets import QUICK

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_nothing_is_suggested_before_anything_is_known(driver):
    before = driver.state.target
    assert driver.state.suggestion is None
    driver.key(Qt.Key.Key_Return)
    assert driver.entries() == []
    assert driver.state.target is before


def sure_of_all(driver) -> None:
    """As if enough answers had measured that suggestions are right."""
    known = Calibration(1.0, 2.0, ENOUGH)
    driver.state.guesses._known = Calibrations(known, known, known)
    driver.session.work.in_view.overlays.refresh()


@pytest.mark.parametrize("grown", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_enter_confirms_nothing_before_enough_was_measured(taught, grown: bool):
    """Early suggestions are mostly wrong, and Enter took them."""
    known = Calibration(1.0, 0.0, ENOUGH - 1)
    taught.state.guesses._known = Calibrations(known, known, known)
    taught.session.work.in_view.overlays.refresh()
    card = taught.session.work.in_view.overlays.card
    name = taught.state.class_name(taught.state.suggestion.classes[0])
    assert card.guess.text().startswith(f"Perhaps {name} ")
    assert "Enter" not in card.guess.text()
    if grown:
        taught.session.work.growing.step = 1
    unit, count = taught.state.target.unit, len(taught.entries())
    taught.key(Qt.Key.Key_Return)
    assert (len(taught.entries()), taught.state.target.unit) == (count, unit)
    said = taught.session.status.said.text()
    assert said.startswith(f"Too early to confirm a suggestion: {ENOUGH - 1} of {ENOUGH} answers")
    taught.session.work.growing.step = 0
    sure_of_all(taught)
    assert card.guess.text().startswith("Enter: ")
    taught.key(Qt.Key.Key_Return)
    assert len(taught.entries()) == count + 1


def test_enter_gives_the_class_that_the_card_names_first(taught):
    sure_of_all(taught)
    found = taught.state.suggestion
    unit, wanted = taught.state.target.unit, truth(taught)
    name = taught.state.class_name(found.classes[0])
    key = taught.session.project.classes.keys[found.classes[0]]
    assert taught.session.work.in_view.overlays.card.guess.text().startswith(f"Enter: {name} ")
    assert f"[{key}]" in taught.session.work.in_view.overlays.card.guess.text()
    taught.key(Qt.Key.Key_Return)
    entry = taught.entries()[-1]
    assert entry.unit == unit
    assert (entry.tool, entry.keys) == ("accept", 1)
    assert set(entry.classes.tolist()) == {found.classes[0]}
    assert Suggestion.from_text(entry.suggested) == Suggestion(
        found.classes,
        tuple(round(share, 3) for share in found.shares),
        found.shape,
        None,
        True,
        measured=found.measured,
    )
    assert found.classes[0] == wanted  # roads, cars and poles of this street are easily told


@pytest.mark.parametrize(
    ("known", "percent", "bold"),
    [
        (Calibration(1.0, 0.0, ENOUGH - 1), False, False),
        pytest.param(
            *(Calibration(0.0, 0.5, ENOUGH), True, False), marks=pytest.mark.slow
        ),  # right in 62 %
        (Calibration(0.0, 2.0, ENOUGH), True, True),  # right in 88 %
    ],
)
def test_the_card_is_as_sure_as_suggestions_were_right(taught, known, percent, bold):
    """No percentage before enough was measured, nothing bold below four right of five."""
    taught.state.guesses._known = Calibrations(known, known, known)
    taught.session.work.in_view.overlays.refresh()
    guess = taught.session.work.in_view.overlays.card.guess
    first = taught.state.suggestion.classes[0]
    assert taught.state.class_name(first) in guess.text()
    assert ("%" in guess.text()) is percent
    assert ("too early to say" in guess.text()) is not percent
    assert ("unsure" in guess.text()) is (percent and not bold)
    assert guess.font().bold() is bold


def test_a_key_says_otherwise_and_the_suggestion_is_kept(taught):
    found = taught.state.suggestion
    other = next(c for c in range(19) if c not in found.classes)
    taught.key(taught.session.project.classes.keys[other])
    entry = taught.entries()[-1]
    assert set(entry.classes.tolist()) == {other}
    assert Suggestion.from_text(entry.suggested).classes == found.classes


def test_a_bare_unit_shows_none_and_enter_labels_nothing(taught, monkeypatch):
    monkeypatch.setattr("gui.desk.guesses.is_bare", lambda *_: True)
    taught.state.guesses.changed.emit()
    taught.settle()
    count = len(taught.entries())
    assert taught.session.work.in_view.overlays.card.guess.text().startswith("No suggestion")
    taught.key(Qt.Key.Key_Return)
    assert len(taught.entries()) == count
    taught.key("1")
    assert Suggestion.from_text(taught.entries()[-1].suggested).shown is False


def test_suggestions_can_be_off(taught):
    taught.key("G", CONTROL)
    assert not taught.session.work.in_view.overlays.card.guess.isVisible()
    count = len(taught.entries())
    taught.key(Qt.Key.Key_Return)
    assert len(taught.entries()) == count
    taught.key("G", CONTROL)
    assert taught.session.work.in_view.overlays.card.guess.isVisible()


def test_the_class_of_the_next_scan_is_offered_and_marked(qapp, qtbot, tmp_path):
    root = tmp_path / "drive"
    write_drive(root)
    path = tmp_path / "p"
    with Project.create(
        path, format="semantickitti", root=root, train=["00"], preset="laptop", research=True,
        overrides={**QUICK, "query.fraction": "0.9"},
    ) as project:  # fmt: skip
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
        first, second, _ = project.dataset.train
        truth = project.dataset.ground_truth(first, project.classes)
        project.answers.answer(
            project.scan_ref(first), np.arange(len(truth)), truth, round="", unit="",
            effort=Effort(tool="key"),
        )  # fmt: skip
        items = [i for i in project.rounds[0].query.items if i.startswith(f"{second}#")]
        unit = next(i for i in items if not is_bare(project, i) and "#c" in i)
    driver = Driver(open_window(path, qtbot), qtbot)
    driver.settle()
    driver.state.go(driver.state.round.query.items.index(unit))
    driver.settle()
    qtbot.waitUntil(lambda: driver.state.suggestion is not None)
    driver.settle()
    assert "as in the scan beside it" in driver.session.work.in_view.overlays.card.guess.text()
    wanted = int(np.bincount(driver.state.content.truth[driver.state.target.rows]).argmax())
    spent = driver.answers.spent().units
    driver.key(Qt.Key.Key_Return)
    entry = driver.entries()[-1]
    assert (entry.unit, entry.tool) == (unit, "carried over")
    assert set(entry.classes.tolist()) == {wanted}
    assert driver.answers.spent().units == spent
    # It is an answer like any other, and every counter says so.
    driver.rest()
    driver.session.rounds.refill()
    words = f"{spent + 1} units labelled (1 carried over)".replace("1 units", "1 unit")
    items = f"{driver.state.summary.asked - driver.state.summary.waiting}"
    assert words in driver.session.status.spent.text()
    assert words in driver.session.rounds.spent.text()
    points = len(entry.rows)
    assert f"{items} of " in driver.session.rounds.table.item(0, 1).text()
    assert driver.session.queue.budget.spent.text().startswith(f"{items} of ")
    assert f", {points:,} of " in driver.session.queue.budget.spent.text()
    assert driver.session.status.spent.text().startswith(f"{points:,} of ")
    # Its neighbours are drawn with it, and only its own points are picked.
    view, scene = driver.session.view, driver.session.work.in_view.scene
    driver.state.go(driver.state.round.query.items.index(unit))
    qtbot.waitUntil(lambda: len(view.around) == 2)
    assert [cloud.visible for cloud in view.around] == [True, False]
    ids = view.picker.ids()
    assert ids.max() < len(driver.state.content.points)
    view.camera.azimuth += 5
    assert [cloud.visible for cloud in view.around] == [False, True]
    qtbot.waitUntil(lambda: view.around[0].visible)
    driver.key("B", CONTROL)
    assert view.around == []
    assert not scene.neighbours.on
    driver.key("B", CONTROL)
    qtbot.waitUntil(lambda: len(view.around) == 2)
    driver.window.close()


def test_without_poses_the_neighbours_are_refused_in_words(driver, qtbot):
    said: list[str] = []
    driver.state.told.connect(said.append)
    driver.key("B", CONTROL)
    qtbot.waitUntil(lambda: any("has no pose" in text for text in said))
    path = driver.state.project.path
    assert any(f"`lidarloop poses {path}`" in text for text in said)
    assert not driver.session.view.around


def test_what_enter_means_stays_while_a_unit_is_asked(taught, qtbot):
    """Learning that ended meanwhile changed it under the hand."""
    driver = taught
    guesses, unit = driver.state.guesses, driver.state.target.unit
    before = driver.state.suggestion
    assert before is not None
    other = next(c for c in range(3) if c != before.classes[0])
    guesses._shape[unit] = {other: 1.0}
    guesses._network.pop(unit, None)
    guesses._carried.pop(unit, None)
    guesses.changed.emit()
    driver.settle()
    assert driver.state.suggestion is before
    driver.key(Qt.Key.Key_Tab)
    driver.key(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert driver.state.target.unit == unit
    assert driver.state.suggestion.classes[0] == other
