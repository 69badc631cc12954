"""Names: their order, spans, and lists of them as people write."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import SettingsError
from core.data.names import (
    in_order,
    in_span,
    is_hidden,
    joined_names,
    sequence_and_span,
    split_names,
)


@pytest.mark.parametrize(
    "ordered",
    [
        ["1", "2", "10", "11"],
        ["000000", "000001", "000010"],
        ["scan 1", "scan 9", "scan 10"],
        ["a/2", "a/10", "a1/1", "b/1"],
        ["1709641800.123456", "1709641800.25", "1709641800.5", "1709641801.1", "1709641802"],
        ["2024-03-05T09:30:00", "2024-03-05T12:30:00", "2024-11-05T00:00:00"],
        ["1.9", "1.10"],
        ["run", "run 1, north", "run 2"],
    ],
)
def test_names_are_sorted_as_people_count(ordered: list[str]):
    mixed = ordered.copy()
    random.Random(0).shuffle(mixed)
    assert sorted(mixed, key=in_order) == ordered


@given(st.lists(st.text(min_size=1, max_size=8), max_size=6, unique=True))
def test_any_names_have_one_order(names: list[str]):
    assert sorted(names, key=in_order) == sorted(reversed(names), key=in_order)


NAME = st.text(
    st.characters(exclude_characters='",\n', exclude_categories=("Cs", "Zs", "Cc")),
    min_size=1,
    max_size=5,
)


@given(st.lists(st.one_of(NAME, st.tuples(NAME, NAME).map(", ".join)), max_size=5, unique=True))
def test_what_is_joined_is_split_again(names: list[str]):
    assert split_names(joined_names(names), names) == names
    assert split_names(joined_names(names), []) == names


def test_lists_as_people_write_them():
    there = ["run 1, north", "a", "b:1", "b"]
    assert split_names("a,run 1, north , b:1", there) == ["a", "run 1, north", "b:1"]
    assert split_names("run 1, north:1-2,a", there) == ["run 1, north:1-2", "a"]
    assert split_names("b:1-2,b:3-4,a", there) == ["b:1-2", "b:3-4", "a"]
    assert split_names(" , a,, ", there) == ["a"]
    assert split_names("c, d", there) == ["c", "d"]


def test_a_sequence_called_like_a_span_is_meant():
    there = ["b:1", "b", "2024-03-05T12:30:00"]
    assert sequence_and_span("b:1", there) == ("b:1", None)
    assert sequence_and_span("b:2", there) == ("b", "2")
    assert sequence_and_span("b:1:5-6", there) == ("b:1", "5-6")
    assert sequence_and_span("2024-03-05T12:30:00", there) == ("2024-03-05T12:30:00", None)
    assert sequence_and_span("c:1-2", there) == ("c", "1-2")


def test_spans():
    frames = tuple(f"q/{k:06d}" for k in range(12))
    assert in_span(frames, "000002-000004") == frames[2:5]
    assert in_span(frames, "2-4") == frames[2:5]
    assert in_span(frames, "3") == frames[3:4]
    dated = ("2024-03-05-10", "2024-03-05-11", "2024-03-06-09")
    assert in_span(dated, "2024-03-05-11-2024-03-06-09") == dated[1:]
    assert in_span(dated, "2024-03-05-10") == dated[:1]
    with pytest.raises(SettingsError, match="which hyphen"):
        in_span(dated, "2024-03-05-2024-03-06")
    stamps = ("1709641800.023456", "1709641800.9", "1709641801.5")
    assert in_span(stamps, "1709641800-1709641800") == stamps[:2]
    assert in_span(("000000.pcd", "000001.pcd"), "000000-000001") == ("000000.pcd", "000001.pcd")


def test_hidden_names():
    assert [is_hidden(n) for n in ("a/._b", ".git/1", "./a", "a.b", ".")] == [
        True,
        True,
        False,
        False,
        False,
    ]
