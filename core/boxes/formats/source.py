"""What all readers of box files share: their results, and faults in a sentence with the line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.base.errors import DataError
from core.base.words import is_text
from core.boxes.table import Boxes, problem

MEND = "Mend the file, or bring the one that the boxes were made in."

_SHOWN = 40  # letters of a value
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class Found(NamedTuple):
    """The boxes of files by frame, or by scan, and sentences on what of them was not taken."""

    frames: Mapping[str, Boxes]
    notes: tuple[str, ...]


class Written(NamedTuple):
    """The text of a file, and sentences on what it does not hold."""

    text: str
    notes: tuple[str, ...]


def text_of(file: Path) -> str:
    """The text of a file, UTF-8. Raises DataError where it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{file} cannot be read: {error.strerror}.", "Bring the file back, or leave it out."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is no text: it is not UTF-8.", MEND) from error


def json_of(file: Path) -> Any:
    """The value of a JSON file. Raises DataError where it is no JSON, holds what is no text, or an
    object of it has a key twice: of those one would be lost."""
    text, twice = text_of(file), list[str]()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(sorted(name for name in made if names.count(name) > 1))
        return made

    try:
        value = json.loads(text, object_pairs_hook=members)
        # An escape may stand for half a character, which no other file can hold.
        whole = not _HALF.search(text) or is_text(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is no JSON: {error}.", MEND) from error
    if not whole:
        raise DataError(f"{file} holds an escape \\ud… that stands for no character.", MEND)
    if twice:
        raise DataError(
            f"{file} has the key {short(twice[0])} twice in one JSON object: of one thing there "
            "may be one box in a frame.",
            "Remove one of the two, or give it another key.",
        )
    return value


def numbers(words: Sequence[Any], where: str) -> list[float]:
    """Finite numbers of words or of JSON values. Raises DataError that names the first bad one."""
    made = []
    for word in words:
        try:
            value = float(word) if not isinstance(word, bool) else np.nan
        except (TypeError, ValueError, OverflowError):
            value = np.nan
        if not np.isfinite(value):
            raise DataError(f"{where}: {short(word)} is no finite number.", MEND)
        made.append(value)
    return made


def short(word: Any) -> str:
    """A value as a sentence can show it."""
    if isinstance(word, int) and word.bit_length() > 64:
        return "a number of that many digits"
    text = str(word).replace("\n", " ")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def checked(row: Sequence[float], where: str) -> np.ndarray:
    """A box (7,) float64. Raises DataError where it is none."""
    box = np.array(row, np.float64)
    if (said := problem(box)) is not None:
        raise DataError(f"{where}: {said}.", MEND)
    return box


def whole(value: float, low: int, high: int, name: str, where: str) -> int:
    """A whole number within limits. Raises DataError else."""
    if value != int(value) or not low <= value <= high:
        raise DataError(f"{where}: {name} is {value:g}, not one of {low} to {high}.", MEND)
    return int(value)


def word(value: Any, name: str, where: str) -> str:
    """A text or whole number as text. Raises DataError for what is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DataError(f"{where}: its {name} is no text: {short(value)}.", MEND)
    return str(value) if isinstance(value, str) else short(value)


def part(value: float, name: str, where: str) -> float:
    """A share 0..1, NaN where unknown. Raises DataError else."""
    if value < 0 or value > 1:
        raise DataError(f"{where}: {name} is {value:g}, not 0 to 1.", MEND)
    return value


def apart(tracks: Iterable[tuple[str, str]], frame: str, file: object) -> None:
    """Raise DataError where two boxes of a frame have one track; of each its track and place."""
    seen: dict[str, str] = {}
    for track, place in tracks:
        if track and track in seen:
            raise DataError(
                f"{file}: frame {short(frame)} has two boxes of track {short(track)} "
                f"({seen[track]} and {place}).",
                "A thing has one box in a frame: remove one of them, or give it another track.",
            )
        seen[track] = place
