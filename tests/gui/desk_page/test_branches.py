"""The tree of rounds in the window by real clicks: go on elsewhere, name, put away, compare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from core import steps
from core.base.files import write_arrays
from core.base.jobs import Job
from core.data.classes import UNLABELLED
from core.desk.compare import said
from core.project.project import Project
from core.rounds.predictions import new_prediction_file, prediction_file, read_prediction
from gui.desk_page.compare import ComparePage
from gui.desk_page.painted import DIFFERENT, ENTROPY, ONLY, RIGHT, SAID, SURER
from gui.window.branches import NamePage
from tests.gui.driver import Driver, open_window
from tests.rounds_made import measured_project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def driver(qtbot, prepared: Path, small_street: Path, tmp_path: Path) -> Iterator[Driver]:
    """Two rounds, a branch after the first that is asked and open, and predictions of all scans."""
    path = measured_project(tmp_path / "p", small_street, rounds=2, made=prepared)
    with Project(path) as project:
        rng = np.random.default_rng(0)
        for one in project.rounds:
            for scan in project.dataset.train:
                arrays = {"classes": rng.integers(0, 3, project.count(scan)).astype(np.uint8)}
                arrays["entropy"] = rng.uniform(0, 1, len(arrays["classes"])).astype(np.float16)
                arrays["source"] = np.array(["x", ""])
                write_arrays(new_prediction_file(project.predictions(one), scan), arrays)
        steps.ask(project, Job(), units=8, strategy="random", seed=5, after="001-size")
    made = Driver(open_window(path, qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


def choose(driver: Driver, id: str):
    """Click a round in its panel, which is brought to the front; return the panel."""
    panel = driver.session.rounds
    dock = next(dock for dock in driver.window.docks if dock.objectName() == "Rounds")
    dock.show()
    dock.raise_()
    driver.rest()
    line = [row["id"] for row in panel.rows].index(id)
    at = panel.table.visualRect(panel.table.model().index(line, 0)).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=at)
    driver.settle()
    return panel


def test_one_goes_on_at_another_round_and_comes_back(driver):
    project = driver.session.project
    assert project.tip.id == "003-random"
    assert driver.state.summary.waiting == len(project.open_items(project.tip))
    panel = choose(driver, "002-random")
    titles = [panel.table.item(n, 0).text() for n in range(3)]
    assert titles == ["Round 1", "    Round 2", "    Round 3 ●"]
    driver.click(panel.buttons["here"])
    assert project.tip.id == "002-random"
    assert driver.state.round is None  # it is answered and scored: the next query may be asked
    assert driver.window.actions_table.reasons["ask"] is None
    driver.step("ask")
    assert project.tip.parent == "002-random"
    panel = choose(driver, "003-random")
    driver.click(panel.buttons["here"])
    assert driver.state.round.id == "003-random"
    assert not panel.buttons["here"].isEnabled()


@pytest.mark.slow
def test_a_round_is_named_and_put_away(driver):
    project = driver.session.project
    panel = choose(driver, "002-random")

    def name() -> None:
        page = driver.window.findChild(NamePage)
        QTest.keyClicks(page.name, "by chance")
        QTest.keyClicks(page.note, "worse than size")
        save = page.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)
        QTest.mouseClick(save, LEFT)

    QTimer.singleShot(0, name)
    driver.click(panel.buttons["name"])
    about = project.tree.of("002-random")
    assert (about.name, about.note) == ("by chance", "worse than size")
    assert "Round 2 by chance" in panel.table.item(1, 0).text()
    driver.click(panel.buttons["away"])
    assert [row["id"] for row in panel.rows] == ["001-size", "003-random"]
    driver.click(panel.all)
    panel = choose(driver, "002-random")
    assert panel.buttons["away"].text() == "Bring back"
    driver.click(panel.buttons["away"])
    assert not project.tree.of("002-random").archived
    panel = choose(driver, "001-size")
    driver.click(panel.buttons["away"])
    assert "on the table" in driver.session.banner.what.text()


def seen_by(view, points) -> float:
    """The share of points that a view's camera has in its picture."""
    camera, (width, height) = view.camera, view.camera.viewbox.size
    right, up = camera.axes()
    off = points[:, :3] - np.array(camera.center)
    depth = camera.depth(points)
    across, over = (camera.focal * (off @ way) / depth for way in (right, up))
    inside = (depth > 0) & (np.abs(across) <= width / 2) & (np.abs(over) <= height / 2)
    return float(inside.mean())


