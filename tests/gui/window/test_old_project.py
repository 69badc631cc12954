"""A project of version 0.1.0 in the window: it opens without a complaint, and answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.gui.driver import Driver, open_window
from tests.places import ROOT


@pytest.fixture
def old(qapp, qtbot, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "ann")
    for part in ("scans", "project"):
        shutil.copytree(ROOT / "tests" / "old" / part, tmp_path / part)
    made = Driver(open_window(tmp_path / "project", qtbot), qtbot)
    made.settle()
    yield made
    made.window.close()


def test_it_goes_on_where_it_was_left(old: Driver):
    session, project = old.session, old.session.project
    waiting = project.open_items(project.open_round)
    assert old.state.target.unit == waiting[0]
    for panel in (session.rounds, session.review, session.partitions, session.context):
        panel.parentWidget().raise_()
        old.rest()
    assert session.banner.isHidden(), session.banner.what.text()
    count = len(old.entries())
    old.key("1")
    old.key(Qt.Key.Key_Tab)
    assert len(old.entries()) == count + 1
    assert project.open_items(project.open_round) == waiting[1:]
    assert session.banner.isHidden(), session.banner.what.text()
