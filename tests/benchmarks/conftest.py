"""Ratios within one run: what is timed and its reference alternate, so that both see the noise."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "benchmarks" in item.path.parts:
            item.add_marker(pytest.mark.benchmark)


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> None:
    """What is timed waits for the disk as it does elsewhere."""


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str, float, str], None]:
    """Print one line of the table in docs/benchmarks.md."""

    def show(what: str, value: float, limit: str) -> None:
        with capsys.disabled():
            print(f"\n| {what} | {value:.3g} | {limit} |", end="")

    return show
