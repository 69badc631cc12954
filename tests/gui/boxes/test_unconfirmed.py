"""Boxes that nobody confirmed: finishing a frame says so first, and an export leaves them out."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.window.box_export_page import BoxExportPage
from tests.core.cli.faces import lidarloop
from tests.gui.boxes.frames import CONTROL, BoxDriver, box_car, unconfirmed

RETURN, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape


@pytest.fixture
def two_open(street: BoxDriver) -> list[str]:
    """Three boxes, two of them dashed."""
    names = [box_car(street, number) for number in range(3)]
    street.key(ESC)
    street.key(ESC)
    unconfirmed(street, *names[:2])
    return names


def choices(street: BoxDriver) -> list[str]:
    banner = street.session.banner
    return [button.text() for button in banner.choices] if banner.isVisible() else []


def test_finishing_asks_about_open_boxes_and_accepts_all(street: BoxDriver, two_open):
    scan, project = street.frame.scan, street.session.project
    street.key(RETURN, CONTROL)
    assert not project.boxes.is_finished(scan)
    assert "2 boxes are still open" in street.session.banner.what.text()
    assert "2 boxes are still open" in street.said
    assert street.frame.chosen in two_open[:2]
    assert choices(street) == ["Accept all, finish", "Go through them", "Finish without them"]
    street.click(street.session.banner.choices[0])
    assert project.boxes.is_finished(scan)
    assert all(box.sure for box in project.boxes_of(scan).values())
    assert not street.session.banner.isVisible()


def test_open_boxes_are_gone_through(street: BoxDriver, two_open):
    scan, project = street.frame.scan, street.session.project
    street.key(RETURN, CONTROL)
    street.click(street.session.banner.choices[1])
    street.key(Qt.Key.Key_Space)
    street.key(Qt.Key.Key_Space)
    assert all(box.sure for box in project.boxes_of(scan).values())
    # One that is dashed anew is asked about again, the others are not.
    unconfirmed(street, two_open[2])
    street.key(RETURN, CONTROL)
    assert "1 box is still open" in street.session.banner.what.text()
    assert not project.boxes.is_finished(scan)
    street.key(RETURN, CONTROL)
    assert project.boxes.is_finished(scan)
    assert not street.session.banner.isVisible()


def test_a_question_takes_the_place_of_the_one_before(street: BoxDriver, two_open):
    """That came back over the next frame, of which it was not true."""
    scan, project, banner = street.frame.scan, street.session.project, street.session.banner
    street.key(RETURN, CONTROL)
    unconfirmed(street, two_open[2])
    street.key(RETURN, CONTROL)
    assert "3 boxes are still open" in banner.what.text()
    street.click(banner.choices[2])
    assert project.boxes.is_finished(scan)
    assert not banner.isVisible()


@pytest.mark.slow
def test_the_export_says_how_many_and_leaves_them_out(street: BoxDriver, two_open, tmp_path):
    street.key("E", CONTROL)
    page = street.window.findChild(BoxExportPage)
    street.qtbot.waitUntil(lambda: "2 boxes" in page.unconfirmed.text())
    street.qtbot.waitUntil(page.isActiveWindow)
    page.kind.setCurrentIndex(page.kind.findData("csv"))
    page.out.setText("~nosuchuser/x")
    QTest.keyClick(page.out, RETURN)
    assert page.about.text().startswith("~nosuchuser is nobody's folder.")
    page.out.setText(str(tmp_path / "out"))
    with street.qtbot.waitSignal(street.window.jobs.finished, timeout=60_000):
        QTest.keyClick(page.out, RETURN)
    street.qtbot.waitUntil(street.session.banner.isVisible)
    assert "2 boxes that nobody confirmed are left out" in street.session.banner.do.text()
    assert len((tmp_path / "out/boxes.csv").read_text().splitlines()) == 2


@pytest.mark.slow
def test_the_command_line_says_so_too(street: BoxDriver, two_open, tmp_path, capfd):
    path = str(street.session.project.path)
    out = str(tmp_path / "out")
    asked = ["export", path, out, "--task", "boxes", "--to", "csv"]
    assert lidarloop(*asked) == 0
    said = "".join(capfd.readouterr())
    assert "2 boxes of 1 frame: confirmed by nobody, and left out" in said
    assert len((tmp_path / "out/boxes.csv").read_text().splitlines()) == 2
    assert lidarloop(*asked, "--force", "--unconfirmed") == 0
    assert "written like the others" in "".join(capfd.readouterr())
    assert len((tmp_path / "out/boxes.csv").read_text().splitlines()) == 4
