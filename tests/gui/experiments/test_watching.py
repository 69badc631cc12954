"""The Experiments window: reached, watched, opened, ended, with real keys and clicks."""

from __future__ import annotations

import csv
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, current_thread, main_thread

import psutil
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from core.base.files import writer_lock
from core.experiment.lines import lines_of
from core.experiment.results import curves
from gui.charts.chart import Chart
from gui.charts.taken import Enlarged, save
from gui.experiments import process
from gui.experiments.page import Experiments
from gui.experiments.plan import Plan, Typed, plan
from gui.experiments.process import Order, Run
from gui.experiments.watching import Watching
from gui.window.window import Window
from tests.gui.driver import open_window
from tests.made_experiments import half_done, made_experiment

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot) -> Iterator[Window]:
    made = open_window(None, qtbot)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.close()


def page_of(window: Window) -> Experiments:
    found = window.findChild(Experiments)
    assert isinstance(found, Experiments)
    return found


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment whose last seed is half done."""
    experiment = made_experiment(tmp_path_factory.mktemp("half") / "out")
    half_done(experiment)
    return experiment.out


@pytest.fixture
def watching(window: Window, qtbot, half: Path) -> Watching:
    return watched(window, qtbot, half)


def watched(window: Window, qtbot, out: Path) -> Watching:
    window.open_experiments()
    page = page_of(window).watch(out)
    qtbot.waitUntil(lambda: page.results.told is not None, timeout=10_000)
    return page


def test_it_is_reached_by_button_key_and_palette(window: Window, qtbot):
    QTest.mouseClick(window.centralWidget().experiments_button, LEFT)
    page = page_of(window)
    assert page.isVisible()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_E, both)
    assert page.isVisible()
    page.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_P, both)
    QTest.keyClicks(window.command_palette.text, "experiments")
    QTest.keyClick(window.command_palette.text, Qt.Key.Key_Return)
    assert page.isVisible()
    qtbot.waitUntil(lambda: page.new.settled)


def test_a_large_chart_stays_when_a_project_closes(watching: Watching, window: Window, qtbot):
    chart = watching.findChild(Chart)
    chart.enlarge()
    large = page_of(window).findChild(Enlarged)
    dialog = QDialog(window)
    for shown in (large, dialog):
        shown.show()
        qtbot.waitUntil(shown.isVisible)
    window._shut_session()
    assert large.isVisible()
    assert not dialog.isVisible()
    page_of(window).show_list()  # the chart goes, what is large of it goes first
    assert not large.isVisible()
    assert chart.isAncestorOf(chart.inside)


def test_progress_cells_and_results_are_told(watching: Watching):
    assert watching.state.text() == "Nobody runs it: 15 of 21 cells are finished, 1 failed."
    assert watching.go_button.isVisible()
    assert not watching.stop_button.isVisible()
    cells, seen = watching.cells, watching.seen
    failed = next(one for one in seen.shown if one.state == "failed")
    QTest.mouseClick(cells.table.viewport(), LEFT, pos=cells.cell_place(failed.cell.name))
    assert cells.about.text().replace("\u200b", "") == (
        "margin, seed 2 failed in round 3 of 5: ZeroDivisionError: a fault. Tell us; the trace is "
        "in failed/margin-2.json."
    )
    QTest.keyClick(cells.table, Qt.Key.Key_Up)
    assert cells.about.text() == "ent, seed 2 waits: 2 of 5 rounds are finished (training 75%)."
    QTest.mouseClick(watching.tabs[1], LEFT)
    assert watching.results.isVisible()
    said = [label.text() for label in watching.results.sentences]
    assert len(said) == 5 + 2 * 4, "each arm with the control, all but one with random, twice"
    assert all("so far 2 of 3 seeds" in one for one in said), "the last seed is half done"
    (table,) = watching.results.tables
    assert [table.item(0, column).text() for column in (0, 6)] == ["random", "2 (1 behind)"]


def test_cells_that_run_one_by_one_are_told(watching: Watching, qtbot):
    """As Slurm runs them: nobody holds the whole experiment."""
    at_work = next(one for one in watching.seen.shown if one.state == "waiting" and one.part)
    with writer_lock(at_work.folder):
        watching.look()
        qtbot.waitUntil(lambda: watching.seen.count("running") == 1)
        text = watching.state.text()
        assert text.startswith("Running: 15 of 21 cells are finished, 1 runs, 1 failed")
        assert text.endswith("Its cells are run one by one (--only).")
        assert not watching.stop_button.isEnabled()
        assert "where they were begun" in watching.stop_button.toolTip()
    watching.look()
    qtbot.waitUntil(lambda: watching.state.text().startswith("Nobody runs it"))


def test_a_click_on_a_curve_chooses_its_cell_and_the_numbers_are_those_of_the_records(
    watching: Watching, qtbot, tmp_path: Path
):
    chart = watching.chart
    mark = next(m for m in chart.marks if m.words.startswith("ent, round 3"))
    experiment = watching.seen.experiment
    values = [
        c.records[2]["figures"]["miou"] for c in curves(experiment)
        if c.arm == "ent" and c.seed < 2
    ]  # fmt: skip
    assert mark.y == pytest.approx(50 * sum(values))
    x, y = chart.on_screen([mark])[0]
    at = chart.plot.mapFromScene(QPointF(x, y))
    QTest.mouseMove(chart.plot.viewport(), at)
    QTest.mouseClick(chart.plot.viewport(), LEFT, pos=at)
    chosen = watching.cells.chosen()
    assert (chosen.cell.arm.name, chosen.cell.seed) == ("ent", mark.key[1])
    for ending in ("csv", "svg", "png"):
        save(chart, tmp_path / f"chart.{ending}")
    with (tmp_path / "chart.csv").open(newline="") as file:
        rows = {(row["arm"], row["round"]): row for row in csv.DictReader(file)}
    for curve in curves(experiment):
        if curve.seed < 2:
            for number, record in enumerate(curve.records, start=1):
                stored = rows[curve.arm, str(number)][f"seed {curve.seed}"]
                assert float(stored) == record["figures"]["miou"]
    svg = (tmp_path / "chart.svg").read_text()
    assert ">basal</text>" in svg
    assert chart.theme is watching.cells.theme, "saved as on paper, and dark again"


def test_the_axis_and_the_class_are_chosen_by_keys(watching: Watching, qtbot):
    chart = watching.chart
    watching.axis.setFocus()
    for _ in range(3):
        QTest.keyClick(watching.axis, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: chart.axis == "seconds")
    assert any("0.17 h of work" in mark.words for mark in chart.marks)
    watching.what.setFocus()
    QTest.keyClicks(watching.what, "pole")
    qtbot.waitUntil(lambda: chart.what == "pole")
    basal = next(m for m in chart.marks if m.words.startswith("basal, round 3: pole"))
    chart.setFocus()
    while chart.marks[chart._at] is not basal:
        QTest.keyClick(chart, Qt.Key.Key_Right)
    QTest.keyClick(chart, Qt.Key.Key_Return)
    assert watching.cells.chosen().cell.arm.name == "basal"


SLEEPS = "import sys; sys.stdin.read()"  # as a run that is attached: it ends with its input


def pretended(monkeypatch, script: str) -> None:
    """Runs of this test are a little script instead of the command line."""
    real = Run.__init__

    def begin(self, order, program=()):
        real(self, order, [sys.executable, "-c", script])

    monkeypatch.setattr(process.Run, "__init__", begin)


def test_lines_are_made_beside_the_window(window: Window, qtbot, half: Path, monkeypatch):
    """Their intervals take scipy, which takes seconds to import."""
    threads = []

    def noted(*given):
        threads.append(current_thread())
        return lines_of(*given)

    monkeypatch.setattr("gui.experiments.watching.lines_of", noted)
    page = watched(window, qtbot, half)
    qtbot.waitUntil(lambda: bool(page.chart.lines))
    page.axis.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.chart.axis == "units")
    assert len(threads) == 2, "once for what is shown, and no more at later looks"
    assert main_thread() not in threads


def test_results_follow_a_record_that_is_made_anew(
    window: Window, qtbot, half: Path, tmp_path: Path
):
    """As many records as before, with another figure."""
    shutil.copytree(half, tmp_path / "out")
    page = watched(window, qtbot, tmp_path / "out")
    before = page.results.told
    for file in (tmp_path / "out").glob("cells/basal-*/rounds/002-basal/record.json"):
        stored = json.loads(file.read_text())
        stored["figures"] |= {"miou": 0.9, "iou": dict.fromkeys(stored["figures"]["iou"], 0.9)}
        file.write_text(json.dumps(stored))
    page.look()
    qtbot.waitUntil(lambda: page.results.told not in (None, before))
    assert any(cell.startswith("90.0") for row in page.results.told.tables[0][2] for cell in row)
    basal = next(line for line in page.chart.lines if line.arm == "basal")
    assert basal.mean[1] == pytest.approx(0.9)


def test_stop_ends_nobody_who_has_taken_the_number_of_a_run(
    window: Window, qtbot, half: Path, tmp_path: Path
):
    """The run ended after the last look; its process number is another program's now."""
    shutil.copytree(half, tmp_path / "out")
    words = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", words], stdin=subprocess.PIPE) as stranger:
        holder = tmp_path / "out" / ".lock.holder"
        holder.write_text(f"(process {stranger.pid} of me on {socket.gethostname()})")
        page = watched(window, qtbot, tmp_path / "out")
        assert page.seen.runner.process == stranger.pid
        page._clock.stop()
        holder.unlink()
        QTest.mouseClick(page.stop_button, LEFT)
        assert stranger.poll() is None
        qtbot.waitUntil(lambda: page.seen.runner is None)


