"""What somebody did, in words: one entry, or the entries of one act."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.answers.entry import POINTS, Head


def said(act: Sequence[Head], class_name: Callable[[int], str]) -> str:
    """The entries of one act in words."""
    if len(act) == 1:
        return describe(act[0], class_name)
    units = sum(bool(head.unit) for head in act)
    names = ", ".join(sorted({class_name(head.main_class()) for head in act}))
    what = "1 unit" if units == 1 else f"{units:,} units"
    return f"{what}{'' if units == len(act) else ' and points around'} as {names}"


def describe(head: Head, class_name: Callable[[int], str]) -> str:
    """One entry in words."""
    what = "1 unit" if head.unit else f"{head.points:,} points"
    if head.verb == "decline":
        return f"{what} declined"
    if head.verb == "reopen":
        return f"{what} asked again"
    if head.kind != POINTS:
        return f"{head.kind} of {what}"
    counts = head.class_counts()
    best = sorted(counts, key=lambda c: -counts[c])[:3]
    return f"{what} as {', '.join(map(class_name, best))}"
