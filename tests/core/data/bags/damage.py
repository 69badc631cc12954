"""Read damaged bags of one kind or several, in a process with little memory, and count.

Run as `python -m tests.core.data.bags.damage FOLDER CASES KIND...`, as that of the point files. A
bag has three scans and their poses; all of it is read.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base.errors import DataError
from core.data.bags import bag
from core.data.formats import bags
from core.data.formats.bags import Bags
from core.data.opening import open_dataset
from tests.bags import ODOMETRY, TF, drive, odometry, store_of, transform, transforms, write_bag
from tests.core.data.clouds.damage import PATIENCE_S, SPARE_BYTES, damage, damaged

START = 1_700_000_000 * 10**9
KINDS = {
    "bag": ("ros1", ""),
    "bag, lz4": ("ros1", "lz4"),
    "bag, bz2": ("ros1", "bz2"),
    "db3": ("sqlite3", ""),
    "db3, zstd": ("sqlite3", "message"),
    "mcap": ("mcap", ""),
    "mcap, zstd": ("mcap", "storage"),
    "metadata.yaml": ("sqlite3", ""),
}
SAME, OTHER, SENTENCE = "the same points", "other points", "a sentence"


def whole(folder: Path, kind: str) -> tuple[Path, Path]:
    """A bag with its scans and where they were; and the file of it that is to be damaged."""
    plugin, compression = KINDS[kind]
    store, rng = store_of(plugin), np.random.default_rng(0)
    messages = drive(plugin, [rng.uniform(-20, 20, (40, 4)).astype(np.float32) for _ in range(3)])
    still = transform(store, "base_link", "lidar", START, (0, 0, 1.7))
    messages.append(("/tf_static", TF, START, transforms(store, [still])))
    for at in range(5):
        time = START + at * 10**8
        move = transform(store, "odom", "base_link", time, (at, 0, 0), 0.1 * at)
        messages.append(("/tf", TF, time, transforms(store, [move])))
        messages.append(
            ("/odom", ODOMETRY, time, odometry(store, "odom", "base_link", time, (at, 0, 0)))
        )
    messages.sort(key=lambda message: message[2])
    path = write_bag(folder / "drive", messages, plugin, compression)
    if kind == "metadata.yaml":
        return path, path / kind
    file = path if path.is_file() else next(p for p in path.iterdir() if p.name != "metadata.yaml")
    return path, file


def read_all(root: Path) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Points and pose of every scan."""
    dataset = open_dataset("bag", root, Bags().sequences(root), [])
    dataset.format.notes(root, dataset.sequences[0])
    found = []
    for scan in dataset.scans:
        points = dataset.format.points(root, scan)
        assert len(points) == dataset.count(scan)
        found.append((points, dataset.pose(scan)))
    return found


def outcome(root: Path, file: Path, content: bytes, wanted: list) -> str:
    """What reading the bag gave; a fault of any other kind is raised."""
    for cached in (bag._opened, bags._motion, bags._bags_now):
        cached.cache_clear()  # a change within a tick of the clock
    file.write_bytes(content)
    try:
        found = read_all(root)
    except DataError as error:
        if not error.do or "memory" in error.what:
            raise
        return SENTENCE
    most = len(content) * 4 * len(KINDS)
    assert sum(points.size for points, _ in found) <= most
    same = len(found) == len(wanted) and all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
        for (a, _), (b, _) in zip(found, wanted, strict=True)
    )
    return SAME if same else OTHER


def count_outcomes(folder: Path, kind: str, cases: int) -> Counter[str]:
    root, file = whole(folder / kind.replace(", ", "-"), kind)
    good, wanted = file.read_bytes(), read_all(root)
    assert all(pose is not None for _, pose in wanted)
    counts: Counter[str] = Counter()

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(damage, min_size=1, max_size=4))
    def tried(steps: list) -> None:
        content = good
        for step in steps:
            content = damaged(content, *step)
        signal.alarm(PATIENCE_S)
        counts[outcome(root, file, content, wanted)] += 1
        signal.alarm(0)

    memory = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (memory + SPARE_BYTES, resource.RLIM_INFINITY))
    tried()
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return counts


if __name__ == "__main__":
    folder, cases, *kinds = sys.argv[1:]
    print(json.dumps({kind: count_outcomes(Path(folder), kind, int(cases)) for kind in kinds}))
