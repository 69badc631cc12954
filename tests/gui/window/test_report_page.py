"""The report in the window: by its key and after Prepare, with pictures and rows to click."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.prepare.units import CELL, CLUSTER, INVALID, NOISE, OVERSIZE, TINY
from gui.look.theme import DARK, LIGHT, Theme
from gui.panels.above import part_of, picture
from gui.window.report_page import ReportPage


def page_of(driver) -> ReportPage:
    found = driver.window.findChild(ReportPage)
    assert found is not None
    return found


def drawn(driver) -> ReportPage:
    page = page_of(driver)
    driver.qtbot.waitUntil(lambda: page.drawn, timeout=20_000)
    return page


def has(image: QImage, colour: str) -> bool:
    wanted = QColor(colour).rgb()
    return any(
        image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height())
    )


def test_a_key_opens_it_with_pictures_in_both_themes(driver):
    driver.key(Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    page = drawn(driver)
    assert page.isVisible()
    assert set(page.pictures) == {"best", "median", "worst"}
    for theme in (DARK, LIGHT):
        if driver.window.theme != theme:
            driver.window.change_theme()
            driver.qtbot.waitUntil(lambda: all(f.done() for f in page._asked), timeout=20_000)
            QApplication.processEvents()
        for card in page.pictures.values():
            image = card.image.pixmap().toImage()
            assert has(image, theme.quiet), "no ground"
            assert has(image, theme.accent), "no cluster"


def test_a_row_and_a_picture_show_their_scan(driver):
    driver.window.open_report()
    page = drawn(driver)
    for line in range(3):
        index = page.rows.index(line, 0)
        place = page.table.visualRect(index).center()
        QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        driver.settle()
        assert driver.state.content.scan == index.data()
    driver.click(page.pictures["best"])
    assert driver.state.content.scan == page.pictures["best"].scan
    assert page.isVisible()


def test_a_heading_sorts(driver):
    driver.window.open_report()
    page = drawn(driver)
    header = page.table.horizontalHeader()
    column = 2  # ground
    for _ in range(2):
        x = header.sectionViewportPosition(column) + 12
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 8))
        shown = [float(page.rows.index(n, column).data().rstrip("%")) for n in range(3)]
        ascending = header.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
        assert shown == sorted(shown, reverse=not ascending)


def test_it_is_offered_after_prepare_and_an_open_one_is_renewed(driver):
    units = driver.session.project.units_folder
    driver.step("prepare")
    assert driver.window.findChild(ReportPage) is None
    offered = driver.session.banner.choices[0]
    assert offered.text() == "Look at the report"
    driver.click(offered)
    first = drawn(driver)
    assert first.isVisible()
    driver.window.activateWindow()
    driver.qtbot.waitUntil(driver.window.isActiveWindow)
    shutil.rmtree(units / driver.session.project.units.fingerprint / "rows")
    driver.step("prepare")
    second = drawn(driver)
    assert second is not first
    answered = len(driver.entries())
    assert QApplication.activeWindow() is driver.window
    second.move(driver.window.geometry().right() + 10, 0)  # what it covers is not answered
    driver.state.begin()
    driver.settle()
    driver.key(driver.session.project.classes.keys[0])
    assert len(driver.entries()) == answered + 1


def test_a_project_without_a_report_says_what_to_do(driver):
    project = driver.session.project
    (project.units_folder / project.units.fingerprint / "report.npz").unlink()
    driver.window.open_report()
    page = page_of(driver)
    assert page.report is None
    text = page.layout().itemAt(0).widget().text()
    assert "Prepare it again" in text


def test_a_damaged_report_is_told(driver):
    project = driver.session.project
    (project.units_folder / project.units.fingerprint / "report.npz").write_bytes(b"PK broken")
    driver.window.open_report()
    text = page_of(driver).layout().itemAt(0).widget().text()
    assert "cannot be read" in text
    assert "Delete" in text


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_a_picture_by_hand(theme: Theme):
    """Four points 10 m around the sensor: ahead ground, left a cluster, behind too large, right
    noise; what is left out is not there."""
    unit = np.array([1, 0, OVERSIZE - 3, NOISE, INVALID, TINY])
    part = part_of(unit, np.array([CLUSTER, CELL]))
    assert part.tolist() == [0, 1, 2, 3, -1, 0]
    points = np.array([[10, 0, -1.7], [0, 10, 0], [-10, 0, 0], [0, -10, 0]], np.float32)
    image = picture(points, part[:4], (150, 150), 1.0, theme)  # 15 m to the border: 5 pixels each
    places = {"quiet": (75, 25), "accent": (25, 75), "outline": (75, 125), "warning": (125, 75)}
    for name, (x, y) in places.items():
        near = [image.pixelColor(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        assert QColor(getattr(theme, name)) in near, name
    turned = picture(points, part[:4], (150, 150), 1.0, theme, (0.0, 1.0))
    assert QColor(theme.accent) in [
        turned.pixelColor(75 + i, 25 + j) for i in (-1, 0) for j in (-1, 0)
    ]
