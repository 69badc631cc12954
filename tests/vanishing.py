"""Each file that a step reads vanishes right before it is opened: the step says so in a sentence.

    python -m tests.vanishing [STEP,…]

A hook on Python's own events deletes the file of the n-th opening, for every n; files that other
libraries open are deleted before the step begins.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.all_steps import STEPS, TRAINED, Stages, forked, is_sentence, run

_MOST = 60  # openings of a step, spread over all there are


def deleted_at(number: int, folders: tuple[Path, ...], seen: Path) -> None:
    """From now on the file of opening `number`, below one of the folders, is gone before it is
    opened; their count is kept in the file `seen`."""
    places = tuple(f"{folder}{os.sep}" for folder in folders)
    count = -1
    inside = False

    def hook(event: str, details: tuple[object, ...]) -> None:
        nonlocal count, inside
        if inside or event not in ("open", "sqlite3.connect"):
            return
        name = os.fsdecode(details[0]) if isinstance(details[0], str | bytes | os.PathLike) else ""
        name = name.removeprefix("file://").partition("?")[0]
        if not name.startswith(places) or ".lock" in name:
            return
        inside = True
        try:
            if os.path.isfile(name):
                count += 1
                if count == number:
                    os.unlink(name)
                if number < 0:
                    seen.write_text(str(count + 1))
        finally:
            inside = False

    sys.addaudithook(hook)


def vanish(stages: Stages, name: str, found: Counter[str]) -> None:
    """Do a step as often as it opens files, each time without one of them."""
    step, place = STEPS[name], stages.place / "trial"
    words, seen = stages.words(step, place), stages.place / "seen"
    sources = ("scans", "labels", "other", "given")
    kept = stages.place / "kept"
    for source in sources:
        if not (kept / source).exists() and (stages.place / source).exists():
            _copy(stages.place / source, kept / source)
    folders = (place, *(stages.place / source for source in sources))

    def trial(number: int) -> Callable[[], int]:
        def work() -> int:
            deleted_at(number, folders, seen)
            return run(words)

        return work

    def fresh() -> None:
        stages.begin(step, place)
        for source in sources:
            if (kept / source).exists():
                _copy(kept / source, stages.place / source)

    seen.write_text("0")
    fresh()
    code, told = forked(trial(-1))
    assert code == 0, (name, told)
    openings = int(seen.read_text())
    for number in range(0, openings, max(1, openings // _MOST)):
        fresh()
        code, told = forked(trial(number))
        found[name] += 1
        if not is_sentence(code, told):
            found[f"{name}, opening {number}: {code} {told[-400:]}"] += 1
    fresh()
    for file in sorted(path for path in (place / "p").rglob("*") if path.is_file()):
        fresh()
        file.unlink()
        code, told = forked(lambda: run(words))
        found[name] += 1
        if not is_sentence(code, told):
            found[f"{name} without {file.relative_to(place)}: {code} {told[-400:]}"] += 1


def _copy(source: Path, to: Path) -> None:
    """Make one folder as another: files that are there stay."""
    for path in source.rglob("*"):
        other = to / path.relative_to(source)
        if path.is_file() and not other.exists():
            other.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, other)


if __name__ == "__main__":
    chosen = sys.argv[1].split(",") if len(sys.argv) > 1 else list(STEPS)
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lidarloop-") as folder:
        made = Stages(Path(folder), slow=any(STEPS[one].begins in TRAINED for one in chosen))
        for one in chosen:
            vanish(made, one, counted)
            print(one, counted[one], file=sys.stderr, flush=True)
    print(json.dumps(counted, indent=1))
