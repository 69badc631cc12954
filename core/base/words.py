"""Words: those for numbers, the same on the command line and in the window, and what is none."""

from __future__ import annotations

from collections.abc import Sequence

DASH = "–"


def size_range(cuts: Sequence[int], index: int) -> str:
    """A partition's sizes in words: "up to 4 m", then "5–8 m" of whole metres, or "ground"."""
    if index >= len(cuts):
        return "ground"
    return f"{cuts[index - 1] + 1}{DASH}{cuts[index]} m" if index else f"up to {cuts[0]} m"


def round_name(id: str) -> str:
    """A round in words: "round 1" for "001-size"; "" for none."""
    number = id.partition("-")[0]
    return f"round {int(number)}" if number.isdigit() else id


def duration(seconds: float) -> str:
    """About how long, in words: "40 s", "3 min", "2.5 h"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def is_text(word: str) -> bool:
    """Whether a file can hold it: names of files whose bytes are no UTF-8, and JSON's escapes of
    half a character, cannot be written."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def counted(count: int, what: str) -> str:
    """ "1 box", "12 boxes": a count with its word."""
    return (
        f"{count:,} {what}" if count == 1 else f"{count:,} {what}{'es' if what[-1] == 'x' else 's'}"
    )
