"""Points as lines of text (.xyz, .txt, .csv, .asc, .pts): any of the usual separators.

A line of names may come first, as a comment or not; lines that begin with #, // or % before the
points, and what follows a # among them, are comments. A line of one number before the points is
their number (.pts). Columns of anything but numbers, by the first of 100 rows that has something
there, are left out; what stands for no number in the others is NaN.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.clouds.columns import Columns
from core.data.clouds.lines import DECIMAL_COMMA, Lines, lines_of, numbers
from core.data.clouds.source import cut_short, read_bytes, whole, wrong
from core.data.clouds.text_names import (
    MARKS,
    SAVE,
    comment_names,
    header_names,
    is_number,
    split_names,
    words_of,
)

SUFFIXES = (".xyz", ".txt", ".csv", ".asc", ".pts")
_COMMENTS = ("#", "//", "%")
_ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_PTS = {
    3: ("x", "y", "z"),
    4: ("x", "y", "z", "intensity"),
    6: ("x", "y", "z", "red", "green", "blue"),
    7: ("x", "y", "z", "intensity", "red", "green", "blue"),
}
_COMMA = re.compile(r"[-+]?[\d.,]*\d,[\d.,]*\d([eE][-+]?\d+)?")
_QUOTED_COMMA = re.compile(r'"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*"')
_EXCEL = re.compile(r"sep=.")
_TWO_IN_ONE = re.compile(r"[-+\d.]+\s+[-+\d.]+")  # 5 2 of 1,5 2,5 taken apart at its commas
_TORN = re.compile(r"[-+]?0\d+")  # 045 of 1,045
_MISSING = re.compile(
    r"|-|n/?a|null|none|[-+]?nan(\(\w+\))?|[-+]?1\.#(qnan|snan|ind|inf)\d*", re.IGNORECASE
)
_COMMENT = re.compile(r"#(?!(qnan|snan|ind|inf)\d*\b)", re.IGNORECASE)  # 1.#QNAN is by Windows
_JUDGED = 100  # rows


@dataclass(frozen=True)
class _Table:
    """Rows as they are in the file; `names` are the file's, None where it has none."""

    rows: Lines
    separator: str | None
    names: tuple[str, ...] | None


def read(path: Path) -> Columns:
    """Read a text file of points. Raises DataError."""
    table = _table(path)
    first = words_of(table.rows.texts[0], table.separator)
    named = table.names is not None and not all(name.isdigit() for name in table.names if name)
    usual = _PTS.get(len(first)) if path.suffix.lower() == ".pts" else None
    said = table.names if named else usual
    names = said or tuple(str(place + 1) for place in range(len(first)))
    there = _first_there(table, len(first))
    last = max((place for place, word in enumerate(there) if is_number(word)), default=0)
    kept = [
        place
        for place, word in enumerate(there)
        # One that is empty keeps its place, or the next would be taken for it.
        if (table.names is None or table.names[place])
        and (is_number(word) if word else table.names or place < last)
    ]
    if len(kept) < 3:
        raise wrong(path, f"holds {len(kept)} columns of numbers, no x, y and z", SAVE)
    rows = table.rows
    if len(kept) < len(first):
        rows = _only(path, table, kept, len(first))
    if table.separator is not None and _has_gaps(rows, table.separator):
        rows = _filled(rows, table.separator)
    dtypes = [np.dtype(np.float64)] * len(kept)
    try:
        arrays = numbers(path, rows, dtypes, table.separator)
    except DataError:  # sought only then: most files have none of them
        arrays = numbers(path, _filled(rows, table.separator), dtypes, table.separator)
    return Columns(path, tuple(names[place] for place in kept), tuple(arrays), named)


def _first_there(table: _Table, width: int) -> list[str]:
    """The first word of each column that says something, "" where none of the rows does."""
    found = [""] * width
    for text in table.rows.texts[:_JUDGED]:
        words = words_of(text, table.separator)
        if len(words) == width:  # others are told when they are read
            found = [a or ("" if _is_missing(b) else b) for a, b in zip(found, words, strict=True)]
    return found


def _table(path: Path) -> _Table:
    data = read_bytes(path)
    encoding = next((e for mark, e in _ENCODINGS.items() if data.startswith(mark)), "utf-8")
    if b"\0" in data and encoding != "utf-16":
        raise wrong(path, "is no text: it holds zero bytes", SAVE)
    lines = _without_quotes(path, lines_of(data.decode(encoding, "replace")))
    said, points, at = "", None, 0
    if len(lines) and _EXCEL.fullmatch(lines.texts[0].strip()):
        at = 1
    while at < len(lines) and lines.texts[at].lstrip().startswith(_COMMENTS):
        said = lines.texts[at].strip().lstrip("#/% ")
        at += 1
    if at < len(lines) and whole(lines.texts[at].strip()) is not None and at + 1 < len(lines):
        points, at = whole(lines.texts[at].strip()), at + 1
    header = None
    if at < len(lines) and (not _is_row(lines.texts[at]) or _counts_up(lines.texts[at : at + 2])):
        header, at = lines.texts[at].rstrip(" ").lstrip("#/% "), at + 1
    rows = _without_comments(lines.part(at))
    if not len(rows):
        raise wrong(path, "holds no lines of numbers", SAVE)
    if points is not None and len(rows) != points:
        raise cut_short(path, points, len(rows))
    judged = rows.texts[:_JUDGED]
    above = said if said and comment_names(path, said, "\t", judged) else ""
    separator = _separator(judged, header or above)
    _no_decimal_commas(path, rows, separator)
    names = header_names(path, header, separator, judged) if header else None
    if names is None and said:
        names = comment_names(path, said, separator, judged)
    return _Table(rows, separator, names)


