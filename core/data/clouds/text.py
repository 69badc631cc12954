"""Points as lines of text (.xyz, .txt, .csv, .asc, .pts): any of the usual separators.

A line of names may come first, as a comment or not; lines that begin with #, // or % before the
points, and what follows a # among them, are comments. A line of one number before the points is
their number (.pts). Columns of anything but numbers, by the first row, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.clouds.columns import POSITIONS, Columns, plain_name
from core.data.clouds.lines import DECIMAL_COMMA, Lines, lines_of, numbers
from core.data.clouds.source import cut_short, read_bytes, whole, wrong

SUFFIXES = (".xyz", ".txt", ".csv", ".asc", ".pts")
_MARKS = ("#", "//", "%")
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
_SAVE = "Save x y z intensity, a point a line, or bring the whole file."


@dataclass(frozen=True)
class _Table:
    """Rows as they are in the file; `names` are the file's, None where it has none."""

    rows: Lines
    separator: str | None
    names: tuple[str, ...] | None


def read(path: Path) -> Columns:
    """Read a text file of points. Raises DataError."""
    table = _table(path)
    first = _words(table.rows.texts[0], table.separator)
    usual = _PTS.get(len(first)) if path.suffix.lower() == ".pts" else None
    names = table.names or usual or tuple(str(place + 1) for place in range(len(first)))
    kept = [
        place
        for place, word in enumerate(first)
        if names[place] and (_is_number(word) or (table.names and not word))
    ]
    if len(kept) < 3:
        raise wrong(path, f"holds {len(kept)} columns of numbers, no x, y and z", _SAVE)
    rows = table.rows
    if len(kept) < len(first):
        rows = _only(path, table, kept, len(first))
    if table.separator is not None:
        rows = _filled(rows, table.separator)
    arrays = numbers(path, rows, [np.dtype(np.float64)] * len(kept), table.separator)
    named = table.names is not None and not all(name.isdigit() for name in table.names if name)
    return Columns(path, tuple(names[place] for place in kept), tuple(arrays), named)


def _table(path: Path) -> _Table:
    data = read_bytes(path)
    encoding = next((e for mark, e in _ENCODINGS.items() if data.startswith(mark)), "utf-8")
    if b"\0" in data and encoding != "utf-16":
        raise wrong(path, "is no text: it holds zero bytes", _SAVE)
    lines = _without_quotes(path, lines_of(data.decode(encoding, "replace")))
    said, points, at = "", None, 0
    if len(lines) and _EXCEL.fullmatch(lines.texts[0].strip()):
        at = 1
    while at < len(lines) and lines.texts[at].lstrip().startswith(_MARKS):
        said = lines.texts[at].strip().lstrip("#/% ")
        at += 1
    if at < len(lines) and whole(lines.texts[at].strip()) is not None and at + 1 < len(lines):
        points, at = whole(lines.texts[at].strip()), at + 1
    header = None
    if at < len(lines) and (not _is_row(lines.texts[at]) or _counts_up(lines.texts[at : at + 2])):
        header, at = lines.texts[at].strip().lstrip("#/% "), at + 1
    rows = _without_comments(lines.part(at))
    if not len(rows):
        raise wrong(path, "holds no lines of numbers", _SAVE)
    if points is not None and len(rows) != points:
        raise cut_short(path, points, len(rows))
    separator = _separator(rows.texts[0])
    _no_decimal_commas(path, rows, separator)
    width = len(_words(rows.texts[0], separator))
    names = _header_names(path, header, separator, width) if header else None
    if names is None and said:
        names = _comment_names(said, separator, width)
    return _Table(rows, separator, names)


def _is_row(line: str) -> bool:
    """Whether a line is of numbers: most of its words are."""
    words = [word for word in re.split(r"[;,\s]+", line) if word]
    return sum(map(_is_number, words)) * 2 > len(words)


def _counts_up(lines: Sequence[str]) -> bool:
    """Whether a line is the names 0, 1, 2 that pandas gives to columns without any."""
    words = [word for word in re.split(r"[;,\s]+", lines[0].strip()) if word]
    return words == [str(n) for n in range(len(words))] and "." in "".join(lines[1:])


def _without_comments(rows: Lines) -> Lines:
    if not any("#" in text for text in rows.texts):
        return rows
    texts = [text.partition("#")[0] for text in rows.texts]
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


def _separator(line: str) -> str | None:
    """What parts the values of a row; None for blanks and tabs."""
    words = line.split()
    if ";" in line:
        return ";"
    if "\t" in line.strip():
        mixed = not all(map(_is_number, _words(line, "\t"))) and all(map(_is_number, words))
        return None if mixed else "\t"
    inside = [word for word in words if "," in word.strip(",")]
    return "," if "," in line and not (len(words) > 2 and len(inside) == len(words)) else None


def _no_decimal_commas(path: Path, rows: Lines, separator: str | None) -> None:
    """Raise DataError where the first rows have numbers such as 1,5 or, parted by commas, 045."""
    for text, place in zip(rows.texts[:100], rows.places[:100], strict=True):
        words = _words(text, separator)
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


def _header_names(path: Path, header: str, separator: str | None, width: int) -> tuple[str, ...]:
    names = _split_names(header, separator, width)
    if names is None:
        count = len(_words(header, separator))
        if width == 2 * count and separator == ",":
            raise wrong(
                path,
                f"names {count} columns and has {width}: the numbers may have a decimal comma",
                DECIMAL_COMMA,
            )
        raise wrong(path, f"names {count} columns ({header[:60]}) and has {width}", _SAVE)
    return names


def _comment_names(comment: str, separator: str | None, width: int) -> tuple[str, ...] | None:
    """The names in the comment above the points, where it is names that mean something."""
    names = _split_names(comment, separator, width)
    plain = [plain_name(name) for name in names or ()]
    known = any(all(axis in plain for axis in family) for family in POSITIONS)
    return names if known else None


def _split_names(line: str, separator: str | None, width: int) -> tuple[str, ...] | None:
    for words in (_words(line, separator), re.split(r"[;,\s]+", line.strip())):
        if len(words) == width:
            return tuple(word.strip("\"'") for word in words)
    return None


def _only(path: Path, table: _Table, kept: Sequence[int], width: int) -> Lines:
    """The rows with some columns only; each must have as many as the first."""
    mark = table.separator or " "
    texts = []
    for text, place in zip(table.rows.texts, table.rows.places, strict=True):
        words = _words(text, table.separator)
        if len(words) != width:
            raise wrong(path, f"line {place:,} holds {len(words)} values, not {width}")
        texts.append(mark.join(words[at] for at in kept))
    return Lines(texts, table.rows.places)


def _filled(rows: Lines, mark: str) -> Lines:
    """The rows with nan where nothing stands between two separators, as pandas writes it."""
    twice, ends = mark + mark, (f"{mark}\n", f"\n{mark}")
    joined = "\n" + "\n".join(rows.texts) + "\n"
    if twice not in joined and not any(end in joined for end in ends):
        return rows
    texts = [
        mark.join(word if word else "nan" for word in _words(text, mark)) for text in rows.texts
    ]
    return Lines(texts, rows.places)


def _words(line: str, separator: str | None) -> list[str]:
    return [word.strip().strip('"') for word in line.split(separator)]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word