def test_a_run_that_ended_by_itself_is_not_killed(tmp_path: Path, monkeypatch):
    """Its number may be another program's: it ends while the person reads the question."""
    run = Run(Order("town", tmp_path, None, "0", 1, "equal"), [sys.executable, "-c", "pass"])
    run._process.wait()
    killed = []
    monkeypatch.setattr(process, "kill_tree", killed.append)
    run.stop()
    assert killed == []


def test_a_run_that_holds_no_lock_yet_is_not_begun_twice(
    window: Window, qtbot, tmp_path: Path, monkeypatch
):
    """The first one would be nobody's and so ended."""
    pretended(monkeypatch, SLEEPS)
    window.open_experiments()
    page, order = page_of(window), Order("town", tmp_path / "out", None, "3", 1, "equal")
    page.start(order)
    first = page.watching.run
    page.show_list()
    page.start(order)
    assert page.watching.run is first
    assert first.code is None
    page.watching.stop()
    qtbot.waitUntil(lambda: page.watching._looking is None)


@pytest.mark.slow
def test_a_round_of_a_cell_opens_as_a_project_that_cannot_be_changed(
    window: Window, qtbot, tmp_path: Path, prepared: Path, small_street: Path
):
    experiment = made_experiment(tmp_path / "out", arms=("random", "basal"), root=small_street)
    cell = next(c for c in experiment.arms if (c.arm.name, c.seed) == ("basal", 1))
    folder = experiment.cell_folder(cell.name)
    shutil.copytree(prepared, folder)
    window.open_experiments()
    page = page_of(window).watch(experiment.out)
    qtbot.waitUntil(lambda: page.seen is not None)
    page.cells.choose("basal", 1)
    QTest.mouseClick(page.cells.rounds[0], LEFT)
    session = window.session
    assert session is not None
    assert session.project.path == folder
    assert not session.project.writable
    assert "a cell of an experiment" in session.banner.findChildren(type(page.state))[0].text()
    qtbot.waitUntil(lambda: bool(session.rounds.rows))  # its tab came to the front
    assert session.rounds.rows[session.rounds.table.currentRow()]["id"] == "001-size"
    qtbot.waitUntil(lambda: session.state.settled)


