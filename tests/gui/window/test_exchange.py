"""What comes in is said before it is taken over; what goes out replaces nothing unasked."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.exchange.outbox import MANIFEST
from gui.window.export_page import ExportPage
from tests.exchanged import contents
from tests.gui.driver import Driver


def run(driver: Driver, id: str, folder: Path, monkeypatch) -> None:
    """Do an action that asks for a folder, name one, and wait until its step has ended."""
    dialog = "gui.start.folders.QFileDialog.getExistingDirectory"
    monkeypatch.setattr(dialog, lambda *_: str(folder))
    with driver.qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        driver.window.actions_table.made[id].trigger()
    driver.settle()


def choose(driver: Driver, text: str) -> None:
    """Click a way to go on, and wait for the step that it starts."""
    (button,) = [b for b in driver.session.banner.choices if b.text() == text]
    with driver.qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        driver.click(button)
    driver.settle()


def test_an_import_says_first_what_it_would_take_over(driver, small_street, monkeypatch):
    project, banner = driver.session.project, driver.session.banner
    journal = project.path / "journals/imported.sqlite"
    run(driver, "import", small_street, monkeypatch)
    assert "3 of 3 training scans have labels there." in banner.what.text()
    assert "ids of the class list: road " in banner.what.text()
    assert banner.do.text().startswith("Nothing is taken over yet.")
    assert not journal.exists()
    assert [b.text() for b in banner.choices] == [
        "Import 3 scans",
        "Read as places in the list",
        "Do not import",
    ]
    choose(driver, "Import 3 scans")
    assert banner.what.text() == "Labels of 3 scans taken over."
    assert journal.exists()
    scan = project.dataset.train[0]
    assert np.array_equal(project.labels(scan), project.dataset.ground_truth(scan, project.classes))


def test_an_import_that_is_not_wanted_leaves_nothing(driver, small_street, monkeypatch):
    run(driver, "import", small_street, monkeypatch)
    (button,) = [b for b in driver.session.banner.choices if b.text() == "Do not import"]
    driver.click(button)
    assert not driver.session.banner.isVisible()
    assert not (driver.session.project.path / "journals/imported.sqlite").exists()


def test_a_choice_that_meets_a_running_step_is_offered_again(driver, small_street, monkeypatch):
    """The banner hid, nothing was imported, and nothing was said."""
    banner, jobs, go_on = driver.session.banner, driver.window.jobs, Event()
    run(driver, "import", small_street, monkeypatch)
    assert jobs.run("Evaluate", lambda _: go_on.wait(60))
    (button,) = [b for b in banner.choices if b.text() == "Import 3 scans"]
    driver.click(button)
    assert banner.isVisible()
    assert banner.what.text() == "Evaluate is running: Import was not started."
    (again,) = [b for b in banner.choices if b.text() == "Try again"]
    driver.click(again)
    assert banner.isVisible()
    with driver.qtbot.waitSignal(jobs.finished, timeout=60_000):
        go_on.set()
    choose(driver, "Try again")
    assert banner.what.text() == "Labels of 3 scans taken over."
    assert (driver.session.project.path / "journals/imported.sqlite").exists()


def test_places_in_the_list_are_taken_when_asked_for(driver, tmp_path, monkeypatch):
    project, banner = driver.session.project, driver.session.banner
    places = {}
    for scan in project.dataset.train:
        places[scan] = np.arange(project.count(scan)).astype(np.uint8) % 19
        places[scan][:7] = 255
        file = tmp_path / "other" / f"{scan.replace('/velodyne', '')}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, places[scan])
    run(driver, "import", tmp_path / "other", monkeypatch)
    assert "does not know" in banner.what.text()  # as ids of the list they are refused
    for scan, found in places.items():
        np.save(tmp_path / "other" / f"{scan.replace('/velodyne', '')}.npy", found % 2)
    run(driver, "import", tmp_path / "other", monkeypatch)
    choose(driver, "Read as places in the list")
    assert "places in the class list: car " in banner.what.text()
    choose(driver, "Import 3 scans")
    for scan, found in places.items():
        assert np.array_equal(project.labels(scan), found % 2)


def test_an_earlier_export_is_replaced_when_asked_for(driver, tmp_path, monkeypatch):
    out, banner = tmp_path / "out", driver.session.banner
    driver.key(driver.session.project.classes.keys[0])
    driver.export(out)
    first = contents(out)
    assert len(first) == 1
    assert (out / MANIFEST).exists()
    for _ in range(3):
        driver.key(driver.session.project.classes.keys[1])
    driver.export(out)
    assert "holds an earlier export" in banner.what.text()
    assert contents(out) == first
    choose(driver, "Replace it")
    assert "written to" in banner.what.text()
    assert contents(out) != first


def test_a_folder_of_somebody_else_is_refused(driver, small_street, tmp_path, monkeypatch):
    driver.key(driver.session.project.classes.keys[0])
    before = contents(small_street)
    driver.export(small_street)
    assert "read only" in driver.session.banner.what.text()
    assert not driver.session.banner.choices
    assert contents(small_street) == before


@pytest.mark.parametrize("good", [True, False])
def test_another_network_ranks(driver, tmp_path, monkeypatch, good: bool):
    project, banner = driver.session.project, driver.session.banner
    for scan in project.units.scans:
        values = np.random.default_rng(0).random((project.count(scan), 19 if good else 18))
        file = tmp_path / "probs" / f"{scan.replace('/velodyne', '')}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, values / values.sum(axis=1, keepdims=True))
    run(driver, "rank", tmp_path / "probs", monkeypatch)
    if good:
        assert "scans have probabilities." in banner.what.text()
        assert project.last_scored().given
    else:
        assert "the class list has 19 classes" in banner.what.text()
        assert project.last_scored() is None


def test_coloured_points_go_out_as_their_kind_of_file(driver, tmp_path):
    driver.key(driver.session.project.classes.keys[0])
    driver.export(tmp_path / "not there yet/out", layout="ply")
    (found,) = (tmp_path / "not there yet/out").rglob("*.ply")
    assert found.read_bytes().startswith(b"ply")


def test_what_has_one_layout_only_offers_no_other(driver, tmp_path):
    driver.window.actions_table.made["export"].trigger()
    page = driver.window.findChild(ExportPage)
    driver.qtbot.waitUntil(page.isActiveWindow)
    page.layout_.setCurrentIndex(page.layout_.findData("npy"))
    page.what.setCurrentIndex(page.what.findData("journal"))
    assert not page.layout_.isEnabled()
    assert page.layout_.currentText() == "the dataset's own files"
    page.out.clear()
    assert not page.go.isEnabled()
    page.out.setText("~nosuchuser/x")
    page.go.click()
    assert "~nosuchuser is nobody's folder." in page.about.text()
    assert page.isVisible()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert driver.window.jobs.running is None


def test_a_folder_dialog_begins_where_the_last_one_ended(driver, tmp_path, monkeypatch):
    begun: list[str] = []

    def chosen(_, title: str, start: str) -> str:
        begun.append(start)
        return str(tmp_path / "here/labels")

    (tmp_path / "here").mkdir()
    monkeypatch.setattr("gui.start.folders.QFileDialog.getExistingDirectory", chosen)
    for _ in range(2):
        with driver.qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
            driver.window.actions_table.made["import"].trigger()
        driver.settle()
    assert begun == [str(Path.home()), str(tmp_path / "here")]
