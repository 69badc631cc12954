"""Predictions of a network that knows little are not shown as if they were known."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.assist.calibration import ENOUGH
from core.assist.suggestion import Suggestion
from core.base.files import read_json
from core.project.change_classes import merge
from core.project.project import Project
from core.rounds.round import METRICS
from gui.desk.trust import LEAST_MIOU, trust
from gui.view.cloud import By
from tests.gui.driver import Driver
from tests.streets import give, scored

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def trained(driver) -> Driver:
    for key in "R15":
        driver.key(key)
    driver.step("train")
    driver.session.banner.put_away()
    return driver


def measure(driver: Driver, miou: float | None) -> None:
    """Let the network have an mIoU."""
    found = driver.session.project.tip
    path = found.file(METRICS)
    kept = read_json(path)
    kept["miou"] = miou
    path.write_text(json.dumps(kept))
    driver.state.reload()
    driver.settle()
    driver.rest()


def tinted(driver: Driver) -> bool:
    return driver.session.view.cloud._uniforms["u_values"] == By.SLOT_TINTED


def legend(driver: Driver) -> str:
    return driver.session.work.in_view.overlays.legend.text.text()


@pytest.mark.slow
def test_the_scene_shows_predictions_from_a_measured_quality_on(trained):
    driver = trained
    measure(driver, LEAST_MIOU + 0.01)
    assert tinted(driver)
    assert "tint: predicted (mIoU 21%)" in legend(driver)
    measure(driver, 0.024)
    assert not tinted(driver)
    assert "predictions off (mIoU only 2.4%)" in legend(driver)
    driver.key("5", CONTROL)  # whoever asks for them sees them, with a word
    assert driver.session.work.in_view.colours.mode == "prediction"
    assert "may be wrong (mIoU only 2.4%)" in legend(driver)


def test_without_a_measured_miou_it_is_what_answers_said(trained):
    driver = trained
    measure(driver, None)
    assert not tinted(driver)
    assert "not measured yet" in legend(driver)


def test_a_network_is_as_good_after_its_class_was_merged(project_path):
    """It was right in each answer; then both count as another class."""
    with Project(project_path) as project:
        said = Suggestion((0,), (1.0,), (), 0, shown=True).to_text()
        for unit in range(ENOUGH):
            give(project, unit, 0, suggested=said)
        scored(project)
        before = trust(project)
        assert before.good
        assert before.short == "right in 100%"
        merge(project, 0, 17)
        assert trust(project) == before


def test_what_is_predicted_can_be_hidden_by_its_class(trained):
    driver, view = trained, trained.session.view
    content = driver.state.content
    driver.key(Qt.Key.Key_End)
    bare = content.labels == 252
    bare[driver.state.target.rows] = False
    predicted = int(np.bincount(content.prediction[bare]).argmax())
    mine = bare & (content.prediction == predicted)

    def seen() -> np.ndarray:
        found = np.zeros(len(content.points), bool)
        ids = view.picker.ids()
        found[ids[ids >= 0]] = True
        return found

    assert (seen() & mine).any()
    driver.key("F", CONTROL)
    panel = driver.session.work.in_view.overlays.switches._panel
    driver.click(panel.classes[predicted])
    panel.hide()
    driver.settle()
    assert not (seen() & mine).any()
    assert seen()[driver.state.target.rows].any()
    driver.key("F", CONTROL)
    driver.click(panel.predicted)
    panel.hide()
    driver.settle()
    assert (seen() & mine).any()


def test_a_window_without_its_predictions_says_how_they_are_made_again(trained):
    """Somebody emptied the cache, or another round's were deleted: the scan is shown without."""
    driver = trained
    switch = driver.session.work.in_view.overlays.switches.modes
    assert switch.findData("prediction") >= 0
    assert switch.toolTip() == "Colour by"
    shutil.rmtree(driver.session.project.path / "cache")
    driver.state.reload()
    driver.settle()
    driver.rest()
    assert driver.state.content.prediction is None
    assert switch.findData("prediction") < 0
    assert "001-size predicts of this scan is not kept: `lidarloop score`" in switch.toolTip()
    driver.key("5", CONTROL)
    driver.key(Qt.Key.Key_End)
    assert driver.state.content is not None
