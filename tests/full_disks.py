"""A disk with room for n pages and no more, for every n, at every step: a real one, of memory.

    python -m tests.full_disks [STEP,…]

Each step that is stopped must say so in a sentence, leave a project that can be read while the disk
is still full, lose no entry of a journal, and end as ever once there is room.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import models.training.train as training
from tests.all_steps import (
    STEPS,
    TRAINED,
    Stages,
    entries_of,
    forked,
    is_sentence,
    left_by,
    run,
    wrong_with,
)

_NEWUSER, _NEWNS = 0x10000000, 0x00020000
_PAGE, _ROOM = 4096, 4096  # bytes of a page; pages of the disk
_FEW = 24  # of a step that takes long: so many fillings, spread over all


def own_disk(folder: Path) -> bool:
    """Mount a small disk on a folder, seen by this process and its children alone; False where the
    system lets nobody do it."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEWUSER | _NEWNS):
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    size = f"size={_PAGE * _ROOM}".encode()
    return not libc.mount(b"none", bytes(folder), b"tmpfs", 0, size)


def fill(folder: Path, pages: int) -> None:
    """Leave room for `pages` pages."""
    filler = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT)
    free = os.statvfs(folder)
    os.posix_fallocate(filler, 0, max(1, free.f_bavail * free.f_bsize - pages * _PAGE))
    os.close(filler)


def full_at(stages: Stages, name: str, found: Counter[str]) -> int:
    """Do a step on every disk that is too small for it; return how many there were."""
    step, disk = STEPS[name], stages.place / "disk"
    place, words = disk / "trial", stages.words(STEPS[name], disk / "trial")
    place.mkdir(parents=True, exist_ok=True)
    stages.begin(step, place)
    room = os.statvfs(disk).f_bavail
    code, told = forked(lambda: run(words))
    assert code == 0, (name, told)
    wanted = left_by(place)
    # What it takes at once may be more than what it leaves.
    most = 3 * (room - os.statvfs(disk).f_bavail) + 60
    tries = range(0, most, max(1, most // _FEW)) if step.slow else range(most)
    stopped = unharmed = 0
    for pages in tries:
        stages.begin(step, place)
        known = entries_of(place / "p")
        fill(disk, pages)
        code, told = forked(lambda: run(words))
        wrong = "" if is_sentence(code, told) else f"no sentence: {code} {told[-300:]}"
        if step.begins != "damaged":
            wrong = wrong or wrong_with(place / "p")
        (disk / "filler").unlink()
        if not wrong:
            now = entries_of(place / "p") if step.begins != "damaged" else known
            if any(now.get(who, 0) < many for who, many in known.items()):
                wrong = f"entries lost: {known} {now}"
        unharmed = unharmed + 1 if code == 0 else 0
        stopped += code != 0
        if not wrong and code != 0:
            again, told = forked(lambda: run(words))
            left = left_by(place)
            if again not in (0, 2) or left != wanted:
                other = [n for n in left.keys() | wanted.keys() if left.get(n) != wanted.get(n)]
                wrong = f"then {again} {told[-200:]} {other}"
        if wrong:
            found[f"{name} with {pages} pages: {wrong}"] += 1
        if unharmed > 8 and not step.slow:
            break
    found[name] = stopped
    return stopped


def main(names: list[str]) -> int:
    """Print how many full disks each step met, and what went wrong."""
    training._SAVE_EVERY_S = 0.0
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lidarloop-") as folder:
        stages = Stages(Path(folder), slow=any(STEPS[name].begins in TRAINED for name in names))
        disk = Path(folder) / "disk"
        disk.mkdir()

        def inside() -> int:
            if not own_disk(disk):
                print("no disk can be mounted here", file=sys.stderr)
                return 77
            for name in names:
                full_at(stages, name, found)
                print(name, file=sys.stderr)
            (Path(folder) / "found.json").write_text(json.dumps(found))
            return 0

        code, told = forked(inside, kill_after=3000.0)
        if code == 0:
            print((Path(folder) / "found.json").read_text())
        else:
            print(told, file=sys.stderr)
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].split(",") if len(sys.argv) > 1 else list(STEPS)))
