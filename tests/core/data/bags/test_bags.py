"""Bags as rosbags writes them come in as what was written."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rosbags import rosbag1

from core.base.errors import DataError
from core.data.formats import format_named
from core.data.opening import open_dataset
from core.data.recognise import recognise
from tests.bags import CLOUD, KINDS, ROS1, cloud, drive, plain_rows, store_of, write_bag
from tests.streets import small_scan

WRITTEN = [
    *((kind, "") for kind in KINDS),
    ("ros1", "lz4"),
    ("ros1", "bz2"),
    ("sqlite3", "message"),
    ("sqlite3", "file"),
    ("mcap", "storage"),
    ("mcap", "message"),
]


def scans(count: int) -> list[np.ndarray]:
    return [small_scan(number)[0][:500] for number in range(count)]


@pytest.mark.parametrize(("kind", "compression"), WRITTEN)
def test_a_bag_holds_what_was_written(tmp_path: Path, kind: str, compression: str):
    wanted = scans(12)
    path = write_bag(tmp_path / "drive", drive(kind, wanted), kind, compression)
    for root in (path, tmp_path):  # the bag itself, and the folder it lies in
        dataset = open_dataset("bag", root, ["drive"], [])
        assert dataset.scans == tuple(f"drive/{number:06}" for number in range(12))
        for scan, points in reversed(list(zip(dataset.scans, wanted, strict=True))):
            assert np.array_equal(dataset.scan(scan).points, points)
            assert dataset.count(scan) == len(points)
        assert dataset.format.columns(root, dataset.scans[0]) == (
            *("x", "y", "z"),
            *("intensity", "ring"),
        )
    assert recognise(path) == recognise(path)
    found = recognise(tmp_path)
    assert found is not None
    assert (found.format, found.sequences, found.scans) == ("bag", ("drive",), 12)
    part = open_dataset("bag", tmp_path, ["drive:000003-000005"], ["drive:000010"])
    assert [len(part.train), len(part.validation)] == [3, 1]


@pytest.mark.parametrize("end", [".db3", ".mcap"])
def test_a_lone_file_of_ros_2_is_a_bag(tmp_path: Path, end: str):
    kind = "sqlite3" if end == ".db3" else "mcap"
    wanted = scans(3)
    folder = write_bag(tmp_path / "drive", drive(kind, wanted), kind)
    alone = tmp_path / f"Alone{end.upper()}"
    (folder / f"drive{end}").rename(tmp_path / f"Alone{end}")
    (folder / "metadata.yaml").unlink()
    alone = tmp_path / f"Alone{end}"
    found = recognise(alone)
    assert found is not None
    assert found.sequences == ("Alone",)
    dataset = open_dataset("bag", alone, ["Alone"], [])
    assert [len(dataset.scan(scan).points) for scan in dataset.scans] == [500] * 3


LAYOUTS = {
    "packed": [("x", "<f4", 0), ("y", "<f4", 4), ("z", "<f4", 8), ("intensity", "<f4", 12), 16],
    "apart, out of order": [
        *(("intensity", "u1", 3), ("z", "<f4", 40), ("x", "<f4", 8), ("y", "<f4", 20)),
        *(("t", "<u4", 44), 61),
    ],
    "double": [("x", "<f8", 0), ("y", "<f8", 8), ("z", "<f8", 16), ("intensity", "<u2", 24), 26],
    "big-endian": [("x", ">f4", 0), ("y", ">f4", 4), ("z", ">f4", 8), ("intensity", ">u2", 12), 14],
    "several numbers": [
        *(("normal", ("<f4", (3,)), 0), ("x", "<f4", 12), ("y", "<f4", 16), ("z", "<f4", 20)),
        *(("intensity", "<i2", 24), 26),
    ],
    "whole numbers": [("x", "<i4", 0), ("y", "<i2", 4), ("z", "i1", 6), ("intensity", "u1", 7), 8],
}


def laid_out(layout: str, points: np.ndarray) -> np.ndarray:
    *fields, size = LAYOUTS[layout]
    names, formats, offsets = zip(*fields, strict=True)
    row = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})
    made = np.zeros(len(points), row)
    for place, name in enumerate(("x", "y", "z", "intensity")):
        made[name] = points[:, place]
    return made


@pytest.mark.parametrize("kind", ["ros1", "mcap"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("height", "pad"), [(1, 0), (5, 0), (5, 7)])
def test_any_layout_of_a_cloud(tmp_path: Path, kind: str, layout: str, height: int, pad: int):
    points = np.rint(np.random.default_rng(0).uniform(-99, 99, (60, 4)))
    points[:, 3] = np.abs(points[:, 3])
    if layout in ("double", "packed", "big-endian"):
        points[7] = np.nan if layout != "double" else points[7] + 1e-9
        points[7, 3] = 0
    made = cloud(
        store_of(kind), laid_out(layout, points), height=height, pad=pad, dense=height == 1
    )
    path = write_bag(tmp_path / "one", [("/points", CLOUD, 1, made)], kind)
    found = format_named("bag").points(path, "one/000000")
    assert found.dtype == (np.float64 if layout in ("double", "whole numbers") else np.float32)
    assert np.array_equal(found, points.astype(found.dtype), equal_nan=True)


def test_colours_are_those_of_the_message(tmp_path: Path):
    row = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4")])
    rows = np.zeros(3, row)
    rows["rgb"] = [0x102030, 0xFF0000, 0x0000FF]
    path = write_bag(tmp_path / "one", [("/points", CLOUD, 1, cloud(ROS1, rows))])
    colours = format_named("bag").colours(path, "one/000000")
    assert colours is not None
    assert colours.tolist() == [[16, 32, 48], [255, 0, 0], [0, 0, 255]]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"width": 1000}, "says 1,000 x 1 points of 32 bytes, and has 3,200 bytes"),
        ({"width": 99}, "says 99 x 1 points of 32 bytes"),
        ({"height": 2**31, "width": 2**31}, "has rows of 3,200 bytes"),
        ({"point_step": 8}, "says that z ends at byte 12 of a point of 8 bytes"),
        ({"height": 4, "row_step": 5}, "has rows of 5 bytes for 100 points of 32 bytes"),
        ({"height": 0}, "says 100 x 0 points"),
        ({"data": np.zeros(0, np.uint8)}, "has 0 bytes"),
    ],
)
@pytest.mark.parametrize("kind", ["ros1", "sqlite3"])
def test_a_message_that_claims_other_than_it_has(tmp_path: Path, kind: str, said, sentence):
    good = plain_rows(small_scan(0)[0][:100])
    store = store_of(kind)
    messages = [
        ("/points", CLOUD, 1, cloud(store, good)),
        ("/points", CLOUD, 2, cloud(store, good, said=said)),
    ]
    dataset = open_dataset("bag", write_bag(tmp_path / "two", messages, kind), ["two"], [])
    assert len(dataset.scan("two/000000").points) == 100
    with pytest.raises(DataError, match=sentence):
        dataset.scan("two/000001")


def test_messages_of_one_moment_are_scans_of_their_own(tmp_path: Path):
    for kind in KINDS:
        wanted = scans(5)
        path = write_bag(tmp_path / kind, drive(kind, wanted, every_ns=0), kind)
        dataset = open_dataset("bag", path, [kind], [])
        found = [dataset.scan(scan).points for scan in dataset.scans]
        assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


def two_lidars(kind: str) -> list:
    front = drive(kind, scans(4), topic="/front/points")
    rear = drive(kind, scans(2)[::-1], topic="/rear/points", every_ns=3 * 10**8)
    return sorted([*front, *rear], key=lambda message: message[2])


@pytest.mark.parametrize("kind", KINDS)
def test_each_topic_is_a_sequence_and_a_bag_of_several_asks_which(tmp_path: Path, kind: str):
    path = write_bag(tmp_path / "car", two_lidars(kind), kind)
    found = recognise(path)
    assert found is not None
    assert found.sequences == ("car/front/points", "car/rear/points")
    dataset = open_dataset("bag", path, ["car/front/points"], ["car/rear/points:000001"])
    assert [len(dataset.train), len(dataset.validation)] == [4, 1]
    assert np.array_equal(dataset.scan("car/rear/points/000001").points, scans(1)[0])
    with pytest.raises(DataError) as error:
        open_dataset("bag", path, ["car"], [])
    assert error.value.do == (
        "Choose a topic: car/front/points (4 scans), car/rear/points (2 scans)."
    )


def test_a_bag_without_clouds_says_what_it_has(tmp_path: Path):
    text = ROS1.types["std_msgs/msg/String"](data="hello")
    path = write_bag(tmp_path / "talk", [("/livox/lidar", "std_msgs/msg/String", 1, text)])
    for root in (path, tmp_path):
        with pytest.raises(DataError) as error:
            recognise(root)
        assert "has no point clouds" in error.value.what
        assert "/livox/lidar (std_msgs/String, 1)" in error.value.do


def test_one_bag_that_cannot_be_read_stops_no_other(tmp_path: Path):
    write_bag(tmp_path / "a", drive("ros1", scans(2)))
    whole = write_bag(tmp_path / "b", drive("ros1", scans(2)))
    whole.write_bytes(whole.read_bytes()[:5000])
    dataset = open_dataset("bag", tmp_path, ["a"], [])
    assert len(dataset.scans) == 2
    notes = dataset.format.notes(tmp_path, "a")
    assert [note[:15] for note in notes] == ["b is left out: ", "a: neither tf n"]
    with pytest.raises(DataError, match=r"b\.bag cannot be read"):
        open_dataset("bag", tmp_path, ["b"], [])
    with pytest.raises(DataError, match=r"b\.bag cannot be read"):
        recognise(whole)


def test_a_recording_that_broke_off_says_what_mends_it(tmp_path: Path):
    writer = rosbag1.Writer(tmp_path / "broken.bag")
    writer.open()
    connection = writer.add_connection("/points", CLOUD, typestore=ROS1)
    made = cloud(ROS1, plain_rows(scans(1)[0]))
    writer.write(connection, 1, ROS1.serialize_ros1(made, CLOUD))
    writer.bio.close()  # as a machine that lost its power
    with pytest.raises(DataError, match="not indexed") as error:
        recognise(tmp_path / "broken.bag")
    assert "rosbag reindex" in error.value.do


def test_two_bags_of_one_name_are_told_apart(tmp_path: Path):
    write_bag(tmp_path / "drive", drive("ros1", scans(1)))
    write_bag(tmp_path / "drive", drive("mcap", scans(1)), "mcap")
    with pytest.raises(DataError, match=r"are called drive \(drive, drive\.bag\)"):
        recognise(tmp_path)


def test_point_files_beside_their_bag_are_what_is_meant(tmp_path: Path):
    write_bag(tmp_path / "drive", drive("ros1", scans(1)))
    np.save(tmp_path / "000000.npy", scans(1)[0])
    found = recognise(tmp_path)
    assert found is not None
    assert found.format == "folder"


def test_without_rosbags_one_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch):
    path = write_bag(tmp_path / "drive", drive("ros1", scans(1)))
    monkeypatch.setitem(sys.modules, "rosbags", None)
    with pytest.raises(DataError) as error:
        recognise(path)
    assert "need the package rosbags" in error.value.what
    assert error.value.do == 'Install it: pip install "lidarloop[ros]".'


def test_a_database_that_was_not_closed_is_told(tmp_path: Path):
    path = write_bag(tmp_path / "drive", drive("sqlite3", scans(1)), "sqlite3")
    (path / "drive.db3-wal").write_bytes(b"something")
    notes = format_named("bag").notes(path, "drive")
    assert "drive.db3-wal holds messages that are not in drive.db3" in notes[0]


def test_content_hashes_are_of_one_scan(tmp_path: Path):
    """An answer belongs to a scan's bytes: a bag that grew keeps the answers it had."""
    short = write_bag(tmp_path / "short" / "drive", drive("mcap", scans(2)), "mcap")
    long = write_bag(tmp_path / "long" / "drive", drive("mcap", scans(4)), "mcap")
    bags = format_named("bag")
    hashes = [bags.digest(long, f"drive/{at:06}") for at in range(4)]
    assert len(set(hashes)) == 4
    assert [bags.digest(short, f"drive/{at:06}") for at in range(2)] == hashes[:2]


def test_a_bag_that_miscounts_is_told(tmp_path: Path):
    path = write_bag(tmp_path / "drive", drive("sqlite3", scans(4)), "sqlite3")
    words = (path / "metadata.yaml").read_text()
    for said in (0, 9):
        (path / "metadata.yaml").write_text(
            words.replace("message_count: 4", f"message_count: {said}")
        )
        assert len(open_dataset("bag", path, ["drive"], []).scans) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_several_threads_read_one_bag(tmp_path: Path, kind: str):
    wanted = scans(8)
    path = write_bag(tmp_path / "drive", drive(kind, wanted), kind)
    dataset = open_dataset("bag", path, ["drive"], [])
    order = np.random.default_rng(0).integers(0, 8, 200).tolist()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda at: dataset.scan(dataset.scans[at]).points, order))
    assert all(np.array_equal(a, wanted[at]) for a, at in zip(found, order, strict=True))
