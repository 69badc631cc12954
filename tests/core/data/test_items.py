"""Names of items: the scan, and the part of it that is meant."""

from __future__ import annotations

import pytest

from core.data.items import scan_of, short_name, split_item


@pytest.mark.parametrize(
    ("item", "scan", "part"),
    [
        ("sequences/00/velodyne/000000#c0", "sequences/00/velodyne/000000", "c0"),
        ("a#g-1,0", "a", "g-1,0"),
        ("a#v12", "a", "v12"),
        ("a#s", "a", "s"),
        ("a#1#c7", "a#1", "c7"),  # a file may be called a#1.bin
        ("a#1", "a#1", ""),
        ("run #2/000003", "run #2/000003", ""),
        ("sequences/00/velodyne/000000", "sequences/00/velodyne/000000", ""),
        ("", "", ""),
    ],
)
def test_an_item_is_a_part_of_a_scan_or_the_scan(item: str, scan: str, part: str):
    assert split_item(item) == (scan, part)
    assert scan_of(item) == scan


@pytest.mark.parametrize(
    ("scan", "short"),
    [
        ("sequences/08/velodyne/000123", "08/000123"),
        ("sequences/08/velodyne", "08"),
        ("training/velodyne/0001/000000", "training/0001/000000"),
        (
            "2011_09_26/drive_0005/velodyne_points/data/0000000003",
            "2011_09_26/drive_0005/0000000003",
        ),
        ("my velodyne/1", "my velodyne/1"),
        ("data", "data"),
    ],
)
def test_names_for_people_leave_out_what_all_have(scan: str, short: str):
    assert short_name(scan) == short
