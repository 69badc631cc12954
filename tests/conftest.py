"""What all tests share: scans, and that nothing is left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.leftovers import left_threads, threads, unexpected, warnings_logged
from tests.samples import (
    Scans,
    real_keyframes,
    real_street,
    samples,
    simulated_keyframes,
    simulated_street,
    skipped_in_words,
)
from tests.streets import small_street_at


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """A thread that outlives its test fails it; so does a warning in the log that it did not
    announce: `@pytest.mark.logs("pattern", …)`."""
    expected = [p for mark in request.node.iter_markers("logs") for p in mark.args]
    before = threads()
    with warnings_logged() as logged:
        yield
        left = left_threads(before)
    assert not left, f"threads left behind: {', '.join(left)}"
    told = unexpected(logged, tuple(expected))
    assert not told, "in the log:\n" + "\n".join(told)


@pytest.fixture(autouse=True)
def as_urgent_as_before() -> Iterator[None]:
    """Training lowers the priority of its thread, which here is that of all tests behind it."""
    mine = (os.PRIO_PROCESS, threading.get_native_id())
    before = os.getpriority(*mine)
    yield
    if os.getpriority(*mine) != before:
        with suppress(PermissionError):
            os.setpriority(*mine, before)


@pytest.fixture(scope="session")
def semantickitti() -> Path:
    """Root of 24 labelled SemanticKITTI scans."""
    return samples("semantickitti")


@pytest.fixture(scope="session")
def prepare_counts() -> Path:
    """CSV of reference counts per SemanticKITTI scan."""
    return samples("reference") / "prepare_counts.csv"


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Scans:
    """A simulated street in SemanticKITTI's layout."""
    return simulated_street(tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """No test cuts the power, so what is written need not reach the disk; a call of fsync that
    fails is put in its place by the tests that want one. Benchmarks have one of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


REAL = pytest.param("real", marks=pytest.mark.slow)


@pytest.fixture(scope="session", params=["simulated", REAL])
def street(request: pytest.FixtureRequest) -> Scans:
    """Scans in SemanticKITTI's layout, for what must hold on any."""
    if request.param == "simulated":
        return request.getfixturevalue("simulated")
    return real_street(request.getfixturevalue("semantickitti"))


@pytest.fixture(scope="session", params=["simulated", REAL])
def keyframes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scans:
    """Keyframes in the plain layout of nuScenes, for what must hold on any."""
    if request.param == "real":
        return real_keyframes(samples("nuscenes_samples"))
    scans = request.getfixturevalue("simulated")
    return simulated_keyframes(scans, tmp_path_factory.mktemp("keyframes"))


@pytest.fixture
def small_street(tmp_path: Path) -> Path:
    """Root of three training scans (sequence 00) and one validation scan (08), labelled."""
    root = tmp_path / "scans"
    small_street_at(root)
    return root


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what a clone without the real scans did not test."""
    reasons = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    line = skipped_in_words(reasons)
    if line is not None:
        terminalreporter.write_line(line)
