"""The list of strategies: what each goes back to, what it needs, and how its time grows."""

from __future__ import annotations

import textwrap

from core.query.box_strategies import box_strategies, broken_box_strategies
from core.query.selection import Select, Strategy
from core.query.strategies import broken_strategies, strategies
from core.query.strategies.names import MODIFIERS

_WIDTH = 100


def listing() -> str:
    """All strategies in the order of their names, then what may stand before one."""
    lines = []
    for name, select in sorted(strategies().items()):
        lines += [name, *_indented(_about(select))]
    lines += ["", 'Before a strategy, as in `--strategy "size x coreset"`:']
    for name, (_, words) in MODIFIERS.items():
        lines += [f"{name} x", *_indented([words])]
    lines += ["", "Of frames, with --task boxes:"]
    for name, frames in sorted(box_strategies().items()):
        said = (frames.__doc__ or "an installed strategy").splitlines()[0]
        lines += [name, *_indented([said])]
    broken = [*broken_strategies().values(), *broken_box_strategies().values()]
    lines += [f"not usable: {sentence}" for sentence in broken]
    return "\n".join(lines)


def _about(select: Select) -> list[str]:
    needs = sorted(getattr(select, "needs", ()))
    found = [f"needs {', '.join(needs)}" if needs else "needs no network"]
    if "shape" in needs:
        found = ["needs shapes, no network"]
    before = getattr(select, "before", "")
    if before:
        found.append(f"{before} before the first network")
    if isinstance(select, Strategy):
        return [select.source, "; ".join([*found, f"time: {select.work}"])]
    return ["; ".join(found)]


def _indented(texts: list[str]) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    ]
