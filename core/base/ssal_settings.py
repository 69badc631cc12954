"""The settings of S-SSAL (arXiv 2501.15449): each choice where paper and published code differ or
are silent has a name (docs/boxes.md, Settings)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SsalSettings:
    """How pseudo scenes are made (CPSP) and frames are chosen (CAL)."""

    cpsp: bool
    clusters: int
    cluster: str
    keep: str
    bank_min_precision: float
    del_after: int
    low: float
    low_final: float
    false_positives: int
    labelled_share: float
    refreshes: int
    ensemble: bool
    overlap: float
    ensemble_from: float
    append_from: float
    reliable_overlap: float
    count_from: float
    balance: bool
    least_share: float
    closed_weight: float
    class_weights: str
    diversity: bool
    similarity: float
    by_frame: bool
    most_ignored: int
    order: str
    final: str


# What moves only which frames are asked, and how the last detector is made: arms of an experiment
# that differ in these alone share the detectors of their first round.
NOT_TRAINED = frozenset(
    f"ssal.{name}"
    for name in (
        "low_final",
        "ensemble",
        "overlap",
        "ensemble_from",
        "append_from",
        "reliable_overlap",
        "count_from",
        "balance",
        "least_share",
        "closed_weight",
        "class_weights",
        "diversity",
        "similarity",
        "by_frame",
        "most_ignored",
        "order",
        "final",
    )
)
RANGES: Mapping[str, tuple[float, float]] = {
    "ssal.clusters": (1, 1000),
    "ssal.bank_min_precision": (0, 1),
    "ssal.del_after": (1, 1000),
    "ssal.low": (0, 1),
    "ssal.low_final": (0, 1),
    "ssal.false_positives": (0, 200),
    "ssal.labelled_share": (0.01, 1),
    "ssal.refreshes": (1, 1000),
    "ssal.overlap": (0, 1),
    "ssal.ensemble_from": (0, 1),
    "ssal.append_from": (0, 1),
    "ssal.reliable_overlap": (0, 1),
    "ssal.count_from": (0, 1),
    "ssal.least_share": (0, 1),
    "ssal.closed_weight": (0, 1),
    "ssal.similarity": (0.01, 1.01),
    "ssal.most_ignored": (0, 10**6),
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "ssal.cluster": ("score", "u"),
    "ssal.keep": ("centre", "group"),
    "ssal.order": ("live", "frozen"),
    "ssal.final": ("cpsp", "none"),
}
MEANINGS: Mapping[str, str] = {
    "ssal.cpsp": "Train a second detector on pseudo scenes of confident objects (CPSP).",
    "ssal.clusters": "Groups that a class's scores are split in; the surest one is confident.",
    "ssal.cluster": "What is grouped: scores, or their uncertainty u from a score of 0.5 on.",
    "ssal.keep": "Confident is what lies beyond the surest group's centre, or all of that group.",
    "ssal.bank_min_precision": "A class that is right less often on held-out frames gives no "
    "pseudo objects; 0 as in the paper.",
    "ssal.del_after": "Refreshes in a row without a prediction, after which a pseudo object goes.",
    "ssal.low": "Boxes of at most this score are false positives; those above leave backgrounds.",
    "ssal.low_final": "The same score while the final model is trained.",
    "ssal.false_positives": "False positives of each class in a pseudo scene, without a label.",
    "ssal.labelled_share": "Share of the scenes of CPSP that are labelled frames.",
    "ssal.refreshes": "How often the bank is made anew in a training.",
    "ssal.ensemble": "CAL weighs the boxes of both detectors; else those of the normal one.",
    "ssal.overlap": "Overlap from above beyond which boxes of two detectors are one.",
    "ssal.ensemble_from": "Score from which a box of the normal detector joins in.",
    "ssal.append_from": "Score from which it does where the other detector found nothing.",
    "ssal.reliable_overlap": "Overlap with a box of the normal detector that makes one reliable.",
    "ssal.count_from": "Score from which a reliable box counts for its class.",
    "ssal.balance": "CAL keeps classes in balance (CBS).",
    "ssal.least_share": "Share of the boxes that each class may have at least.",
    "ssal.closed_weight": "Weight of the boxes of a class that has its share.",
    "ssal.class_weights": "Weights of classes in a frame's uncertainty, such as car 2, van 0.5.",
    "ssal.diversity": "CAL passes over frames too similar to chosen ones (B-Div).",
    "ssal.similarity": "Similarity from which a frame is passed over at first.",
    "ssal.by_frame": "Similarity is to the likest chosen frame, not to the likest box of any.",
    "ssal.most_ignored": "Boxes that may lie in regions to ignore before a frame is passed over.",
    "ssal.final": "The final detector goes on with pseudo scenes (cpsp), or not (none).",
    "ssal.order": "Frames are ranked anew after each finished one (live), or once (frozen).",
}