def test_a_folder_without_an_experiment_is_one_sentence(window: Window, qtbot, tmp_path: Path):
    window.open_experiments()
    page = page_of(window).watch(tmp_path)
    qtbot.waitUntil(page.problem.isVisible)
    assert "holds no experiment. Run one" in page.problem.text().replace("\u200b", "")


def test_a_record_with_wrong_values_is_one_sentence(
    window: Window, qtbot, half: Path, tmp_path: Path
):
    shutil.copytree(half, tmp_path / "out")
    file = next((tmp_path / "out").glob("cells/basal-0-*/rounds/002-basal/record.json"))
    file.write_text(file.read_text().replace('"points": 2000', '"points": "many"'))
    window.open_experiments()
    page = page_of(window).watch(tmp_path / "out")
    qtbot.waitUntil(lambda: "costs.points is no whole number" in page.problem.text())
    assert page.problem.isVisible()


def test_stop_kills_it_and_go_on_starts_it_again(watching: Watching, qtbot, monkeypatch):
    pretended(monkeypatch, SLEEPS)
    QTest.mouseClick(watching.go_button, LEFT)
    qtbot.waitUntil(watching.stop_button.isVisible)
    number = watching.run.process
    assert psutil.pid_exists(number)
    QTest.mouseClick(watching.stop_button, LEFT)
    assert not psutil.pid_exists(number)
    qtbot.waitUntil(watching.go_button.isVisible)
    assert not watching.problem.isVisible()
    QTest.mouseClick(watching.go_button, LEFT)
    assert watching.run.process != number
    watching.stop()


