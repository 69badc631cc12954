"""The process of an experiment beside the window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gui.experiments.process import Order, Run


def _shares_by_sessions() -> bool:
    """Whether Linux has the setting and it is on."""
    setting = Path("/proc/sys/kernel/sched_autogroup_enabled")
    return setting.exists() and setting.read_text().strip() == "1"


@pytest.mark.skipif(not _shares_by_sessions(), reason="this system shares no core by sessions")
def test_a_run_comes_after_the_window_where_sessions_share_a_core(tmp_path: Path):
    """Its threads' own low priority counts only within its session."""
    run = Run(Order("town", tmp_path / "out", None, "0", 1, "equal"),
              (sys.executable, "-c", "import sys; sys.stdin.read()"))  # fmt: skip
    try:
        told = Path(f"/proc/{run.process}/autogroup").read_text()
        mine = Path("/proc/self/autogroup").read_text()
    finally:
        run.stop()
    assert told.split()[1:] == ["nice", "19"]
    assert told.split()[:1] != mine.split()[:1]  # "" is the system's own, of no session
