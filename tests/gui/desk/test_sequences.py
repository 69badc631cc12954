"""What goes from scan to scan stays in a sequence, where several lie in one folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal

from core.data.scans import Dataset
from gui.desk.pictures import _neighbours
from gui.panels.scans import Browser
from tests.keyframes import FIRST, SCENES, SECOND, two_scenes


@pytest.fixture
def keyframes(tmp_path: Path) -> Dataset:
    return two_scenes(tmp_path)


class Told(QObject):
    """A state that shows nothing."""

    scan_shown, target_told = Signal(), Signal()
    project_changed, answers_changed = Signal(), Signal()
    round, shown_scan = None, ""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self.project = SimpleNamespace(dataset=dataset)


def test_boxes_are_copied_within_a_scene(keyframes: Dataset):
    assert keyframes.frames(FIRST[3]) == list(FIRST)
    assert keyframes.frames(SECOND[0]) == list(SECOND)
    assert not keyframes.frames("")


def test_a_picture_is_looked_for_within_a_scene(keyframes: Dataset):
    assert _neighbours(keyframes, SECOND[0]) == [(SECOND[1], 1), (SECOND[2], 2)]
    assert _neighbours(keyframes, FIRST[11])[:2] == [(FIRST[10], -1), (FIRST[9], -2)]


def test_the_browser_has_a_branch_for_each_scene(keyframes: Dataset, qtbot):
    browser = Browser(Told(keyframes))
    qtbot.addWidget(browser)
    found = [browser.topLevelItem(row) for row in range(browser.topLevelItemCount())]
    assert [(one.text(0), one.childCount()) for one in found] == [
        (f"{SCENES[0]}  (training)", 12),
        (f"{SCENES[1]}  (training)", 3),
    ]
