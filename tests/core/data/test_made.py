"""Files made from scans: one each, inside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import DataError
from core.data.formats import formats
from core.data.made import file_of, kept_file
from core.data.scans import Dataset


def dataset(*scans: str, validation: tuple[str, ...] = ()) -> Dataset:
    return Dataset(formats()["folder"], Path(), scans, validation)


@pytest.mark.parametrize(
    "scan", ["../a", "/a", "a/../../b", "a/../b", "../..", "a//b", "./a", "a/./b", "/etc/../a"]
)
def test_a_name_that_leads_elsewhere_has_no_file(tmp_path: Path, scan: str):
    with pytest.raises(DataError, match="is no name of a file"):
        file_of(tmp_path, scan)


def test_no_two_scans_share_a_file(tmp_path: Path):
    scans = (
        "a/b__c",
        "a__b/c",
        "a__b__c",
        "a/b/c",
        "a.b",
        "a",
        "a..b/c",
        "a.npz/b",
        "a.npz_/b",
        "a.npz",
    )
    files = {file_of(tmp_path, scan) for scan in scans}
    assert len(files) == len(scans)
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert len([file for file in tmp_path.rglob("*.npz") if file.is_file()]) == len(scans)


def test_flat_files_are_read_where_one_scan_alone_had_them(tmp_path: Path):
    (tmp_path / "a__b.npz").touch()
    (tmp_path / "c__d__e.npz").touch()
    scans = dataset("a/b", "c/d__e", validation=("c__d/e",))
    assert kept_file(tmp_path, "a/b", scans) == tmp_path / "a__b.npz"
    for shared in ("c/d__e", "c__d/e"):
        assert kept_file(tmp_path, shared, scans) == file_of(tmp_path, shared)
    new = file_of(tmp_path, "a/b")
    new.parent.mkdir(parents=True)
    new.touch()
    assert kept_file(tmp_path, "a/b", scans) == new


def test_a_name_without_folders_may_be_another_scans_flat_name(tmp_path: Path):
    """Version 0.1.0 wrote a__b.npz for either: nobody knows of which."""
    (tmp_path / "a__b.npz").touch()
    scans = dataset("a/b", "a__b")
    assert not kept_file(tmp_path, "a/b", scans).exists()
    assert not kept_file(tmp_path, "a__b", scans).exists()
    alone = dataset("a__b")
    assert kept_file(tmp_path, "a__b", alone) == tmp_path / "a__b.npz"
