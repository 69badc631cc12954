"""Names of scans and sequences: their order, which are none, and how people write several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from core.base.errors import SettingsError

Key = tuple[tuple[int, str, int], ...]
_DIGITS = re.compile(r"([0-9]+)")
# Seconds since 1970 with a fraction: .25 comes before .5.
_TIMESTAMP = re.compile(r"([0-9]{9,})\.([0-9]+)")
_QUOTED = re.compile(r'\s*"([^"]*)"\s*(?:,|$)')


def counted(name: str) -> tuple[Key, ...]:
    """A key that sorts names as people count, folder by folder: 1, 2, 10; 000002 is 2."""
    folder, slash, file = name.rpartition("/")
    return (*_folders(folder), _part(file)) if slash else (_part(file),)


def in_order(name: str) -> tuple[tuple[Key, ...], str]:
    """As `counted`, and no two names have the same."""
    return counted(name), name


@lru_cache(maxsize=1024)  # thousands of scans lie in the same few
def _folders(name: str) -> tuple[Key, ...]:
    return tuple(_part(part) for part in name.split("/"))


def _part(part: str) -> Key:
    stamp = _TIMESTAMP.fullmatch(part)
    if stamp is not None:
        return ((0, "", int(stamp[1])), (1, f".{stamp[2].rstrip('0')}", 0))
    # Numbers stand at the odd places: what is compared is always of one kind.
    pieces = _DIGITS.split(part)
    return tuple((0, "", int(p)) if at % 2 else (1, p, 0) for at, p in enumerate(pieces) if p)


def is_hidden(name: str) -> bool:
    """Whether a file or a folder of a name's path begins with a dot, as ._000000 of macOS does."""
    return any(part.startswith(".") and part != "." for part in name.split("/"))


def shown(name: str) -> str:
    """A name as it can be printed: bytes that are no UTF-8 as \\xff."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def some(names: Sequence[str]) -> str:
    """The first twelve names, and how many more there are."""
    shown = ", ".join(names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def split_names(text: str, sequences: Sequence[str]) -> list[str]:
    """The names in a list with commas, where a sequence may have commas in its own name.

    What is put in double quotes is one name. Of the rest the longest stretch that is a sequence of
    `sequences`, or a span of one, is a name.
    """
    names: list[str] = []
    while text.strip():
        quoted = _QUOTED.match(text)
        if quoted is not None:
            names.append(quoted[1])
            text = text[quoted.end() :]
            continue
        commas = [at for at, sign in enumerate(text) if sign == ","] + [len(text)]
        end = next((c for c in reversed(commas) if _known(text[:c], sequences)), commas[0])
        name = text[:end] if text[:end] in sequences else text[:end].strip()
        if name:
            names.append(name)
        text = text[end + 1 :]
    return names


def joined_names(names: Sequence[str]) -> str:
    """What `split_names` reads as these names."""
    plain = [name if "," not in name and name == name.strip() else f'"{name}"' for name in names]
    return ", ".join(plain)


def _known(text: str, sequences: Sequence[str]) -> bool:
    name = text if text in sequences else text.strip()
    # A span with a comma in it must stand in quotes.
    return name in sequences or any(
        sequence in sequences and "," not in span for sequence, span in _parted(name)
    )


def _parted(name: str) -> list[tuple[str, str]]:
    """The ways to read SEQUENCE:SPAN, the longest sequence first: both may hold colons."""
    return [(name[:at], name[at + 1 :]) for at in range(len(name) - 1, -1, -1) if name[at] == ":"]


def sequence_and_span(name: str, sequences: Sequence[str]) -> tuple[str, str | None]:
    """What a name names: a sequence, and the span of it where it names one. A sequence that is
    called so comes first; where there is none at all, what stands before the last colon."""
    if name in sequences:
        return name, None
    ways = _parted(name)
    for sequence, span in ways:
        if sequence in sequences:
            return sequence, span
    return ways[-1] if ways else (name, None)


def in_span(scans: Sequence[str], span: str) -> tuple[str, ...]:
    """The scans whose file names lie in FIRST-LAST, both included, or are FIRST.

    Names are compared as people count. Where names have hyphens themselves, the hyphen is meant
    whose two sides are names of scans. Raises SettingsError where that cannot be told.
    """
    stems = {scan: scan.rpartition("/")[2] for scan in scans}
    known = set(stems.values()) | {stem.partition(".")[0] for stem in stems.values()}
    ways = [(span, span)]
    ways += [(span[:at], span[at + 1 :]) for at, sign in enumerate(span) if sign == "-"]
    best = max(ways, key=lambda way: (way[0] in known) + (way[1] in known))
    if (best[0] in known) + (best[1] in known) < 2 and len(ways) > 1:
        if len(ways) > 2:
            raise SettingsError(
                f"It cannot be told which hyphen of {span} parts the first from the last scan.",
                "Write the whole names of two scans, FIRST-LAST.",
            )
        best = ways[1]
    first, last = counted(best[0]), counted(best[1] or best[0])

    def inside(stem: str) -> bool:
        # 1709641800.25 lies in …-1709641800, 000000.pcd in 000000-000000.
        return (
            first <= counted(stem) and min(counted(stem), counted(stem.partition(".")[0])) <= last
        )

    return tuple(scan for scan in scans if inside(stems[scan]))
