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
    _check_end(path, names, header, separator, rows)
    return names


def _check_end(
    path: Path,
    names: Sequence[str],
    line: str,
    separator: str | None,
    rows: Sequence[str],
) -> None:
    """Raise DataError where the last column is empty and one name is missing, which may be that of
    the first, as pandas and R write numbers of rows, or of the last one."""
    values = [words_of(row, separator) for row in rows if row.strip()]
    if bool(names[0]) == bool(names[-1]) or any(row[-1] for row in values):
        return
    first = [row[0] for row in values]
    counts = _may_count_rows(first)
    if not names[0]:  # it is an index, or the rows end in a separator
        clear = counts
    elif line.endswith((";", ",", "\t")):  # as the rows do
        clear = True
    else:
        numbers = [whole(word) for word in first]
        begin = numbers[0] or 0
        rising = len(first) > 1 and numbers == list(range(begin, begin + len(first)))
        others = [word for row in values for word in row[1:-1] if word]
        clear = not rising and not (counts and None in map(whole, others))
    if not clear:
        raise wrong(
            path,
            f"names {sum(map(bool, names))} columns and has {len(names)}: the first may number the "
            "rows, or each line ends in a separator",
            "Name each column, or take away the separators at the ends of lines.",
        )


def comment_names(
    path: Path, comment: str, separator: str | None, rows: Sequence[str]
) -> tuple[str, ...] | None:
    """The names in the comment above the points, where it is names that mean something. Raises
    DataError where they may stand over others."""
    names = split_names(comment, separator, rows, marked=True)
    plain = [plain_name(name) for name in names or ()]
    if names is None or not any(all(axis in plain for axis in one) for one in POSITIONS):
        return None
    _check_end(path, names, comment, separator, rows)
    return names


def split_names(
    line: str, separator: str | None, rows: Sequence[str], *, marked: bool = False
) -> tuple[str, ...] | None:
    """The names in a line, one for each column of the rows, "" for one without; None where they are
    more or fewer. `marked`: a comment's mark stood before them."""
    own = next((mark for mark in ";,\t" if mark in line.strip()), None)
    # As the rows are parted, else by a mark of its own: where it has one, blanks are within names.
    ways = (words_of(line, separator), words_of(line.strip(), own), MARKS.split(line.strip()))
    values = [words_of(row, separator) for row in rows if row.strip()]
    for words in ways if values else ():
        names = _one_each(words, values, marked)
        if names is not None:
            return tuple(name.strip("\"'") for name in names)
    return None


def _one_each(
    names: list[str], rows: Sequence[Sequence[str]], marked: bool
) -> Sequence[str] | None:
    """The names with "" for a column that has none at the begin or the end; None where that does
    not make as many as there are columns."""
    width, ends = len(rows[0]), all(not row[-1] for row in rows)  # in a separator
    is_index = _may_count_rows([row[0] for row in rows])  # which pandas gives no name
    if is_index and not marked:
        while len(names) > width and not names[-1]:
            names = names[:-1]
    while len(names) > width and not names[0]:
        names = names[1:]  # the blank behind a comment's mark
    while len(names) > width and not names[-1]:
        names = names[:-1]
    if len(names) == width - 1 and ends:
        return [*names, ""]
    if len(names) != width:
        return None
    if not names[0] and not is_index:
        if ends and any(plain_name(names[-1]) in family for family in POSITIONS):
            return [*names[1:], ""]  # or an axis had no number in any row
        if marked:
            return None
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
