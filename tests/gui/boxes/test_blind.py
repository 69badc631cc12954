"""Frames that are drawn blind: one stays among them, and one that cannot be read is passed over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from core.answers.box import Box
from core.answers.boxes import Drawn
from core.project.project import Project
from tests.gui.boxes.frames import CONTROL, BoxDriver, box_car, made_street, opened, true_box

RETURN, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape


@pytest.fixture
def finished(qapp, qtbot, tmp_path, monkeypatch):
    """A function that opens a street of which somebody else has finished the frames at places."""
    windows = []

    def open(places: Sequence[int]) -> BoxDriver:
        path = made_street(tmp_path)
        monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
        with Project(path) as project:
            for scan in (project.dataset.train[place] for place in places):
                ref = project.scan_ref(scan)
                names = project.boxes.new_names(scan, 1)
                project.boxes.draw([Drawn(ref, names[0], Box(true_box(0), 0))], round="")
                project.boxes.finish(ref, round="")
        monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
        driver = opened(path, qtbot)
        windows.append(driver.window)
        return driver

    yield open
    for window in windows:
        window.close()


def lose(driver: BoxDriver, *scans: str) -> None:
    """Take scans' files away, also from what was read."""
    for scan in scans:
        driver.session.project.dataset.path(scan).unlink()
    driver.state.loader.forget()


def mine(driver: BoxDriver) -> list[tuple[str, bool]]:
    return [(one.scan, one.blind) for one in driver.entries() if one.annotator == "ann"]


@pytest.mark.parametrize("way", ["key", "strip"])
def test_one_stays_among_the_frames_of_a_second_opinion(finished, way: str):
    driver = finished([0])
    first, second, *_ = driver.session.project.dataset.train
    driver.window.actions_table.run("second")
    driver.settle()
    assert (driver.frame.scan, driver.frame.blind) == (first, True)
    if way == "key":
        driver.key(Qt.Key.Key_PageDown)
    else:
        driver.rest()
        strip = driver.work.panels.strip
        place = QPoint(round(strip.x_of(1.5)), strip.height() // 2)
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=place)
        driver.settle()
    assert driver.said == "Only what is asked blind is drawn now; Esc ends it."
    assert driver.frame.scan == driver.state.shown_scan == first
    box_car(driver, 0)
    driver.key(RETURN, CONTROL)
    assert mine(driver) == [(first, True)] * 2
    assert not driver.frame.blind
    driver.key(Qt.Key.Key_PageDown)
    assert driver.frame.scan == second


def test_a_scan_that_is_shown_otherwise_meanwhile_is_drawn_as_ever(finished):
    driver = finished([0])
    first, second, *_ = driver.session.project.dataset.train
    driver.window.actions_table.run("second")
    driver.settle()
    driver.state.show_scan(second)  # as the page of the preparation does
    driver.settle()
    assert not driver.frame.blind
    driver.key("L", CONTROL)
    assert (driver.frame.scan, driver.frame.blind) == (first, True)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_frame_of_the_sample_that_cannot_be_read_is_passed_over(finished, lost: int):
    driver = finished([0, 1, 2])
    project = driver.session.project
    queue = driver.work.queue
    queue.begin_sample()
    order = queue.sample
    queue.end_sample()
    driver.state.show_scan(project.dataset.train[3])
    driver.settle()
    lose(driver, order[lost])
    driver.window.actions_table.run("second")
    driver.settle()
    for scan in order:
        if scan != order[lost]:
            assert (driver.frame.scan, driver.frame.blind) == (scan, True)
            driver.key(RETURN, CONTROL)
    assert driver.session.banner.isVisible()
    assert not driver.frame.blind
    assert mine(driver) == [(scan, True) for scan in order if scan != order[lost]]


def test_a_sample_that_cannot_be_read_ends_and_the_frame_before_is_drawn_on(finished):
    driver = finished([0, 1])
    project = driver.session.project
    *both, third, _ = project.dataset.train
    driver.state.show_scan(third)
    driver.settle()
    lose(driver, *both)
    driver.window.actions_table.run("second")
    driver.settle()
    assert (driver.frame.scan, driver.frame.blind) == (third, False)
    assert driver.said == "The second opinion has ended."
    driver.key(RETURN, CONTROL)
    assert mine(driver) == [(third, False)]


def test_a_sample_that_is_left_before_its_frame_is_read_leaves_the_one_before(finished):
    driver = finished([0])
    project = driver.session.project
    first, second, *_ = project.dataset.train
    driver.state.show_scan(second)
    driver.settle()
    lose(driver, first)
    driver.window.actions_table.run("second")
    driver.window.actions_table.run("whole")
    assert driver.state.coming == first
    driver.settle()
    assert (driver.frame.scan, driver.frame.blind) == (second, False)
    driver.key(RETURN, CONTROL)
    assert mine(driver) == [(second, False)]


def test_what_was_drawn_blind_counts_for_nobody_who_stays_in_its_frame(finished):
    """Left while the next frame was read, which then could not be: the blind box was moved as any
    other, and counted from then on."""
    driver = finished([0, 1])
    project = driver.session.project
    driver.window.actions_table.run("second")
    driver.settle()
    here, other = driver.work.queue.sample
    name = box_car(driver, 0)
    driver.key(ESC)  # the tool is put away, the box stays chosen
    lose(driver, other)
    QTest.keyClick(driver.session.view.canvas.native, RETURN, CONTROL)
    assert driver.state.coming == other
    driver.window.actions_table.run("second")
    assert not driver.work.queue.sample
    driver.settle()
    assert (driver.frame.scan, driver.frame.blind) == (here, False)
    assert set(driver.frame.rows) == set(project.boxes_of(here))
    assert name not in driver.frame.rows
    driver.key(Qt.Key.Key_W)  # moves the chosen box
    assert all(blind for _, blind in mine(driver))


