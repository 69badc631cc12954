"""A write-ahead log that was damaged: SQLite leaves out, in silence, what stands behind it."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.answers.answers import Answers
from core.answers.journal_log import _advance, log_of, read_log
from core.base.errors import DamagedError
from tests.core.answers.giving import give

HEAD, FRAME, PAGE = 32, 24, 4096
SIZE = FRAME + PAGE
ANSWERS = 40


def slow_checksum(data: bytes, s0: int, s1: int) -> tuple[int, int]:
    """As the format's page says it, word by word; SQLite on this machine writes little-endian."""
    words = struct.unpack(f"<{len(data) // 4}I", data)
    for x, y in zip(words[::2], words[1::2], strict=True):
        s0 = (s0 + x + s1) % 2**32
        s1 = (s1 + y + s0) % 2**32
    return s0, s1


def slow_valid(data: bytes) -> int:
    """Frames up to the first that SQLite does not believe."""
    sums = slow_checksum(data[:24], 0, 0)
    assert sums == struct.unpack(">2I", data[24:32])
    found = 0
    for start in range(HEAD, len(data) - SIZE + 1, SIZE):
        frame = data[start : start + SIZE]
        sums = slow_checksum(frame[:8] + frame[FRAME:], *sums)
        if frame[8:16] != data[16:24] or sums != struct.unpack(">2I", frame[16:24]):
            break
        found += 1
    return found


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a journal as a program leaves it that is killed: all answers in its log."""
    live, left = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("left")
    with closing(Answers.open(live, "ann")) as answers:
        for number in range(ANSWERS):
            give(answers, number % 10, number % 19)
        for end in ("", "-wal"):
            shutil.copyfile(live / f"ann.sqlite{end}", left / f"ann.sqlite{end}")
    return left


@pytest.fixture
def place(killed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(killed, tmp_path / "journals")
    return tmp_path / "journals"


def damage(place: Path, change: Callable[[bytearray], None]) -> bytes:
    file = place / "ann.sqlite-wal"
    data = bytearray(file.read_bytes())
    change(data)
    file.write_bytes(data)
    return bytes(data)


def flip(at: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[at] ^= 0x10

    return change


def kept_of(place: Path) -> tuple[list[tuple[int, str, bytes]], str | None]:
    """The entries of the journal: number, unit and classes; and what was said of damage."""
    with closing(Answers.open(place, "ann")) as answers:
        found = [(e.seq, e.unit, e.classes.tobytes()) for e in answers.entries()]
        return found, answers.damage


def test_a_log_as_it_was_left_is_whole(place):
    log = read_log(place / "ann.sqlite")
    data = (place / "ann.sqlite-wal").read_bytes()
    assert len(log.good) == slow_valid(data) == (len(data) - HEAD) // SIZE > ANSWERS
    assert log.whole
    assert not log.torn
    assert log.good.all()
    units, told = kept_of(place)
    assert (len(units), told) == (ANSWERS, None)


@pytest.mark.parametrize(
    "where",
    ["checksum", *(pytest.param(w, marks=pytest.mark.slow) for w in ("number", "salt", "content"))],
)
def test_what_stands_behind_a_damaged_frame_is_kept(killed, tmp_path, where):
    offset = {"number": 2, "salt": 9, "checksum": 18, "content": FRAME + 3000}[where]
    frames = (log_of(killed / "ann.sqlite").stat().st_size - HEAD) // SIZE
    least = ANSWERS
    for frame in range(0, frames - 1, 5):
        place = tmp_path / f"{frame}"
        shutil.copytree(killed, place)
        data = damage(place, flip(HEAD + frame * SIZE + offset))
        assert slow_valid(data) <= frame
        with pytest.raises(DamagedError, match=r"log of the journal .*ann\.sqlite is damaged"):
            Answers.open(place, "ann", read_only=True)
        units, told = kept_of(place)
        assert told.startswith("The log of ann.sqlite was damaged")
        assert set(units) <= set(kept_of(killed_copy(killed, tmp_path))[0])
        least = min(least, len(units))
        (kept,) = (p for p in place.glob("ann.damaged-*") if not p.name.endswith("-wal"))
        assert log_of(kept).read_bytes() == data
        assert kept_of(place) == (units, None)  # and is whole from then on
    assert least >= ANSWERS - 1  # each page is written again by the answers that follow


def killed_copy(killed: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(killed, copy)
    return copy


@pytest.mark.parametrize("at", range(0, HEAD, 3))
def test_a_damaged_head_loses_nothing(place, at):
    damage(place, flip(at))
    with pytest.raises(DamagedError):
        Answers.open(place, "ann", read_only=True)
    units, told = kept_of(place)
    assert len(units) == ANSWERS
    assert "none is known to be lost" in told


def cut_out(data: bytearray) -> None:
    del data[HEAD + 20 * SIZE + 100 : HEAD + 20 * SIZE + 101]


def put_in(data: bytearray) -> None:
    data[HEAD + 20 * SIZE : HEAD + 20 * SIZE] = b"x" * 7


@pytest.mark.parametrize("change", [cut_out, put_in])
def test_bytes_that_are_missing_or_too_many_are_told(place, change):
    damage(place, change)
    units, told = kept_of(place)
    assert 0 < len(units) < ANSWERS  # what stands before
    assert told.startswith("The log of ann.sqlite was damaged")


@pytest.mark.parametrize("left", [1, FRAME, FRAME + 7, SIZE - 1])
def test_a_write_that_ended_in_the_middle_is_told_and_read(place, left):
    damage(place, lambda data: data.__delitem__(slice(len(data) - SIZE + left, None)))
    units, told = kept_of(place)
    assert len(units) == ANSWERS - 1
    assert "ends in the middle of a write" in told


def test_remains_of_an_older_log_are_no_damage(place):
    """After what is in the log has gone into the journal, the log is written from its start on."""
    with closing(Answers.open(place, "ann")) as answers:
        for number in range(ANSWERS, 3 * ANSWERS):
            give(answers, number % 10, number % 19)
        database = answers._journals["ann"]._database
        database.execute("PRAGMA wal_checkpoint(RESTART)")
        before = log_of(place / "ann.sqlite").stat().st_size
        give(answers, 0, 7)
        log = read_log(place / "ann.sqlite")
        data = log_of(place / "ann.sqlite").read_bytes()
        assert len(data) == before  # nothing but its start is new
        assert log.whole
        assert not log.torn
        assert log.good.sum() == slow_valid(data) < len(log.good)


def test_no_log_that_grows_meanwhile_is_called_damaged(tmp_path):
    """A program of its own answers on and on, its log begun anew now and then."""
    code = """