def test_why_it_ended_is_told_and_what_was_typed_is_there_again(
    window: Window, qtbot, tmp_path: Path, monkeypatch
):
    """The spec's folder was removed, or the disk is full: the command line's own sentence."""
    said = "lidarloop: No space is left on the disk for x. Free some space."
    pretended(monkeypatch, f"import sys; print({said!r}, file=sys.stderr); sys.exit(2)")
    window.open_experiments()
    page = page_of(window)
    page.start(Order("town", tmp_path / "out", None, "3", 1, "equal"))
    page.watching._clock.setInterval(50)
    qtbot.waitUntil(lambda: page.watching.problem.isVisible(), timeout=10_000)
    assert page.watching.problem.text() == said.removeprefix("lidarloop: ")
    page.show_list()
    assert page.new.seeds.text() == "3"
    assert page.new.out.text() == str(tmp_path / "out")
    qtbot.waitUntil(lambda: page.new.settled)


@pytest.mark.parametrize(
    ("button", "ends", "lives"),
    [("Stay here", False, True), ("Stop it", True, False), ("Let it run", True, True)],
)
def test_closing_asks_what_becomes_of_a_run(
    watching: Watching, window: Window, qtbot, monkeypatch, button, ends, lives
):
    stays = "import sys, time\nif sys.stdin.readline() == 'stay\\n': time.sleep(60)"
    pretended(monkeypatch, stays)
    watching.go_on()
    number = watching.run.process

    def answer() -> None:
        box = page_of(window).findChild(QMessageBox)
        QTest.mouseClick(next(b for b in box.buttons() if b.text() == button), LEFT)

    QTimer.singleShot(0, answer)
    window.close()
    assert window.isVisible() != ends
    assert psutil.pid_exists(number) == lives
    if lives:
        process.kill_tree(number)
    QApplication.processEvents()


def test_a_form_is_filled_by_keys_and_started(
    window: Window, qtbot, tmp_path: Path, monkeypatch, small_street: Path
):
    pretended(monkeypatch, SLEEPS)
    from tests.experiments import tiny_spec

    window.open_experiments()
    form = page_of(window).new
    form.add_spec(str(tiny_spec(tmp_path)))
    for edit, text in ((form.root, small_street), (form.out, tmp_path / "out"), (form.seeds, "x")):
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, str(text))
    QTest.keyClick(form.seeds, Qt.Key.Key_Return)
    qtbot.waitUntil(form.fields["seeds"].problem.isVisible)
    assert page_of(window).watching is None
    form.seeds.selectAll()
    QTest.keyClicks(form.seeds, "0-1")
    qtbot.waitUntil(lambda: form.settled and form.button.isEnabled())
    assert form.words.text().startswith("3 arms x 2 seeds = 6 cells")
    QTest.mouseClick(form.button, LEFT, pos=QPoint(9, 9))
    qtbot.waitUntil(lambda: page_of(window).watching is not None)
    page = page_of(window).watching
    assert page.run.order.words[:3] == ["experiment", str(tmp_path / "tiny.toml"),
                                        str(tmp_path / "out")]  # fmt: skip
    qtbot.waitUntil(lambda: page.state.text().startswith("Starting: the spec"))
    page.stop()


def test_a_slow_disk_holds_up_no_key_and_what_is_typed_meanwhile_is_not_started(
    window: Window, qtbot, tmp_path: Path, monkeypatch, small_street: Path
):
    from tests.experiments import tiny_spec

    window.open_experiments()
    form, started = page_of(window).new, []
    form.started.disconnect()
    form.started.connect(started.append)
    form.add_spec(str(tiny_spec(tmp_path)))
    form.root.setText(str(small_street))
    form.out.setText(str(tmp_path / "out"))
    form.seeds.setText("0-1")
    qtbot.waitUntil(lambda: form.settled and form.button.isEnabled())
    disk, threads = Event(), []

    def slow(typed: Typed) -> Plan:
        threads.append(current_thread())
        disk.wait(20)
        return plan(typed)

    monkeypatch.setattr("gui.experiments.new.plan", slow)
    form.start()
    assert not form.button.isEnabled()
    assert form.words.text() == "Looking at what is typed …"
    form.seeds.setText("0-2")  # nobody means the run of before any more
    disk.set()
    qtbot.waitUntil(lambda: form.settled and form.button.isEnabled())
    assert started == []
    form.start()
    form.start()
    qtbot.waitUntil(lambda: form.settled and bool(started))
    assert [order.seeds for order in started] == ["0-2"]
    assert main_thread() not in threads
    # A folder of nobody's is told at its field.
    form.out.setText("~nosuchuser/x")
    form.start()
    qtbot.waitUntil(form.fields["out"].problem.isVisible)
    assert len(started) == 1
