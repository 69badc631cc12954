"""Comfort: keys that can be changed, larger text, no flights, a tour, colours for every eye."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QTabBar

from gui.look.colours import measure_table, partition_colours
from gui.window.command_palette import KeyLine
from gui.window.stepper import Stepper
from gui.window.tour import Tour
from gui.window.window import Window
from tests.gui.driver import Driver, open_window

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def change(driver, id: str, key) -> str:
    """Open the key sheet, click the keys of an action and press another; return what it says."""
    driver.window.key_sheet.toggle()
    sheet = driver.window.key_sheet
    line = next(part for part in sheet.findChildren(KeyLine) if part.id == id)
    QTest.mouseClick(line, LEFT)
    QTest.keyClick(sheet, key)
    said = sheet.hint.text()
    sheet.toggle()
    driver.window.focus_view()
    return said


def test_a_key_is_changed_by_clicking_it_and_kept(driver, qtbot, project_path):
    assert change(driver, "class 0", Qt.Key.Key_F12) == "car is on F12 now."
    assert driver.session.palette.buttons[0].key == "F12"
    driver.key("1")
    assert driver.entries() == []
    driver.key(Qt.Key.Key_F12)
    (entry,) = driver.entries()
    assert set(entry.classes.tolist()) == {0}
    driver.window.close()
    again = Driver(open_window(project_path, qtbot), qtbot)
    again.settle()
    again.key(Qt.Key.Key_F12)
    assert len(again.entries()) == 2
    again.window.key_sheet.toggle()
    QTest.mouseClick(again.window.key_sheet.reset, LEFT)
    again.window.key_sheet.toggle()
    again.window.focus_view()
    again.key("1")
    assert len(again.entries()) == 3
    assert again.session.palette.buttons[0].key == "1"
    again.window.close()


def test_a_key_that_is_taken_is_refused_and_escape_leaves_all(driver):
    assert change(driver, "class 0", "2") == "2 is the key of bicycle."
    change(driver, "class 0", Qt.Key.Key_Escape)
    assert driver.entries() == []
    driver.key("1")
    assert set(driver.entries()[0].classes.tolist()) == {0}


@pytest.mark.slow
def test_text_grows_and_comes_back(driver):
    label = driver.session.status.spent
    first = label.fontMetrics().height()
    for _ in range(4):
        driver.key("=", CONTROL)
    assert label.fontMetrics().height() > 1.3 * first
    for _ in range(20):
        driver.key("=", CONTROL)
    assert label.fontMetrics().height() <= 2.2 * first
    driver.key("0", CONTROL)
    assert label.fontMetrics().height() == first


def test_without_flights_the_camera_is_there_at_once(driver):
    driver.session.software = False
    driver.session.view.instant = False
    driver.window.actions_table.run("still")
    assert driver.session.view.instant
    assert driver.window.still
    driver.key("1")
    assert not driver.session.view.flying
    driver.window.actions_table.run("still")
    assert not driver.session.view.instant


def test_the_tour_goes_from_part_to_part_and_stops_nobody(driver):
    driver.window.actions_table.run("tour")
    tour = driver.window.findChild(Tour)
    seen = []
    for n in range(5):
        assert tour.count.text() == f"{n + 1} of 5"
        seen.append(tour.heading.text())
        inside = driver.window.rect().contains(tour.geometry())
        assert inside, tour.geometry()
        driver.key("1")  # labelling goes on
        QTest.mouseClick(tour.next, LEFT)
    assert len(set(seen)) == 5
    assert len(driver.entries()) == 5
    driver.settle()
    assert driver.window.findChild(Tour) is None or not driver.window.findChild(Tour).isVisible()


def test_the_tour_greets_once(qapp, qtbot, project_path):
    for greeted in (True, False):
        window = Window()
        window.greets = greeted
        window.show()
        window.open_project(project_path)
        assert (window.findChild(Tour) is not None) == greeted
        qtbot.waitUntil(lambda w=window: w.session.state.content is not None)
        window.close()


# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
EYES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "all cones": np.eye(3).tolist(),
}


def lab(rgb: np.ndarray, eyes: list) -> np.ndarray:
    """CIE L*a*b* (n, 3) of sRGB bytes (n, 3) as such eyes see them."""
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(eyes).T, 0, 1)
    xyz = (
        linear
        @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
        / (0.9505, 1, 1.089)
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


@pytest.mark.parametrize("eyes", EYES)
def test_partitions_differ_for_every_eye(eyes: str):
    colours = lab(partition_colours(3).astype(float), EYES[eyes])
    for a, b in itertools.combinations(colours, 2):
        assert np.linalg.norm(a - b) > 12, (a, b)


@pytest.mark.parametrize("eyes", EYES)
def test_a_measure_grows_lighter_for_every_eye(eyes: str):
    lightness = lab(measure_table().astype(float), EYES[eyes])[:, 0]
    assert (np.diff(lightness[::8]) > 0).all()
    assert np.ptp(lightness) > 60


def test_every_action_is_in_a_menu(driver):
    shown = set()
    for menu in driver.window.menuBar().actions():
        shown |= {action.text() for action in menu.menu().actions()}
    for action in driver.window.actions_table.table.values():
        assert action.title in shown, action.id


def test_the_panels_tabs_are_in_sight_once(driver, qtbot, project_path):
    """Qt leaves the tabs of an earlier layout below those of a later one."""

    def bars(window):
        found = [bar for bar in window.findChildren(QTabBar) if bar.isVisible() and bar.count()]
        return [bar for bar in found if window.rect().intersects(bar.geometry())]

    assert len(bars(driver.window)) == 1
    for _ in range(2):
        driver.window.reset_layout()
        driver.settle()
        assert [bar.count() for bar in bars(driver.window)] == [4]
    driver.window.close()
    again = open_window(project_path, qtbot)  # now from the kept layout
    assert [bar.count() for bar in bars(again)] == [4]
    again.close()


def test_the_window_comes_back_as_it_was_left(driver):
    driver.window.resize(1234, 777)
    driver.settle()
    driver.window.close()
    again = Window()
    assert (again.width(), again.height()) == (1234, 777)


def test_another_project_in_the_same_window_has_its_panels_only(driver, qtbot, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(driver.session.project.path, other)
    window = driver.window
    height = window.docks[0].height()
    for path in (other, driver.session.project.path):
        window.open_project(path)
        driver.settle()
        assert sorted(window.findChildren(QDockWidget), key=id) == sorted(window.docks, key=id)
        assert window.findChildren(Stepper) == [window.stepper]
        shown = [bar for bar in window.findChildren(QTabBar) if bar.isVisible() and bar.count()]
        assert [bar.count() for bar in shown] == [4]
        assert abs(window.docks[0].height() - height) < 10


def test_a_note_takes_the_room_that_buttons_of_the_one_before_left(driver):
    banner = driver.session.banner
    banner.show_note("A note of some twenty words that goes over the strip.", "What to do now.")
    driver.settle()
    alone = banner.what.width()
    banner.show_choice("Training has ended.", "Go on as you like.", [("Go on", lambda: None)])
    driver.settle()
    assert banner.what.width() < alone
    banner.show_note("A note of some twenty words that goes over the strip.", "What to do now.")
    driver.settle()
    assert banner.what.width() == alone


def test_the_command_palette_says_that_nothing_is_called_so(driver):
    palette = driver.window.command_palette
    palette.open()
    QTest.keyClicks(palette.text, "zzqq")
    assert [palette.list.item(i).text() for i in range(palette.list.count())] == [
        "Nothing is called zzqq."
    ]
    QTest.keyClick(palette.text, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert driver.entries() == []


def test_the_legend_names_the_classes_in_the_scene(driver):
    legend = driver.session.work.in_view.overlays.legend
    assert "building" not in legend.text.text()
    driver.key(driver.session.project.classes.keys[12])
    driver.settle()
    (entry,) = driver.entries()
    driver.state.show_scan(entry.scan)
    driver.settle()
    assert driver.session.work.in_view.colours.mode == "scene"
    assert "building" in legend.text.text()


def test_while_a_scan_is_read_its_name_is_not_cut(driver, monkeypatch):
    card = driver.session.work.in_view.overlays.card
    driver.state.show_scan(driver.state.content.scan)
    driver.settle()
    coming = property(lambda _: "sequences/00/velodyne/drive_0412")
    monkeypatch.setattr(type(driver.state), "coming", coming)
    card.refresh()
    card.fit(400, 300)
    card.layout().activate()
    assert card.title.text() == "Reading scan 00/drive_0412 …"
    assert card.title.height() >= card.title.fontMetrics().height()
    assert not card.measures.isVisible()  # nothing is known of it yet
