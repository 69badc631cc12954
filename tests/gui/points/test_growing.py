"""Growing with real keys: a thing that the preparation split is one act, and one undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core import steps
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.prepare.units import CLUSTER, NOISE
from gui.points.paint import FULL
from tests.meanwhile import answer_meanwhile
from tests.streets import CAR, give, small_project, small_scan, write_scan

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
FRONT, BACK, LOOSE = 150, 120, 5  # points of a car in two halves, and before it


def split_car() -> tuple[np.ndarray, np.ndarray]:
    """The small street and a car of two clusters with stray points before it, at 12 m."""
    points, raw = small_scan(0)
    rng = np.random.default_rng(7)
    near = (np.hypot(points[:, 0] - 12.0, points[:, 1]) < 4) & (raw != 40)
    points, raw = points[~near], raw[~near]
    halves = [
        rng.uniform((10.0, -0.8, -1.4), (11.3, 0.8, -0.3), (FRONT, 3)),
        rng.uniform((11.95, -0.8, -1.4), (13.25, 0.8, -0.3), (BACK, 3)),
        rng.uniform((9.35, -0.8, -1.4), (9.45, 0.8, -0.3), (LOOSE, 3)),
    ]
    xyz = np.concatenate(halves)
    car = np.hstack([xyz, np.full((len(xyz), 1), 0.5)]).astype(np.float32)
    return np.concatenate([points, car]), np.concatenate([raw, np.full(len(car), CAR)])


@pytest.fixture
def project_path(tmp_path: Path) -> Path:
    """A prepared project that asks about most units of one scan with the split car."""
    root = tmp_path / "street"
    write_scan(root, "sequences/00/velodyne/000000", *split_car())
    write_scan(root, "sequences/08/velodyne/000000", *small_scan(1))
    path = tmp_path / "project"
    with small_project(path, root, **{"query.fraction": "0.9"}) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    return path


class Car:
    """The split car in the driver's scan."""

    def __init__(self, driver) -> None:
        content, units = driver.state.content, driver.session.project.units
        self.rows = np.arange(len(content.points) - FRONT - BACK - LOOSE, len(content.points))
        front, back, loose = np.split(self.rows, [FRONT, FRONT + BACK])
        of_front, of_back = content.unit[front], content.unit[back]
        assert len(set(of_front.tolist())) == len(set(of_back.tolist())) == 1
        assert of_front[0] != of_back[0]
        assert (content.unit[loose] == NOISE).all()
        self.front, self.back = (
            units.name(units.range_of(content.scan).start + int(number))
            for number in (of_front[0], of_back[0])
        )


@pytest.fixture
def car(driver, qtbot) -> Car:
    """The driver is at the front half, and the scan's superpoints are known."""
    found = Car(driver)
    growing = driver.session.work.growing
    qtbot.waitUntil(lambda: growing._superpoints() is not None, timeout=10_000)
    driver.state.show_unit(found.front)
    driver.settle()
    return found


def lit(driver) -> np.ndarray:
    """Rows that the view draws at full brightness."""
    colours, table = driver.session.work.in_view.colours, driver.session.view.cloud._table
    return np.flatnonzero(table.reshape(-1, 4)[colours.placed, 3] == FULL)


def test_one_key_lights_the_whole_thing_and_one_more_answers_it(driver, car):
    assert not np.array_equal(lit(driver), car.rows)
    driver.key("6")
    assert np.array_equal(lit(driver), car.rows)
    beyond = len(car.rows) - len(driver.state.target.rows)
    said = driver.session.work.in_view.overlays.card.reason.text()
    assert f"the unit and {beyond} points around it" in said
    waiting = driver.state.summary.waiting
    driver.key("1")
    labels = driver.session.project.labels(driver.state.content.scan)
    assert set(labels[car.rows].tolist()) == {0}
    assert np.count_nonzero(labels != UNLABELLED) == len(car.rows)
    asked, other, around = driver.entries()
    assert (asked.unit, other.unit, around.unit) == (car.front, car.back, "")
    assert [entry.round for entry in (asked, other, around)] == ["001-size", "001-size", ""]
    assert asked.tool == "grow"
    assert (asked.keys, other.keys) == (2, 0)
    assert driver.state.summary.waiting == waiting - 2  # the other half is not asked again


def test_it_grows_while_a_step_answers(driver, car):
    project = driver.session.project
    units, taken = project.units, {car.front, car.back}
    one, other = [n for n in range(len(units)) if units.name(n) not in taken][:2]
    give(project, one, 1)
    driver.rest()
    answer_meanwhile(project, one, other)
    driver.key("6")
    assert units.name(other) in driver.answers.effective
    assert np.isin(car.rows, lit(driver)).all()


