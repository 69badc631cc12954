"""The window as a whole: states, actions, looks, and two rounds with clicks only."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from core.base.files import read_json
from core.project.frozen import training_set
from core.project.project import Project
from gui.look.colours import measure_table
from gui.look.theme import DARK, THEMES, contrast
from gui.start.new_project import NewProject
from gui.start.recent import recent
from gui.start.start import Start
from gui.view.contrast import told_apart
from gui.window.mouse import MOUSE
from tests.gui.driver import Driver, open_window
from tests.gui.panels.lists import bring
from tests.places import ROOT

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


# -- the loop --------------------------------------------------------------------------------------


def test_two_rounds_with_keys_and_clicks_labelling_while_training(driver, qtbot):
    """Warm start by keys; train by a click and answer during it; second query by its scores."""
    project = driver.session.project
    truth = {s: project.dataset.ground_truth(s, project.classes) for s in project.dataset.train}
    keys = project.classes.keys
    first = driver.state.round
    late = first.query.items[-1]
    said: list[str] = []
    driver.state.told.connect(said.append)
    while driver.state.target.unit != late:
        classes = truth[driver.state.content.scan][driver.state.target.rows]
        driver.key(keys[np.bincount(classes, minlength=19).argmax()])
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=120_000):
        QTest.mouseClick(driver.window.stepper.buttons["train"], Qt.MouseButton.LeftButton)
        assert driver.window.jobs.running == "Train"
        qtbot.waitUntil(lambda: first.frozen, timeout=60_000)  # torch is loaded first
        assert driver.state.target.unit == late
        driver.key("R")
        driver.session.work.labelling.pick(0)
        unit = driver.state.target.unit
        driver.key("R")
    driver.settle()
    assert driver.answers.effective[late].round == first.id
    assert late not in {e.unit for e in driver.entries() if e.seq <= _frozen_at(driver, first)}
    assert driver.answers.effective[unit].round in ("", first.id)
    assert driver.session.banner.what.text().startswith("Training ended: mIoU")
    assert project.stage(first) == "scored"
    (estimate,) = [text for text in said if text.startswith("Training takes about")]
    assert "steps of" in estimate
    assert " on the " in estimate  # which backend, and where
    log = read_json(first.folder / "log.json")["epochs"]
    loss, labelled = driver.session.rounds.curves
    assert loss.values == [row["loss"] for row in log]
    assert labelled.values == [row["labelled_miou"] for row in log]
    assert "prediction" in driver.session.work.in_view.colours.modes()
    driver.step("ask")
    second = driver.state.round
    assert second.query.strategy == "basal"
    bring(driver, "Rounds")
    driver.rest()
    assert driver.session.rounds.table.currentRow() == 0  # the newest that is measured
    assert second.parent == first.id
    assert not set(second.query.items) & set(driver.answers.effective)
    assert driver.state.target.unit == second.query.items[0]
    assert "entropy" in driver.session.work.in_view.overlays.card.reason.toolTip()
    assert "entropy" not in driver.session.work.in_view.overlays.card.reason.text()
    driver.step("oracle")
    assert not project.open_items(second)
    driver.step("train")
    assert [project.stage(r) for r in project.rounds] == ["scored", "scored"]
    rows = driver.session.rounds.table
    assert rows.rowCount() == 2
    assert rows.item(1, 3).text().endswith("%")


def _frozen_at(driver, found) -> int:
    """The last journal entry that counts for a round's training."""
    positions = training_set(driver.session.project, found).positions
    return positions[driver.answers.annotator]


