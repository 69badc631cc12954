"""A sample's figures in words, the same on the command line and in the window."""

from __future__ import annotations

from core.quality.answered import Quality
from core.quality.estimated import ENOUGH, Interval
from core.quality.frame import LABELS
from core.quality.strata import LEAST


def share(found: Interval) -> str:
    """An estimate with its interval: "83.1 % (79.0 to 86.6)"."""
    low, high = found.low * 100, found.high * 100
    return f"{found.value * 100:.1f} % ({low:.1f} to {high:.1f})"


def subject(found: Quality) -> str:
    """What is judged."""
    source = found.sample.source
    return source if found.sample.of == LABELS else f"the network of {source}"


def drawn(found: Quality) -> str:
    """What was drawn and answered."""
    sample = found.sample
    done = len(sample.items) - len(found.waiting)
    unsure = f", {found.unsure:,} of them cannot be told" if found.unsure else ""
    outside = found.figures.outside
    none = f", {outside:,} are of no class" if outside else ""
    return (
        f"{len(sample.items):,} points of {len(sample.strata):,} strata, drawn by seed "
        f"{sample.seed}; {done:,} answered{unsure}{none}"
    )


def headline(found: Quality) -> list[str]:
    """Accuracy, or the error rate of labels, and mIoU, each with its interval; or what is missing
    for them."""
    figures = found.figures
    if figures.accuracy is None:
        waiting = _missing(found)
        if not waiting:
            return ["No figure: too few of these points can be told."]
        return [f"No figure yet: {waiting:,} more answers give every stratum {LEAST}."]
    lines = []
    if found.sample.of == LABELS:
        wrong = figures.accuracy
        rate = Interval(1 - wrong.value, 1 - wrong.high, 1 - wrong.low, wrong.answers)
        lines.append(f"wrong labels {share(rate)}")
    else:
        lines.append(f"accuracy {share(figures.accuracy)}")
    if figures.miou is None:
        lines.append(f"mIoU: no class has {ENOUGH} answers yet")
    else:
        lines.append(
            f"mIoU {share(figures.miou)} over the {figures.classes} of "
            f"{len(found.sample.classes)} classes with {ENOUGH} answers or more"
        )
    return lines


def advice(found: Quality) -> str:
    """What more answers would do; "" where nothing can be said."""
    if found.waiting and found.counted < len(found.sample.items) - len(found.waiting):
        return (
            f"{found.counted:,} answers count: those of whole batches, as only these are a chance "
            "sample."
        )
    if found.more is None:
        return ""
    if not found.more:
        return "All of these points were asked."
    total = found.counted + found.more
    return f"About {found.more:,} more answers halve the interval (a sample of {total:,} points)."


def of_classes(found: Quality) -> list[tuple[str, Interval | None, int]]:
    """Of each class that occurs: its name, its IoU where there are answers enough, and how many
    answers bear on it."""
    rows = zip(found.sample.classes, found.figures.iou, found.figures.bears.tolist(), strict=True)
    return [(name, interval, bears) for name, interval, bears in rows if bears or interval]


def _missing(found: Quality) -> int:
    """Answers that are open in the first batch, which has two of every stratum."""
    sample = found.sample
    waiting = set(found.waiting)
    return sum(
        item in waiting and batch == 0
        for item, batch in zip(sample.items, sample.batch.tolist(), strict=True)
    )