def _is_row(line: str) -> bool:
    """Whether a line is of numbers: most of its words are."""
    words = [word for word in MARKS.split(line) if word]
    there = [word for word in words if not _is_missing(word)]
    return sum(map(is_number, there)) * 2 > len(there) or not there


def _counts_up(lines: Sequence[str]) -> bool:
    """Whether a line is the names 0, 1, 2 that pandas gives to columns without any."""
    words = [word for word in MARKS.split(lines[0].strip()) if word]
    return words == [str(n) for n in range(len(words))] and "." in "".join(lines[1:])


def _without_comments(rows: Lines) -> Lines:
    if not any("#" in text for text in rows.texts):
        return rows
    texts = [_COMMENT.split(text, maxsplit=1)[0] for text in rows.texts]
    kept = [place for place, text in enumerate(texts) if text and not text.isspace()]
    return Lines([texts[place] for place in kept], [rows.places[place] for place in kept])


def _without_quotes(path: Path, rows: Lines) -> Lines:
    """The lines with "1.5" as 1.5; what a quoted 1,5 means is a decimal comma."""
    if not any('"' in text for text in rows.texts):
        return rows
    for text, place in zip(rows.texts, rows.places, strict=True):
        found = _QUOTED_COMMA.search(text)
        if found:
            raise wrong(path, f"line {place:,}: {found[0]} has a decimal comma", DECIMAL_COMMA)
    return Lines([text.replace('"', "") for text in rows.texts], rows.places)


def _separator(texts: Sequence[str], said: str) -> str | None:
    """What parts the values of the rows, by the first of them, and by what stands above them;
    None for blanks and tabs."""
    line = texts[0]
    words = line.split()
    if ";" in line:
        return ";"
    if "\t" in line.strip():
        apart = words_of(line, "\t")
        mixed = not all(map(is_number, apart)) and all(map(is_number, words))
        # Between two tabs something is missing where other rows have it, else they are for the eye.
        lacks = all(not word or is_number(word) for word in apart)
        names = split_names(said, "\t", texts) if "\t" in said else None
        if names and all(names):  # a name for each, also for one no row has
            counts = [[len(part.split()) for part in parts] for parts in (names, apart)]
            by_blanks = counts[0] == counts[1] and all(map(is_number, words))
            return None if by_blanks and not lacks else "\t"
        return None if mixed and not (lacks and len({len(t.split()) for t in texts}) > 1) else "\t"
    inside = [word for word in words if "," in word.strip(",")]
    return "," if "," in line and not (len(words) > 2 and len(inside) == len(words)) else None


def _no_decimal_commas(path: Path, rows: Lines, separator: str | None) -> None:
    """Raise DataError where the first rows have numbers such as 1,5 or, parted by commas, 045."""
    for text, place in zip(rows.texts[:100], rows.places[:100], strict=True):
        words = words_of(text, separator)
        if separator == ",":
            found = [word for word in words if _TWO_IN_ONE.fullmatch(word)]
            found += [word for word in words if "." not in text and _TORN.fullmatch(word)]
        else:
            found = [word for word in words if _COMMA.fullmatch(word)]
        if found:
            raise wrong(
                path,
                f"line {place:,}: the numbers have a decimal comma ({found[0]})",
                DECIMAL_COMMA,
            )


def _only(path: Path, table: _Table, kept: Sequence[int], width: int) -> Lines:
    """The rows with some columns only; each must have as many as the first."""
    mark = table.separator or " "
    texts = []
    for text, place in zip(table.rows.texts, table.rows.places, strict=True):
        words = words_of(text, table.separator)
        if len(words) != width:
            raise wrong(path, f"line {place:,} holds {len(words)} values, not {width}")
        texts.append(mark.join(words[at] for at in kept))
    return Lines(texts, table.rows.places)


def _has_gaps(rows: Lines, mark: str) -> bool:
    """Whether nothing stands between two separators somewhere, as pandas writes nan."""
    joined = "\n" + "\n".join(rows.texts) + "\n"
    return any(gap in joined for gap in (mark + mark, f"{mark}\n", f"\n{mark}"))


def _filled(rows: Lines, separator: str | None) -> Lines:
    """The rows with nan for what is missing."""
    mark = separator or " "
    texts = [
        mark.join("nan" if _is_missing(word) else word for word in words_of(text, separator))
        for text in rows.texts
    ]
    return Lines(texts, rows.places)


def _is_missing(word: str) -> bool:
    """Whether a word stands where a number is missing."""
    return _MISSING.fullmatch(word) is not None