def test_what_was_asked_is_what_counts_as_spent(driver, car):
    driver.key("6")
    driver.key("1")
    spent = driver.answers.spent()
    assert (spent.units, spent.points) == (2, FRONT + BACK)  # not the stray points


def test_one_undo_takes_everything_back_and_redo_brings_it_again(driver, car):
    driver.key("6")
    driver.key("1")
    told: list[str] = []
    driver.state.told.connect(told.append)
    driver.key("Z", CONTROL)
    assert "Undone: 2 units and points around as car" in told
    scan = driver.state.content.scan
    assert (driver.session.project.labels(scan) == UNLABELLED).all()
    assert (driver.state.content.labels == UNLABELLED).all()
    assert driver.state.target.unit == car.front
    assert not driver.answers.effective
    driver.key("Y", CONTROL)
    assert set(driver.session.project.labels(scan)[car.rows].tolist()) == {0}


def test_shift_and_the_key_shrinks_and_esc_is_back_at_the_unit(driver, car):
    own = lit(driver)
    for back in (lambda: driver.key("6", SHIFT), lambda: driver.key(Qt.Key.Key_Escape)):
        driver.key("6")
        assert len(lit(driver)) == len(car.rows)
        back()
        assert np.array_equal(lit(driver), own)
        assert driver.state.target.unit == car.front
    driver.key("1")
    (entry,) = driver.entries()
    assert np.array_equal(entry.rows, own)
    assert entry.tool == "key"


def test_points_with_a_class_keep_it(driver, car):
    driver.state.show_unit(car.back)
    driver.settle()
    driver.key("3")
    driver.state.show_unit(car.front)
    driver.settle()
    driver.key("6")
    driver.key("1")
    labels = driver.session.project.labels(driver.state.content.scan)
    front, back = car.rows[:FRONT], car.rows[FRONT : FRONT + BACK]
    assert set(labels[front].tolist()) == {0}
    assert set(labels[back].tolist()) == {2}


def test_a_unit_that_somebody_declined_is_not_taken(driver, car):
    driver.state.show_unit(car.back)
    driver.settle()
    driver.key(Qt.Key.Key_Delete)
    driver.state.show_unit(car.front)
    driver.settle()
    driver.key("6")
    driver.key("1")
    labels = driver.session.project.labels(driver.state.content.scan)
    assert (labels[car.rows[FRONT : FRONT + BACK]] == UNLABELLED).all()
    assert driver.answers.effective[car.back].verb == "decline"


def test_what_was_declined_elsewhere_is_not_walked_through(driver, car, monkeypatch):
    """A key waited for all answers of the project, 100,000 of them."""

    class Looked(dict):
        def values(self):
            raise AssertionError("all answers are walked through")

    content, growing = driver.state.content, driver.session.work.growing
    driver.state.show_unit(car.back)
    driver.settle()
    driver.key(Qt.Key.Key_Delete)
    monkeypatch.setattr(driver.answers.fold, "effective", Looked(driver.answers.effective))
    closed = growing._declined(content)
    assert np.flatnonzero(closed).tolist() == car.rows[FRONT : FRONT + BACK].tolist()


def test_what_was_grown_is_for_no_other_unit(driver, car):
    driver.key("6")
    driver.state.show_unit(car.back)
    driver.settle()
    driver.key("1")
    (entry,) = driver.entries()
    assert entry.unit == car.back
    assert len(entry.rows) == BACK


def test_a_class_key_before_the_points_are_lit_answers_nothing(driver, car):
    growing = driver.session.work.growing
    growing._known.clear()
    told: list[str] = []
    driver.state.told.connect(told.append)
    growing.grow()  # the superpoints are still being found
    driver.session.work.answer(0)
    assert not driver.entries()
    assert "about to grow" in told[-1]
    driver.qtbot.waitUntil(lambda: growing.step > 0, timeout=10_000)
    assert np.array_equal(lit(driver), car.rows)


def test_nothing_grows_under_a_drawing_or_a_blind_answer(driver, car):
    driver.key("K")
    view = driver.session.view
    driver.session.work.in_view.drawing.put_away()
    rows = driver.state.target.rows
    driver.session.work.labelling.select(np.arange(len(rows)) < 50, "box")
    driver.key("6")
    assert driver.session.work.growing.step == 0
    assert view.isVisible()
    driver.key(Qt.Key.Key_Escape)
    driver.key(Qt.Key.Key_Escape)
    driver.state.begin_second([car.front])
    driver.settle()
    assert driver.state.target.blind
    driver.key("6")
    assert driver.session.work.growing.step == 0


