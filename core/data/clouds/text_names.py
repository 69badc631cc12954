"""Which names stand over which columns of a text file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from core.data.clouds.columns import POSITIONS, plain_name
from core.data.clouds.lines import DECIMAL_COMMA
from core.data.clouds.source import whole, wrong

SAVE = "Save x y z intensity, a point a line, or bring the whole file."
MARKS = re.compile(r"[;,\s]+")  # whatever may part two values


def header_names(
    path: Path, header: str, separator: str | None, rows: Sequence[str]
) -> tuple[str, ...]:
    """The names in the line above the points, "" for a column without one. Raises DataError where
    they are not as many as the columns, or may stand over others."""
    names = split_names(header, separator, rows)
    if names is None:
        count, width = (len(words_of(line, separator)) for line in (header, rows[0]))
        if width == 2 * count and separator == ",":
            raise wrong(
                path,
                f"names {count} columns and has {width}: the numbers may have a decimal comma",
                DECIMAL_COMMA,
            )
        raise wrong(path, f"names {count} columns ({header.strip()[:60]}) and has {width}", SAVE)
    if names[0] and not names[-1] and not header.endswith((";", ",", "\t")):
        values = [words_of(row, separator) for row in rows]
        others = [word for row in values for word in row[1:-1] if word]
        if _may_count_rows([row[0] for row in values]) and None in map(whole, others):
            raise wrong(
                path,
                f"names {len(names) - 1} columns and has {len(names)}: the first may number the "
                "rows, or each line ends in a separator",
                "Name each column, or take away the separators at the ends of lines.",
            )
    return names


def comment_names(
    comment: str, separator: str | None, rows: Sequence[str]
) -> tuple[str, ...] | None:
    """The names in the comment above the points, where it is names that mean something."""
    names = split_names(comment, separator, rows, marked=True)
    plain = [plain_name(name) for name in names or ()]
    known = any(all(axis in plain for axis in family) for family in POSITIONS)
    return names if known else None


def split_names(
    line: str, separator: str | None, rows: Sequence[str], *, marked: bool = False
) -> tuple[str, ...] | None:
    """The names in a line, one for each column of the rows, "" for one without; None where they are
    more or fewer. `marked`: a comment's mark stood before them."""
    own = next((mark for mark in ";,\t" if mark in line.strip()), None)
    # As the rows are parted, else by a mark of its own: where it has one, blanks are within names.
    ways = [words_of(line, separator), words_of(line.strip(), own)]
    if separator is None:
        ways.append(MARKS.split(line.strip()))
    values = [words_of(row, separator) for row in rows]
    for words in ways:
        names = _one_each(words, values, marked)
        if names is not None:
            return tuple(name.strip("\"'") for name in names)
    return None


def _one_each(
    names: list[str], rows: Sequence[Sequence[str]], marked: bool
) -> Sequence[str] | None:
    """The names with "" for a column that has none at the begin or the end; None where that does
    not make as many as there are columns."""
    width = len(rows[0])
    while len(names) > width and not names[0]:
        names = names[1:]  # the blank behind a comment's mark
    while len(names) > width and not names[-1]:
        names = names[:-1]
    ends = all(not row[-1] for row in rows)  # in a separator
    if len(names) == width - 1 and ends:
        return [*names, ""]
    if len(names) != width:
        return None
    # The first column may be an index, which pandas gives no name.
    if not names[0] and (marked or ends) and not _may_count_rows([row[0] for row in rows]):
        return [*names[1:], ""] if ends else None
    return names


def _may_count_rows(first: Sequence[str]) -> bool:
    """Whether the words of a column are no numbers, or whole ones that all differ."""
    if not any(map(is_number, first)):
        return True
    numbers = [whole(word) for word in first]
    return None not in numbers and len(set(numbers)) == len(numbers)


def words_of(line: str, separator: str | None) -> list[str]:
    """What separators part in a line, None for blanks and tabs."""
    return [word.strip().strip('"') for word in line.split(separator)]


def is_number(word: str) -> bool:
    """Whether a word is a number as it is written in files, nan and inf too."""
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word
