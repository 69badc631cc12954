"""Bags of ROS 1 and ROS 2, and MCAP: each PointCloud2 message is a scan.

A root is a bag or a folder of bags; a bag is a sequence, and where it has clouds on several topics
each of them is one. Scans are numbered in the order of their recording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.base.files import hash_bytes
from core.data.bags.bag import CLOUD, FILES, Bag, Topic, is_bag, open_bag, storage
from core.data.bags.cloud import columns_of
from core.data.bags.transforms import Motion, motion_of
from core.data.clouds import Columns, Picked, pick, rgb_of
from core.data.columns import said_columns
from core.data.formats.format import Format
from core.data.names import in_order, is_hidden

_DIGITS = 6


class Bags(Format):
    """PointCloud2 of any layout; poses from tf or odometry; the class list is the user's."""

    name = "bag"
    layout = "a .bag, .mcap or .db3, a folder with metadata.yaml, or a folder of such"
    files = FILES
    wanted: tuple[str, ...] | None = None

    def sequences(self, root: Path) -> tuple[str, ...]:
        found: list[str] = []
        wrong: list[DataError] = []
        for name, path in _bags(root).items():
            try:
                topics = _clouds(open_bag(path))
            except DataError as error:  # one that cannot be read stops no other
                wrong.append(error)
                continue
            several = len(topics) > 1
            found += [f"{name}/{topic.name}" if several else name for topic in topics]
        if wrong and not found:
            raise wrong[0]
        return tuple(sorted(found, key=in_order))

    def recognises(self, folder: Path) -> bool:
        return bool(_bags(folder))

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        bag, topic = _place(root, sequence)
        return tuple(f"{sequence}/{at:0{_DIGITS}}" for at in range(len(bag.times(topic.name))))

    def instead(self, root: Path, sequence: str) -> str:
        path = _bags(root).get(sequence)
        if path is None:
            return ""
        topics = _clouds(open_bag(path))  # or the sentence that says what is wrong with it
        named = (f"{sequence}/{topic.name} ({topic.count:,} scans)" for topic in topics)
        return f"Choose a topic: {', '.join(named)}."

    def path(self, root: Path, scan: str) -> Path:
        name = scan.partition("/")[0]
        found = _bags(root).get(name)
        files = [] if found is None else storage(found)
        return files[0] if files else root / name

    def digest(self, root: Path, scan: str) -> str:
        bag, topic, number = _message(root, scan)
        return hash_bytes(bag.raw(topic, number))

    def with_columns(self, columns: Sequence[str]) -> Format:
        made = Bags()
        made.wanted = said_columns(columns).names
        return made

    def columns(self, root: Path, scan: str) -> tuple[str, ...]:
        return _columns(root, scan).names if self.wanted is None else self.wanted

    def count(self, root: Path, scan: str) -> int:
        return len(_columns(root, scan))

    def points(self, root: Path, scan: str) -> np.ndarray:
        return self.picked(root, scan).points

    def picked(self, root: Path, scan: str) -> Picked:
        """A scan's points, and which fields of its message they are. Raises DataError."""
        return pick(_columns(root, scan), self.wanted)

    def colours(self, root: Path, scan: str) -> np.ndarray | None:
        return rgb_of(_columns(root, scan))

    def pose(self, root: Path, scan: str) -> np.ndarray | None:
        bag, topic, number = _message(root, scan)
        header = _header(bag, topic, number)
        return _motion(bag, header.frame_id).at(_nanoseconds(header.stamp))

    def poses_from(self, root: Path, scan: str) -> str:
        bag, topic, number = _message(root, scan)
        header = _header(bag, topic, number)
        motion = _motion(bag, header.frame_id)
        return motion.words if motion.at(_nanoseconds(header.stamp)) is not None else ""

    def notes(self, root: Path, sequence: str) -> tuple[str, ...]:
        others = _unreadable(root)
        try:
            bag, topic = _place(root, sequence)
            numbers = np.unique(np.linspace(0, topic.count - 1, min(topic.count, 5)).astype(int))
            headers = [_header(bag, topic.name, int(number)) for number in numbers]
            taken = self.picked(root, f"{sequence}/{0:0{_DIGITS}}")
            motion = _motion(bag, headers[0].frame_id)
        except DataError:  # told where the scan is read
            return others
        said = [*_unfinished(bag), *taken.notes, *motion.notes]
        if topic.said != topic.count:
            said.append(
                f"the bag says {topic.said:,} messages of /{topic.name} and has {topic.count:,}: "
                "those that are there are scans."
            )
        notes = [*others, *(f"{sequence}: {note}" for note in said)]
        if motion.words and all(motion.at(_nanoseconds(h.stamp)) is None for h in headers):
            notes.append(
                f"{sequence}: the clouds' stamps lie outside the times of {motion.words}: none has "
                "a pose."
            )
        return tuple(notes)


