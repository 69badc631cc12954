"""The pool: turns, one long work of the last turn at a time, cancelling, shutting. By events."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt

from gui.desk.background import Background, Turn, bring

PATIENCE_S = 20


@pytest.fixture
def pool():
    made = Background(2, "test")
    yield made
    made.shut()


class Gate:
    """Work that says that it has begun and waits to be let through."""

    def __init__(self) -> None:
        self.begun, self.let = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.let.wait(PATIENCE_S)
        return "through"


def test_what_is_asked_now_is_done_before_a_long_learning_ends(pool):
    learning = Gate()
    long = pool.submit(learning, Turn.LATER)
    assert learning.begun.wait(PATIENCE_S)
    more = [pool.submit(lambda: "learnt", Turn.LATER) for _ in range(3)]
    assert pool.submit(lambda: "now", Turn.NOW).result(PATIENCE_S) == "now"
    assert pool.submit(lambda: "soon", Turn.SOON).result(PATIENCE_S) == "soon"
    assert not long.done()
    assert not any(one.done() for one in more)  # one learning at a time
    learning.let.set()
    assert long.result(PATIENCE_S) == "through"
    assert [one.result(PATIENCE_S) for one in more] == ["learnt"] * 3


def test_turns_are_kept_and_within_one_the_order():
    pool = Background(1, "test")
    gate, done = Gate(), []
    pool.submit(gate, Turn.NOW)
    assert gate.begun.wait(PATIENCE_S)
    wanted = [(Turn.LATER, 0), (Turn.NOW, 1), (Turn.SOON, 2), (Turn.NOW, 3), (Turn.LATER, 4)]
    futures = [pool.submit(lambda one=one: done.append(one), one[0]) for one in wanted]
    gate.let.set()
    for future in futures:
        future.result(PATIENCE_S)
    pool.shut()
    assert done == sorted(wanted)


def test_what_waits_can_be_cancelled_and_is_never_done(pool):
    gates = [Gate(), Gate()]
    running = [pool.submit(gate, Turn.NOW) for gate in gates]
    assert all(gate.begun.wait(PATIENCE_S) for gate in gates)
    done: list[str] = []
    dropped = pool.submit(lambda: done.append("dropped"), Turn.NOW)
    kept = pool.submit(lambda: done.append("kept"), Turn.NOW)
    assert dropped.cancel()
    assert not running[0].cancel()
    for gate in gates:
        gate.let.set()
    kept.result(PATIENCE_S)
    assert done == ["kept"]
    with pytest.raises(CancelledError):
        dropped.result()


def test_shutting_waits_for_what_runs_and_takes_nothing_more():
    pool = Background(2, "shut-test")
    gate, told = Gate(), threading.Event()
    running = pool.submit(gate, Turn.LATER)
    assert gate.begun.wait(PATIENCE_S)
    waiting = pool.submit(lambda: "never", Turn.LATER)
    waiting.add_done_callback(lambda _: told.set())
    shutting = threading.Thread(target=pool.shut)
    shutting.start()
    assert told.wait(PATIENCE_S)  # what waits is cancelled at once
    assert waiting.cancelled()
    assert shutting.is_alive()  # and what runs is waited for
    gate.let.set()
    shutting.join(PATIENCE_S)
    assert not shutting.is_alive()
    assert running.result(0) == "through"
    late = pool.submit(lambda: "late", Turn.NOW)
    assert late.cancelled()
    assert not [one for one in threading.enumerate() if one.name.startswith("shut-test")]


def test_a_fault_reaches_who_asked_and_the_thread_goes_on():
    pool = Background(1, "test")

    def fault() -> None:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        pool.submit(fault, Turn.LATER).result(PATIENCE_S)
    assert pool.submit(lambda: 3, Turn.LATER).result(PATIENCE_S) == 3
    pool.shut()


def test_a_key_is_split_while_suggestions_are_learnt(driver, qtbot, monkeypatch):
    """Before, all background work of the window shared one thread."""
    learning, guesses = Gate(), driver.state.guesses
    qtbot.waitUntil(lambda: guesses.rested)
    monkeypatch.setattr("gui.desk.guesses._learn", lambda *_: learning())
    guesses.forget()
    guesses.follow(driver.state.content.scan)
    assert learning.begun.wait(PATIENCE_S)
    labelling = driver.session.work.labelling
    driver.key("Y")
    qtbot.waitUntil(lambda: labelling.draft is not None, timeout=PATIENCE_S * 1000)
    driver.key(Qt.Key.Key_Escape)  # no sheet opens over a drawing
    sheet = driver.session.work.sheet
    driver.key("A", Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(sheet.isVisible, timeout=PATIENCE_S * 1000)
    assert not guesses.rested
    monkeypatch.setattr(guesses, "_running", None)
    guesses._fitted.disconnect()
    learning.let.set()
    guesses._fitted.connect(lambda _: None)


def test_a_scan_that_is_shown_goes_before_those_read_ahead(driver, monkeypatch):
    """The reader is busy and three scans wait to be read ahead: the one that is asked is next."""
    loader, gate, read = driver.state.loader, Gate(), []
    names = [f"scan {n}" for n in range(4)]

    def load(_, scan: str):
        read.append(scan)
        if scan == names[0]:
            gate()
        return driver.state.content

    monkeypatch.setattr("gui.desk.content.load", load)
    for name in names:
        loader.ask(name)
    assert gate.begun.wait(PATIENCE_S)
    assert loader.get(names[3]) is None
    assert loader.get(names[3]) is None  # asked twice, read once
    gate.let.set()
    driver.qtbot.waitUntil(lambda: not loader._wanted)
    assert read == [names[0], names[3], names[1], names[2]]


def test_journals_are_read_while_answers_are_written(driver):
    """Two threads read what keys write: no fault, and each reads whole answers."""
    project, scan = driver.session.project, driver.state.content.scan
    stop = threading.Event()

    def read() -> int:
        rounds = 0
        while not stop.is_set() or not rounds:
            labels = project.labels(scan)
            project.answers.fold.labelled_scans(rounds={""})
            list(project.answers.entries())
            for entry in project.answers.of_scan(scan):
                given = labels[entry.rows]
                assert len(np.unique(entry.classes)) == 1
                assert len(given) == len(entry.classes)
            rounds += 1
        return rounds

    futures: list[Future[int]] = [
        driver.state.background.submit(read, turn) for turn in (Turn.NOW, Turn.SOON)
    ]
    for key in "12345QWERT":
        driver.key(key)
    stop.set()
    assert all(one.result(PATIENCE_S) > 0 for one in futures)
    assert len(driver.entries()) == 10


def test_a_result_is_brought_to_the_windows_thread(pool, qtbot):
    came: list[tuple[Future, int]] = []
    to = QObject()
    futures = [pool.submit(lambda: "done", Turn.NOW), Future()]
    futures[1].cancel()
    for future in futures:
        bring(future, to, lambda done: came.append((done, threading.get_ident())))
    futures[0].result(PATIENCE_S)
    assert came == []  # nothing while whoever asked is still at it
    qtbot.waitUntil(lambda: len(came) == 2)
    assert {id(done) for done, _ in came} == {*map(id, futures)}
    assert {thread for _, thread in came} == {threading.get_ident()}


def test_nothing_is_brought_to_what_is_deleted_meanwhile(pool, qtbot):
    came: list[str] = []
    gone, there = QObject(), QObject()
    gate = Gate()
    future = pool.submit(gate, Turn.NOW)
    for name, to in (("gone", gone), ("there", there)):
        bring(future, to, lambda _, name=name: came.append(name))
    assert gate.begun.wait(PATIENCE_S)
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gate.let.set()
    qtbot.waitUntil(lambda: bool(came))
    assert came == ["there"]
