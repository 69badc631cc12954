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


def one_of_two(folder: Path) -> tuple[Path, str, Path]:
    """A project of which two frames are asked; the second one, and its file."""
    path = made_street(folder)
    with Project(path) as project:
        scan = ask_frames(project, Job(), frames=2).query.items[1]
        return path, scan, project.dataset.path(scan)


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


def test_what_is_asked_of_a_lost_frame_ends_when_it_is_back(qapp, qtbot, tmp_path: Path):
    path, lost, file = one_of_two(tmp_path)
    driver: BoxDriver = opened(path, qtbot)
    banner, project = driver.session.banner, driver.session.project
    away = file.rename(file.with_suffix(".away"))
    driver.state.loader.forget()
    driver.work.bench.show(lost)
    qtbot.waitUntil(banner.isVisible)
    driver.window.actions_table.run("box decline")
    assert "could not be read" in driver.said  # the card names a frame that nobody meant
    assert not project.boxes.settled
    (stale,) = [one for one in banner.choices if one.text() == "Ask it no more"]
    away.rename(file)
    driver.work.bench.show(lost)
    driver.settle()
    assert driver.frame.scan == lost
    assert not banner.isVisible()
    driver.key(RETURN, CONTROL)
    driver.settle()
    stale.click()
    assert project.boxes.finished == {lost}
    driver.window.close()


def test_a_frame_that_came_back_since_the_project_was_opened_waits_for_the_next_time(
    qapp, qtbot, tmp_path: Path
):
    path, lost, file = one_of_two(tmp_path)
    away = file.rename(file.with_suffix(".away"))
    driver: BoxDriver = opened(path, qtbot)
    away.rename(file)
    driver.work.bench.show(lost)
    driver.settle()
    assert "then open the project again" in driver.session.banner.do.text()
    assert driver.frame.scan != lost
    driver.window.close()


def test_of_two_lost_frames_each_question_ends_with_its_own(qapp, qtbot, tmp_path: Path):
    path = made_street(tmp_path)
    with Project(path) as project:
        asked = ask_frames(project, Job(), frames=3).query.items
    driver: BoxDriver = opened(path, qtbot)
    banner = driver.session.banner
    lost = [scan for scan in asked if scan != driver.state.shown_scan][:2]
    files = [driver.session.project.dataset.path(scan) for scan in lost]
    away = [file.rename(file.with_suffix(".away")) for file in files]
    driver.state.loader.forget()
    for scan, file in zip(lost, files, strict=True):
        driver.work.bench.show(scan)
        qtbot.waitUntil(lambda file=file: file.name in banner.what.text())
    for scan, file, old in zip(lost, files, away, strict=True):
        old.rename(file)
        driver.work.bench.show(scan)
        driver.settle()
        assert driver.frame.scan == scan
    assert not banner.isVisible()
    driver.window.close()


def test_points_are_asked_nothing_about_a_lost_frame(qapp, qtbot, tmp_path: Path):
    path, lost, file = one_of_two(tmp_path)
    driver: BoxDriver = opened(path, qtbot)
    driver.key(Qt.Key.Key_F4)
    driver.settle()
    assert not driver.work.bench.on
    file.unlink()
    driver.state.loader.forget()
    driver.state.show_scan(lost)
    banner = driver.session.banner
    qtbot.waitUntil(banner.isVisible)
    assert "Ask it no more" not in [one.text() for one in banner.choices]
    driver.window.close()