def test_a_thing_alone_grows_no_further(driver, car):
    units, content = driver.session.project.units, driver.state.content
    mine = units.range_of(content.scan)
    names = units.names(list(mine))
    alone = next(
        name
        for number, name in enumerate(names)
        if units.kind[mine.start + number] == CLUSTER and name not in (car.front, car.back)
    )
    told: list[str] = []
    driver.state.told.connect(told.append)
    driver.state.show_unit(alone)
    driver.settle()
    driver.key("6")
    assert told[-1] == "Nothing beside it belongs to it."
    driver.key("2")
    (entry,) = driver.entries()
    assert entry.unit == alone


# -- by clicks -------------------------------------------------------------------------------------


def click_on(driver, rows: np.ndarray, held=CONTROL) -> None:
    """Click, with a key held, on a point of these rows that is in sight."""
    view = driver.session.view
    seen = np.intersect1d(np.unique(view.picker.ids()), rows)
    places = view.picker.screen_xy(driver.state.content.points[seen])
    x, y = next(place for place in places if view.picker.pick(*place) in rows)
    QTest.mouseClick(
        view.canvas.native, Qt.MouseButton.LeftButton, held, QPoint(round(x), round(y))
    )
    driver.settle()


def told_in(driver) -> list[str]:
    told: list[str] = []
    driver.state.told.connect(told.append)
    return told


def test_a_click_with_ctrl_takes_another_unit_in_and_a_second_one_lets_go(driver, car):
    own = driver.state.target.rows
    back = car.rows[FRONT : FRONT + BACK]
    click_on(driver, back)
    assert driver.state.target.unit == car.front  # it is asked together, not instead
    assert np.array_equal(lit(driver), np.sort(np.concatenate([own, back])))
    told = driver.session.work.in_view.overlays.card.reason.text()
    assert f"{BACK:,} points around" in told
    click_on(driver, back)
    assert np.array_equal(lit(driver), own)
    click_on(driver, back)
    driver.key("1")
    asked, other = driver.entries()
    assert (asked.unit, other.unit) == (car.front, car.back)
    assert np.array_equal(other.rows, back)
    driver.key("Z", CONTROL)
    assert not driver.answers.effective


def test_what_a_click_lets_go_of_stays_out_of_the_next_step(driver, car):
    back = car.rows[FRONT : FRONT + BACK]
    driver.key("6")
    assert np.isin(back, lit(driver)).all()
    click_on(driver, back)
    assert not np.isin(back, lit(driver)).any()
    driver.key("6")
    assert not np.isin(back, lit(driver)).any()


def test_a_click_on_the_ground_takes_the_ground_around_and_not_the_street(driver, car):
    """Whatever the person points at comes with the unit; no step takes ground to a car."""
    content = driver.state.content
    ground = content.points[:, 2] < content.points[:, 2].min() + 0.2
    street = np.flatnonzero(ground & (content.unit != content.unit[car.rows[0]]))
    beside = np.hypot(content.points[street, 0] - 12, content.points[street, 1]) < 5
    click_on(driver, street[beside])
    taken = np.setdiff1d(lit(driver), driver.state.target.rows)
    assert len(taken)
    assert np.isin(taken, street).all()
    away = np.hypot(content.points[taken, 0] - 12, content.points[taken, 1])
    assert away.max() < 12 < np.hypot(*content.points[street, :2].T - [[12], [0]]).max()


def test_a_click_takes_nothing_that_is_answered(driver, car):
    back = car.rows[FRONT : FRONT + BACK]
    driver.state.show_unit(car.back)
    driver.settle()
    driver.key("3")
    driver.state.show_unit(car.front)
    driver.settle()
    told = told_in(driver)
    click_on(driver, back)
    assert "has its answer already" in told[-1]
    assert driver.session.work.growing.step == 0
    driver.key("1")
    assert set(driver.session.project.labels(driver.state.content.scan)[back].tolist()) == {2}


def test_a_unit_that_holds_two_things_is_shrunk_to_its_parts(driver, car, qtbot):
    """With nothing grown there is less than the unit: its larger part is lit, then the rest."""
    rows = driver.state.target.rows
    driver.key("6", SHIFT)
    labelling = driver.session.work.labelling
    qtbot.waitUntil(lambda: labelling.draft is not None, timeout=10_000)
    part = labelling.draft.asked
    assert 0 < part.sum() < len(rows)
    driver.key("1")
    driver.key("2")
    (entry,) = driver.entries()
    assert np.array_equal(entry.rows, rows)
    assert np.array_equal(entry.classes == 0, part)


def test_a_click_with_ctrl_on_the_unit_itself_selects_its_part(driver, car, qtbot):
    labelling = driver.session.work.labelling
    click_on(driver, driver.state.target.rows)
    qtbot.waitUntil(lambda: labelling.draft is not None, timeout=10_000)
    assert 0 < labelling.draft.selected.sum() < len(driver.state.target.rows)
