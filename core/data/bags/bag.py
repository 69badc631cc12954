"""One bag: its topics, the times of their messages, and each message by its number.

A damaged bag is a DataError, whatever rosbags raises of it. No size in it is believed before the
file's own size allows it.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from struct import iter_unpack, unpack
from typing import Any

import numpy as np

from core.base.errors import DataError
from core.data.clouds.source import file_size, unreadable, wrong

FILES = (".bag", ".db3", ".mcap")
METADATA = "metadata.yaml"
CLOUD = "sensor_msgs/msg/PointCloud2"
TRANSFORMS = ("tf2_msgs/msg/TFMessage", "tf/msg/tfMessage")
ODOMETRY = "nav_msgs/msg/Odometry"
_READ = (CLOUD, *TRANSFORMS, ODOMETRY)
if sys.platform == "win32":
    from pathlib import WindowsPath as _Path
else:
    from pathlib import PosixPath as _Path

_OPEN = 8  # bags at a time
_INDEX_HEAD = 15  # bytes of an MCAP message index before its entries
_REINDEX = (
    "Bring the whole bag; where its recording broke off, `rosbag reindex`, `ros2 bag reindex` or "
    "`mcap recover` mends it."
)


@dataclass(frozen=True)
class Topic:
    """What a bag holds under a name: `kind` is the type of the messages, `count` how many, `said`
    how many the bag itself says."""

    name: str
    kind: str
    count: int
    said: int
    connections: tuple[Any, ...]


def is_bag(path: Path) -> bool:
    """Whether a path is a bag by its name: a file, or ROS 2's folder with its metadata.yaml."""
    if path.suffix.lower() in FILES and path.is_file():
        return True
    return (path / METADATA).is_file()


def storage(path: Path) -> list[Path]:
    """The files that hold a bag's messages, sorted."""
    if path.is_file():
        return [path]
    ends = (*FILES, *(f"{suffix}.zstd" for suffix in FILES))
    return sorted(p for p in path.iterdir() if p.name.lower().endswith(ends))


def open_bag(path: Path) -> Bag:
    """A bag with its index, opened once while its files stay the same. Raises DataError."""
    need_rosbags()
    try:
        files = storage(path)
        marks = tuple((f.stat().st_mtime_ns, f.stat().st_size) for f in files)
    except OSError as error:
        raise unreadable(path, error) from error
    return _opened(path, marks)


@lru_cache(maxsize=_OPEN)
def _opened(path: Path, _marks: tuple[tuple[int, int], ...]) -> Bag:
    return Bag(path)


def need_rosbags() -> None:
    """Raise DataError where rosbags is not installed."""
    try:
        import_module("rosbags")
    except ImportError as error:
        raise DataError(
            "Bags need the package rosbags, which is not installed.",
            'Install it: pip install "lidarloop[ros]".',
        ) from error


class Bag:
    """An open bag; several threads may ask it.

    Attributes
    ----------
    path : the file or the folder
    topics : by name, without the slash at its beginning; those of the types that are read
    others : a word for each other topic, with its type and count
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._times: dict[str, np.ndarray] = {}
        self._last: tuple[tuple[str, int], bytes] | None = None
        self._reader, close = _reader(path)
        weakref.finalize(self, close)
        self.topics: dict[str, Topic] = {}
        self.others: list[str] = []
        with _told(path):
            found: dict[tuple[str, str], list[Any]] = {}
            for connection in self._reader.connections:
                key = connection.topic.strip("/"), connection.msgtype
                found.setdefault(key, []).append(connection)
            for (name, kind), connections in sorted(found.items()):
                said = sum(c.msgcount for c in connections)
                if kind not in _READ:
                    self.others.append(f"/{name} ({kind.replace('/msg/', '/')}, {said:,})")
                    continue
                times = np.sort(np.array(_times(self._reader, connections), np.int64))
                if len(times):
                    self._times[name] = times
                    self.topics[name] = Topic(name, kind, len(times), said, tuple(connections))

    def of_kind(self, *kinds: str) -> list[Topic]:
        """The topics whose messages are of one of these types."""
        return [topic for topic in self.topics.values() if topic.kind in kinds]

    def times(self, name: str) -> np.ndarray:
        """(n,) int64 nanoseconds at which a topic's messages were recorded, in order."""
        return self._times[name]

    def raw(self, name: str, number: int) -> bytes:
        """The bytes of a topic's message, by its place in the order of times."""
        times = self.times(name)
        if not 0 <= number < len(times):
            raise wrong(self.path, f"has no message {number:,} of /{name}", _REINDEX)
        with self._lock:
            if self._last is not None and self._last[0] == (name, number):
                return self._last[1]
            time = int(times[number])
            before = number - int(np.searchsorted(times, time))  # recorded at the same time
            with _told(self.path):
                at_once = self._reader.messages(
                    self.topics[name].connections, start=time, stop=time + 1
                )
                found = next((raw for at, (_, _, raw) in enumerate(at_once) if at == before), None)
            if found is None:
                raise wrong(self.path, f"says it has message {number:,} of /{name}", _REINDEX)
            self._last = (name, number), bytes(found)
            return self._last[1]

    def message(self, name: str, number: int) -> Any:
        """A topic's message, as rosbags has it. Raises DataError."""
        raw = self.raw(name, number)
        with _told(self.path, f"message {number:,} of /{name}"):
            return self._decode(raw, self.topics[name].kind)

    def every(self, topics: Sequence[Topic]) -> Iterator[tuple[str, Any]]:
        """Each message of some topics with the topic's name, in order, by a reader of its own:
        others may read meanwhile."""
        wanted = {topic.name: topic for topic in topics}
        reader, close = _reader(self.path)
        try:
            with _told(self.path):
                connections = [c for c in reader.connections if c.topic.strip("/") in wanted]
                for connection, _, raw in reader.messages(connections):
                    name = connection.topic.strip("/")
                    yield name, self._decode(raw, wanted[name].kind)
        finally:
            close()

    def _decode(self, raw: bytes, kind: str) -> Any:
        return _decoder(self.path.suffix.lower() == ".bag")(raw, kind)


