"""Two rounds on a street in the window, every answer a real key press."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.jobs import Job
from core.data.classes import FIRST_CODE
from core.project.project import Project
from tests.gui.driver import Driver, open_window
from tests.samples import Scans
from tests.streets import QUICK


@pytest.mark.slow
def test_two_rounds_by_keys_and_clicks(qapp, qtbot, street: Scans, tmp_path: Path):
    path = tmp_path / "street"
    with Project.create(
        path,
        format="semantickitti",
        root=street.root,
        train=street.train,
        validation=street.validation,
        preset="laptop",
        research=True,
        overrides={**QUICK, "query.fraction": "0.01", "train.first_epochs": "1"},
    ) as project:
        steps.prepare(project, Job())
    driver = Driver(open_window(path, qtbot), qtbot)
    driver.settle()
    for number, strategy in ((1, "size"), (2, "basal")):
        driver.step("ask")
        found = driver.state.round
        assert (found.number, found.query.strategy) == (number, strategy)
        answer_all(driver)
        answered = [entry.unit for entry in driver.entries() if entry.round == found.id]
        assert answered == list(found.query.items)
        driver.step("train")
        assert driver.session.project.stage(found) == "scored"
        metrics = found.metrics()
        assert metrics is not None
        assert metrics["miou"] > 0
        print(f"{found.id}: {len(answered)} keys, mIoU {metrics['miou']:.1%}")
    driver.window.close()


def answer_all(driver: Driver) -> None:
    """Press for each asked unit the key of its most frequent class, I where it has none."""
    keys = driver.session.project.classes.keys
    while (target := driver.state.target) is not None:
        truth = driver.state.content.truth[target.rows]
        known = truth[truth < FIRST_CODE]
        driver.key(keys[int(np.bincount(known).argmax())] if len(known) else "I")
