"""The checks that every test goes through: they fail what they should, and are still else."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.leftovers import left_threads, threads
from tests.places import ROOT, SAMPLES
from tests.samples import skipped_in_words

CONFTEST = """
from tests.conftest import nothing_left_behind
"""
TESTS = """
import logging, threading
import pytest

log = logging.getLogger("some.library")
log.propagate = False

def test_a_warning():
    log.warning("%d points are odd", 7)

def test_no_warning():
    log.info("all is well")

@pytest.mark.logs("points are odd", "ERROR some")
def test_what_it_expects():
    log.warning("%d points are odd", 7)
    log.error("lost")

@pytest.mark.logs("points are odd")
def test_what_does_not_come():
    pass

@pytest.fixture
def closed():
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="closed by its fixture")
    thread.start()
    yield
    end.set()

def test_a_thread_that_ends(closed):
    pass

def test_a_thread_that_stays():
    threading.Thread(target=threading.Event().wait, name="forgotten", daemon=True).start()
"""


@pytest.mark.slow
def test_a_test_that_leaves_something_fails(tmp_path: Path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_some.py").write_text(TESTS)
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, options), "-rE", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    wrong = {
        line.partition("::")[2].partition(" ")[0]
        for line in done.stdout.splitlines()
        if line.startswith("ERROR ")
    }
    assert wrong == {"test_a_warning", "test_what_does_not_come", "test_a_thread_that_stays"}
    assert "6 passed, 3 errors" in done.stdout
    assert "threads left behind: forgotten" in done.stdout
    assert "WARNING some.library: 7 points are odd" in done.stdout
    assert "expected, but not logged: points are odd" in done.stdout


def test_a_pool_that_was_told_to_end_is_waited_for():
    before, end = threads(), threading.Event()
    pool = ThreadPoolExecutor(1, thread_name_prefix="pool")
    pool.submit(end.wait)
    assert left_threads(before, 0.0) == ["pool_0"]
    end.set()
    pool.shutdown(wait=False)
    assert left_threads(before) == []


def test_a_qthread_is_seen(qapp):
    from PySide6.QtCore import QThread

    thread = QThread()
    thread.start()
    try:
        assert left_threads(threads(), 0.0) == ["QThread"]
    finally:
        thread.quit()
        thread.wait()
    assert left_threads(threads(), 0.0) == []


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([], None),
        (["needs a CUDA GPU"], None),
        (["Skipped: the sample scans are not at x", "one core only"], "1 test on real scans was"),
        (["the sample scans are not at x"] * 12, "12 tests on real scans were"),
    ],
)
def test_what_a_clone_without_real_scans_is_told(reasons: list[str], said: str | None):
    line = skipped_in_words(reasons)
    assert line == (said and f"{said} skipped: the sample scans are not at {SAMPLES}")
