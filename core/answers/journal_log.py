"""A journal's write-ahead log: whether SQLite will read all that was saved in it.

SQLite reads a log up to the first frame whose checksum is wrong and leaves out all behind it, in
silence, so that saved answers would be gone. Here every frame is checked by itself, against the
checksum that is stored with the frame before it, and those behind a damaged one can still be used.
Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

_HEADER = np.dtype(
    [("magic", ">u4"), ("version", ">u4"), ("page", ">u4"), ("count", ">u4"),
     ("salts", ">u4", 2), ("sums", ">u4", 2)]
)  # fmt: skip
_FRAME = np.dtype([("number", ">u4"), ("pages", ">u4"), ("salts", ">u4", 2), ("sums", ">u4", 2)])
_MAGIC = 0x377F0682  # its lowest bit set: checksums are of big-endian words
_BYTES_AT_ONCE = 1 << 24
_TRIES = 5
_MOST_LOGS = 1 << 20  # that were begun in one file


@dataclass(frozen=True, eq=False)
class Log:
    """What stands in a log.

    page : bytes of a page
    numbers, pages : (n,) int64, the page that each frame holds, and how many pages the database has
        after it, 0 where it does not end a commit
    good : (n,) bool, whether a frame's own content is whole
    whole : whether SQLite will read each commit that stands here
    torn : whether something follows the last commit that was not written to its end
    """

    page: int
    numbers: np.ndarray
    pages: np.ndarray
    good: np.ndarray
    whole: bool
    torn: bool


def log_of(path: Path) -> Path:
    """The log beside a journal's file."""
    return path.with_name(f"{path.name}-wal")


def read_log(path: Path) -> Log | None:
    """Read the log beside the journal at `path`, None where there is none or nothing in it.

    Who has the journal open may be writing to it: it is read until it was the same twice. Raises
    OSError.
    """
    file = log_of(path)
    if not file.is_file() or file.stat().st_size == 0:
        return None
    before = None
    for _ in range(_TRIES):
        found, now = _read(file), file.stat()
        if found.whole and not found.torn:
            return found
        if before == (now.st_size, now.st_mtime_ns):
            return found
        before = (now.st_size, now.st_mtime_ns)
    return found


def replay(path: Path, log: Log, copy: Path) -> None:
    """Write to `copy` the journal at `path` with every whole frame of its log up to the last
    commit, those behind a damaged one included. Entries may be missing from it, and pages be older
    than others: read it entry by entry (core.answers.salvage). Raises OSError.
    """
    shutil.copyfile(path, copy)
    if not len(log.good):
        return
    most = copy.stat().st_size // log.page + len(log.good)  # no database can have more pages
    usable = log.good & (log.numbers <= most) & (log.pages <= most)
    commits = np.flatnonzero(usable & (log.pages > 0))
    if not len(commits):
        return
    size = _FRAME.itemsize + log.page
    with log_of(path).open("rb") as source, copy.open("r+b") as target:
        for frame in np.flatnonzero(usable[: commits[-1] + 1]):
            source.seek(_HEADER.itemsize + int(frame) * size + _FRAME.itemsize)
            target.seek((int(log.numbers[frame]) - 1) * log.page)
            target.write(source.read(log.page))
        target.truncate(int(log.pages[commits[-1]]) * log.page)
        # Read as a file without a log: bytes 18 and 19 say whether there is one.
        target.seek(18)
        target.write(b"\x01\x01")


def _read(file: Path) -> Log:
    size = file.stat().st_size
    head = np.fromfile(file, _HEADER, 1)
    if not len(head):
        return _nothing(whole=True, torn=True)
    (head,) = head
    page = _page_size(head, file)
    if page is None:
        return _nothing(whole=False, torn=False)
    little = int(head["magic"]) != _MAGIC | 1
    words = np.frombuffer(head.tobytes()[:24], "<u4" if little else ">u4")
    first = _advance(np.zeros((1, 2), np.uint32), words.reshape(1, -1, 2))
    head_good = bool(int(head["magic"]) | 1 == _MAGIC | 1 and (first[0] == head["sums"]).all())
    frames, sums = _frames(file, page, little)
    n = len(frames)
    stored = np.concatenate([head["sums"][None].astype(np.uint32), frames["sums"]])
    believed = _follows(stored[:-1], sums, page, frames)
    # A frame whose stored checksum alone is damaged is known by the frame behind it.
    computed = np.concatenate([first, _chain(stored[:-1], page) + sums])
    behind = _follows(computed[:-1], sums, page, frames)
    good = believed | behind
    good[:-1] |= behind[1:]
    rest = size - _HEADER.itemsize - n * (_FRAME.itemsize + page)
    salts = head["salts"] if head_good or not n else frames["salts"][0]
    return _judged(page, frames, good, believed, salts, head_good, torn=rest > 0)


