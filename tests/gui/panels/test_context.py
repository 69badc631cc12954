"""The context panel in the window: it follows the target; its picture never waits for others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.data.items import scan_of
from gui.desk.background import Turn
from gui.desk.pictures import inside
from tests.gui.driver import Driver, open_window
from tests.gui.panels.stage import FOCAL, WIDE, write_camera
from tests.streets import asked_project, small_scan, write_scan


@pytest.fixture
def pictured(qapp, qtbot, small_street: Path, tmp_path: Path) -> Iterator[Driver]:
    """The window on scans with a camera's pictures."""
    write_camera(small_street, "00", 3, step_m=50.0)  # before anything reads the calibration
    path = asked_project(tmp_path / "project", small_street)
    made = Driver(open_window(path, qtbot), qtbot)
    made.settle()
    made.rest()
    yield made
    made.window.close()


def points_of(driver: Driver, unit: str) -> np.ndarray:
    """(n, 3) points of a unit of the shown scan."""
    content, units = driver.state.content, driver.session.project.need_units()
    number = units.find(unit) - units.range_of(content.scan).start
    return content.points[content.unit == number, :3]


def own_share(driver: Driver, unit: str) -> float:
    """The share of a unit of the shown scan that the scan's picture holds."""
    pictures, scan = driver.session.context.pictures, driver.state.content.scan
    driver.qtbot.waitUntil(lambda: pictures.get(scan) is not None)
    picture = pictures.get(scan)
    return inside(picture.camera, points_of(driver, unit), picture.image.size())[1]


def units_seen(driver: Driver, *, seen: bool) -> list[str]:
    """Units of the shown scan that its picture holds whole, or not at all."""
    units, scan = driver.session.project.need_units(), driver.state.content.scan
    names = [units.name(index) for index in units.range_of(scan)]
    return [name for name in names if own_share(driver, name) == float(seen)]


def wait_for_picture(driver: Driver) -> None:
    context = driver.session.context
    driver.qtbot.waitUntil(
        lambda: context.picture.isVisible() and context.picture.image is not None
    )


def test_the_panel_follows_the_target(driver):
    context = driver.session.context
    assert context.isVisible()
    for _ in range(3):
        driver.rest()
        target, content = driver.state.target, driver.state.content
        np.testing.assert_array_equal(context.subject.rows, target.rows)
        assert context.subject.content is content
        away = np.hypot(*content.points[target.rows, :2].mean(axis=0))
        card = driver.session.work.in_view.overlays.card
        points = f"{len(target.rows):,} points"
        assert card.measures.text() == f"{context.measures.text()} · {points}"
        assert f" · {away:.0f} m away" in context.measures.text()
        driver.qtbot.waitUntil(lambda: context.finished)
        assert not context.scanner.grab().toImage().isNull()
        driver.key("1")
    driver.qtbot.waitUntil(lambda: "no camera" in context.panorama.why)
    assert context.panorama.isVisible()
    assert not context.picture.isVisible()


def test_nothing_is_shown_of_a_unit_that_is_no_longer_asked(driver):
    context = driver.session.context
    driver.rest()
    assert context.subject is not None
    driver.state.show_scan(driver.state.content.scan)
    driver.rest()
    assert context.subject is None
    assert context.measures.text() == ""
    assert all(part.subject is None for part in context.drawn)


def test_a_unit_in_the_picture_is_outlined_there_and_one_behind_is_shown_by_points(pictured):
    context = pictured.session.context
    pictured.state.show_unit(units_seen(pictured, seen=True)[0])
    pictured.rest()
    wait_for_picture(pictured)
    assert context.picture.whose == "Camera"
    content, rows = pictured.state.content, pictured.state.target.rows
    camera = context.pictures.get(content.scan).camera
    places, _ = camera.pixels(content.points[rows])
    low, high = context.picture.corners.min(axis=0), context.picture.corners.max(axis=0)
    np.testing.assert_allclose(low, places.min(axis=0) - 0.01)
    np.testing.assert_allclose(high, places.max(axis=0) + 0.01)
    pictured.state.show_unit(units_seen(pictured, seen=False)[0])
    pictured.rest()
    pictured.qtbot.waitUntil(lambda: context.panorama.isVisible())
    assert context.panorama.why == "the unit is in no picture"
    assert not context.picture.isVisible()


@pytest.mark.slow
def test_the_picture_of_the_scan_after_shows_what_is_behind_this_one(
    qapp, qtbot, small_street: Path, tmp_path: Path
):
    """The second scan is the first one, the car turned round: what was behind is before it."""
    write_camera(small_street, "00", 3)
    points, raw = small_scan(0)
    write_scan(small_street, "sequences/00/velodyne/000001", points * (-1, -1, 1, 1), raw)
    ahead, back = "1 0 0 0 0 1 0 0 0 0 1 0\n", "-1 0 0 0 0 1 0 0 0 0 -1 0\n"
    (small_street / "sequences/00/poses.txt").write_text(ahead + back + ahead)
    path = asked_project(tmp_path / "project", small_street)
    driver = Driver(open_window(path, qtbot), qtbot)
    driver.state.show_scan("sequences/00/velodyne/000000")
    driver.settle()
    driver.rest()
    context, content = driver.session.context, driver.state.content
    behind = next(
        name
        for name in units_seen(driver, seen=False)
        if (points_of(driver, name)[:, 0] < -8).all()
        and (points_of(driver, name)[:, 2] > -1).any()
        and (abs(points_of(driver, name)[:, 1]) < 6).all()
    )
    driver.state.show_unit(behind)
    driver.rest()
    wait_for_picture(driver)
    assert context.picture.whose == "Camera · from the scan after"
    x, y, _ = points_of(driver, behind).T
    expected = WIDE / 2 + FOCAL * y / -x  # seen from the turned car
    assert context.picture.corners[:, 0].min() == pytest.approx(expected.min(), abs=0.1)
    assert context.picture.corners[:, 0].max() == pytest.approx(expected.max(), abs=0.1)
    assert content.scan == driver.state.content.scan
    driver.window.close()


