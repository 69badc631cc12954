"""Read damaged point files of one kind or several, in a process with little memory, and count.

Run as `python -m tests.core.data.clouds.damage FOLDER CASES KIND...`; prints, as JSON, how many
damaged files of each kind gave the same points, other points, or a sentence. Anything else (a fault
of another kind, more numbers than the file can hold, a wait, too much memory) ends the process.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base.errors import DataError
from core.data.clouds import TOO_LARGE, Columns, count, e57, pick, read
from tests.core.data.clouds import e57_files
from tests.core.data.clouds.made_files import GOOD

SPARE_BYTES = 256 << 20
PATIENCE_S = 20
INFLATED = 88  # bytes that one of LZF can become

# A kind is a reader and the way in which its numbers are stored.
KINDS: dict[str, Callable[[str, bytes], bool]] = {
    "pcd, ascii": lambda name, content: name.endswith("pcd") and b"DATA ascii" in content,
    "pcd, binary": lambda name, content: b"DATA binary\n" in content or b"DATA binary\r" in content,
    "pcd, compressed": lambda name, content: b"DATA binary_compressed" in content,
    "ply, ascii": lambda name, content: name.endswith("ply") and b"format ascii" in content,
    "ply, binary": lambda name, content: name.endswith("ply") and b"format binary" in content,
    "npy": lambda name, content: name.endswith("npy"),
    "text": lambda name, content: name.endswith(("txt", "csv", "xyz", "asc", "pts")),
    "bin": lambda name, content: name.endswith("bin"),
    "e57": lambda name, content: name.endswith("e57"),
}
WHOLE = dict(GOOD)
for piece in (40, 10_000):
    two = [e57_files.some(), e57_files.some(9)[:3]]
    WHOLE[f"{piece}.e57"] = e57_files.e57(two, piece=piece, pose=e57_files.POSE)
BIT = 8 * 9  # numbers in a byte of E57: a bit may be one, beside eight other columns
if find_spec("laspy") and find_spec("lazrs"):
    from tests.core.data.clouds.las_files import las, some

    IDS = np.arange(40, dtype=np.uint16)
    for kind in ("las", "laz"):
        KINDS[kind] = lambda name, content, kind=kind: name.endswith(kind)
        for format in (0, 3, 6, 7):
            more = {"class_id": IDS} if format == 6 else {}
            WHOLE[f"{format}.{kind}"] = las(
                some(), format=format, compress=kind == "laz", intensity=IDS, **more
            )

WORDS = [
    *(b"0", b"1", b"-1", b"4", b"8", b"99", b"255", b"65536", b"4294967295", b"999999999999"),
    *(b"1000000000000000000", b"9" * 400, b"1e9", b"nan", b"inf", b"1,5", b"x", b"_", b"F", b"U"),
    *(
        b"float",
        b"double",
        b"list",
        b"list uchar int v",
        b"uchar",
        b"element",
        b"property",
        b"vertex",
    ),
    *(
        b"ascii",
        b"binary",
        b"binary_compressed",
        b"binary_big_endian",
        b"DATA",
        b"POINTS",
        b"COUNT",
    ),
    *(b"'<f8'", b"'|O'", b"(3,)", b"(1000000, 1000000)", b"[('x', '<f4', (9, 9))]", b"True", b""),
    *(b";", b"\t", b"\r", b"\n", b"\n\n", b"#", b"//", b"\0", b"\xff\xfe", b"\xef\xbb\xbf"),
]
# hypothesis likes small numbers: multiplied, they lie anywhere.
place = st.integers(0, 2**16 - 1).map(lambda n: n * 40_503 % 2**16)
damage = st.one_of(
    st.tuples(st.just("flip"), place, st.integers(0, 7)),
    st.tuples(st.just("flip early"), place, st.integers(0, 7)),
    st.tuples(st.just("cut"), place, st.none()),
    st.tuples(st.just("insert"), place, st.binary(min_size=1, max_size=9)),
    st.tuples(st.just("fill"), place, st.sampled_from([b"\0" * 8, b"\xff" * 8, b"\x7f" * 4])),
    st.tuples(st.just("remove"), place, st.integers(1, 30)),
    st.tuples(st.just("repeat"), place, st.integers(1, 60)),
    st.tuples(st.just("word"), place, st.sampled_from(WORDS)),
    st.tuples(st.just("word"), place, st.sampled_from(WORDS)),
    st.tuples(st.just("digits"), place, st.integers(-2, 2**40).map(lambda n: str(n).encode())),
)


def damaged(content: bytes, how: str, where: int, what: object) -> bytes:
    at = where * len(content) // 2**16
    if how.startswith("flip") and content:
        at = at if how == "flip" else at % min(len(content), 300)
        return content[:at] + bytes([content[at] ^ 1 << what]) + content[at + 1 :]
    if how == "cut":
        return content[:at]
    if how == "insert":
        return content[:at] + what + content[at:]
    if how == "fill":
        return content[:at] + what + content[at + len(what) :]
    if how == "remove":
        return content[:at] + content[at + what :]
    if how == "repeat":
        return content[: at + what] + content[at:]
    words = list(re.finditer(rb"\d+" if how == "digits" else rb"[^\s,]+", content[:2000]))
    if not words:
        return content
    word = words[where * len(words) // 2**16]
    return content[: word.start()] + what + content[word.end() :]


def counted(path: Path) -> int:
    return e57.scans(path)[0].points if path.suffix == e57.SUFFIX else count(path)


def columns_of(path: Path) -> Columns:
    return e57.read(path, 0) if path.suffix == e57.SUFFIX else read(path)


def outcome(path: Path, content: bytes, wanted: np.ndarray) -> str:
    """What reading the file gave; a fault of any other kind is raised."""
    path.write_bytes(content)
    try:
        promised = counted(path)
    except (DataError, IndexError):
        promised = None
    try:
        columns = columns_of(path)
        points = pick(columns).points
    except DataError as error:
        if str(path) not in error.what or not error.do or TOO_LARGE in error.what:
            raise
        return "a sentence"
    most = len(content) * (INFLATED if b"binary_compressed" in content else 1)
    most *= BIT if path.suffix == e57.SUFFIX else 1
    # LASzip needs next to nothing for points that are alike.
    assert path.suffix == ".laz" or sum(array.size for array in columns.arrays) <= most
    assert promised == len(points) == len(columns)
    same = points.shape == wanted.shape and np.array_equal(points, wanted, equal_nan=True)
    return "the same points" if same else "other points"


def count_outcomes(folder: Path, kind: str, cases: int) -> Counter[str]:
    good = [(name, content) for name, content in WHOLE.items() if KINDS[kind](name, content)]
    counts: Counter[str] = Counter()
    whole = {}
    for name, content in good:
        (folder / name).write_bytes(content)
        whole[name] = pick(columns_of(folder / name)).points

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(good), st.lists(damage, min_size=1, max_size=4))
    def tried(file: tuple[str, bytes], steps: list) -> None:
        name, content = file
        for step in steps:
            content = damaged(content, *step)
        signal.alarm(PATIENCE_S)
        counts[outcome(folder / name, content, whole[name])] += 1
        signal.alarm(0)

    memory = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = memory + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    tried()
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return counts


if __name__ == "__main__":
    folder, cases, *kinds = sys.argv[1:]
    print(json.dumps({kind: count_outcomes(Path(folder), kind, int(cases)) for kind in kinds}))
