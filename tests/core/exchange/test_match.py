"""Files are matched to scans by their names, or said to match none."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import DataError
from core.exchange.match import match

KITTI = tuple(f"sequences/{s}/velodyne/{n:06d}" for s in ("00", "01") for n in range(2))


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


@pytest.mark.parametrize(
    "names",
    [
        ("sequences/00/labels/000000.label", "sequences/01/labels/000000.label"),
        ("sequences/00/predictions/000000.label", "sequences/01/predictions/000000.LABEL"),
        ("00/000000.label", "01/000000.label"),
        ("00/velodyne/000000.label", "01/velodyne/000000.label"),
        ("run7/00/000000.label", "run7/01/000000.label"),
    ],
)
def test_trees_of_other_programs(tmp_path: Path, names: tuple[str, str]):
    found = match(tree(tmp_path, *names), KITTI, [".label"])
    assert {scan: path.relative_to(tmp_path).as_posix() for scan, path in found.files.items()} == {
        KITTI[0]: names[0],
        KITTI[2]: names[1],
    }
    assert found.without == (KITTI[1], KITTI[3])
    assert not found.strange


def test_a_stem_that_several_scans_have_is_not_guessed(tmp_path: Path):
    found = match(tree(tmp_path, "000000.label"), KITTI, [".label"])
    assert not found.files
    assert [path.name for path in found.strange] == ["000000.label"]
    found = match(tmp_path, KITTI[:2], [".label"])
    assert list(found.files) == [KITTI[0]]


def test_two_files_of_one_scan_are_not_guessed(tmp_path: Path):
    tree(tmp_path, "a/00/000000.label", "b/00/000000.label")
    with pytest.raises(DataError, match="could have"):
        match(tmp_path, KITTI, [".label"])


def test_hidden_and_strange_files(tmp_path: Path):
    tree(tmp_path, "00/._000000.label", "00/000009.label", "00/000001.label", "00/000001.txt")
    found = match(tmp_path, KITTI, [".label"])
    assert list(found.files) == [KITTI[1]]
    assert [path.name for path in found.strange] == ["000009.label"]
    assert found.told("labels", "scans") == [
        "1 of 4 scans have labels.",
        f"None: {KITTI[0]}, {KITTI[2]}, {KITTI[3]}.",
        "1 files belong to no such scan: 000009.label.",
    ]


def test_names_with_signs(tmp_path: Path):
    scans = ("Straße 7/0,1:2", "a.b/c.d.pcd")
    tree(tmp_path, "Straße 7/0,1:2.npy", "a.b/c.d.pcd.npy")
    assert set(match(tmp_path, scans, [".npy"]).files) == set(scans)


def test_a_file_that_is_called_by_the_whole_name_of_a_scan(tmp_path: Path):
    scans = ("a/b__c", "a__b/c", "a/000000", "b/000000")
    tree(tmp_path, "label_2/b__000000.txt", "label_2/a__b__c.txt", "label_2/c__000000.txt")
    found = match(tmp_path, scans, [".txt"])
    assert {scan: path.name for scan, path in found.files.items()} == {
        "b/000000": "b__000000.txt"  # two scans could be a__b__c
    }
    assert [path.name for path in found.strange] == ["a__b__c.txt", "c__000000.txt"]


def test_a_scan_without_a_folder_takes_no_file_of_another(tmp_path: Path):
    found = match(tree(tmp_path, "a/x.txt"), ("x", "a/x"), [".txt"])
    assert {scan: path.name for scan, path in found.files.items()} == {"a/x": "x.txt"}
    assert found.without == ("x",)
