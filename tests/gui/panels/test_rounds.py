"""The panel of rounds: read where somebody sees it, and no more than has changed."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt

from core.base.errors import DataError
from core.rounds.round import Round
from core.rounds.spending import Spending
from tests.gui.panels.lists import bring

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_rounds_are_read_where_they_are_seen_and_counted_once(driver, monkeypatch):
    """A key that sorts the queue counted all answers to all rounds anew, behind another tab."""
    counts: Counter[str] = Counter()
    panel, metrics = driver.session.rounds, Round.metrics

    def read(found: Round, *arguments):
        counts["read"] += 1
        return metrics(found, *arguments)

    class Counted(Spending):
        def __init__(self, *arguments) -> None:
            counts["counted"] += 1
            super().__init__(*arguments)

    monkeypatch.setattr(Round, "metrics", read)
    monkeypatch.setattr("gui.panels.rounds.Spending", Counted)

    def sort() -> None:
        driver.key("S", CONTROL | SHIFT)
        driver.rest()

    sort()
    sort()
    assert not counts
    bring(driver, "Rounds")
    driver.rest()
    asked = len(driver.state.round.query.items)
    assert panel.table.item(0, 1).text() == f"0 of {asked}"
    driver.key("1")
    sort()
    sort()
    assert counts == {"read": 3, "counted": 1}
    assert panel.table.item(0, 1).text() == f"1 of {asked}"
    bring(driver, "Review")
    driver.key("Z", CONTROL)
    bring(driver, "Rounds")
    driver.rest()
    assert panel.table.item(0, 1).text() == f"0 of {asked}"


def test_figures_that_cannot_be_read_are_told(driver, monkeypatch):
    def fail(*_: object) -> None:
        raise DataError("The figures are damaged.", "Evaluate again.")

    monkeypatch.setattr(Round, "metrics", fail)
    bring(driver, "Rounds")
    driver.rest()
    assert driver.session.banner.what.text() == "The figures are damaged."


def test_a_round_that_is_chosen_is_read_once_it_is_seen(driver, monkeypatch):
    panel, id = driver.session.rounds, driver.state.round.id
    panel.choose(id)
    driver.rest()
    assert not panel.rows
    bring(driver, "Rounds")
    driver.rest()
    assert [row["id"] for row in panel.rows] == [id]


def test_rounds_that_cannot_be_read_are_read_again_when_they_come_in_sight(driver, monkeypatch):
    panel, banner = driver.session.rounds, driver.session.banner

    def fail(*_: object, **__: object) -> None:
        raise DataError("The tree is damaged.", "Bring it back.")

    monkeypatch.setattr("gui.panels.rounds.in_tree", fail)
    bring(driver, "Rounds")
    driver.rest()
    assert banner.what.text() == "The tree is damaged."
    banner.put_away()
    driver.key("1")
    driver.rest()
    assert banner.isHidden()  # not again behind each answer
    monkeypatch.undo()
    bring(driver, "Review")
    bring(driver, "Rounds")
    driver.rest()
    assert len(panel.rows) == 1
