"""Files: whole or absent whatever fails, errors in words, one writer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base import files
from core.base.errors import LockedError, ProjectError, StorageError

FAILURES = ("open", "write", "fsync", "replace")


@pytest.mark.parametrize("call", FAILURES)
@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "No space"), (errno.EROFS, "read-only"), (errno.EIO, "failed")],
)
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, call: str, code: int, says: str):
    path = tmp_path / "a.json"
    files.write_json(path, {"old": 1})

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match=says):
        files.write_json(path, {"new": 2})
    monkeypatch.undo()
    assert files.read_json(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch):
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: whole(handle, data[:3]))
    files.write_atomic(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_equal_arrays_give_equal_bytes(tmp_path: Path):
    arrays = {"a": np.arange(1000), "b": np.ones(3)}
    for name in ("one.npz", "two.npz"):
        files.write_arrays(tmp_path / name, arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert list(files.read_arrays(tmp_path / "one.npz", {"b": (float, "3")})) == ["b"]


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_cut_archive_is_named(tmp_path: Path, keep: int):
    files.write_arrays(tmp_path / "a.npz", {"a": np.arange(1000)})
    data = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(data[:keep])
    with pytest.raises(ProjectError, match=r"a\.npz cannot be read"):
        files.read_arrays(tmp_path / "a.npz", {"a": (int, "N")})


COLUMNS = {"a": (np.float32, (5, 2)), "b": (np.uint8, (5,))}


def pieces(value: int) -> list[dict[str, np.ndarray]]:
    """Three and two rows of COLUMNS."""
    return [
        {"a": np.full((rows, 2), value, np.float32), "b": np.full(rows, value, np.uint8)}
        for rows in (3, 2)
    ]


def write_columns(folder: Path, value: int) -> None:
    files.write_columns(folder, COLUMNS, pieces(value), folder / "about.json", {"value": value})


def test_columns_written_in_pieces_are_those_written_whole(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(files, "_CHUNK_BYTES", 16)
    write_columns(tmp_path / "c", 7)
    for name, (dtype, shape) in COLUMNS.items():
        np.save(tmp_path / "whole.npy", np.full(shape, 7, dtype))
        assert (tmp_path / "c" / f"{name}.npy").read_bytes() == (
            tmp_path / "whole.npy"
        ).read_bytes()
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == ["a.npy", "about.json", "b.npy"]
    found = files.map_array(tmp_path / "c/a.npy", ("f4", "U2"), U=5)
    assert not found.flags.writeable
    assert not found.flags.owndata


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace", "unlink"])
def test_columns_are_whole_wherever_they_are_said_to_be(tmp_path: Path, monkeypatch, call: str):
    """Each system call fails in turn: what the label says is what all the columns hold."""
    monkeypatch.setattr(files, "_CHUNK_BYTES", 16)
    real = getattr(os, call)
    for at in range(1, 100):
        folder = tmp_path / str(at)
        write_columns(folder, 1)
        seen = 0

        def fail(*arguments, at=at, **options):
            nonlocal seen
            seen += 1
            if seen == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **options)

        monkeypatch.setattr(os, call, fail)
        try:
            write_columns(folder, 2)
            value = 2
        except StorageError:
            value = 1
        monkeypatch.setattr(os, call, real)
        if (folder / "about.json").exists():
            value = files.read_json(folder / "about.json", value=int)["value"]
            for name in COLUMNS:
                assert (np.load(folder / f"{name}.npy") == value).all()
        assert not list(folder.glob("*.tmp"))
        write_columns(folder, 3)
        assert (np.load(folder / "a.npy") == 3).all()
        if seen < at:
            assert at > 1
            return
    raise AssertionError("the writing never ends")


def test_pieces_that_cannot_be_read_leave_the_old_columns(tmp_path: Path):
    write_columns(tmp_path, 1)

    def broken():
        yield pieces(2)[0]
        raise ProjectError("A scan is damaged.", "Score it again.")

    with pytest.raises(ProjectError, match="damaged"):
        files.write_columns(tmp_path, COLUMNS, broken(), tmp_path / "about.json", {"value": 2})
    assert files.read_json(tmp_path / "about.json") == {"value": 1}
    assert (np.load(tmp_path / "a.npy") == 1).all()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npy", "about.json", "b.npy"]


def test_json_that_is_missing_or_damaged(tmp_path: Path):
    with pytest.raises(ProjectError, match="missing"):
        files.read_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('{"half": ')
    with pytest.raises(ProjectError, match="cannot be read"):
        files.read_json(tmp_path / "a.json")


@pytest.mark.parametrize("half", [b'"\\ud800"', b'"\\uDfff"', b'{"\\udc00": 1}', b'"\xed\xa0\x80"'])
def test_half_a_character_is_no_text(tmp_path: Path, half: bytes):
    """Python reads it, and could not write it again."""
    (tmp_path / "a.json").write_bytes(b"[" + half + b"]")
    with pytest.raises(ProjectError, match="cannot be read"):
        files.read_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(b'["\\ud83d\\ude00", "\\u00e9"]')
    assert files.read_json(tmp_path / "a.json") == ["\U0001f600", "\xe9"]


def test_a_hash_is_of_the_content(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"x" * 3_000_000)
    (tmp_path / "c").write_bytes(b"x" * 2_999_999 + b"y")
    first, second, third = (files.hash_file(tmp_path / name) for name in "abc")
    assert first == second != third


def test_a_lock_is_free_again_when_its_holder_dies(tmp_path: Path):
    code = (
        "import os, sys; from pathlib import Path; from core.base.files import writer_lock\n"
        "with writer_lock(Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError, match=f"process {holder.pid}"), files.writer_lock(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with files.writer_lock(tmp_path):
        pass


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (int, 3, "3"),
        (list[str], ["a", "b"], ["a", 1]),
        (dict[str, int], {"a": 1}, {"a": "1"}),
        (list[dict[str, Any]], [{"epoch": 1, "loss": [0.5]}], [1]),
    ],
)
def test_members_of_json_have_their_types(tmp_path, kind, good, bad):
    files.write_json(tmp_path / "a.json", {"value": good})
    assert files.read_json(tmp_path / "a.json", value=kind)["value"] == good
    for wrong in ({"value": bad}, {}, [good]):
        files.write_json(tmp_path / "a.json", wrong)
        with pytest.raises(ProjectError, match="no usable value for value"):
            files.read_json(tmp_path / "a.json", value=kind)