import sys
from contextlib import closing
from pathlib import Path
from core.answers.answers import Answers
from tests.core.answers.giving import give
with closing(Answers.open(Path(sys.argv[1]), "ann")) as answers:
    answers._journals["ann"]._database.execute("PRAGMA wal_autocheckpoint = 30")
    for number in range(400):
        give(answers, number % 10, number % 19)
"""
    looks = 0
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as process:
        while process.poll() is None:
            try:
                log = read_log(tmp_path / "ann.sqlite")
            except FileNotFoundError:  # it has just begun, or ended
                continue
            if log is not None:
                assert log.whole
                looks += len(log.good) > 0
    assert process.returncode == 0
    assert looks > 20


def test_numbers_of_pages_that_no_file_has_take_no_room(place):
    """A log of a stranger: its checksums are right, its page lies terabytes behind the end."""
    data = bytearray((place / "ann.sqlite-wal").read_bytes())
    data[HEAD + 5 * SIZE + FRAME + 9] ^= 1  # so that it is replayed
    last = len(data) - SIZE
    data[last : last + 8] = struct.pack(">2I", 1 << 31, 1 << 31)
    sums = struct.unpack(">2I", data[last - SIZE + 16 : last - SIZE + 24])
    summed = bytes(data[last : last + 8]) + bytes(data[last + FRAME :])
    data[last + 16 : last + 24] = struct.pack(">2I", *slow_checksum(summed, *sums))
    (place / "ann.sqlite-wal").write_bytes(data)
    assert not read_log(place / "ann.sqlite").whole
    units, _ = kept_of(place)
    assert len(units) >= ANSWERS - 2
    assert all(file.stat().st_size < 1 << 22 for file in place.iterdir())


def test_powers_of_the_checksum_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**32, (3, 17, 2), dtype=np.uint32)
    start = rng.integers(0, 2**32, (3, 2), dtype=np.uint32)
    found = _advance(start, words)
    for k in range(3):
        s0, s1 = (int(v) for v in start[k])
        assert tuple(found[k]) == slow_checksum(words[k].astype("<u4").tobytes(), s0, s1)
