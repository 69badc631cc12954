"""Compiling ahead: once for the same code, told while it is waited for, in no way a condition."""

from __future__ import annotations

import sys
import types
from types import SimpleNamespace

import filelock
import pytest

from core.base import compiling
from core.base.errors import Cancelled
from core.base.jobs import Job, Progress


@pytest.fixture
def loops(tmp_path, monkeypatch) -> list[str]:
    """A module whose `warm` notes that it was called; marks and locks of its own."""
    called: list[str] = []
    module = types.ModuleType("core.prepare.made_up")
    module.warm = lambda: called.append("warm")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(tmp_path))
    return called


def test_it_is_told_once_and_not_again_for_the_same_code(loops, monkeypatch):
    told: list[Progress] = []
    for _ in range(2):
        compiling.warm("core.prepare.made_up", Job(told.append))
    assert loops == ["warm", "warm"]
    assert [(report.text, report.done) for report in told] == [
        (compiling.TEXT, 0),
        (compiling.TEXT, 1),
    ]
    monkeypatch.setattr(compiling.metadata, "version", lambda name: "another")
    compiling.warm("core.prepare.made_up", Job(told.append))
    assert len(told) == 4


def test_it_waits_for_who_is_at_it_and_can_be_stopped(loops):
    job = Job()
    job._listener = lambda report: job.cancel()
    with filelock.FileLock(compiling._place("compiling.lock")), pytest.raises(Cancelled):
        compiling.warm("core.prepare.made_up", job)
    assert loops == []


def test_no_process_is_started_where_nothing_is_missing(loops, monkeypatch):
    started: list[list[str]] = []
    last: list[int] = []

    def start(words: list[str], **_: object) -> SimpleNamespace:
        started.append(words)
        return SimpleNamespace(pid=7)

    monkeypatch.setattr(compiling.subprocess, "Popen", start)
    monkeypatch.setattr(compiling, "come_last", last.append)
    compiling.start(["core.prepare.made_up"])
    assert started == [[sys.executable, "-m", "core.base.compiling", "core.prepare.made_up"]]
    assert last == [7]  # the window is being opened meanwhile
    compiling.warm("core.prepare.made_up", Job())
    compiling.start(["core.prepare.made_up"])
    assert len(started) == 1


def test_a_folder_that_cannot_be_written_is_no_obstacle(loops, tmp_path, monkeypatch):
    monkeypatch.setattr(compiling.tempfile, "gettempdir", lambda: str(tmp_path / "file" / "x"))
    (tmp_path / "file").write_text("")
    compiling.warm("core.prepare.made_up", Job())
    assert loops == ["warm"]