@pytest.mark.slow
def test_two_rounds_are_compared_point_by_point(driver, qtbot):
    panel = choose(driver, "002-random")
    driver.click(panel.buttons["compare"])
    page = driver.window.findChild(ComparePage)
    qtbot.waitUntil(lambda: page.rested and page.read is not None, timeout=10_000)
    project = driver.session.project
    assert page.ids == ("001-size", "002-random")
    scan = page.read.scan
    counts = {}
    for one in project.dataset.scans:
        a, b = (said(project, project.round(id), one) for id in page.ids)
        counts[one] = int((a != b).sum())
    assert counts[scan] == max(counts.values())
    assert [page.scans.itemData(n) for n in range(page.scans.count())] == sorted(
        counts, key=lambda one: (-counts[one], one)
    )
    assert f"{counts[scan]:,} of " in page.told.text()
    assert all(seen_by(view, page.read.points) > 0.85 for view in page.views)
    shown = page.values
    a, b = (said(project, project.round(id), scan) for id in page.ids)
    for one, mine in zip((a, b), shown, strict=True):
        assert (mine == np.where(a != b, one, UNLABELLED)).all()
    page.how.setCurrentIndex(page.how.findData(SAID))
    assert (page.values[1] == b).all()
    page.how.setCurrentIndex(page.how.findData(RIGHT))
    truth = project.dataset.ground_truth(scan, project.classes)
    assert (page.values[0] == np.where(a == truth, 0, 1)).all()
    page.how.setCurrentIndex(page.how.findData(ONLY))
    only = (a == truth) & (b != truth), (b == truth) & (a != truth)
    for mine, right in zip(page.values, only, strict=True):
        assert (mine == np.where(right, 0, UNLABELLED)).all()
    assert f"{only[0].sum():,} only the left one has right" in page.told.text()
    files = (
        prediction_file(project.predictions(project.round(id)), scan, project.dataset)
        for id in page.ids
    )
    unsure = [read_prediction(f, "entropy")["entropy"].astype(np.float32) for f in files]
    page.how.setCurrentIndex(page.how.findData(ENTROPY))
    top = max(float(one.max()) for one in unsure)
    for mine, one in zip(page.values, unsure, strict=True):
        assert np.allclose(mine[one > 0], 1 + one[one > 0] / top * 254)
        assert (mine[one == 0] == 1).all()
    page.how.setCurrentIndex(page.how.findData(SURER))
    by = unsure[1] - unsure[0], unsure[0] - unsure[1]
    for mine, less in zip(page.values, by, strict=True):
        assert ((mine > 0) == (less >= 0.05)).all()
        assert (np.diff(mine[np.argsort(less)]) >= 0).all()
    assert f"of {(by[0] >= 0.05).sum():,} points the left one is surer" in page.told.text()
    page.how.setCurrentIndex(page.how.findData(DIFFERENT))
    camera = page.views[1].camera
    camera.place(np.array([1.0, 2.0, 0.5]), 12.0, 40.0, 20.0)
    other = page.views[0].camera
    assert np.allclose(other.center, (1, 2, 0.5))
    assert (other.scale_factor, other.azimuth, other.elevation) == pytest.approx((12, 40, 20))
    assert page.table.item(0, 0).text() == "mIoU"
    page.rounds[1].setCurrentIndex(0)
    qtbot.waitUntil(lambda: page.rested, timeout=10_000)
    assert "beside itself" in page.told.text()
    assert page.scans.count() == 0
    assert not any(view.cloud._table[..., 3].any() for view in page.views)  # of the pair before
    page.rounds[1].setCurrentIndex(page.rounds[1].findData("003-random"))
    qtbot.waitUntil(lambda: page.rested, timeout=10_000)
    assert "not trained and scored" in page.told.text()
    page.close()


@pytest.mark.slow
def test_a_wide_scan_is_seen_whole_beside_another(driver, qtbot):
    panel = choose(driver, "002-random")
    driver.click(panel.buttons["compare"])
    page = driver.window.findChild(ComparePage)
    qtbot.waitUntil(lambda: page.rested and page.read is not None, timeout=10_000)
    wide = page.read._replace(points=page.read.points * np.array([4, 4, 1, 1], np.float32))
    page.read = None
    page._show(page.ids, wide)
    assert all(seen_by(view, wide.points) > 0.85 for view in page.views)