def _judged(
    page: int,
    frames: np.ndarray,
    good: np.ndarray,
    believed: np.ndarray,
    salts: np.ndarray,
    head_good: bool,
    torn: bool,
) -> Log:
    """What a log's frames are worth: `believed` by SQLite as far as their checksums go."""
    n = len(frames)
    ours = (frames["salts"] == salts).all(axis=1)
    # A checksum that continues the last frame's says that a frame is of this log, whatever its
    # salt. What is left of older logs, which this one overwrites, follows: their first salt was
    # less, by one for each log.
    end = int(np.flatnonzero(ours)[-1]) + 1 if ours.any() else 0
    while end < n and good[end]:
        end += 1
    commits = np.flatnonzero(good[:end] & (frames["pages"][:end] > 0))
    last = int(commits[-1]) + 1 if len(commits) else 0
    age = salts[0].astype(np.uint32) - frames["salts"][end:, 0].astype(np.uint32)
    same = (np.diff(frames["salts"][end:].astype(np.int64), axis=0) == 0).all(axis=1)
    remains_sound = (age < _MOST_LOGS).all() and good[end + 1 :][same].all()
    whole = (head_good or not n) and (believed & ours)[:last].all() and remains_sound
    good[end:] = False
    return Log(
        page,
        frames["number"].astype(np.int64),
        frames["pages"].astype(np.int64),
        good,
        bool(whole),
        torn or end > last,
    )


def _nothing(*, whole: bool, torn: bool) -> Log:
    empty = np.zeros(0, np.int64)
    return Log(0, empty, empty, empty.astype(bool), whole, torn)


def _page_size(head: np.void, file: Path) -> int | None:
    """Bytes of a page: as the log says or, where that cannot be, as the journal's file does."""
    page = int(head["page"])
    with file.with_name(file.name.removesuffix("-wal")).open("rb") as journal:
        journal.seek(16)
        own = int.from_bytes(journal.read(2), "big")
    own = 65536 if own == 1 else own
    for size in (own, page):
        if 512 <= size <= 65536 and size & (size - 1) == 0:
            return size
    return None


def _frames(file: Path, page: int, little: bool) -> tuple[np.ndarray, np.ndarray]:
    """The heads of all whole frames, and (n, 2) uint32 what each adds to its checksum."""
    size = _FRAME.itemsize + page
    heads, sums = [np.zeros(0, _FRAME)], [np.zeros((0, 2), np.uint32)]
    for part in _parts(file, np.dtype(("u1", size))):
        heads.append(np.ascontiguousarray(part[:, : _FRAME.itemsize]).view(_FRAME)[:, 0])
        summed = np.delete(part, slice(8, _FRAME.itemsize), axis=1)
        words = summed.view("<u4" if little else ">u4").reshape(len(part), -1, 2)
        sums.append(_advance(np.zeros((len(part), 2), np.uint32), words))
    return np.concatenate(heads), np.concatenate(sums)


def _parts(file: Path, kind: np.dtype) -> Iterator[np.ndarray]:
    with file.open("rb") as source:
        source.seek(_HEADER.itemsize)
        while len(part := np.fromfile(source, kind, max(1, _BYTES_AT_ONCE // kind.itemsize))):
            yield part


def _follows(before: np.ndarray, sums: np.ndarray, page: int, frames: np.ndarray) -> np.ndarray:
    """Whether each frame's checksum continues the one before it, and it holds a page."""
    wanted = _chain(before, page) + sums
    found: np.ndarray = (wanted == frames["sums"]).all(axis=1) & (frames["number"] > 0)
    return found


def _chain(before: np.ndarray, page: int) -> np.ndarray:
    """(n, 2) uint32 checksums carried over a frame of zeros."""
    power = _powers((8 + page) // 8)[-1]
    carried: np.ndarray = (before.astype(np.uint32)[:, None, :] * power).sum(axis=2, dtype="u4")
    return carried


def _advance(before: np.ndarray, words: np.ndarray) -> np.ndarray:
    """(n, 2) checksums after (n, pairs, 2) words: for each pair (x, y), s0 += x + s1, then
    s1 += y + s0, modulo 2^32. The recurrence is linear, so its sum is written out."""
    pairs = words.shape[1]
    powers = _powers(pairs)
    later = powers[pairs - 1 :: -1] if pairs else powers[:0]  # what becomes of each pair's sum
    x, y = words[:, :, 0].astype(np.uint32), words[:, :, 1].astype(np.uint32)
    found: np.ndarray = (before[:, None, :] * powers[pairs]).sum(axis=2, dtype="u4")
    for which in (0, 1):
        a, b = later[:, which, 0], later[:, which, 1]
        found[:, which] += (x * (a + b) + y * b).sum(axis=1, dtype=np.uint32)
    return found


@lru_cache(maxsize=4)
def _powers(most: int) -> np.ndarray:
    """(most + 1, 2, 2) uint32 powers of the step's matrix, from 0 on."""
    power, found = [[1, 0], [0, 1]], []
    for _ in range(most + 1):
        found.append(power)
        (a, b), (c, d) = power
        power = [[(a + b) % 2**32, (a + 2 * b) % 2**32], [(c + d) % 2**32, (c + 2 * d) % 2**32]]
    return np.array(found, np.uint32)
