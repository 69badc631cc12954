"""A plain folder of one's own files: what is a scan, in which order, under which name."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.data.formats import folder
from core.data.formats.folder import Folder
from core.data.names import in_order
from tests.core.data.clouds.made_files import ROWS, XYZI, as_text, packed, ply
from tests.places import SAMPLES

CASES = SAMPLES.parent / "cases"
SCAN = packed("<4f")


def put(root: Path, *names: str, content: bytes = SCAN) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def case(name: str) -> Path:
    if not CASES.is_dir():
        pytest.skip("the own-sensor cases of ../shared are not here")
    return CASES / name / "data"


def scans(root: Path) -> list[str]:
    folder = Folder()
    return [scan for sequence in folder.sequences(root) for scan in folder.scans(root, sequence)]


# -- the kinds of the cases, made here -------------------------------------------------------------


def test_suffixes_in_any_case(tmp_path: Path):
    put(tmp_path, "a.BIN", "b.Bin", "run/c.bIN", "d.bin")
    put(tmp_path, "e.PLY", content=ply(f"element vertex 3\n{XYZI}", packed("<fffB")))
    put(tmp_path, "f.Xyz", content=as_text())
    assert scans(tmp_path) == ["a", "b", "d", "e", "f", "run/c"]
    for scan in scans(tmp_path):
        assert Folder().path(tmp_path, scan).exists()
        assert Folder().count(tmp_path, scan) == len(ROWS)
        np.testing.assert_array_equal(Folder().points(tmp_path, scan), ROWS)


def test_hidden_files_and_folders_are_no_scans(tmp_path: Path):
    put(tmp_path, "a.bin", "._a.bin", ".hidden.bin", ".Trashes/b.bin", "run/._c.bin", "run/c.bin")
    assert scans(tmp_path) == ["a", "run/c"]
    (tmp_path / "run/c.bin").unlink()
    assert Folder().sequences(tmp_path) == (".",)


def test_a_folder_with_the_suffix_of_a_scan_is_none(tmp_path: Path):
    put(tmp_path, "day.bin/1.bin", "2.bin")
    assert scans(tmp_path) == ["2", "day.bin/1"]


def test_names_are_counted(tmp_path: Path):
    put(tmp_path, *(f"{n}.bin" for n in (10, 9, 100, 2, 1)), "run 10/1.bin", "run 9/1.bin")
    assert scans(tmp_path) == ["1", "2", "9", "10", "100", "run 9/1", "run 10/1"]


NAMES = [
    *("2024-03-05T12:30:00/1709641800.023456", "run 1, north/1", "a/b__c", "a__b/c"),
    *("Straße 東京 α/scan 1", "scan.pcd", "v1.2.3", "100%", "a'b\"c", "²", "x=1;y", "[1]*?"),
]


def test_names_keep_their_exact_text(tmp_path: Path):
    put(tmp_path, *(f"{name}.bin" for name in NAMES))
    found = scans(tmp_path)
    assert set(found) == set(NAMES)
    assert len(found) == len(NAMES)
    for scan in found:
        assert Folder().path(tmp_path, scan) == tmp_path / f"{scan}.bin"
    os.symlink(tmp_path / "Straße 東京 α", tmp_path / "linked")
    assert "linked/scan 1" in scans(tmp_path)


def test_any_names_have_one_order():
    names = ["b", "a10", "a2", "a", "a02", "", "10", "9", "٣", "²", "a2b10", "a2b9"]
    found = sorted(names, key=in_order)
    assert found.index("9") < found.index("10")
    assert found.index("a") < found.index("a2") < found.index("a10") < found.index("b")
    assert found.index("a2b9") < found.index("a2b10")
    assert len({in_order(name) for name in names}) == len(names)
    for _ in range(5):
        np.random.default_rng(0).shuffle(names)
        assert sorted(names, key=in_order) == found


def test_two_files_of_one_name(tmp_path: Path):
    put(tmp_path, "a.bin", "a.PCD")
    with pytest.raises(DataError, match=r"called a \(a.PCD, a.bin\)"):
        Folder().scans(tmp_path, ".")


@pytest.mark.parametrize("name", ["a.pts", "a.asc", "a.PTS", "a.xyz", "a.Xyz", "a.aSc"])
@pytest.mark.parametrize("text", ["a.txt", "a.csv", "a.TXT", "a.Csv"])
def test_a_text_beside_a_scan_is_never_read_for_it(tmp_path: Path, name: str, text: str):
    put(tmp_path, f"run/{name}", content=as_text())
    put(tmp_path, f"run/{text}", content=b"9 9 9 9\n8 8 8 8\n")
    assert scans(tmp_path) == ["run/a"]
    assert Folder().path(tmp_path, "run/a") == tmp_path / "run" / name
    np.testing.assert_array_equal(Folder().points(tmp_path, "run/a"), ROWS)


@pytest.mark.parametrize("name", ["a.bin", "a.NPY", "a.PCD", "a.Pcd", "a.LAS", "a.Laz", "a.PLY"])
def test_the_file_of_a_scan_is_the_one_that_was_listed(tmp_path: Path, name: str):
    put(tmp_path, name, "a.txt", "b.txt", "a.TXT")
    put(tmp_path, "c.ply/1.bin", "c.BIN")
    assert Folder().scans(tmp_path, ".") == ("a", "c")
    assert Folder().path(tmp_path, "a") == tmp_path / name
    assert Folder().path(tmp_path, "c") == tmp_path / "c.BIN"
    # What is no scan has no file, though there is one of its name.
    assert not Folder().path(tmp_path, "b").exists()
    (tmp_path / name).unlink()
    assert not Folder().path(tmp_path, "a").exists()


def test_a_folder_of_texts_is_listed_once(tmp_path: Path, monkeypatch):
    put(tmp_path, *(f"{number}.txt" for number in range(50)), content=as_text())
    listed: list[Path] = []
    within = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: listed.append(folder) or within(folder))
    found = [Folder().path(tmp_path, scan).name for scan in map(str, range(50))]
    assert found == [f"{number}.txt" for number in range(50)]
    assert len(listed) == 1


def test_many_folders_of_texts_are_not_compared_with_each_other(tmp_path: Path, monkeypatch):
    names = [f"run {number}" for number in range(30)]
    put(tmp_path, *(f"{name}/{name}.txt" for name in names), content=as_text())
    looked: list[object] = []
    within = folder._texts
    monkeypatch.setattr(folder, "_texts", lambda files: looked.append(files) or within(files))
    assert Folder().sequences(tmp_path) == tuple(names)
    assert len(looked) <= 2 * len(names)


def test_what_lies_beside_scans_is_none(tmp_path: Path):
    put(tmp_path, "velodyne/0.bin", "velodyne/1.bin", "labels/0.bin", "Labels2/7.bin")
    put(tmp_path, "label_2/0.txt", "calib/1.txt", "README.txt", "poses.txt", content=as_text())
    put(tmp_path, "velodyne/notes of the day.txt", "velodyne/readme.rst", content=b"sunny")
    assert scans(tmp_path) == ["Labels2/7", "velodyne/0", "velodyne/1"]
    # Where there is nothing surer, text is what there is.
    put(tmp_path / "texts", "1.txt", "2.csv", "poses.txt", content=as_text())
    assert scans(tmp_path / "texts") == ["1", "2"]
    put(tmp_path / "alone", "labels/0.bin")
    assert scans(tmp_path / "alone") == ["labels/0"]


@pytest.mark.parametrize("name", ["labels_gt", "Predictions", "semantic", "GT", "annotations"])
def test_labels_by_other_names_are_no_scans(tmp_path: Path, name: str):
    put(tmp_path, "front/0.bin", "rear/0.bin", f"{name}/0.bin", "lidarseg/0_lidarseg.bin")
    assert scans(tmp_path) == ["front/0", "rear/0"]
    put(tmp_path, f"{name}/1.bin")  # of no scan beside it: what it is, the person says
    assert {"front/0", "rear/0", f"{name}/0", f"{name}/1"} == set(scans(tmp_path))


def test_folders_that_cannot_be_read(tmp_path: Path, monkeypatch):
    """As an ordinary user sees the lost+found of a disk; the tests may run as root."""
    put(tmp_path, "day/1.bin", "lost+found/2.bin")
    within = os.scandir

    def denied(folder: Path):
        if Path(folder).name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return within(folder)

    monkeypatch.setattr(os, "scandir", denied)
    assert scans(tmp_path) == ["day/1"]
    with pytest.raises(DataError, match="Permission denied"):
        Folder().scans(tmp_path, "lost+found")


def test_links_that_lead_around_or_nowhere(tmp_path: Path):
    put(tmp_path, "1.bin")
    os.symlink("2.bin", tmp_path / "2.bin")
    os.symlink("nowhere", tmp_path / "3.bin")
    os.symlink(".", tmp_path / "here")
    assert scans(tmp_path) == ["1", "2", "3", "here/1", "here/2", "here/3"]
    for scan in ("2", "3"):
        with pytest.raises(DataError):
            Folder().points(tmp_path, scan)


def test_a_scan_that_is_gone(tmp_path: Path):
    for scan in ("a", "no/b"):
        with pytest.raises(DataError, match="No such file"):
            Folder().points(tmp_path, scan)


# -- the cases themselves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("upper-case-suffix", ["SCAN", "SCAN2"]),
        ("frame-order", ["1", "2", "10", "11"]),
        ("names-collide", ["a/b__c", "a__b/c"]),
        ("labels-beside-scans", ["velodyne/0", "velodyne/1"]),
        ("mac-dotfiles", ["plain/000000", "plain/000001"]),
        ("ros-padding-pcd", ["0", "1"]),
    ],
)
def test_scans_of_a_case(name: str, wanted: list[str]):
    root = case(name)
    assert scans(root) == wanted
    for scan in wanted:
        points = Folder().points(root, scan)
        assert len(points) == Folder().count(root, scan) > 1000
        assert np.isfinite(points).all()
        assert np.abs(points[:, :3]).max() < 100
        assert 0 <= points[:, 3].min() < points[:, 3].max() <= 1


@pytest.mark.parametrize("name", ["names-nonascii", "names-with-colon-comma"])
def test_names_of_a_case(name: str):
    root = case(name)
    found = scans(root)
    assert len(found) == 4
    assert all((root / f"{scan}.bin").exists() for scan in found)


def test_padding_of_ros_is_told_from_numbers():
    """The case was written from known columns: the first ring of the scan goes around at z < 0."""
    picked = Folder().picked(case("ros-padding-pcd"), "0")
    assert picked.used == ("x", "y", "z", "intensity")
    assert not picked.others
    assert not picked.notes


def test_intensity_by_other_names():
    root = case("intensity-other-names")
    taken = {scan: Folder().picked(root, scan) for scan in scans(root)}
    assert {scan: picked.used[3] for scan, picked in taken.items()} == {
        "cloudcompare": "scalar_Intensity",
        "field_Intensity": "Intensity",
        "field_i": "i",
        "field_reflectivity": "reflectivity",
    }
    first, *others = (picked.points.astype("f4") for picked in taken.values())
    assert first[:, 3].any()
    for points in others:
        np.testing.assert_array_equal(points, first)


def test_a_map_tile_keeps_its_shape():
    root = case("utm")
    points = Folder().points(root, "tile")
    assert points.dtype == np.float64
    here = points[:, :3] - points[:, :3].min(0)
    lost = points[:, :3].astype("f4").astype("f8") - points[:, :3]
    assert np.abs(lost).max() > 0.1  # what float32 would have done
    assert len(np.unique(np.round(here, 3), axis=0)) > 0.99 * len(points)


@pytest.mark.parametrize(("scan", "says"), [("a", "1,934 .* 1,286"), ("b", "1,934 .* 1,285")])
def test_files_cut_short(scan: str, says: str):
    with pytest.raises(DataError, match=f"cut short: its header says {says}"):
        Folder().points(case("cut-short"), scan)


@pytest.mark.parametrize(
    ("scan", "rows"),
    [
        *(("identical", 2000), ("duplicated", 3000), ("ring", 800), ("tiny", 5)),
        ("allnan", 50),
        ("one", 1),
    ],
)
def test_degenerate_clouds(scan: str, rows: int):
    assert Folder().points(case("degenerate"), scan).shape == (rows, 4)


def test_organised_scans_keep_rows_without_a_return():
    points = Folder().points(case("zeros-dropped-returns"), "0")
    assert points.shape == (12 * 420, 4)
    assert 0.1 < np.mean(~points.any(1)) < 0.6
