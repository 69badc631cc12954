"""Frames as they are asked, finished, found by a detector, drawn blind, damaged or read only."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.answers.box import Box
from core.answers.boxes import Drawn
from core.answers.effort import Effort
from core.answers.entry import ScanRef
from core.base.errors import DataError
from core.base.jobs import Job
from core.exchange.boxes_found import FoundBoxes, holds_scores, read_found, take_found
from core.exchange.boxes_out import export_boxes
from core.frame_steps import ask_frames
from core.project.project import Project
from gui.boxes.frames_panel import FramesPanel
from gui.boxes.queue import FrameQueue
from gui.window.tour import Tour
from tests.gui.boxes.frames import CONTROL, BoxDriver, box_car, made_street, opened, true_box

NONE = Qt.KeyboardModifier.NoModifier
SPACE, DELETE, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Delete, Qt.Key.Key_Return


def test_found_boxes_are_read_from_files_and_odd_ones_refused(tmp_path):
    path = made_street(tmp_path)
    with Project(path) as project:
        scans = project.dataset.train
        ref = project.scan_ref(scans[0])
        names = project.boxes.new_names(scans[0], 1)
        project.boxes.draw([Drawn(ref, names[0], Box(true_box(0), 0))], round="")
        export_boxes(project, tmp_path / "out", Job(), kind="csv")
        (file,) = (tmp_path / "out").rglob("*.csv")
        assert not holds_scores(project, file)
        with pytest.raises(DataError, match="without a score"):
            read_found(project, file)
        header, *lines = file.read_text().splitlines()
        column = header.split(",").index("score")
        for score, words in (("0.5", None), ("7", "scores from 7 to 7")):
            parts = [line.split(",") for line in lines]
            for part in parts:
                part[column] = score
            file.write_text("\n".join([header, *(",".join(part) for part in parts)]) + "\n")
            assert holds_scores(project, file)
            if words is None:
                assert len(take_found(project, read_found(project, file), Job())) > 0
            else:
                with pytest.raises(DataError, match=words):
                    read_found(project, file)
        (found,) = FoundBoxes(project).of(scans[0])
        assert found.score == 0.5
        assert not found.box.sure
        np.testing.assert_allclose(found.box.box, true_box(0), atol=1e-6)
        damaged = path / "found" / "boxes.npz"
        damaged.write_bytes(damaged.read_bytes()[:-30])
        with pytest.raises(Exception, match=r"cannot be read|damaged"):
            FoundBoxes(project)


def test_asked_frames_come_in_their_order(street: BoxDriver, qtbot):
    project = street.session.project
    panel = street.work.panels.frames
    panel.strategy.setCurrentIndex(panel.strategy.findData("random"))
    panel.amount.setValue(3)
    with qtbot.waitSignal(street.window.jobs.finished, timeout=20_000):
        street.click(panel.ask)
    street.settle()
    (round,) = project.frame_rounds
    asked = round.query.items
    assert len(asked) == 3
    assert street.frame.scan == asked[0]
    for place, scan in enumerate(asked):
        assert street.frame.scan == scan
        assert f"{place} of 3 frames asked" in panel.meter.text()
        street.key(RETURN, CONTROL)
        street.rest()
    assert project.boxes.finished == set(asked)
    entries = [entry for entry in street.entries() if entry.kind == "frames"]
    assert {entry.round for entry in entries} == {round.id}


def rows_of(panel: FramesPanel) -> list[tuple[str, ...]]:
    rows = [panel.list.topLevelItem(k) for k in range(panel.list.topLevelItemCount())]
    return [tuple(row.text(column) for column in range(3)) for row in rows]


@pytest.mark.slow
def test_only_rows_whose_frame_changed_are_written_anew(street: BoxDriver, qtbot, monkeypatch):
    """Each time they are those of a panel that lists all frames for the first time."""
    project, panel = street.session.project, street.work.panels.frames
    boxes, queue, scans = project.boxes, street.work.queue, project.dataset.train
    looked, settled = [], queue.settled

    def follow() -> set[str]:
        looked.clear()
        with monkeypatch.context() as spied:
            spied.setattr(queue, "settled", lambda scan: looked.append(scan) or settled(scan))
            panel.refresh()
        mine = set(looked)
        whole = FramesPanel(street.state, queue)
        qtbot.addWidget(whole)
        assert rows_of(panel) == rows_of(whole)
        assert panel.meter.text() == whole.meter.text()
        assert (panel.bar.value(), panel.bar.maximum()) == (
            whole.bar.value(),
            whole.bar.maximum(),
        )
        return mine

    def draw(scan: str, box: Box | None, *names: str) -> list[str]:
        ref, new = project.scan_ref(scan), list(names) or boxes.new_names(scan, 2)
        boxes.draw([Drawn(ref, name, box) for name in new], round="")
        return new

    follow()
    car = Box(true_box(0), 0)
    first, _ = draw(scans[0], car)
    assert follow() == {scans[0]}
    draw(scans[1], car)
    boxes.finish(project.scan_ref(scans[2]), round="")
    assert follow() == {scans[1], scans[2]}
    assert [row[1:] for row in rows_of(panel)] == [("2", ""), ("2", ""), ("", "✓"), ("", "")]
    draw(scans[0], None, first)
    assert follow() == {scans[0]}
    boxes.reopen(project.scan_ref(scans[2]))
    project.answers.undo()
    boxes.decline(project.scan_ref(scans[3]), round="")
    assert follow() == {scans[2], scans[3]}
    assert follow() == set()
    # Other frames are asked, then those of before.
    queue.ask_blind([scans[2]])
    assert follow() == {scans[2]}
    assert rows_of(panel)[0][1:] == ("", "")
    queue.tick(scans[2])
    assert follow() == {scans[2]}
    draw(scans[1], car)
    assert rows_of(panel)[0][1:] == ("", "✓")
    queue.end_sample()
    assert follow() == set(scans)
    queue.ask_blind(scans)  # as many, blind
    assert follow() == set(scans)
    assert {row[1:] for row in rows_of(panel)} == {("", "")}
    queue.end_sample()
    assert follow() == set(scans)


@pytest.mark.slow
def test_the_queue_is_put_together_once_for_a_step(street: BoxDriver, monkeypatch):
    queue, made = street.work.queue, []
    of_round = FrameQueue.of_round.fget
    counted = property(lambda queue: made.append(1) or of_round(queue))
    monkeypatch.setattr(FrameQueue, "of_round", counted)
    first, second, *_ = scans = street.session.project.dataset.train
    assert queue.after(first) == second
    assert len(made) == 1
    assert queue.near() == tuple(scans)
    assert len(made) == 2


def test_nobodys_boxes_are_shown_in_a_second_opinion(qapp, qtbot, tmp_path, monkeypatch):
    path = made_street(tmp_path)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "bob")
    with Project(path) as project:
        for scan in project.dataset.train[:2]:
            ref = project.scan_ref(scan)
            names = project.boxes.new_names(scan, 1)
            project.boxes.draw([Drawn(ref, names[0], Box(true_box(0), 0))], round="")
            project.boxes.finish(ref, round="")
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    driver = opened(path, qtbot)
    project = driver.session.project
    driver.window.actions_table.run("second")
    driver.settle()
    assert driver.frame.blind
    assert driver.frame.rows == {}
    seen = driver.frame.scan
    name = box_car(driver, 0)
    assert set(driver.frame.rows) == {name}
    assert len(project.boxes_of(seen)) == 1  # bob's still: a blind box only is compared
    driver.key(RETURN, CONTROL)
    assert driver.frame.blind
    assert driver.frame.scan != seen
    assert driver.frame.rows == {}
    driver.key(RETURN, CONTROL)
    assert not driver.frame.blind
    assert len(driver.frame.rows) == 1
    assert all(entry.blind for entry in driver.entries() if entry.annotator == "ann")
    # It is not asked twice.
    driver.window.actions_table.run("second")
    driver.settle()
    assert not driver.frame.blind
    driver.window.close()


@pytest.mark.slow
def test_boxes_of_another_content_are_told_and_nothing_is_written(qapp, qtbot, tmp_path):
    path = made_street(tmp_path)
    with Project(path) as project:
        scan = project.dataset.train[0]
        real = project.scan_ref(scan)
        wrong = ScanRef(scan, real.rows, "0" * len(real.hash))
        names = project.boxes.new_names(scan, 1)
        project.boxes.draw([Drawn(wrong, names[0], Box(true_box(0), 0), Effort())], round="")
    driver = opened(path, qtbot)
    assert "has changed since" in driver.work.in_view.card.hint.text()
    before = len(driver.entries())
    driver.key("B")
    driver.click_row(driver.seen_row(driver.rows_in(true_box(0))))
    driver.key(RETURN, CONTROL)
    assert len(driver.entries()) == before
    assert driver.session.banner.isVisible()
    assert driver.frame.scan == scan
    driver.window.close()


@pytest.mark.slow
def test_a_project_that_is_open_elsewhere_shows_its_boxes_and_takes_none(qapp, qtbot, tmp_path):
    path = made_street(tmp_path)
    with Project(path) as project:
        scan = project.dataset.train[0]
        names = project.boxes.new_names(scan, 1)
        project.boxes.draw([Drawn(project.scan_ref(scan), names[0], Box(true_box(0), 0))], round="")
        driver = opened(path, qtbot)
        assert len(driver.frame.rows) == 1
        driver.key(Qt.Key.Key_Tab)
        for key in ("W", "G", "B"):
            driver.key(key)
        driver.key(DELETE)
        driver.key(RETURN, CONTROL)
        assert len(driver.entries()) == 1
        assert not driver.work.making.armed
        driver.window.close()


@pytest.mark.slow
def test_a_thousand_boxes_in_a_frame(qapp, qtbot, tmp_path):
    path = made_street(tmp_path, frames=1)
    rng = np.random.default_rng(0)
    with Project(path) as project:
        scan = project.dataset.train[0]
        ref = project.scan_ref(scan)
        names = project.boxes.new_names(scan, 1000)
        boxes = np.column_stack(
            [rng.uniform(-40, 40, (1000, 2)), np.full(1000, -1.0), rng.uniform(1, 4, (1000, 3)),
             rng.uniform(-3, 3, 1000)]
        )  # fmt: skip
        drawn = [
            Drawn(ref, n, Box(b, k % 7)) for k, (n, b) in enumerate(zip(names, boxes, strict=True))
        ]
        project.boxes.draw(drawn, round="")
    driver = opened(path, qtbot)
    assert len(driver.frame.rows) == 1000
    driver.key(Qt.Key.Key_Tab)
    driver.key("W")
    assert driver.entries()[-1].tool == "key"
    driver.key("Z", CONTROL)
    driver.key("Z", CONTROL)  # the thousand were one act
    assert driver.frame.rows == {}
    driver.window.close()


@pytest.mark.slow
def test_undo_of_an_answer_to_points_goes_to_points(street: BoxDriver):
    project = street.session.project
    scan = street.frame.scan
    box_car(street, 0)
    ref = project.scan_ref(scan)
    project.answers.answer(
        ref, np.array([1, 2]), np.array([0, 0], np.uint8), round="", unit="", effort=Effort()
    )
    street.settle()
    street.key("Z", CONTROL)
    assert street.session.work is street.session.points
    assert (project.labels(scan) == 252).all()
    # The box before it is taken back in its own workspace.
    street.key("Z", CONTROL)
    assert street.session.work is street.session.boxes
    assert street.frame.rows == {}


@pytest.mark.slow
def test_a_query_of_frames_that_is_open_is_gone_on_with(qapp, qtbot, tmp_path):
    path = made_street(tmp_path)
    with Project(path) as project:
        asked = ask_frames(project, Job(), strategy="random", frames=2).query.items
    driver = opened(path, qtbot)
    assert driver.frame.scan == asked[0]
    driver.window.close()


@pytest.mark.slow
def test_a_frame_of_ones_own_comes_again_without_its_boxes(qapp, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("core.quality.box_agreement.REPEATS", 0.999999)
    monkeypatch.setattr("core.quality.box_agreement.LATER", 1)
    driver = opened(made_street(tmp_path), qtbot)
    project = driver.session.project
    scans = project.dataset.train
    box_car(driver, 0)
    driver.key(RETURN, CONTROL)
    assert driver.frame.scan == scans[1]
    driver.key(RETURN, CONTROL)
    assert (driver.frame.scan, driver.frame.blind) == (scans[0], True)
    assert driver.frame.rows == {}
    assert "comes again" in driver.said
    # Put off, it is not lost, and the boxes are there again.
    for _ in range(2):
        driver.key(Qt.Key.Key_Escape)
    assert not driver.frame.blind
    assert driver.frame.scan == scans[2]
    driver.key(RETURN, CONTROL)
    while not driver.frame.blind or driver.frame.scan != scans[0]:
        driver.key(RETURN, CONTROL)
    name = box_car(driver, 0)
    driver.key(RETURN, CONTROL)
    assert len(project.boxes_of(scans[0])) == 1
    assert name not in project.boxes_of(scans[0])
    finished = [entry for entry in driver.entries() if entry.kind == "frames" and entry.blind]
    assert scans[0] in {entry.scan for entry in finished}
    driver.window.close()


@pytest.mark.slow
def test_one_goes_past_a_frame_that_cannot_be_read(qapp, qtbot, tmp_path):
    driver = opened(made_street(tmp_path), qtbot)
    project = driver.session.project
    scans = project.dataset.train
    project.dataset.path(scans[1]).unlink()
    driver.state.loader.forget()
    for key, modifier in ((Qt.Key.Key_PageDown, NONE), (RETURN, CONTROL)):
        driver.state.show_scan(scans[0])
        driver.settle()
        driver.key(key, modifier)
        assert driver.frame.scan == scans[0]
        driver.key(key, modifier)
        assert driver.frame.scan == scans[2]
    driver.window.close()


@pytest.mark.slow
def test_the_tour_speaks_of_boxes(street: BoxDriver):
    street.window.actions_table.run("tour")
    tour = street.window.findChild(Tour)
    said = []
    for place in range(len(tour.steps)):
        tour.go(place)
        said.append(tour.words.text())
    tour.close()
    assert "Ctrl+Enter" in said[0]
    assert said[1].startswith("B, then click")
