"""Columns by name: what the numbers of a point are, as a file says it or a person does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.errors import SettingsError

_KINDS = ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f4", ">f8")
_WORDS = {
    f"{word}{8 * size}": f"{word[0]}{size}"
    for word, sizes in (("float", (4, 8)), ("int", (1, 2, 4, 8)), ("uint", (1, 2, 4, 8)))
    for size in sizes
}
_USUAL = "x,y,z,intensity"
PASSED_OVER = ("", "_", "-")


@dataclass(frozen=True)
class Columns:
    """Said columns: names in small letters, and the dtype of one row, a field each in order."""

    names: tuple[str, ...]
    row: np.dtype


def said_columns(words: Sequence[str]) -> Columns:
    """Columns as said: a name each, NAME:TYPE where it is not float32, "_" for one passed over.

    Raises SettingsError where x, y or z is missing, a name is there twice, or a type is unknown.
    """
    names, kinds = [], []
    for word in words:
        name, _, kind = word.strip().partition(":")
        kind = _WORDS.get(kind.strip().lower(), kind.strip() or "f4")
        if kind not in _KINDS:
            raise SettingsError(
                f"The column {word} has the type {kind}, which is none.",
                f"Types: {', '.join(_WORDS)}; without one it is float32.",
            )
        names.append(name.strip().lower())
        kinds.append(kind if kind.startswith(">") else f"<{kind}")
    known = [name for name in names if name not in PASSED_OVER]
    missing = [name for name in "xyz" if name not in known]
    twice = sorted({name for name in known if known.count(name) > 1})
    if missing or twice:
        fault = f"no {' and no '.join(missing)}" if missing else f"{twice[0]} twice"
        raise SettingsError(
            f"The columns {','.join(words)} hold {fault}.",
            f"Name all of a row in order, such as {_USUAL},ring; _ passes one over.",
        )
    row = np.dtype([(f"f{at}", kind) for at, kind in enumerate(kinds)])
    return Columns(tuple(names), row)
