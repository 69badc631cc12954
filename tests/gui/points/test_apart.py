"""Things told apart with real keys: new ones, the same one again, two of a cut."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core import steps
from core.answers.instances import things_of
from core.answers.labels import CARRIED
from core.base.jobs import Job
from core.data.items import scan_of
from tests.drives import write_drive
from tests.gui.driver import open_window
from tests.streets import small_project, small_scan, write_scan

CAR, ROAD_KEY = "1", "D"


@pytest.fixture
def instances() -> str:
    return "true"


@pytest.fixture
def project_path(tmp_path, small_street, instances: str):
    path = tmp_path / "project"
    with small_project(path, small_street, **{"label.instances": instances}) as project:
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    return path


def names(driver) -> list[tuple[str, ...]]:
    return [things_of(entry).names for entry in driver.entries()]


def test_each_answer_of_a_countable_class_is_a_thing_of_its_own(driver):
    driver.key(CAR)
    driver.key(CAR)
    (first,), (second,) = names(driver)
    assert first != second
    keys = driver.session.project.classes.keys
    road = driver.session.project.classes.names.index("road")
    modifier = Qt.KeyboardModifier.ShiftModifier if "+" in keys[road] else None
    driver.key(keys[road][-1], *([modifier] if modifier else []))
    assert names(driver)[2] == ()


def test_the_same_thing_again_is_one_key(driver):
    driver.key("7")
    assert not driver.entries()  # there is no thing yet
    driver.key(CAR)
    driver.key("7")
    first, second = driver.entries()
    assert things_of(first).names == things_of(second).names
    assert set(second.classes.tolist()) == {0}
    assert second.tool == "same"
    assert first.unit != second.unit
    driver.key("Z", Qt.KeyboardModifier.ControlModifier)
    assert driver.state.target.unit == second.unit


def test_the_same_thing_again_is_of_the_last_answer_that_holds(driver):
    """After an undo it gave the class and the thing that had just been taken back."""
    control = Qt.KeyboardModifier.ControlModifier
    driver.key(CAR)
    driver.key("4")  # a truck, by mistake
    driver.key("Z", control)
    driver.key("7")
    car, _, _, same = driver.entries()
    assert set(same.classes.tolist()) == {0}
    assert things_of(same).names == things_of(car).names
    for _ in range(2):
        driver.key("Z", control)
    driver.key("7")
    assert driver.entries()[-1].verb == "undo"  # there is no thing any more
    driver.key("Y", control)
    driver.key("7")
    assert things_of(driver.entries()[-1]).names == things_of(car).names


def test_a_cut_gives_two_things_of_one_class(driver):
    rows = driver.state.target.rows
    half = np.arange(len(rows)) < len(rows) // 2
    driver.session.work.labelling.select(half, "cut")
    driver.key(CAR)
    driver.key(CAR)
    (entry,) = driver.entries()
    found = things_of(entry)
    assert len(set(found.names)) == 2
    assert np.array_equal(found.of_row == 1, half)
    assert set(entry.classes.tolist()) == {0}


def test_two_strokes_are_one_thing_by_the_same_key(driver):
    rows = driver.state.target.rows
    half = np.arange(len(rows)) < len(rows) // 2
    driver.session.work.labelling.select(half, "cut")
    driver.key(CAR)
    driver.key("7")
    (entry,) = driver.entries()
    assert len(things_of(entry).names) == 1
    assert things_of(entry).of_row.all()


@pytest.mark.slow
def test_two_things_stay_two_when_the_window_closes_in_mid_drawing(driver, qtbot, project_path):
    rows = driver.state.target.rows
    third = np.arange(len(rows)) * 3 // len(rows)
    labelling = driver.session.work.labelling
    for part in (0, 1):
        labelling.select(third == part, "box")
        driver.key(CAR)
    driver.window.close()
    driver.window = open_window(project_path, qtbot)
    driver.settle()
    assert np.array_equal(driver.state.target.rows, rows)
    driver.key(CAR)
    (entry,) = driver.entries()
    found = things_of(entry)
    assert len(set(found.names)) == 3
    for part in range(3):
        assert len(set(found.of_row[third == part].tolist())) == 1


@pytest.mark.slow
def test_two_things_stay_two_when_their_answer_is_taken_back_later(driver, qtbot, project_path):
    rows = driver.state.target.rows
    third = np.arange(len(rows)) * 3 // len(rows)
    driver.session.work.labelling.select(third == 0, "box")
    driver.key(CAR)
    driver.session.work.labelling.select(third == 1, "box")
    driver.key(CAR)
    driver.key("2")
    driver.window.close()
    driver.window = open_window(project_path, qtbot)
    driver.settle()
    driver.key("Z", Qt.KeyboardModifier.ControlModifier)
    driver.key(Qt.Key.Key_Return)
    found = things_of(driver.entries()[-1])
    assert len(set(found.names)) == 3
    assert found.of_row[third == 0][0] != found.of_row[third == 1][0]


class TestOff:
    @pytest.fixture
    def instances(self) -> str:
        return "false"

    def test_nothing_is_told_apart_by_default(self, driver):
        driver.key(CAR)
        driver.key("7")
        (entry,) = driver.entries()
        assert entry.body == ""


class TestDrive:
    @pytest.fixture
    def project_path(self, tmp_path, instances: str):
        root = tmp_path / "drive"
        write_drive(root)
        write_scan(root, "sequences/08/velodyne/000000", *small_scan(5))
        path = tmp_path / "project"
        overrides = {"label.instances": instances, "query.fraction": "0.9"}
        with small_project(path, root, **overrides) as project:
            steps.prepare(project, Job(), workers=1)
            steps.ask(project, Job())
        return path

    def test_a_thing_is_followed_to_the_next_scan(self, driver, qtbot):
        project, state = driver.session.project, driver.state
        units = project.need_units()
        first, second, _ = project.dataset.train
        state.show_scan(first)
        driver.settle()
        truth = state.content.truth
        number = int(state.content.unit[np.flatnonzero(truth == 0)].max())
        state.show_unit(units.name(units.range_of(first).start + number))
        driver.settle()
        driver.key(CAR)
        state.show_scan(second)
        driver.settle()

        def known() -> list[str]:
            state.guesses.follow(second)
            return [unit for unit in state.guesses.things if scan_of(unit) == second]

        state.guesses.forget()
        qtbot.waitUntil(lambda: bool(known()), timeout=30_000)
        (followed,) = known()
        state.show_unit(followed)
        driver.settle()
        assert (state.content.truth[state.target.rows] == 0).mean() > 0.5
        driver.key(Qt.Key.Key_Return)
        first_answer, second_answer = driver.entries()
        assert second_answer.unit == followed
        assert second_answer.tool == CARRIED
        assert things_of(second_answer).names == things_of(first_answer).names
        state.show_unit(followed)
        driver.settle()
        driver.key("2")  # another class is another thing
        assert things_of(driver.entries()[2]).names != things_of(first_answer).names
