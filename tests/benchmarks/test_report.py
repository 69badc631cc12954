"""The report takes numbers that preparation has anyway."""

from __future__ import annotations

import pytest

from core.base.settings import load_preset
from core.data.opening import open_dataset
from core.prepare.report import counts_of, states_of
from core.prepare.scan import prepare_scan
from tests.benchmarks.measures import ratio

pytestmark = pytest.mark.benchmark


def test_the_report_adds_at_most_two_per_cent(semantickitti):
    settings = load_preset("paper").prepare
    dataset = open_dataset("semantickitti", semantickitti, ["00"], [])
    points = dataset.scan(dataset.train[0]).points.copy()
    found = prepare_scan(points, settings)  # compiled now
    share = ratio(
        lambda: counts_of(found.__dict__, len(points), states_of(found.unit)),
        lambda: prepare_scan(points, settings),
    )
    print(f"the report takes {share:.3%} of preparing a scan")
    assert share <= 0.02
