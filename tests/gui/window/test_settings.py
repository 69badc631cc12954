"""The settings page: what project.toml holds, changed where that is safe, undone; who answers."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest

from core.answers.annotator import annotator_name
from core.base.meanings import MEANINGS
from core.base.settings import load_preset
from core.project.project_file import read_project_file
from gui.look.icon import application_icon
from gui.look.theme import THEMES
from gui.window.settings_page import SettingsPage

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(driver) -> SettingsPage:
    driver.key(",", CONTROL)
    return driver.window.findChild(SettingsPage)


def type_in(page: SettingsPage, key: str, text: str) -> None:
    """Write a value as a person does and leave the field by Tab."""
    line = page.rows[key].editor
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Tab)


def stored(driver):
    return read_project_file(driver.session.project.path).settings


def test_every_setting_has_a_meaning_and_every_row_value_and_source(driver, page):
    settings = load_preset("laptop").to_toml()
    assert {f"{s}.{name}" for s, table in settings.items() for name in table} == set(MEANINGS)
    for section, table in driver.session.project.settings.to_toml().items():
        for name, entry in table.items():
            row = page.rows[f"{section}.{name}"]
            assert row.source.text() == f"Source: {entry['source']}"
            shown = row.editor.text() if hasattr(row.editor, "text") else row.editor.currentText()
            assert shown.replace("\u200b", "") == str(entry["value"]).lower()


def test_a_safe_value_is_written_with_its_source_and_undone(driver, page):
    before = stored(driver)
    type_in(page, "train.epochs", "7")
    now = stored(driver)
    assert now.train.epochs == driver.session.project.settings.train.epochs == 7
    assert now.sources["train.epochs"] == "chosen in the window"
    assert page.rows["train.epochs"].source.text() == "Source: chosen in the window"
    type_in(page, "query.fraction", "0.02")
    QTest.mouseClick(page.undo, LEFT)
    QTest.keyClick(page, "z", CONTROL)
    assert stored(driver) == before
    assert page.rows["train.epochs"].editor.text() == str(before.train.epochs)
    assert not page.undo.isEnabled()


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [
        ("train.epochs", "none", "whole number"),
        ("train.epochs", "0", "from 1 to"),
        ("query.fraction", "2", "share"),
    ],
)
def test_a_value_without_sense_is_refused_in_a_sentence(driver, page, key, text, why):
    before = stored(driver)
    type_in(page, key, text)
    assert why in page.rows[key].problem.text()
    assert page.rows[key].problem.isVisible()
    assert stored(driver) == before


def test_preparation_is_shown_and_says_what_a_change_means(driver, page):
    row = page.rows["prepare.cell_m"]
    assert not hasattr(row.editor, "editingFinished")
    words = " ".join(label.text() for label in row.findChildren(type(row.source)))
    assert "new preparation" in words


def test_nothing_is_changed_while_a_step_runs(driver, page):
    before = stored(driver)
    driver.window.jobs.running = "Train"
    type_in(page, "train.epochs", "7")
    driver.window.jobs.running = None
    assert "Train is running" in page.rows["train.epochs"].problem.text()
    assert stored(driver) == before


def test_the_search_keeps_what_holds_the_words_and_its_headings(driver, page):
    QTest.keyClicks(page.search, "voxel_m")
    shown = {key for key, row in page.rows.items() if row.isVisible()}
    assert "train.voxel_m" in shown
    assert shown <= {"train.voxel_m", "train.width"}
    assert page._headings["train"].isVisible()
    assert not page._headings["prepare"].isVisible()
    assert driver.entries() == []  # its letters reach no unit
    page.search.clear()
    assert all(row.isVisible() for row in page.rows.values())


def test_who_answers_is_on_screen_and_a_click_tells_how_to_change_it(driver):
    who = driver.session.status.who
    assert who.isVisible()
    assert who.text() == f"You: {annotator_name()}"
    driver.click(who)
    banner = driver.session.banner
    assert annotator_name() in banner.what.text()
    assert "LIDARLOOP_ANNOTATOR" in banner.do.text()


def test_quit_is_the_last_of_its_menu(driver):
    menu = driver.window.menuBar().actions()[0].menu()
    assert menu.actions()[-1].text() == "Quit"


@pytest.mark.parametrize("theme", THEMES)
def test_the_icon_is_seen_at_sixteen_pixels(qapp, theme):
    picture = QImage(16, 16, QImage.Format.Format_RGB32)
    picture.fill(QColor(THEMES[theme].panel))
    painter = QPainter(picture)
    application_icon().paint(painter, QRect(0, 0, 16, 16))
    painter.end()
    rgb = np.array(
        [[QColor(picture.pixel(x, y)).lightness() for x in range(16)] for y in range(16)]
    )
    # A ring of light on dark: middle bright, then dark, then bright again on every side.
    assert rgb[7:9, 7:9].min() > 150
    for line in (rgb[8, 8:], rgb[8, 8::-1], rgb[8:, 8]):
        assert line[1:5].min() < 60
        assert line[4:8].max() > 120
