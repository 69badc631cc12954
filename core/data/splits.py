"""The official splits: `--train train --val val` are the benchmark's own sequences.

SemanticKITTI 00 to 07, 09, 10 and 08; nuScenes' scenes by number, as scene-0001. Only sequences
that are there are taken (resources/splits).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from core.base.errors import SettingsError
from core.data.formats import format_named
from core.data.names import some


@cache
def official(format: str) -> dict[str, tuple[str, ...]]:
    """The splits of a format, name -> its sequences; {} where it has none."""
    file = resources.files("resources") / "splits" / "splits.toml"
    stored: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: tuple(_scenes(text) if format == "nuscenes" else text.split())
        for name, text in stored.get(format, {}).items()
    }


def _scenes(text: str) -> list[str]:
    found: list[str] = []
    for span in text.split():
        first, _, last = span.partition("-")
        found += [f"scene-{number:04d}" for number in range(int(first), int(last or first) + 1)]
    return found


def expanded(
    format: str, root: Path, names: Sequence[str], there: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Names with each official split replaced by those of its sequences that are `there`, below
    `root`, and a sentence for each split that was. A sequence of a split's name is meant as it is.

    Raises SettingsError where none of a split's sequences is there.
    """
    found: list[str] = []
    said: list[str] = []
    for name in names:
        split = official(format).get(name)
        if split is None or name in there:
            found.append(name)
            continue
        here = [sequence for sequence in split if sequence in set(there)]
        if not here:
            raise SettingsError(
                f"None of the {len(split):,} sequences of the official split {name} is there.",
                format_named(format).instead(root, name) or f"There are {some(there)}: name those.",
            )
        said.append(
            f"{name}: {len(here):,} of the {len(split):,} sequences of the official split are there"
        )
        found += here
    return found, said
