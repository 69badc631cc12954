"""Jobs: how often they report, and that they stop."""

from __future__ import annotations

import io

import pytest

from core.base import jobs
from core.base.errors import Cancelled
from core.base.jobs import Job, Progress, terminal_bar


def clock(monkeypatch) -> list[float]:
    """A clock that stands at its last element."""
    now = [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[-1])
    return now


def test_reports_are_thinned_but_first_and_last_come(monkeypatch):
    now = clock(monkeypatch)
    heard: list[Progress] = []
    job = Job(heard.append, interval_s=0.1)
    for done in range(11):
        job.progress(done, 10, "read", loss=0.5)
        now.append(now[-1] + 0.04)
    assert [report.done for report in heard] == [0, 3, 6, 9, 10]
    assert heard[1].values == {"loss": 0.5}
    assert heard[1].seconds_left == pytest.approx(3 * 0.04 * 7 / 3)


def test_time_left_counts_what_this_run_did(monkeypatch):
    """A run that goes on at 300 of 600 knows nothing of the time of the first 300."""
    now = clock(monkeypatch)
    heard: list[Progress] = []
    job = Job(heard.append)
    for done in range(300, 311):
        job.progress(done, 600, "train")
        now.append(now[-1] + 2.0)
    assert heard[0].seconds_left is None
    assert heard[-1].seconds_left == pytest.approx(290 * 2.0)


def test_what_a_job_says_is_a_line_of_its_own():
    out = io.StringIO()
    job = Job(terminal_bar(out))
    job.progress(0, 2, "train")
    job.say("It takes about 5 min.")
    job.progress(2, 2, "train")
    first, second = out.getvalue().splitlines()
    assert first == "It takes about 5 min."
    assert second.startswith("train")


def test_a_new_stage_is_told_at_once(monkeypatch):
    clock(monkeypatch)
    heard: list[Progress] = []
    job = Job(heard.append)
    job.progress(1, 10, "read")
    job.progress(0, 4, "write")
    assert [report.text for report in heard] == ["read", "write"]


def test_a_cancelled_job_stops_at_its_next_report():
    job = Job()
    job.progress(0, 2, "read")
    job.cancel()
    with pytest.raises(Cancelled):
        job.progress(1, 2, "read")
    with pytest.raises(Cancelled):
        job.check()


def test_a_file_gets_one_line_per_stage():
    out = io.StringIO()
    show = terminal_bar(out)
    for done in range(4):
        show(Progress(done, 3, "read", {"loss": 0.25}, 1.0))
    assert out.getvalue() == f"{'read':<12} [{'#' * 24}]  3/3  loss 0.25\n"