@lru_cache(maxsize=2)
def _decoder(ros1: bool) -> Callable[[bytes, str], Any]:
    """The types that are read are the same in all distributions of ROS 1, and of ROS 2."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    if not ros1:
        return get_typestore(Stores.ROS2_HUMBLE).deserialize_cdr
    store = get_typestore(Stores.ROS1_NOETIC)
    for kind in TRANSFORMS:  # which are not among ROS 1's common messages
        store.register(get_types_from_msg("geometry_msgs/TransformStamped[] transforms", kind))
    return store.deserialize_ros1


def _reader(path: Path) -> tuple[Any, Callable[[], None]]:
    """An open reader of rosbags, and what closes it."""
    from rosbags import rosbag1, rosbag2

    ros1 = path.suffix.lower() == ".bag"
    for file in storage(path):
        file_size(file)
    with _told(path):
        reader = (rosbag1 if ros1 else rosbag2).Reader(_Sized(path))
        stack = ExitStack()
        stack.enter_context(reader)
    return reader, stack.close


def _times(reader: Any, connections: Sequence[Any]) -> list[int]:
    """Nanoseconds of messages, from the bag's own index where it has one."""
    indexes = getattr(reader, "indexes", None)
    if indexes is not None:
        return [entry.time for connection in connections for entry in indexes[connection.id]]
    parts = getattr(reader.storage, "storages", [reader.storage])
    names = {(connection.topic, connection.msgtype) for connection in connections}
    times: list[int] = []
    for part in parts:
        ids = [c.id for c in part.connections if (c.topic, c.msgtype) in names]
        if hasattr(part, "dbconn"):
            marks = ",".join("?" * len(ids))
            query = f"SELECT timestamp FROM messages WHERE topic_id IN ({marks})"
            times += [row[0] for row in part.dbconn.execute(query, ids)]
        elif part.chunks and all(chunk.message_index_offsets for chunk in part.chunks):
            times += _times_of_chunks(part, ids)
        else:
            wanted = [c for c in part.connections if c.id in ids]
            times += [time for _, time, _ in part.messages(wanted)]
    return times


def _times_of_chunks(part: Any, ids: Sequence[int]) -> Iterator[int]:
    """From the message indexes behind the chunks of an MCAP file (mcap.dev/spec, op 0x07)."""
    for chunk in part.chunks:
        for number in ids:
            at = chunk.message_index_offsets.get(number)
            if at is None:
                continue
            part.bio.seek(at)
            op, _, channel, size = unpack("<BQHI", part.bio.read(_INDEX_HEAD))
            entries = part.bio.read(size)
            if (op, channel) != (7, number) or len(entries) != size:
                raise ValueError("its message index is damaged")
            yield from (time for time, _ in iter_unpack("<QQ", entries))


@contextmanager
def _told(path: Path, part: str = "") -> Iterator[None]:
    """Whatever a damaged bag raises is a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except MemoryError as error:
        raise wrong(path, "needs more memory than is free", _REINDEX) from error
    except Exception as error:
        said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        words = f"cannot be read{f' at {part}' if part else ''}: {said:.200}"
        raise wrong(path, words, _REINDEX) from error


class _Sized(_Path):
    """A path whose file is never asked for more bytes than it has: memory is taken before they
    are read."""

    def open(self, mode: str = "r", *args: Any, **options: Any) -> Any:
        if mode != "rb":
            return super().open(mode, *args, **options)
        return _Bounded(io.FileIO(os.fspath(self)))


class _Bounded(io.BufferedReader):
    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self._end = os.fstat(raw.fileno()).st_size

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > 0:
            size = min(size, max(self._end - self.tell(), 0))
        return super().read(size)
