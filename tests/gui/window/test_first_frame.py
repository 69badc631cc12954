"""A scan is shown before its form is known; and what is closed is gone."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.prepare.units import CLUSTER, is_cell
from gui.desk import forms
from gui.view.form import with_surfaces
from tests.gui.driver import Driver, open_window
from tests.places import ROOT


class Held:
    """Finds forms once they are let; counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let, self.asked = threading.Event(), 0
        monkeypatch.setattr(forms, "with_surfaces", self)

    def __call__(self, points, sketch):
        self.asked += 1
        assert self.let.wait(20)
        return with_surfaces(points, sketch)


@pytest.fixture
def held(monkeypatch) -> Held:
    return Held(monkeypatch)


def on_the_ground(driver: Driver) -> bool:
    """Whether a sketch leaves open how the target is seen."""
    state = driver.state
    return bool(np.median(state.content.form.height[state.target.rows]) <= 0.5)


def test_the_first_frame_comes_before_the_form(qapp, qtbot, project_path: Path, held: Held):
    """Before, the loader found the form first, and the window showed nothing for so long."""
    window = open_window(project_path, qtbot)
    driver = Driver(window, qtbot)
    state, view = driver.state, driver.session.view
    frames: list[bool] = []
    view.canvas.events.draw.connect(lambda _: frames.append(state.content is not None))
    qtbot.waitUntil(lambda: driver.session.gate.in_sight and state.target is not None)
    assert state.target.unit
    assert not state.content.form.whole
    assert not on_the_ground(driver)
    camera, drawn = view.camera, len(frames)
    seen = [*camera.center, camera.scale_factor, camera.azimuth, camera.elevation]
    heights = state.content.form.height
    qtbot.waitUntil(lambda: held.asked > 0)
    assert not state.settled
    held.let.set()
    driver.settle()
    qtbot.waitUntil(lambda: len(frames) > drawn)
    assert state.content.form.whole
    assert state.content.form.height is heights
    # Nothing moves, and what is drawn has the form's directions.
    assert seen == [*camera.center, camera.scale_factor, camera.azimuth, camera.elevation]
    np.testing.assert_allclose(
        np.linalg.norm(state.content.form.normal, axis=1).max(), 1, rtol=1e-5
    )
    window.close()


def test_a_key_before_the_form_answers_what_is_on_screen(
    qapp, qtbot, project_path: Path, held: Held
):
    window = open_window(project_path, qtbot)
    driver = Driver(window, qtbot)
    state = driver.state
    qtbot.waitUntil(lambda: driver.session.gate.in_sight and state.target is not None)
    shown = state.target.unit
    native = driver.session.view.canvas.native
    QTest.keyClick(native, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: len(driver.entries()) == 1)
    assert driver.entries()[0].unit == shown
    held.let.set()
    driver.settle()
    window.close()


LOADED = """
import os, sys
import main
from gui import app
def measured(project, **_):
    from tests.gui.driver import keep_settings_in
    from pathlib import Path
    keep_settings_in(Path(sys.argv[2]))
    application, window = original(project)
    session = window.session
    def drawn(_):
        if session.state.content is not None:
            print(*sorted(sys.modules), flush=True)
            os._exit(0)
    session.view.canvas.events.draw.connect(drawn, position="last")
    while True:
        application.processEvents()
original, app.open_window = app.open_window, measured
main.main(["open", sys.argv[1]])
"""


