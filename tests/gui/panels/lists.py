"""Lists of the window, brought in sight."""

from __future__ import annotations

from typing import Any


def bring(driver: Any, title: str) -> None:
    """Bring a dock to the front."""
    dock = next(d for d in driver.window.docks if d.objectName() == title)
    dock.raise_()
    driver.settle()


def refilled(driver: Any) -> None:
    """Bring the review to the front and wait for its rows."""
    bring(driver, "Review")
    review = driver.session.review
    before = review.model.rows
    review.refill()
    driver.qtbot.waitUntil(lambda: review.model.rows is not before, timeout=20_000)
