"""Label files that are damaged are read as they were or said to be, never believed or fatal."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import DataError
from core.exchange.given import read_probabilities
from core.exchange.label_files import as_labels, read_labels


def npy() -> bytes:
    buffer = BytesIO()
    np.save(buffer, np.arange(100, dtype=np.uint16))
    return buffer.getvalue()


def npz() -> bytes:
    buffer = BytesIO()
    np.savez_compressed(buffer, probabilities=np.full((50, 4), 0.25), features=np.zeros((50, 3)))
    return buffer.getvalue()


def las() -> bytes:
    laspy = pytest.importorskip("laspy", reason="laspy is not installed")
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.add_extra_dim(laspy.ExtraBytesParams("instance", "u2"))
    cloud = laspy.LasData(header)
    cloud.x = np.zeros(50)
    cloud.classification = np.arange(50).astype(np.uint8)
    buffer = BytesIO()
    cloud.write(buffer)
    return buffer.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, cut off or put in between."""
    found = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place = chance.randrange(len(found) + 1)
        kind = chance.randrange(3)
        if kind == 0:
            found[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        elif kind == 1 and found:
            found[place % min(len(found), 400)] = chance.choice([0, 57, 127, 255])
        elif chance.random() < 0.3:
            del found[place:]
    return bytes(found)


@pytest.mark.parametrize(
    ("suffix", "make", "read", "most"),
    [
        (".npy", npy, read_labels, 1),
        (".las", las, read_labels, 1),
        (".npz", npz, lambda file: read_probabilities(file, 50), 1000),
        (".label", lambda: np.arange(50, dtype="<u4").tobytes(), read_labels, 1),
    ],
    ids=["npy", "las", "npz", "label"],
)
def test_a_damaged_file_is_read_or_said(tmp_path: Path, suffix: str, make, read, most: int):
    chance, data, outcomes = random.Random(suffix), make(), {True: 0, False: 0}
    file = tmp_path / f"a{suffix}"
    for _ in range(400):
        file.write_bytes(damaged(data, chance))
        try:
            found = read(file)
            rows = len(found[0]) if isinstance(found, tuple) else len(found)
            assert rows <= most * max(file.stat().st_size, 1)
            outcomes[True] += 1
        except DataError:
            outcomes[False] += 1
    assert min(outcomes.values()) > 10


@pytest.mark.parametrize("text", [b"", b"PK", b"LASF", b"\x93NUMPY", b"x" * 400])
@pytest.mark.parametrize("suffix", [".npy", ".las", ".laz", ".ply", ".pcd", ".label", ".npz"])
def test_what_is_no_file_of_its_kind(tmp_path: Path, suffix: str, text: bytes):
    if suffix in (".las", ".laz"):
        pytest.importorskip("laspy", reason="laspy is not installed")
    file = tmp_path / f"a{suffix}"
    file.write_bytes(text)
    if suffix == ".label" and len(text) % 4 == 0:
        assert len(read_labels(file)) == len(text) // 4
        return
    with pytest.raises(DataError):
        read_probabilities(file, 50) if suffix == ".npz" else read_labels(file)


def test_a_zip_that_holds_no_arrays(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("probabilities.npy", b"text")
    with pytest.raises(DataError):
        read_probabilities(tmp_path / "a.npz", 50)


def test_the_halves_of_a_label():
    found = as_labels(np.array([[0xFFFFFFFF], [7]], np.int64), "a")
    assert found.dtype == np.uint32
    assert found.tolist() == [0xFFFFFFFF, 7]
    for wrong in ([-1], [1 << 32], [0.5], [[1, 2]], 7, "a", None, [True]):
        with pytest.raises(DataError):
            as_labels(np.array(wrong), "a")
