"""Frames in an order that costs something to find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.rounds.ranked import Ranked, in_order

NAMES = ["a/2", "a/0", "b/1", "a/1"]


def steps(taken: list[str]) -> Iterator[tuple[str, str]]:
    for name in NAMES:
        taken.append(name)
        yield name, f"why {name}"


def test_it_is_a_list_that_finds_only_what_is_looked_at():
    taken: list[str] = []
    found = Ranked(NAMES, steps(taken))
    assert (len(found), "b/1" in found, "c/0" in found, taken) == (4, True, False, [])
    assert found[1] == "a/0"
    assert taken == NAMES[:2]
    assert found[:1] == NAMES[:1]
    assert taken == NAMES[:2]
    assert found.reason("b/1") == "why b/1"
    assert taken == NAMES[:3]
    assert (found[-1], found[1:], found[::-2], found[9:]) == (NAMES[-1], NAMES[1:], NAMES[::-2], [])
    with pytest.raises(IndexError):
        found[4]
    with pytest.raises(KeyError):
        found.reason("c/0")


@pytest.mark.parametrize("known", [True, False])
def test_behind_others_it_keeps_its_order_and_its_reasons(known: bool):
    reasons = [f"why {name}" for name in NAMES]
    mine = in_order(NAMES, reasons) if known else Ranked(NAMES, steps([]))
    found = mine.behind(["z/0", "z/1"])
    assert list(found) == ["z/0", "z/1", *NAMES]
    assert [found.reason(scan) for scan in found] == ["", "", *reasons]
    assert found == ["z/0", "z/1", *NAMES]
    assert found.at_once is known


def test_what_is_known_is_not_looked_for_scan_by_scan(monkeypatch):
    looked: list[int] = []
    found = in_order([f"a/{place}" for place in range(500)])
    reach = Ranked._reach
    monkeypatch.setattr(Ranked, "_reach", lambda self, n: (looked.append(n), reach(self, n))[1])
    assert len(list(found.behind(["b/0"]))) == 501
    assert len(found[10:400]) == 390
    assert len(looked) <= 1
