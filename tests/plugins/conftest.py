"""The toys, installed as pip installs a package: by what it writes beside the modules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import core.data.formats as format_registry
import core.query.strategies as strategy_registry

ENTRY_POINTS = """[lidarloop.strategies]
furthest = tests.plugins.furthest:FURTHEST

[lidarloop.formats]
text = tests.plugins.text_scans:TextScans
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path of this process that says which plug-ins are installed."""
    site = tmp_path / "site"
    about = site / "lidarloop_toys-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lidarloop-toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(site)
    registries = (format_registry._known, strategy_registry._known)
    for known in registries:
        known.cache_clear()
    yield site
    for known in registries:
        known.cache_clear()