def test_a_first_frame_loads_no_slow_library(project_path: Path, tmp_path: Path):
    """Before, it waited for scipy, three times; reading any format loaded all of them."""
    command = [sys.executable, "-c", LOADED, str(project_path), str(tmp_path / "settings")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    slow = {"torch", "open3d", "hdbscan", "sklearn", "numba", "scipy", "numpy.random"}
    other_formats = {f"core.data.formats.{name}" for name in ("bags", "e57", "kitti", "nuscenes")}
    other_work = {"core.boxes.formats.openlabel", "core.experiment.spec", "core.prepare.run"}
    assert not loaded & other_work
    assert "core.data.formats.semantickitti" in loaded
    assert loaded & (slow | other_formats) == set()


def test_even_ground_waits_for_its_form(driver: Driver, monkeypatch):
    """It is seen from above, and only its form tells whether it is even: the camera never turns
    after the frame."""
    state, project = driver.state, driver.session.project
    units = project.need_units()
    scan = next(name for name in project.dataset.train if name != state.content.scan)
    mine = units.range_of(scan)
    cells = [n for n in range(mine.start, mine.stop) if units.kind[n] == 1]
    held = Held(monkeypatch)
    state.loader.forget()
    state.show_unit(units.name(cells[0]))
    driver.qtbot.waitUntil(lambda: held.asked > 0)
    assert state.coming == scan
    assert state.target is None
    held.let.set()
    driver.settle()
    assert state.target.unit == units.name(cells[0])
    assert state.target.flat == state.content.form.is_flat(state.target.rows)


def test_ground_is_shown_that_somebody_comes_back_to_before_its_form(driver: Driver, monkeypatch):
    """Its form was left for that of a scan that was looked at meanwhile; before, nobody asked for
    it again, and the window waited for ever."""
    state, project = driver.state, driver.session.project
    units, found = project.need_units(), state.forms
    here, there = project.dataset.train[:2]
    thing = next(units.name(n) for n in span(units, here) if units.kind[n] == CLUSTER)
    cell = next(units.name(n) for n in span(units, there) if is_cell(units.kind[n]))
    held = Held(monkeypatch)

    def waits() -> list[str]:
        return [content.scan for content, *_ in found._wanted.values()]

    state.loader.forget()
    state.show_unit(thing)
    driver.qtbot.waitUntil(lambda: held.asked > 0)  # its form is begun, and keeps the thread
    state.show_unit(cell)
    driver.qtbot.waitUntil(lambda: there in waits())
    state.show_unit(thing)
    driver.qtbot.waitUntil(lambda: there not in waits())
    state.show_unit(cell)
    assert state.coming == there
    held.let.set()
    driver.settle()
    assert state.target.unit == cell


def span(units, scan: str) -> range:
    """The units of a scan."""
    mine = units.range_of(scan)
    return range(mine.start, mine.stop)


def test_a_scan_that_is_read_ahead_comes_with_its_form(driver: Driver):
    state = driver.state
    scan = next(name for name in driver.session.project.dataset.train if name != state.shown_scan)
    state.loader.forget()
    state.loader.ask(scan)
    kept = state.loader.kept
    driver.qtbot.waitUntil(lambda: kept(scan) is not None and kept(scan).form.whole)
    told: list[str] = []
    state.form_shown.connect(lambda: told.append(scan))
    state.show_scan(scan)
    driver.settle()
    assert not told  # no second look of the same scan


def test_a_scan_read_anew_keeps_its_form(driver: Driver):
    """Else it would lose its light for a moment after each training."""
    state = driver.state
    form, content = state.content.form, state.content
    state.reload()
    driver.qtbot.waitUntil(lambda: state.content is not content)
    assert state.content.form is form
    driver.settle()


def test_forms_of_scans_that_were_passed_by_are_left(qapp, qtbot, driver: Driver, held: Held):
    """The form that is waited for is that of the scan on screen."""
    content, made = driver.state.content, forms.Forms()
    sketch = replace(content.form, whole=False)
    first, second, third = (replace(content, form=sketch) for _ in range(3))
    made.want(first, forms.Turn.SOON)
    qtbot.waitUntil(made._wanted[id(first)][1].running)
    for one in (second, third):
        made.want(one, forms.Turn.SOON)
    held.let.set()
    qtbot.waitUntil(lambda: third.form.whole)
    assert not second.form.whole
    assert first.form.whole
    made.shut()


@pytest.mark.slow
def test_a_closed_project_is_gone(qapp, qtbot, project_path: Path):
    """Before, each opening kept the last one with its scans, and all that it had in OpenGL."""
    window = open_window(project_path, qtbot)
    counts: list[tuple[int, int]] = []
    for _ in range(3):
        driver = Driver(window, qtbot)
        driver.settle()
        driver.key(Qt.Key.Key_1)
        session = driver.session
        objects = session.view.canvas.context.shared.parser._objects
        kept = {
            name: weakref.ref(part)
            for name, part in {
                **{"session": session, "state": session.state, "view": session.view},
                **{"scan": session.state.content, "canvas": session.view.canvas},
                **{"queue": session.queue, "review": session.review, "context": session.context},
                **{"palette": session.palette, "work": session.work, "gate": session.gate},
                **{"project": session.project, "stepper": window.stepper},
            }.items()
        }
        assert objects
        del driver, session
        window.open_project(project_path)
        assert not objects  # OpenGL's memory was given back
        del objects
        swept()
        assert [name for name, one in kept.items() if one() is not None] == []
        counts.append((len(QApplication.allWidgets()), len(window.findChildren(QAction))))
    assert counts[1] == counts[2]
    window.close()


def swept() -> None:
    """Qt deletes what waits for it, Python what nobody knows."""
    for _ in range(2):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
