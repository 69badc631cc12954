"""Nothing is cut, in any state, at any size of window and text; nothing over the view overlaps."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from gui.start.recent import store
from tests.gui.cut import all_windows, cut
from tests.gui.driver import Driver
from tests.gui.states import at_rest, page_states, session_states

SIZES = ((1100, 700), (1440, 900), (1920, 1080))
TEXTS = (1.0, 1.5, 2.0)


def dressed(driver: Driver, size: tuple[int, int], text: float) -> None:
    """Give the window a size and a size of text, as if it had been opened so."""
    store().setValue("text", text)
    driver.window.resize(*size)
    driver.window.apply_theme()
    driver.window.reset_layout()
    driver.settle()


def overlapping(driver: Driver) -> list[str]:
    """Pairs of what lies over the view that cover each other, and what ends outside it."""
    view, overlays = driver.session.view, driver.session.work.in_view.overlays
    parts = [p for p in (overlays.card, overlays.legend, overlays.switches) if p.isVisible()]
    found = [
        f"{type(a).__name__} covers {type(b).__name__}"
        for place, a in enumerate(parts)
        for b in parts[place + 1 :]
        if a.geometry().intersects(b.geometry())
    ]
    found += [
        f"{type(a).__name__} is hidden and on screen"
        for a in (overlays.card, overlays.legend, overlays.switches)
        if a.isHidden() and a.isVisible()
    ]
    return found + [
        f"{type(a).__name__} ends outside the view"
        for a in parts
        if not view.rect().contains(a.geometry())
    ]


SEEN = [(size, text) for size in SIZES for text in TEXTS]
QUICK = (((1100, 700), 2.0), ((1440, 900), 1.0))  # the tightest, and what most people have


@pytest.mark.parametrize(
    ("size", "text"), [((1100, 700), 1.0), ((1440, 900), 1.5), ((1920, 1080), 1.5)]
)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_class_and_code_is_in_sight(driver: Driver, size, text: float, theme: str):
    """The last of the three codes was below the panel's edge."""
    store().setValue("theme", theme)
    if driver.window.theme.name != theme:
        driver.window.change_theme()
    dressed(driver, size, text)
    driver.rest()
    driver.window.reset_layout()  # the second time no size changes
    QApplication.processEvents()
    palette = driver.session.palette
    beside = {
        button.height() < 2 * button.fontMetrics().height() for button in palette.buttons.values()
    }
    assert {button.row for button in palette.buttons.values()} == beside
    assert cut(driver.window) == []
    for button in palette.buttons.values():
        assert palette.viewport().rect().contains(button.geometry()), button.name


@pytest.mark.parametrize(
    ("size", "text"),
    [pytest.param(*one, marks=[] if one in QUICK else pytest.mark.slow) for one in SEEN],
    ids=lambda part: "x".join(map(str, part)) if part in SIZES else None,
)
def test_nothing_is_cut(driver: Driver, qtbot, small_street: Path, size, text: float):
    def settle(until) -> None:
        QApplication.processEvents()  # a panel that came to the front has yet to hear of it
        qtbot.waitUntil(until, timeout=20_000)
        for _ in range(4):
            QApplication.processEvents()

    found: dict[str, str] = {}

    def look(state: str) -> None:
        faults = [fault for window in all_windows() for fault in cut(window)]
        if driver.window.session is not None:
            faults += overlapping(driver)
        if driver.window.size().toTuple() != size:
            faults.append(f"the window grew to {driver.window.size().toTuple()}")
        for fault in faults:
            found.setdefault(fault, state)

    dressed(driver, size, text)
    settle(lambda: at_rest(driver.window))
    for state in session_states(driver.window, settle):
        look(state)
    for state in page_states(driver.window, small_street, settle):
        look(state)
    assert not found, "\n".join(f"{state}: {fault}" for fault, state in found.items())
