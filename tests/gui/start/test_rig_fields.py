"""How the sensor stands, on the page of a new project: guessed, previewed, written by a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from core.base.settings import load_preset
from core.project.project import Project
from core.project.project_file import FILE
from gui.look.theme import DARK, LIGHT
from gui.start.new_project import NewProject
from gui.start.side_view import draw, sight
from gui.window.window import Window
from tests.gui.driver import open_window
from tests.rigs import cases, scan_of_rig
from tests.streets import small_scan


@pytest.fixture
def window(qapp, qtbot, tmp_path: Path):
    made = open_window(None, qtbot)
    yield made
    made.close()


def page_of(window: Window, folder: Path, qtbot) -> NewProject:
    window.look_at(folder)
    page = window.centralWidget()
    assert isinstance(page, NewProject)
    qtbot.waitUntil(lambda: page.settled and not page.rig.view.pixmap().isNull(), timeout=20_000)
    return page


def type_in(page: NewProject, key: str, text: str, qtbot) -> None:
    line = page.rig.lines[key]
    QTest.mouseDClick(line, Qt.MouseButton.LeftButton)
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_Delete)
    QTest.keyClicks(line, text)
    qtbot.waitUntil(lambda: page.settled, timeout=20_000)


def test_what_is_guessed_is_shown_and_made(window, qtbot, tmp_path):
    page = page_of(window, cases() / "camera-axes" / "data", qtbot)
    assert page.rig.axes.currentText() == "x right, y down, z ahead"
    assert "axes look like" in page.rig.guess.text()
    assert page.rig.share.text().startswith("60%")
    page.path.setText(str(tmp_path / "made"))
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (tmp_path / "made" / FILE).exists() and window.session is not None)
    settings = window.session.project.settings
    assert settings.rig.axes == "z,-x,-y"
    assert settings.sources["rig.axes"].startswith("guessed from the scans")


def test_what_a_person_writes_stays_and_is_seen(window, qtbot, tmp_path):
    page = page_of(window, cases() / "low-sensor" / "data", qtbot)
    good = page.rig.share.text()
    before = page.rig.view.pixmap().toImage()
    type_in(page, "rig.ground_from_m", "9", qtbot)
    assert page.rig.share.text() != good
    assert page.rig.view.pixmap().toImage() != before
    assert page.rig.overrides() == {"rig.ground_from_m": "9"}
    type_in(page, "rig.ground_from_m", "", qtbot)  # emptied: as guessed
    assert page.rig.lines["rig.ground_from_m"].text() == "1.1"
    assert page.rig.share.text() == good
    type_in(page, "prepare.sensor_height_m", "0.4", qtbot)
    QTest.mouseClick(page.rig.reflections, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    qtbot.waitUntil(lambda: page.settled, timeout=20_000)
    page.path.setText(str(tmp_path / "made"))
    page.make()
    with Project(tmp_path / "made", read_only=True) as project:
        found = project.settings
    assert (found.prepare.sensor_height_m, found.rig.ground_from_m) == (0.4, 1.1)
    assert not found.rig.drop_reflections
    assert found.sources["prepare.sensor_height_m"] == "chosen in the window"
    assert found.sources["rig.ground_from_m"].startswith("guessed")


def test_what_makes_no_sense_is_told_at_once_and_makes_nothing(window, qtbot, tmp_path):
    page = page_of(window, cases() / "origin-on-ground" / "data", qtbot)
    for key, text in (("rig.ego_box", "1,2"), ("prepare.sensor_height_m", "high")):
        type_in(page, key, text, qtbot)
        assert key in page.rig.problem.text()
        assert page.rig.problem.isVisible()
        page.path.setText(str(tmp_path / "made"))
        page.make()
        assert key in page.problem.text()
        assert not (tmp_path / "made").exists()
        type_in(page, key, "", qtbot)
        assert not page.rig.problem.isVisible()


def test_a_matrix_may_be_written(window, qtbot):
    page = page_of(window, cases() / "origin-on-ground" / "data", qtbot)
    line = page.rig.axes.lineEdit()
    line.selectAll()
    QTest.keyClicks(line, "0 -1 0 1 0 0 0 0 1")
    qtbot.waitUntil(lambda: page.settled, timeout=20_000)
    assert page.rig.overrides() == {"rig.axes": "0 -1 0 1 0 0 0 0 1"}
    assert not page.rig.problem.isVisible()


def test_another_scan_is_shown(window, qtbot, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        small_scan(number)[0][: 4000 + 200 * number].tofile(folder / f"{number}.bin")
    page = page_of(window, folder, qtbot)
    seen = []
    for _ in range(4):
        seen.append(page.rig.share.text())
        QTest.mouseClick(page.rig.other, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: page.settled, timeout=20_000)
    assert len(set(seen[:3])) == 3
    assert seen[3] == seen[0]


def test_the_side_view_has_the_ground_where_it_is():
    """A wall stands 12 m ahead, the ground is 1.73 m below the sensor: by its pixels."""
    wall = np.column_stack([np.full(99, 12.0), np.zeros(99), np.linspace(-1, 2, 99), np.ones(99)])
    points = np.concatenate([small_scan(0)[0], wall]).astype(np.float32)
    seen = sight(points, load_preset("paper"))
    for theme in (DARK, LIGHT):
        image = draw(seen, (600, 200), 1.0, theme)  # 10 pixels to the metre, the sensor at 300, 110
        assert _near(image, 300 + 70, 110 + 17, theme.accent)
        assert _near(image, 300 + 120, 110 - 10, theme.quiet)
        assert not _near(image, 300 - 70, 110 - 10, theme.quiet)


def test_the_own_vehicle_is_told_apart():
    points, _ = scan_of_rig("upright")
    settings = load_preset("paper").override("rig.ego_box", "3,-2,-3,9,2,3", source="")
    seen = sight(points, settings)
    inside = ((seen.points >= [3, -2, -3]) & (seen.points <= [9, 2, 3])).all(axis=1)
    np.testing.assert_array_equal(seen.part == 2, inside)
    assert inside.any()


def _near(image: QImage, x: int, y: int, colour: str) -> bool:
    wanted = QColor(colour)
    return any(image.pixelColor(x + i, y + j) == wanted for i in range(-2, 3) for j in range(-2, 3))