def topics_of(sequences: Sequence[str]) -> tuple[str, ...]:
    """The topics that sequences are named after, the most common first; none where no bag has
    several."""
    counts = Counter(name.partition("/")[2] for name in sequences if "/" in name)
    return tuple(topic for topic, _ in counts.most_common())


def of_topic(sequences: Sequence[str], topic: str) -> tuple[str, ...]:
    """The sequences of a topic, and those of bags that have one alone."""
    return tuple(name for name in sequences if name.partition("/")[2] in ("", topic))


def _bags(root: Path) -> dict[str, Path]:
    """The bags of a root by name: itself, or those in the folder."""
    try:
        changed = root.stat().st_mtime_ns
    except OSError:
        return {}
    return _bags_now(root, changed)


@lru_cache(maxsize=8)  # asked of thousands of scans
def _bags_now(root: Path, _changed: int) -> dict[str, Path]:
    if is_bag(root):
        return {_name(root): root}
    if not root.is_dir():
        return {}
    found: dict[str, Path] = {}
    for path in sorted(root.iterdir()):
        if is_hidden(path.name) or not is_bag(path):
            continue
        if _name(path) in found:
            raise DataError(
                f"Two bags in {root} are called {_name(path)} ({found[_name(path)].name}, "
                f"{path.name}).",
                "Keep one of them there: a sequence is named without its suffix.",
            )
        found[_name(path)] = path
    return found


def _name(path: Path) -> str:
    path = path.absolute()
    return path.stem if path.is_file() else path.name


def _place(root: Path, sequence: str) -> tuple[Bag, Topic]:
    """The bag and the topic of a sequence. Raises DataError."""
    name, _, wanted = sequence.partition("/")
    path = _bags(root).get(name)
    if path is None:
        raise DataError(f"There is no bag {name} in {root}.", "Bring it back.")
    bag = open_bag(path)
    topics = _clouds(bag)
    if wanted or len(topics) > 1:
        topics = [topic for topic in topics if topic.name == wanted]
    if not topics:
        raise DataError(f"{path} has no point clouds on /{wanted}.", "Bring the whole bag.")
    return bag, topics[0]


def _clouds(bag: Bag) -> list[Topic]:
    """The topics with point clouds. Raises DataError where there are none."""
    topics = bag.of_kind(CLOUD)
    if not topics:
        raise DataError(
            f"{bag.path} has no point clouds.",
            "A scan is a sensor_msgs/PointCloud2; there is "
            f"{', '.join(bag.others[:12]) or 'no other message'}.",
        )
    return topics


def _unreadable(root: Path) -> tuple[str, ...]:
    """A sentence for each bag of a root that cannot be read: it is no sequence."""
    found = []
    for name, path in _bags(root).items():
        try:
            open_bag(path)
        except DataError as error:
            found.append(f"{name} is left out: {error.what} {error.do}")
    return tuple(found)


def _message(root: Path, scan: str) -> tuple[Bag, str, int]:
    sequence, _, number = scan.rpartition("/")
    bag, topic = _place(root, sequence)
    return bag, topic.name, int(number) if number.isdecimal() else -1


def _columns(root: Path, scan: str) -> Columns:
    bag, topic, number = _message(root, scan)
    named = bag.path / f"{topic}/{number:0{_DIGITS}}"  # as sentences call it
    return columns_of(bag.message(topic, number), named)


def _header(bag: Bag, topic: str, number: int) -> Any:
    return bag.message(topic, number).header


def _nanoseconds(stamp: Any) -> int:
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


@lru_cache(maxsize=16)
def _motion(bag: Bag, frame: str) -> Motion:
    return motion_of(bag, frame)


def _unfinished(bag: Bag) -> tuple[str, ...]:
    """A database that was not closed keeps its newest messages in a file that is not read."""
    for file in storage(bag.path):
        beside = file.with_name(f"{file.name}-wal")
        if beside.is_file() and beside.stat().st_size:
            return (
                f"{beside.name} holds messages that are not in {file.name} yet and are left out: "
                f'`sqlite3 {file.name} "PRAGMA wal_checkpoint"` takes them over.',
            )
    return ()
