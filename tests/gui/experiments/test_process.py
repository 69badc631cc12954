"""The process of an experiment beside the window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gui.experiments.process import Order, Run


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this system shares no core by sessions"
)
def test_a_run_comes_after_the_window_where_sessions_share_a_core(tmp_path: Path):
    """Its threads' own low priority counts only within its session."""
    run = Run(Order("town", tmp_path / "out", None, "0", 1, "equal"),
              (sys.executable, "-c", "import sys; sys.stdin.read()"))  # fmt: skip
    try:
        told = Path(f"/proc/{run.process}/autogroup").read_text()
        mine = Path("/proc/self/autogroup").read_text()
    finally:
        run.stop()
    assert told.split()[0] != mine.split()[0]
    assert told.split()[1:] == ["nice", "19"]