def test_preparing_from_nothing_in_the_window(qtbot, tmp_path, small_street):
    path = tmp_path / "fresh"
    Project.create(path, format="semantickitti", root=small_street, train=["00"]).close()
    window = open_window(path, qtbot)
    session = window.session
    assert session.queue.empty.text() == "The scans are not prepared yet: press Prepare."
    assert session.work.in_view.colours.mode == "scene"
    assert not window.stepper.buttons["ask"].isEnabled()
    with qtbot.waitSignal(window.jobs.finished, timeout=60_000):
        QTest.mouseClick(window.stepper.buttons["prepare"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.state._coming is None)
    assert session.project.units is not None
    assert window.stepper.buttons["ask"].isEnabled()
    window.close()


def test_a_running_training_is_cancelled_by_a_click(driver, qtbot):
    driver.key("R")
    driver.key("1")
    with qtbot.waitSignal(driver.window.jobs.finished, timeout=60_000):
        QTest.mouseClick(driver.window.stepper.buttons["train"], Qt.MouseButton.LeftButton)
        driver.click(driver.window.stepper.buttons["cancel"])
    driver.settle()
    assert driver.window.jobs.running is None
    assert not driver.session.banner.isVisible()
    assert not driver.session.project.rounds[0].scored
    driver.step("train")
    assert driver.session.project.rounds[0].scored


def test_an_error_in_a_job_is_told_in_two_sentences(driver, small_street):
    driver.key("R")
    for file in small_street.glob("sequences/00/velodyne/*.bin"):
        file.write_bytes(file.read_bytes()[:-5])
    driver.step("train")
    banner = driver.session.banner
    assert banner.isVisible()
    assert "truncated" in banner.what.text() or "changed" in banner.what.text()
    assert "Traceback" not in banner.what.text() + banner.do.text()


# -- states ----------------------------------------------------------------------------------------


def test_the_second_window_says_who_has_the_project(driver, qtbot, project_path):
    window = open_window(project_path, qtbot)
    banner = window.session.banner
    assert str(os.getpid()) in banner.what.text()
    assert "reading only" in banner.do.text()
    QTest.keyClick(window.session.view.canvas.native, "1")
    assert list(window.session.project.answers.entries()) == []
    assert not window.actions_table.made["class 0"].isEnabled()
    window.close()


def test_a_setting_that_this_version_does_not_know_is_told(qapp, qtbot, project_path):
    file = project_path / "project.toml"
    file.write_text(file.read_text() + "bach = {value = 3, source = ''}\n")
    window = open_window(project_path, qtbot)
    assert "bach" in window.session.banner.what.text()
    window.close()


def test_a_missing_scan_is_told_and_the_window_stays(driver, small_street):
    scans = driver.session.project.dataset.train
    shown = driver.state.content.scan
    other = next(s for s in scans if s != shown)
    driver.state.loader.forget()
    (small_street / f"{other}.bin").unlink()
    driver.state.show_scan(other)
    driver.settle()
    assert driver.session.banner.isVisible()
    assert "No such file" in driver.session.banner.what.text()
    driver.state.show_scan(shown)
    driver.settle()
    assert driver.state.content.scan == shown


def test_a_broken_project_is_told_on_the_start_page(qtbot, project_path):
    (project_path / "project.toml").write_text("version = 99\n")
    window = open_window(None, qtbot)
    window.open_project(project_path)
    assert window.session is None
    assert "newer" in window.centralWidget().message.text()
    window.close()


def test_without_ground_truth_miou_is_a_dash(qtbot, project_path, small_street):
    for file in small_street.glob("sequences/08/labels/*"):
        file.unlink()
    window = open_window(project_path, qtbot)
    bring(Driver(window, qtbot), "Rounds")
    qtbot.waitUntil(lambda: bool(window.session.rounds.rows))
    assert window.session.rounds.table.item(0, 3).text() == "–"
    assert (
        "truth" not in window.session.work.in_view.colours.modes()
        or window.session.project.research
    )
    window.close()


# -- start page ------------------------------------------------------------------------------------


def test_a_folder_dropped_on_the_start_page_becomes_a_project(qtbot, tmp_path, small_street):
    window = open_window(None, qtbot)
    start = window.centralWidget()
    assert isinstance(start, Start)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(small_street / "sequences"))])
    start.dropEvent(
        QDropEvent(
            QPointF(9, 9),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    page = window.centralWidget()
    assert isinstance(page, NewProject)
    assert page.found.scans == 4
    assert (page.train.text(), page.validation.text()) == ("00", "08")
    page.path.setText(str(tmp_path / "made"))
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    assert window.session is not None
    assert window.session.project.dataset.validation == ("sequences/08/velodyne/000000",)
    window.close()
    assert recent()[0].path == str((tmp_path / "made").resolve())


def test_a_folder_without_scans_is_told(qtbot, tmp_path):
    window = open_window(None, qtbot)
    window.look_at(tmp_path)
    assert "holds no scans" in window.centralWidget().message.text()
    window.close()


# -- actions ---------------------------------------------------------------------------------------


def test_every_action_is_in_a_menu_and_every_key_is_its_own(driver):
    window = driver.window
    in_menus = {action for menu in window.menuBar().actions() for action in menu.menu().actions()}
    for id, made in window.actions_table.made.items():
        assert made in in_menus, id
    keys = [key for action in window.actions_table.table.values() for key in action.keys]
    assert len(keys) == len(set(keys))


def test_the_key_sheet_shows_every_key(driver):
    driver.key(Qt.Key.Key_F1)
    sheet = driver.window.key_sheet
    assert sheet.isVisible()
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    for action in driver.window.actions_table.table.values():
        if action.keys:
            assert ", ".join(action.keys) in shown
            assert action.title in shown
    for done, comes in MOUSE:
        assert {done, comes} <= shown
    driver.key(Qt.Key.Key_F1)
    assert not sheet.isVisible()


def test_the_command_palette_finds_and_does_an_action(driver):
    driver.key("1")
    driver.key("P", CONTROL | SHIFT)
    palette = driver.window.command_palette
    QTest.keyClicks(palette.text, "undo")
    QTest.keyClick(palette.text, Qt.Key.Key_Return)
    driver.settle()
    assert not palette.isVisible()
    assert driver.answers.effective == {}


def test_colour_by_height_paints_points_in_its_ramp(driver):
    driver.key("7", CONTROL)
    driver.key(Qt.Key.Key_End)
    view, content = driver.session.view, driver.state.content
    assert driver.session.work.in_view.colours.mode == "height"
    driver.state.show_scan(content.scan)
    driver.settle()
    image = view.canvas.render()[..., :3].astype(int)
    background = image[0, 0]
    lit = image[np.abs(image - background).sum(axis=2) > 60]
    ramp = measure_table().astype(float)
    share = 235 / 255
    expected = ramp * share + background * (1 - share)
    expected = told_apart(expected, DARK.rgb("canvas")).astype(float)
    distance = np.abs(lit[:, None] - expected[None]).sum(axis=2).min(axis=1)
    assert len(lit) > 500
    assert np.median(distance) <= 6


def test_point_size_and_top_view_have_keys(driver):
    size = driver.session.work.in_view.scene.point_px
    driver.key("]")
    assert driver.session.work.in_view.scene.point_px > size
    driver.key("J")
    assert driver.session.view.top_down
    driver.key("J")
    assert not driver.session.view.top_down


def test_the_switches_over_the_view_colour_and_turn(driver):
    """They were drawn, and did nothing."""
    parts, table = driver.session.work.in_view, driver.window.actions_table
    box = parts.overlays.switches.modes
    box.setCurrentIndex(box.findData("height"))
    box.activated.emit(box.currentIndex())
    assert parts.colours.mode == "height"
    assert table.made["mode height"].isChecked()
    assert box.currentData() == "height"
    for on in (True, False):
        driver.click(parts.overlays.switches.top)
        assert driver.session.view.top_down == on
        assert table.made["top"].isChecked() == on


def test_overlays_can_be_put_away(driver):
    assert driver.session.work.in_view.overlays.card.isVisible()
    driver.key("H")
    assert not driver.session.work.in_view.overlays.card.isVisible()
    driver.key("H")
    assert driver.session.work.in_view.overlays.card.isVisible()


# -- looks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_can_be_read_on_every_surface(theme):
    for surface in (theme.canvas, theme.panel, theme.raised):
        for text in (theme.text, theme.quiet, theme.good, theme.warning, theme.error):
            assert contrast(text, surface) >= 4.5, (text, surface)


def test_contrast_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_theme_changes_everywhere(driver):
    driver.key("L", CONTROL | SHIFT)
    light = THEMES["light"].rgb("canvas")
    corner = driver.session.view.canvas.render()[0, 0, :3]
    assert tuple(corner) == light
    driver.key("L", CONTROL | SHIFT)


# -- processes -------------------------------------------------------------------------------------


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_window_opens_without_the_slow_packages(project_path, tmp_path):
    code = f"""
import sys
from gui import app
application, window = app._start()
window.show()
window.open_project(__import__("pathlib").Path({str(project_path)!r}))
while not window.session.view.drawn or window.session.state.content is None:
    application.processEvents()
slow = {{"torch", "hdbscan", "sklearn", "open3d", "numba", "pypatchworkpp"}}
print("LOADED", sorted(slow & sys.modules.keys()))
window.close()
"""
    done = run(code, XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert "LOADED []" in done.stdout, done.stdout + done.stderr


def test_no_display_is_one_sentence():
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "No display found" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_opengl_leaves_a_window_that_says_so(project_path, tmp_path):
    code = f"""
from gui import app
application, window = app._start()
window.show()
window.open_project(__import__("pathlib").Path({str(project_path)!r}))
while window.session.state.content is None:
    application.processEvents()
from PySide6.QtWidgets import QLabel
texts = [label.text() for label in window.session.page.findChildren(QLabel)]
print("SAYS", [text for text in texts if "OpenGL" in text])
window.session.work.answer(0)
print("ANSWERED", len(window.session.project.answers.effective))
window.close()
"""
    done = run(code, QT_XCB_GL_INTEGRATION="none", XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert "OpenGL does not start" in done.stdout, done.stdout + done.stderr
    assert "ANSWERED 1" in done.stdout


def test_pyside_keeps_its_references(qapp):
    """PySide6 6.12 on Python 3.11 lost a reference to None per call, and aborted after hours."""
    from PySide6.QtCore import QTimer

    timer = QTimer()
    before = sys.getrefcount(None)
    for _ in range(1000):
        timer.setInterval(5)
    assert abs(sys.getrefcount(None) - before) < 50
    assert QApplication.instance() is not None
