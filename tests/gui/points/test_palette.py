"""The class palette tells what belongs to a class, its key, and how much has it so far."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication

from core.data.classes import IGNORED, MIXED, UNSURE, load_classes

CONTROL = Qt.KeyboardModifier.ControlModifier


def tip(driver, number: int) -> list[str]:
    """The lines of a button's tooltip, as the mouse resting over it brings them up."""
    button = driver.session.palette.buttons[number]
    at = button.rect().center()
    event = QHelpEvent(QEvent.Type.ToolTip, at, button.mapToGlobal(QPoint(at)))
    QApplication.sendEvent(button, event)
    return button.toolTip().splitlines()


def test_a_tooltip_says_what_belongs_to_a_class_its_key_and_how_many_have_it(driver):
    names = driver.session.project.classes.names
    truck = names.index("truck")
    before = tip(driver, truck)
    assert before[0] == f"truck  ({driver.session.project.classes.keys[truck]})"
    assert "trailers" in before[1]
    assert before[2] == "0 units answered so far"
    for _ in range(2):
        driver.key(driver.session.project.classes.keys[truck])
    driver.key("1")
    assert tip(driver, truck)[2] == "2 units answered so far"
    assert tip(driver, 0)[2] == "1 unit answered so far"
    driver.key("Z", CONTROL)
    assert tip(driver, 0)[2] == "0 units answered so far"


@pytest.mark.parametrize("code", [IGNORED, MIXED, UNSURE])
def test_a_code_says_what_becomes_of_the_points(driver, code: int):
    assert "not learnt" in tip(driver, code)[1]


@pytest.mark.parametrize("name", ["semantickitti", "nuscenes", "kitti"])
def test_the_built_in_lists_say_what_belongs_to_each_class(name: str, tmp_path):
    found = load_classes(name)
    assert all(found.about)
    assert len(set(found.about)) == len(found)
    kept = tmp_path / "classes.toml"
    kept.write_text(found.to_toml())
    assert load_classes(str(kept)).about == found.about


def test_a_list_of_an_older_version_has_them_too(tmp_path):
    """Projects keep a copy of their list; those made before have no line for a class."""
    known = load_classes("semantickitti")
    lines = [line for line in known.to_toml().splitlines() if not line.startswith("about")]
    old = tmp_path / "classes.toml"
    old.write_text("\n".join(lines))
    assert load_classes(str(old)).about == known.about
    own = tmp_path / "own.toml"
    own.write_text('name = "mine"\n[[class]]\nname = "car"\ncolour = "#112233"\n')
    assert load_classes(str(own)).about == ("",)
