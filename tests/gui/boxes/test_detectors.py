"""Rounds by detectors in the window: why a frame is asked, shares of classes, the bank of objects,
rounds trained and delivered by keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.base.files import write_json
from core.base.jobs import Job
from core.boxes.predictions import FramePrediction, Predictions, write_predictions
from core.boxes.ssal.bank import FALSE, GT, PSEUDO, Item, points_of
from core.boxes.ssal.bank_file import Bank, write_bank
from core.frame_steps import ask_frames
from core.project.project import Project
from gui.boxes.bank_page import BankPage
from gui.window.box_export_page import BoxExportPage
from models.boxes import pillar_center
from tests.gui.boxes.frames import CONTROL, BoxDriver, made_street, true_box
from tests.gui.driver import open_window
from tests.models.boxes.made import SMALL

RETURN = Qt.Key.Key_Return


def predicted(project: Project, folder, scans) -> None:
    """A detector found the cars of the street, less sure of each frame."""
    rng = np.random.default_rng(0)
    frames = {}
    for place, scan in enumerate(scans):
        box = np.array([true_box(k) - [place, 0, 0, 0, 0, 0, 0] for k in range(3)])
        score = np.array([0.9, 0.8, 0.7]) - 0.15 * place
        feature = rng.normal(size=(3, 4)).astype(np.float32)
        frames[scan] = FramePrediction(box, score, np.zeros(3, np.uint8), feature)
    said = Predictions(frames, "ab heat", project.dataset.from_files)
    write_predictions(folder / "normal-boxes.npz", said)


def a_bank(project: Project) -> Bank:
    scan, other = project.dataset.train[:2]
    points = project.dataset.scan(scan).points[:, :4].astype(np.float32)
    boxes = np.array([true_box(k) for k in range(3)])
    parts = points_of(points, boxes)
    origins = (GT, PSEUDO, FALSE)
    items = [
        Item(box, 0, 0.9, scan, part, origin)
        for box, part, origin in zip(boxes, parts, origins, strict=True)
    ]
    none = {
        **dict.fromkeys(("people", "pseudo", "false", "new", "replaced", "removed"), 0),
        "threshold": None,
        "right": 0,
        "judged": 0,
        "barred": False,
    }
    records = []
    for step, pseudo in ((0, 4), (187, 1)):
        car = {**none, "people": 1, "pseudo": pseudo, "removed": 3 * (step > 0), "judged": 8}
        car |= {"right": 6, "threshold": 0.83}
        classes = {str(k): dict(none) for k in range(len(project.classes.names))}
        records.append({"step": step, "classes": {**classes, "0": car}})
    cleared = {scan: boxes, other: np.zeros((0, 7))}
    return Bank(items[:2], items[2:], cleared, 187, "key", records)


@pytest.fixture
def asked(qapp, qtbot, tmp_path):
    """A first frame is finished; a detector has looked; frames are asked by CAL."""
    path = made_street(tmp_path)
    with Project(path) as project:
        first = ask_frames(project, Job(), frames=1)
        ref = project.scan_ref(first.query.items[0])
        project.boxes.finish(ref, round=first.id)
        predicted(project, first.folder, project.dataset.train)
        write_bank(first.folder / "bank.npz", a_bank(project))
        stored = {"version": 1, "refreshes": list(a_bank(project).history)}
        write_json(first.folder / "bank.json", stored)
    driver = BoxDriver(open_window(path, qtbot), qtbot)
    driver.settle()
    if driver.session.work is driver.session.points:
        driver.draw_boxes()
    yield driver
    driver.window.close()


def ask_by_cal(driver: BoxDriver, qtbot) -> None:
    """As it is asked where nobody chose otherwise, once a detector looked."""
    panel = driver.work.panels.frames
    panel.unit.setCurrentIndex(panel.unit.findText("boxes"))
    panel.amount.setValue(4)
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=20_000):
        driver.click(panel.ask)
    driver.settle()


def test_each_frame_says_why_it_is_asked_and_bars_show_shares(asked: BoxDriver, qtbot):
    ask_by_cal(asked, qtbot)
    project, panel = asked.session.project, asked.work.panels.frames
    found = project.frame_rounds[-1]
    assert found.query.strategy == "cal"
    assert asked.frame.scan == found.query.items[0]
    qtbot.waitUntil(lambda: "the detectors are unsure (H " in panel.why.text(), timeout=5_000)
    assert "brings 3 car" in panel.why.text()
    bars = asked.work.panels.bars
    qtbot.waitUntil(lambda: bool(bars._limits), timeout=5_000)
    assert bars._limits == {0: 4.0}
    asked.key(RETURN, CONTROL)
    asked.rest()
    assert panel.meter.text().startswith("0 of 4 boxes asked · 1 frame done")
    assert asked.window.tasks.stepper.buttons["label"].text() == "Boxes 0/4"
    # What is kept with the query is damaged: said, and frames come in the query's order.
    queue = asked.work.queue
    found.file("candidates.npz").write_bytes(b"no archive")
    with Project(project.path, read_only=True) as again:
        queue.state.project.frame_order = again.frame_order
        assert tuple(queue.asked) == found.query.items
        assert "unsure" in queue.why(found.query.items[0])
    asked.rest()
    assert "candidates.npz cannot be read" in asked.session.banner.what.text()


def test_what_a_detector_found_goes_out_with_scores(asked: BoxDriver, qtbot, tmp_path):
    out, banner, project = tmp_path / "out", asked.session.banner, asked.session.project
    asked.key("E", CONTROL)
    page = asked.window.findChild(BoxExportPage)
    qtbot.waitUntil(page.isActiveWindow)
    assert page.unconfirmed.isVisible()
    drawn = page.out.text()
    page.what.setCurrentIndex(1)
    assert not page.unconfirmed.isVisible()
    assert page.out.text() == f"{drawn}-found"
    page.what.setCurrentIndex(0)
    assert page.out.text() == drawn
    page.what.setCurrentIndex(1)
    page.kind.setCurrentIndex(page.kind.findData("csv"))
    page.out.setText(str(out))
    QTest.keyClick(page.out, RETURN)
    qtbot.waitUntil(lambda: "1 file of boxes written" in banner.what.text(), timeout=20_000)
    lines = (out / "boxes.csv").read_text().splitlines()
    assert len(lines) == 1 + 3 * len(project.dataset.train)
    column = lines[0].split(",").index("score")
    assert max(float(line.split(",")[column]) for line in lines[1:]) == 0.9


@pytest.mark.slow
def test_a_long_queue_is_ranked_as_far_as_it_is_shown(asked: BoxDriver, qtbot, monkeypatch):
    """What stands there is exact; what is out of sight is counted, and comes nearer."""
    monkeypatch.setattr("gui.boxes.queue._AHEAD", 1)
    ask_by_cal(asked, qtbot)
    panel, project = asked.work.panels.frames, asked.session.project
    found = project.frame_rounds[-1]
    one, two, three = found.query.items

    def rows() -> list[str]:
        every = [panel.list.topLevelItem(k) for k in range(panel.list.topLevelItemCount())]
        return [row.text(0) + row.text(2) for row in every]

    def name(scan: str) -> str:
        return scan.rpartition("/")[2]

    assert rows() == [name(one), "and 2 more"]
    last = panel.list.visualItemRect(panel.list.topLevelItem(1)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=last)
    asked.settle()
    assert asked.frame.scan == one
    asked.key(RETURN, CONTROL)
    asked.rest()
    second, third = project.open_frames(found)
    assert {second, third} == {two, three}
    assert asked.frame.scan == second
    assert rows() == [name(one) + "✓", name(second), "and 1 more"]
    assert "the detectors are unsure (H " in panel.why.text()
    asked.key(RETURN, CONTROL)
    asked.rest()
    assert asked.frame.scan == third
    assert sorted(rows()) == sorted([name(one) + "✓", name(second) + "✓", name(third)])


def test_the_bank_is_shown_with_pictures_and_pseudo_scenes(asked: BoxDriver, qtbot):
    asked.key(Qt.Key.Key_F10)
    (page,) = asked.window.findChildren(BankPage)
    qtbot.waitUntil(lambda: page.scene.pixmap().width() > 0, timeout=20_000)
    assert "1 objects that people drew, 1 that the detector is sure of, 1 false" in page.said.text()
    row = page.table.topLevelItem(0)
    told = [row.text(k) for k in range(page.table.columnCount())]
    assert told == ["car", "1", "1", "0", "0", "3", "6 of 8", "0.83"]
    assert page.pictures.count() == 2
    assert page.pictures.item(0).text() == "score 0.90"
    page.refresh.setCurrentIndex(0)
    assert page.table.topLevelItem(0).text(2) == "4"
    before = page.about.text()
    assert "labelled objects" in before
    scene = page.scene.pixmap().cacheKey()
    asked.click(page.another)
    qtbot.waitUntil(lambda: page.scene.pixmap().cacheKey() != scene, timeout=20_000)
    page.close()
    qtbot.waitUntil(lambda: not asked.window.findChildren(BankPage), timeout=5_000)
    # A damaged one is a sentence in the window.
    (asked.session.project.frame_rounds[0].folder / "bank.npz").write_bytes(b"PK\x03\x04")
    asked.session.detectors.open_bank(asked.window)
    (page,) = asked.window.findChildren(BankPage)
    qtbot.waitUntil(lambda: "bank.npz cannot be read" in page.said.text(), timeout=10_000)
    assert not page.another.isEnabled()
    page.close()


@pytest.mark.slow
def test_two_rounds_by_keys_from_training_to_delivery(qapp, qtbot, tmp_path, monkeypatch):
    monkeypatch.setitem(pillar_center.SIZES, "pillar-s", SMALL)
    path = made_street(tmp_path, frames=6)
    with Project(path) as project:
        settings = project.settings
        for key, value in (
            ("detect.steps", "4"),
            ("detect.range", "ring"),
            ("ssal.refreshes", "2"),
        ):
            settings = settings.override(key, value, source="test")
        file = replace(project.file, settings=settings)
        file.write(path)
    driver = BoxDriver(open_window(path, qtbot), qtbot)
    driver.settle()
    if driver.session.work is driver.session.points:
        driver.draw_boxes()
    project, panel = driver.session.project, driver.work.panels.frames
    for strategy in ("random", "cal"):
        panel.strategy.setCurrentIndex(panel.strategy.findData(strategy))
        panel.amount.setValue(2)
        with qtbot.waitSignal(driver.window.jobs.finished, timeout=20_000):
            driver.click(panel.ask)
        driver.settle()
        while project.open_frames(project.frame_rounds[-1]):
            number = int(driver.frame.scan[-6:])
            place = true_box(0) - [number, 0, 0, 0, 0, 0, 0]
            if strategy == "random":
                if not driver.work.making.armed:
                    driver.key("B")
                driver.click_row(driver.seen_row(driver.rows_in(place)))
                driver.key(Qt.Key.Key_Escape)
            else:  # what the detector found
                driver.key(Qt.Key.Key_Space)
            driver.key(RETURN, CONTROL)
            driver.rest()
            driver.settle()
        with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
            driver.key(Qt.Key.Key_F8)
        driver.settle()
        banner = driver.session.banner
        assert "The detectors are trained" in banner.what.text()
        assert banner.do.text().startswith("No frame was held out: finish some more")
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
        driver.key(Qt.Key.Key_F9)
    assert (project.frame_rounds[-1].folder / "final.safetensors").exists()
    driver.window.close()
