"""A journal's entries are read a few at a time, while others are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.answers.entry import Entry, ScanRef, new_entry
from core.answers.journal import Journal

SCANS = ("a/0", "a/1", "b/0")


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory):
    """350 answers to three scans in turn, every fifth blind, every seventh of another kind."""
    journal = Journal(tmp_path_factory.mktemp("j") / "ann.sqlite", "ann")
    journal.append_all([answer(number) for number in range(350)])
    yield journal
    journal.close()


def answer(number: int) -> Entry:
    blank = new_entry("ann", "answer", ScanRef(SCANS[number % 3], 1000, "h"), unit=f"u{number}")
    return Entry(
        **{
            **vars(blank),
            "rows": np.arange(number % 13 + 1),
            "classes": np.full(number % 13 + 1, number % 19, np.uint8),
            "blind": number % 5 == 0,
            "kind": "other" if number % 7 == 0 else "points",
        }
    )


@pytest.mark.parametrize("scan", [None, *SCANS, "none"])
@pytest.mark.parametrize("blind", [None, True, False])
@pytest.mark.parametrize("kind", [None, "points", "other"])
def test_pages_are_what_a_filter_of_all_gives(journal: Journal, scan, blind, kind):
    wanted = [
        number
        for number in range(350)
        if scan in (None, SCANS[number % 3])
        and blind in (None, number % 5 == 0)
        and kind in (None, "other" if number % 7 == 0 else "points")
    ]
    found = list(journal.entries(scan=scan, blind=blind, kind=kind))
    assert [(entry.seq, entry.unit) for entry in found] == [(n + 1, f"u{n}") for n in wanted]
    assert [len(entry.rows) for entry in found] == [n % 13 + 1 for n in wanted]


def test_what_is_appended_meanwhile_is_not_read(tmp_path: Path):
    journal = Journal(tmp_path / "ann.sqlite", "ann")
    journal.append_all([answer(number) for number in range(250)])
    seen = []
    for entry in journal.entries():
        seen.append(entry.seq)
        if len(seen) % 40 == 1:  # the guard is free between pages, and within one
            journal.append(answer(len(seen)))
    assert seen == list(range(1, 251))
    assert len(list(journal.entries())) == 257
    journal.close()


def test_heads_share_what_they_have_alike(journal: Journal):
    heads = journal.heads()
    assert [head.seq for head in heads] == list(range(1, 351))
    assert [head.blind for head in heads] == [number % 5 == 0 for number in range(350)]
    for name, most in (("scan", 3), ("verb", 1), ("round", 1), ("tool", 1), ("kind", 2)):
        assert len({id(getattr(head, name)) for head in heads}) == most
    assert len({id(head.counts) for head in heads}) == len({head.counts for head in heads})