def test_nothing_drawn_blind_stays_where_boxes_are_left_and_come_to_again(finished):
    driver = finished([0, 1])
    project = driver.session.project
    driver.window.actions_table.run("second")
    driver.settle()
    here = driver.frame.scan
    box_car(driver, 0)
    driver.key(ESC)
    driver.key(Qt.Key.Key_F4)
    assert driver.frame.rows == {}
    driver.key(Qt.Key.Key_F4)
    assert (driver.frame.scan, driver.frame.blind) == (here, False)
    assert set(driver.frame.rows) == set(project.boxes_of(here))
    driver.key(Qt.Key.Key_W)
    assert all(blind for _, blind in mine(driver))


@pytest.mark.parametrize("key", [False, True])
def test_who_goes_back_to_the_frame_on_screen_goes_on_in_it(finished, key: bool):
    """It had come to nothing there, and keys waited for whatever frame came next."""
    driver = finished([0])
    project = driver.session.project
    first, _, third, last = project.dataset.train
    driver.state.loader.forget()  # of the first frame, nothing is read ahead from here
    driver.state.show_scan(last)
    driver.settle()
    native, table = driver.session.view.canvas.native, driver.window.actions_table
    table.run("second")
    assert driver.state.coming == first
    if key:
        QTest.keyClick(native, RETURN, CONTROL)  # waits for a frame that does not come
    table.run("second")
    strip = driver.work.panels.strip
    place = QPoint(round(strip.x_of(3.5)), strip.height() // 2)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=place)
    driver.settle()
    assert (driver.frame.scan, driver.frame.blind) == (last, False)
    assert driver.frame.scan == driver.state.shown_scan
    if key:
        driver.qtbot.waitUntil(lambda: driver.said.startswith("Frame finished, next: not done"))
    driver.work.bench.show_frame(third)
    driver.settle()
    assert mine(driver) == []
    driver.key(RETURN, CONTROL)
    assert mine(driver) == [(third, False)]


def test_keys_for_a_frame_act_on_no_other_that_is_chosen_meanwhile(finished):
    driver = finished([])
    _, second, third, *_ = driver.session.project.dataset.train
    driver.state.loader.forget()
    native = driver.session.view.canvas.native
    QTest.keyClick(native, Qt.Key.Key_PageDown)
    assert driver.state.coming == second
    QTest.keyClick(native, RETURN, CONTROL)
    strip = driver.work.panels.strip
    place = QPoint(round(strip.x_of(2.5)), strip.height() // 2)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=place)
    driver.settle()
    assert driver.frame.scan == third
    assert mine(driver) == []
    driver.qtbot.waitUntil(
        lambda: driver.said == "Frame finished, next: not done, since another frame was chosen."
    )


@pytest.mark.parametrize("way", ["key", "shown"])
def test_a_key_for_a_frame_that_is_passed_over_does_nothing(finished, way: str):
    """By another key, or as the panel of scans shows one."""
    driver = finished([])
    _, second, third, last = driver.session.project.dataset.train
    driver.state.loader.forget()
    native = driver.session.view.canvas.native
    QTest.keyClick(native, Qt.Key.Key_PageDown)
    QTest.keyClick(native, RETURN, CONTROL)
    assert driver.state.coming == second
    if way == "key":
        QTest.keyClick(native, Qt.Key.Key_PageDown)
    else:
        driver.state.show_scan(last)
    driver.settle()
    assert driver.frame.scan == (third if way == "key" else last)
    assert mine(driver) == []
    driver.qtbot.waitUntil(
        lambda: driver.said == "Frame finished, next: not done, since another frame was chosen."
    )


@pytest.mark.parametrize("way", ["key", "shown"])
def test_a_key_behind_one_that_has_not_ended_does_nothing_in_a_frame_chosen_meanwhile(
    finished, way: str
):
    driver = finished([])
    first, _, third, last = driver.session.project.dataset.train
    driver.state.loader.forget()
    native = driver.session.view.canvas.native
    QTest.keyClick(native, RETURN, CONTROL)
    assert driver.work.gate.busy()
    QTest.keyClick(native, RETURN, CONTROL)
    if way == "key":
        QTest.keyClick(native, Qt.Key.Key_PageDown)
        QTest.keyClick(native, Qt.Key.Key_PageDown)
    else:
        driver.state.show_scan(last)
    driver.settle()
    assert driver.frame.scan == (third if way == "key" else last)
    assert mine(driver) == [(first, False)]
    driver.qtbot.waitUntil(
        lambda: driver.said == "Frame finished, next: not done, since another frame was chosen."
    )


@pytest.mark.parametrize("way", ["behind", "ahead"])
def test_no_frame_is_finished_that_was_not_on_screen(finished, way: str):
    """Neither the one that the key before leads to, nor one that is on its way."""
    driver = finished([])
    first, second, *_ = driver.session.project.dataset.train
    driver.state.loader.forget()
    native = driver.session.view.canvas.native
    if way == "behind":
        QTest.keyClick(native, RETURN, CONTROL)
        assert driver.work.gate.busy()
    else:
        QTest.keyClick(native, Qt.Key.Key_PageDown)
        assert driver.state.coming == second
    QTest.keyClick(native, RETURN, CONTROL)
    driver.settle()
    assert driver.frame.scan == second
    assert mine(driver) == ([(first, False)] if way == "behind" else [])
    driver.qtbot.waitUntil(
        lambda: (
            driver.said == "Frame finished, next: not done, since nobody had seen this frame yet."
        )
    )
    driver.key(RETURN, CONTROL)
    assert (second, False) in mine(driver)
