"""A window on a made street, in which boxes are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gui.view.opengl import opengl
from tests.gui.boxes.frames import BoxDriver, made_street
from tests.gui.driver import open_window


@pytest.fixture
def street(qapp, qtbot, tmp_path: Path) -> Iterator[BoxDriver]:
    """Four frames with three parked cars, boxes being drawn in the first."""
    problem, _ = opengl()
    assert problem is None, problem
    made = BoxDriver(open_window(made_street(tmp_path), qtbot), qtbot)
    made.settle()
    made.draw_boxes()
    yield made
    made.window.close()
