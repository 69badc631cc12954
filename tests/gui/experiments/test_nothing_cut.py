"""Nothing is cut in the Experiments window, at any size of window and text."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from gui.experiments.page import Experiments
from gui.start.recent import store
from tests.gui.cut import cut
from tests.gui.driver import open_window
from tests.made_experiments import half_done, made_experiment

ARMS = ("random", "size", "rand-scans", "ent", "margin", "size x coreset", "typiclust", "few-scans")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment of many arms, half done."""
    experiment = made_experiment(
        tmp_path_factory.mktemp("many") / "out", arms=ARMS, seeds=(0, 1, 2, 3, 4), rounds=3
    )
    half_done(experiment)
    return experiment.out


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((1440, 900), 1.0),
        pytest.param((1100, 700), 1.0, marks=pytest.mark.slow),
        pytest.param((1100, 700), 1.5, marks=pytest.mark.slow),
        pytest.param((1440, 900), 1.5, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_nothing_is_cut(qtbot, many: Path, size: tuple[int, int], text: float):
    store().setValue("text", text)
    window = open_window(None, qtbot)
    window.open_experiments()
    page = window.findChild(Experiments)
    page.resize(*size)
    qtbot.waitUntil(lambda: page.new.settled)
    found = {"new": cut(page)}
    page.new.seeds.setText("x")
    page.new.out.setText(str(many.parent))
    qtbot.waitUntil(lambda: page.new.settled)
    found["wrong"] = cut(page)
    watching = page.watch(many)
    qtbot.waitUntil(lambda: watching.results.told is not None, timeout=10_000)
    watching.cells.choose("margin", 4)
    QApplication.processEvents()
    found["cells"] = cut(page)
    watching.tabs[1].click()
    watching.chart.why.click()
    QApplication.processEvents()
    found["results"] = cut(page)
    assert page.size().toTuple() == size
    window.close()
    assert not any(found.values()), found
