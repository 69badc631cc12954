"""What a plain folder's files make one say: viewpoints, texts left aside, columns, odd names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core.base.errors import DataError
from core.data.clouds.pcd import viewpoint
from core.data.formats.folder import Folder
from core.data.opening import open_dataset
from core.data.plausible import judge
from core.data.recognise import recognise
from core.data.scans import Dataset
from tests.commands import CommandLine
from tests.core.data.clouds.made_files import as_text, packed, pcd
from tests.streets import small_scan

YARD = 'name = "yard"\n[[class]]\nname = "car"\ncolour = "#ffcc00"\n'
AS_BYTES = pytest.mark.skipif(sys.platform == "darwin", reason="its disks keep UTF-8 alone")


@pytest.fixture
def lidarloop(capsys) -> CommandLine:
    return CommandLine(capsys)


def cloud(told: str | None, word: str = "VIEWPOINT") -> bytes:
    made = pcd("x y z i", "4 4 4 4", "F F F F", None, packed("<4f"))
    line = b"VIEWPOINT 0 0 0 1 0 0 0\n"
    assert line in made
    return made.replace(line, f"{word} {told}\n".encode() if told is not None else b"")


def notes(root: Path, sequence: str = ".") -> str:
    return " ".join(Folder().notes(root, sequence))


# -- where PCL says the sensor was ----------------------------------------------------------------


@pytest.mark.parametrize("told", ["0 0 0 1 0 0 0", "0 0 0 -1 0 0 0", "0.0 -0.0 0 1 0 0 0", None])
def test_the_usual_viewpoint_says_nothing(tmp_path: Path, told: str | None):
    (tmp_path / "a.pcd").write_bytes(cloud(told))
    assert viewpoint(tmp_path / "a.pcd") is None
    assert "VIEWPOINT" not in notes(tmp_path)


@pytest.mark.parametrize("told", ["0 0 1.8 1 0 0 0", "0 0 0 0.7071 0 0 0.7071", "5 0 nan 1 0 0 0"])
@pytest.mark.parametrize("word", ["VIEWPOINT", "viewpoint"])
def test_another_viewpoint_is_told_once_and_moves_nothing(tmp_path: Path, told: str, word: str):
    for number in range(30):
        (tmp_path / f"{number}.pcd").write_bytes(cloud(told, word))
    said = notes(tmp_path)
    assert said.count("VIEWPOINT") == 1
    assert f"0.pcd has the VIEWPOINT {told}" in said
    assert Folder().points(tmp_path, "0")[0].tolist() == [1.5, -2.25, 0.5, 7]


def test_a_viewpoint_that_is_none_or_a_damaged_file_says_nothing_here(tmp_path: Path):
    (tmp_path / "a.pcd").write_bytes(cloud("1 2 3"))
    (tmp_path / "b.pcd").write_bytes(cloud("here and there x y z w v"))
    (tmp_path / "c.pcd").write_bytes(b"VIEWPOINT 1 2 3 1 0 0 0")
    assert "VIEWPOINT" not in notes(tmp_path)


def test_new_and_prepare_tell_the_viewpoint(lidarloop, tmp_path: Path):
    points = small_scan(0)[0]
    head = pcd("x y z i", "4 4 4 4", "F F F F", None, points.tobytes(), points=len(points))
    (tmp_path / "data").mkdir()
    moved = head.replace(b"VIEWPOINT 0 0 0", b"VIEWPOINT 0 0 2")
    (tmp_path / "data/a.pcd").write_bytes(moved)
    (tmp_path / "yard.toml").write_text(YARD)
    said = lidarloop.new(tmp_path / "p", tmp_path / "data", ".")
    assert said.code == 0, said.told
    assert "VIEWPOINT 0 0 2" in said.out + said.told
    said = lidarloop("prepare", tmp_path / "p", "--workers", 1)
    assert "VIEWPOINT 0 0 2" in said.out + said.told


# -- texts beside surer kinds, columns ------------------------------------------------------------


def test_texts_beside_surer_kinds_are_told(tmp_path: Path):
    (tmp_path / "a.bin").write_bytes(packed("<4f"))
    for name in ("b.txt", "c.csv", "d.TXT", "10.txt", "poses.txt", "README.txt"):
        (tmp_path / name).write_bytes(as_text())
    assert Folder().scans(tmp_path, ".") == ("a",)
    said = notes(tmp_path)
    assert "10.txt, b.txt, c.csv and 1 more in the folder are taken for no scans" in said
    assert "poses" not in said
    for name in ("b.txt", "c.csv", "d.TXT"):
        (tmp_path / name).unlink()
    assert "10.txt in the folder is taken for no scan, for" in notes(tmp_path)
    (tmp_path / "a.bin").unlink()
    assert "taken for no scan" not in notes(tmp_path)


def test_folders_of_texts_beside_scans_are_told(tmp_path: Path):
    for name in ("velodyne/0.bin", "velodyne/1.bin", "label_2/0.txt", "label_2/1.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(packed("<4f") if name.endswith("bin") else as_text())
    assert Folder().sequences(tmp_path) == ("velodyne",)
    said = notes(tmp_path, "velodyne")
    assert "The files in label_2 have the names of scans in velodyne" in said
    (tmp_path / "label_2/7.txt").write_bytes(as_text())  # scans of their own
    assert Folder().sequences(tmp_path) == ("label_2", "velodyne")
    assert "label_2" not in notes(tmp_path, "velodyne")


@pytest.mark.parametrize("kind", ["bin", "pcd", "txt"])
def test_a_folder_that_is_taken_for_labels_is_told(tmp_path: Path, kind: str):
    """Somebody parted their scans by what is done already."""
    names = ["unlabelled/0.pcd", "unlabelled/1.pcd", f"labelled/1.{kind}", f".labels/1.{kind}"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(cloud(None))
    assert Folder().sequences(tmp_path) == ("unlabelled",)
    said = notes(tmp_path, "unlabelled")
    assert "The files in labelled have the names of scans in unlabelled: they are taken" in said
    (tmp_path / f"labelled/0.{kind}").write_bytes(cloud(None))  # the same names in both
    assert Folder().sequences(tmp_path) == ("unlabelled",)
    (tmp_path / f"labelled/7.{kind}").write_bytes(cloud(None))  # and one of its own
    assert Folder().sequences(tmp_path) == ("labelled", "unlabelled")
    assert "labelled have" not in notes(tmp_path, "unlabelled")


def test_columns_that_were_taken_by_their_place_are_told(tmp_path: Path):
    (tmp_path / "a.xyz").write_bytes(b"1 2 3\n4 5 6\n")
    assert "its three columns are taken for x, y, z" in notes(tmp_path)
    assert "its three columns" in " ".join(judge(open_dataset("folder", tmp_path, ["."], [])).notes)


# -- names that are no text -----------------------------------------------------------------------


def odd(root: Path, name: bytes, content: bytes) -> None:
    path = os.fsencode(root) + b"/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


@AS_BYTES
@pytest.mark.parametrize(
    ("format", "names", "train"),
    [
        ("folder", (b"good.bin", b"stra\xdfe.bin", b"\xff\xfe.bin"), "."),
        ("folder", (b"run/good.bin", b"run/\xe9.bin", b"caf\xe9/1.bin"), "run"),
        (
            "semantickitti",
            (b"sequences/00/velodyne/0.bin", b"sequences/00/velodyne/\xe9.bin"),
            "00",
        ),
        (
            "kitti-raw",
            (b"d/run/velodyne_points/data/0.bin", b"\xe9/x/velodyne_points/data/0.bin"),
            "d/run",
        ),
    ],
)
def test_names_that_are_not_utf8_are_left_out_and_told(
    lidarloop, tmp_path: Path, format: str, names: tuple[bytes, ...], train: str
):
    for name in names:
        odd(tmp_path / "data", name, small_scan(0)[0].tobytes())
    dataset: Dataset = open_dataset(format, tmp_path / "data", [train], [])
    assert len(dataset.train) == 1
    (note,) = (note for note in dataset.notes if "UTF-8" in note)
    assert note.isprintable()
    assert "\\xe9" in note or "\\xdf" in note
    assert f"{len(names) - 1} in all" in note
    found = recognise(tmp_path / "data")
    assert found is not None
    assert found.scans == 1
    (tmp_path / "yard.toml").write_text(YARD)
    said = lidarloop.new(tmp_path / "p", tmp_path / "data", train, format=format)
    assert said.code == 0, said.told
    assert "not UTF-8" in said.out + said.told
    said = lidarloop("prepare", tmp_path / "p", "--workers", 1)
    assert said.code == 0, said.told
    assert "not UTF-8" in said.out + said.told


@AS_BYTES
def test_a_folder_of_such_names_alone_is_one_sentence(lidarloop, tmp_path: Path):
    odd(tmp_path / "data", b"caf\xe9.bin", small_scan(0)[0].tobytes())
    (tmp_path / "yard.toml").write_text(YARD)
    said = lidarloop.new(tmp_path / "p", tmp_path / "data", ".")
    assert said.code != 0
    assert r"Names that are not UTF-8 are left out, 1 in all: caf\xe9" in said.told
    assert recognise(tmp_path / "data") is None


@AS_BYTES
def test_a_root_of_such_a_name_is_refused(tmp_path: Path):
    odd(tmp_path, b"caf\xe9/1.bin", small_scan(0)[0].tobytes())
    with pytest.raises(DataError, match=r"caf\\xe9 has a name that is not UTF-8"):
        open_dataset("folder", tmp_path / "caf\udce9", ["."], [])