def test_a_picture_comes_while_learning_holds_every_other_thread(pictured):
    """Both threads of the background are held: once the picture waited behind them."""
    context, state = pictured.session.context, pictured.state
    free, begun = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        begun.release()
        free.wait()

    held = [state.background.submit(hold, Turn.NOW) for _ in range(2)]
    try:
        for _ in held:
            begun.acquire()
        other = next(s for s in pictured.session.project.dataset.train if s != state.content.scan)
        context.pictures._kept.clear()
        state.show_scan(other)
        pictured.settle()
        state.show_unit(units_seen(pictured, seen=True)[0])
        pictured.settle()
        wait_for_picture(pictured)
        pictured.qtbot.waitUntil(lambda: context.finished)
        assert not any(work.done() for work in held)
    finally:
        free.set()


def test_pictures_of_scans_read_ahead_are_there_before_they_are_shown(pictured):
    state, context = pictured.state, pictured.session.context
    items = state.round.query.items
    shown, later = state.content.scan, {scan_of(item) for item in items}
    ahead = later - {shown}
    assert ahead
    state.begin()
    pictured.settle()
    for _ in items:
        names = {scan for scan in ahead if state.loader.kept(scan) is not None}
        if names:
            break
        state.skip()
        pictured.settle()
        ahead = later - {state.content.scan}
    assert names
    pictured.qtbot.waitUntil(lambda: all(name in context.pictures._kept for name in names))


def test_f2_shows_the_picture_large_and_esc_the_view_again(pictured):
    context, made = pictured.session.context, pictured.window.actions_table.made["picture"]
    pictured.state.show_unit(units_seen(pictured, seen=True)[0])
    pictured.rest()
    wait_for_picture(pictured)
    pictured.key("L")  # a tool in hand: Esc must not put it away with the picture
    tool = pictured.session.work.in_view.drawing.draw_tool
    assert tool.isVisible()
    pictured.key(Qt.Key.Key_F2)
    assert context.large.isVisible()
    assert context.large.geometry() == context.host.rect()
    assert made.isChecked()
    pictured.key(Qt.Key.Key_Escape)
    assert not context.large.isVisible()
    assert not made.isChecked()
    assert tool.isVisible()
    pictured.key(Qt.Key.Key_Escape)
    assert not tool.isVisible()
    QTest.mouseDClick(context.picture, Qt.MouseButton.LeftButton)
    assert context.large.isVisible()
    QTest.mouseDClick(context.large, Qt.MouseButton.LeftButton)
    assert not context.large.isVisible()
    pictured.key(Qt.Key.Key_F2)
    pictured.key(Qt.Key.Key_F2)
    assert not context.large.isVisible()


@pytest.mark.parametrize("in_hand", [False, True])
def test_a_tool_puts_the_large_picture_away(pictured, in_hand: bool):
    context = pictured.session.context
    pictured.state.show_unit(units_seen(pictured, seen=True)[0])
    pictured.rest()
    wait_for_picture(pictured)
    if in_hand:
        pictured.key("O")
    pictured.key(Qt.Key.Key_F2)
    assert context.large.isVisible()
    pictured.key("L")
    assert not context.large.isVisible()


def test_the_large_picture_never_lies_over_another_unit(pictured):
    context = pictured.session.context
    first, second = units_seen(pictured, seen=True)[:2]
    pictured.state.show_unit(first)
    pictured.rest()
    wait_for_picture(pictured)
    pictured.key(Qt.Key.Key_F2)
    assert context.large.isVisible()
    pictured.state.show_unit(second)
    assert not context.large.isVisible()


def test_f2_shows_the_asked_unit_though_the_panel_is_hidden(pictured):
    """The panel was left on another unit, whose picture must not stand for this one."""
    context, docks = pictured.session.context, pictured.window.docks
    first, second = units_seen(pictured, seen=True)[:2]
    pictured.state.show_unit(first)
    pictured.rest()
    wait_for_picture(pictured)
    docks[-1].close()
    pictured.qtbot.waitUntil(lambda: not context.isVisible())
    pictured.state.show_unit(second)
    pictured.rest()
    context.pictures._kept.clear()  # it is read first
    pictured.key(Qt.Key.Key_F2)
    pictured.qtbot.waitUntil(context.large.isVisible)
    camera = context.pictures.get(pictured.state.content.scan).camera
    places, _ = camera.pixels(points_of(pictured, second))
    np.testing.assert_allclose(context.large.corners.min(axis=0), places.min(axis=0) - 0.01)


def test_without_a_picture_f2_says_so(driver):
    said = []
    driver.state.told.connect(said.append)
    driver.key(Qt.Key.Key_F2)
    driver.qtbot.waitUntil(lambda: said and said[-1].startswith("There is no picture of this"))
    assert not driver.session.context.large.isVisible()
