"""One key press costs the same whatever the size of the query: counts, no times."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import Qt

from core import steps
from core.base.jobs import Job
from core.data.items import scan_of
from core.project.frozen import training_set
from core.project.project import Project
from core.quality.disagreements import reopen
from tests.gui.counts import counted
from tests.gui.driver import Driver, open_window
from tests.streets import give, small_project

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ROAD = 8


@pytest.fixture
def busy_path(tmp_path, small_street):
    """Two rounds: the first frozen half answered, 60 items of the second open."""
    path = tmp_path / "p"
    with small_project(path, small_street) as project:
        steps.prepare(project, Job(), workers=1)
        first = steps.ask(project, Job(), units=40)
        for item in first.query.items[:20]:
            give(project, project.need_units().find(item), ROAD)
        training_set(project, first)
        steps.ask(project, Job(), units=61)
    return path


@pytest.fixture
def busy(qapp, qtbot, busy_path):
    driver = Driver(open_window(busy_path, qtbot), qtbot)
    driver.settle()
    yield driver
    driver.window.close()


def told_meanwhile(driver: Driver) -> list[str]:
    """What is told from now on: another target or other looks of it, suggestions learnt anew, other
    estimates of the time left."""
    told: list[str] = []
    driver.state.target_changed.connect(lambda _: told.append("target"))
    driver.state.guesses.changed.connect(lambda: told.append("guesses"))
    driver.state.estimates.changed.connect(lambda: told.append("estimates"))
    return told


def test_one_answer_by_a_key(busy, monkeypatch):
    """Before there was a summary: 5 passes over 87 actions, 945 touches of Qt, 34 walks through the
    query and 108 files looked for."""
    state, window = busy.state, busy.window
    assert len(state.project.rounds) == 2
    busy.key("R")
    busy.rest()
    assert len(state.project.open_items(state.round)) == 60
    file = state.project.dataset.path(state.content.scan)
    meanwhile = told_meanwhile(busy)
    with counted(window, monkeypatch) as counts:
        busy.key("R")
        busy.rest()
    assert len(state.project.open_items(state.round)) == 59
    assert 1 <= counts["passes"] <= len(meanwhile)
    assert meanwhile.count("target") <= 2  # the next one, and again once its form is there
    assert counts["reasons"] <= counts["passes"] * len(window.actions_table.table) + 2
    assert counts["touches"] <= 4
    assert counts["walks"] == 0
    assert counts["exists"] == 0
    # Labels must not land on another content, nor in a journal that is gone: no other is looked at.
    journal = state.project.path / "journals" / f"{state.project.answers.annotator}.sqlite"
    looked = {f"stat {one}" for one in (file, journal, f"{journal}-wal")}
    assert {name for name in counts if name.startswith("stat ")} == looked
    assert counts[f"stat {file}"] == 1


def test_a_key_on_the_whole_list_walks_through_nothing(busy, monkeypatch):
    """Skipping, going back, undoing and redoing are as cheap as answering."""
    busy.key("R")
    meanwhile = told_meanwhile(busy)
    keys = ((Qt.Key.Key_Tab, 0), (Qt.Key.Key_Backtab, SHIFT), ("Z", CONTROL), ("Y", CONTROL))
    for key, modifier in keys:
        busy.rest()
        meanwhile.clear()
        with counted(busy.window, monkeypatch) as counts:
            busy.key(key, modifier or Qt.KeyboardModifier.NoModifier)
        assert counts["passes"] <= 1 + len(meanwhile)
        assert meanwhile.count("target") <= 2
        assert (counts["walks"], counts["exists"]) == (0, 0)


def assert_up_to_date(driver) -> None:
    """What the window shows of the round is what the project's files and answers say."""
    driver.rest()
    session, project = driver.session, driver.session.project
    summary, tip, current = session.state.summary, project.tip, project.open_round
    assert session.state.round is current
    assert (summary.tip, summary.frozen, summary.done) == (tip, tip.frozen, tip.done)
    assert (summary.trained, summary.scored) == (tip.checkpoint.exists(), tip.scored)
    items = project.open_items(tip)
    assert (summary.asked, summary.waiting) == (len(tip.query.items), len(items))
    scans = {scan_of(item) for item in items}
    assert summary.waiting_in == {
        scan: sum(item.startswith(f"{scan}#") for item in items) for scan in scans
    }
    text = driver.window.stepper.buttons["label"].text()
    if current is None:
        assert text.endswith("Label")
    else:
        asked = len(tip.query.items)
        assert text.endswith(f"Label {asked - len(items):,}/{asked:,}")
    table = driver.window.actions_table
    for id, action in table.table.items():
        assert table.made[id].isEnabled() == (action.why_not() is None), id
        assert table.reasons[id] == action.why_not(), id
        if action.checked is not None:
            assert table.made[id].isChecked() == action.checked(), id
    rows = session.rounds.table
    session.rounds.refill()
    for line, one in enumerate(project.rounds):
        effective = project.answers.effective
        heads = [effective[item] for item in one.query.items if item in effective]
        assert rows.item(line, 1).text() == f"{len(heads):,} of {len(one.query.items):,}"
        assert rows.item(line, 0).toolTip().startswith(f"{one.id}: {project.stage(one)}")


@pytest.mark.slow
def test_every_change_is_followed(busy, qtbot, busy_path, tmp_path, monkeypatch):
    """Keys, undo, another's journal, reopening, a running step, another project."""
    other, items = tmp_path / "other", busy.state.round.query.items
    assert_up_to_date(busy)
    shutil.copytree(busy_path, other)
    for key, modifier in (
        ("R", 0), (Qt.Key.Key_Delete, 0), ("1", 0), ("Z", CONTROL), ("Z", CONTROL), ("Y", CONTROL),
        (Qt.Key.Key_Tab, 0), ("5", CONTROL), ("H", 0), ("J", 0), ("G", CONTROL),
    ):  # fmt: skip
        busy.key(key, modifier or Qt.KeyboardModifier.NoModifier)
        assert_up_to_date(busy)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "somebody")
    with Project(other) as theirs:
        for place, label in ((0, 3), (30, 4), (31, 4)):
            give(theirs, theirs.need_units().find(items[place]), label)
    project = busy.session.project
    before = busy.state.summary.waiting
    with qtbot.waitSignal(busy.window.jobs.finished):
        busy.session.steps.merge(other)
    assert busy.state.summary.waiting == before - 2
    assert_up_to_date(busy)
    assert reopen(project) == 1
    assert_up_to_date(busy)
    assert busy.state.summary.waiting == before - 1
    busy.step("oracle")
    assert busy.state.summary.waiting == 0
    assert_up_to_date(busy)
    seen: list[bool] = []
    busy.window.jobs.progressed.connect(lambda _: seen.append(busy.state.summary.frozen))
    busy.step("train")
    assert seen[-1]
    assert busy.state.summary.scored
    assert_up_to_date(busy)
    busy.step("ask")
    assert busy.state.summary.waiting > 0
    assert_up_to_date(busy)
    waiting = busy.state.summary.waiting
    busy.window.open_project(other)
    assert_up_to_date(busy)
    assert busy.state.summary.waiting != waiting
