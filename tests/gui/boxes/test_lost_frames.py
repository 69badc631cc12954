"""A frame that is asked and cannot be read stops no round."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from core.base.errors import ProjectError
from core.base.jobs import Job
from core.frame_steps import ask_frames
from core.project.project import Project
from tests.gui.boxes.frames import CONTROL, BoxDriver, made_street, opened

RETURN = Qt.Key.Key_Return


@pytest.mark.parametrize("when", ["before it is opened", "since"])
@pytest.mark.parametrize("alone", [False, True])
def test_it_can_be_declined_and_the_round_ends(qapp, qtbot, tmp_path: Path, alone: bool, when):
    path = made_street(tmp_path)
    with Project(path) as project:
        found = ask_frames(project, Job(), frames=1 if alone else 2)
        lost, *others = found.query.items
        file = project.dataset.path(lost)
    if when == "before it is opened":
        file.unlink()
    driver: BoxDriver = opened(path, qtbot)
    project = driver.session.project
    banner = driver.session.banner
    if when == "since":
        driver.key(Qt.Key.Key_PageDown)
        file.unlink()
        driver.state.loader.forget()
        driver.work.bench.show(lost)
    qtbot.waitUntil(banner.isVisible)
    assert not driver.said.startswith("Reading")
    for key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
        driver.key(key)
        assert driver.frame.scan == driver.state.shown_scan != lost
    driver.work.bench.show(lost)
    driver.settle()
    driver.state.step_scan(1)
    driver.settle()
    assert driver.frame.scan != lost
    for scan in others:
        driver.work.bench.show(scan)
        driver.settle()
        driver.key(RETURN, CONTROL)
    assert project.open_frames(found) == [lost]
    with pytest.raises(ProjectError, match="still has 1 frames"):
        ask_frames(project, Job(), frames=1)
    (button,) = [one for one in banner.choices if one.text() == "Ask it no more"]
    assert "cannot be read" in banner.what.text() or "is not" in banner.what.text()
    driver.click(button)
    assert project.open_frames(found) == []
    assert project.boxes.is_settled(lost)
    assert not project.boxes.is_finished(lost)
    assert len(ask_frames(project, Job(), frames=1).query.items) == 1
    driver.window.close()
