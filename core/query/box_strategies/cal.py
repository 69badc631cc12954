"""CAL: collaborative active learning of S-SSAL (Wang et al., arXiv 2501.15449, Alg. 1): frames that
two detectors are unsure of (E2-Unc), unlike each other (B-Div), of classes that are short (CBS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.base.errors import SettingsError
from core.base.ssal_settings import SsalSettings
from core.boxes.predictions import FramePrediction
from core.query.box_strategies.ensemble import Candidates, candidates
from core.query.box_strategies.simple import blind
from core.query.box_strategies.walk import Taken, Walk, limits_of
from core.query.budget import Budget
from core.query.frame_pool import FramePool, boxes_wanted, has_room
from core.query.pool import Draw
from core.query.selection import Selection

LEVEL, LIFTED = "pass", "lifted"  # columns of a query: where the walk was at each frame


def cal(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """S-SSAL's: unsure by two models, unlike each other, of classes that are short."""
    return _select(pool, budget, draw, pool.cpsp if pool.settings.ensemble else None)


def cal_normal(pool: FramePool, budget: Budget, draw: Draw) -> Selection:
    """The same by the normal model alone, where pseudo scenes did not help."""
    return _select(pool, budget, draw, None)


def _select(
    pool: FramePool, budget: Budget, draw: Draw, cpsp: Mapping[str, FramePrediction] | None
) -> Selection:
    free = pool.free
    found = seen_by_cal(pool, [pool.frames.scans[place] for place in free.tolist()], cpsp)
    if not len(found.score):
        return blind(pool, budget, draw)
    how = pool.settings
    shares = limits_of(found, pool.labelled, boxes_wanted(pool, budget), how)
    walk = Walk(found, shares, how, weights=weights_of(how, pool.classes))
    taken: list[Taken] = []
    spent, cost = 0, budget.cost[free].tolist()
    for one in walk:
        if not has_room(spent, cost[one.place], budget):
            break
        taken.append(one)
        spent += cost[one.place]
    reasons = tuple(why(one, found, pool.classes) for one in taken)
    places = np.array([one.place for one in taken], np.int64)
    return Selection(free[places], reasons, columns_of(taken, found, pool.classes))


def seen_by_cal(
    pool: FramePool, scans: Sequence[str], cpsp: Mapping[str, FramePrediction] | None
) -> Candidates:
    """Some frames as CAL weighs them. Raises ProjectError before a detector has looked at any."""
    return candidates(scans, pool.need_normal("cal"), cpsp, pool.regions, pool.settings)


def weighed(
    pool: FramePool, budget: Budget, name: str, scans: Sequence[str]
) -> tuple[Candidates, np.ndarray]:
    """What CAL, called `name`, weighed of the frames that it asks, in their order, and the limits
    (C,) of classes: what ranks them anew as some are finished."""
    cpsp = pool.cpsp if name == "cal" and pool.settings.ensemble else None
    free = [pool.frames.scans[place] for place in pool.free.tolist()]
    found = seen_by_cal(pool, free, cpsp)
    place = {scan: k for k, scan in enumerate(free)}
    shares = limits_of(found, pool.labelled, boxes_wanted(pool, budget), pool.settings)
    return found.take([place[scan] for scan in scans]), shares


def columns_of(
    taken: Sequence[Taken], found: Candidates, classes: Sequence[str]
) -> dict[str, np.ndarray]:
    """The numbers behind each choice, as a query keeps them."""
    first = found.first
    rows = {
        "H": [one.entropy for one in taken],
        "Sim": [one.similarity for one in taken],
        "boxes": [first[one.place + 1] - first[one.place] for one in taken],
        LEVEL: [one.level for one in taken],
        LIFTED: [one.lifted for one in taken],
    }
    for label, name in enumerate(classes):
        if any(one.brings[label] for one in taken):
            rows[f"n {name}"] = [one.brings[label] for one in taken]
    return {name: np.array(values, np.float64) for name, values in rows.items()}


def why(one: Taken, found: Candidates, classes: Sequence[str]) -> str:
    """Why a frame is asked, in words and numbers."""
    count = int(found.first[one.place + 1] - found.first[one.place])
    if not count:
        return "no box is known here: what is left when all else is taken"
    boxes = "1 box" if count == 1 else f"{count} boxes"
    brings = [f"{n} {classes[c]}" for c, n in enumerate(one.brings.tolist()) if n]
    short = [
        f"{classes[c]} is short, {one.counts[c]} of {one.limits[c]:.1f}"
        for c in np.flatnonzero(one.brings).tolist()
        if one.counts[c] < one.limits[c]
    ]
    if np.isnan(one.limits).all():
        short = ["classes are not balanced"]
    parts = [
        f"the detectors are unsure (H {one.entropy:.2f} over {boxes})",
        f"similarity to what is chosen {one.similarity:.2f}",
        f"brings {', '.join(brings)}" if brings else "brings nothing sure",
        "; ".join(short) or ("every class it brings has its share" if brings else ""),
    ]
    return "; ".join(filter(None, parts))


def weights_of(
    how: SsalSettings, classes: Sequence[str], before: Sequence[Sequence[str]] = ()
) -> dict[int, float]:
    """Weights of classes in H by their ids, as `class_weights` names them: "car 2, van 0.5";
    `before`: names that each class had earlier, of weights that were kept then. Raises
    SettingsError."""
    found, ids = {}, {name: label for label, of in enumerate(before) for name in of}
    ids |= {name: label for label, name in enumerate(classes)}
    for part in filter(None, (word.strip() for word in how.class_weights.split(","))):
        name, _, number = part.rpartition(" ")
        try:
            weight = float(number)
            label = ids[name.strip()]
        except (ValueError, KeyError) as error:
            raise SettingsError(
                f"ssal.class_weights has {part!r}, which is no class and weight.",
                f"Write such as {classes[0]} 2; classes are {', '.join(classes)}.",
            ) from error
        if not 0 <= weight <= 1000:
            raise SettingsError(f"The weight of {name} is {number}.", "Give it 0 to 1000.")
        if label in found:
            raise SettingsError(
                f"ssal.class_weights has {classes[label]} twice.", "Give each class one weight."
            )
        found[label] = weight
    return found
