"""What the rows of a unit come to: means of their numbers, and the classes that they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.base.loading import loading
from core.data.classes import UNLABELLED

# Column of the scores -> the array of a scan's prediction that it is joined from.
UNIT_ARRAYS: Mapping[str, str] = {
    "entropy": "unit_entropy",
    "feature": "unit_feature",
    "predicted": "unit_class",
    "share": "unit_share",
    "confidence": "unit_confidence",
    "margin": "unit_margin",
    "votes": "unit_votes",
    "mean_p": "unit_p",
}


@dataclass(frozen=True)
class Seen:
    """What a network says of the N rows of a scan, which share V voxels.

    Attributes
    ----------
    voxel : (N,) int64, each row's; -1 where the row has no coordinates
    classes : (V,) uint8, the likeliest
    entropy : (V,), of the probabilities, natural logarithm
    confidence : (V,), the largest probability
    margin : (V,), the largest less the second largest
    p : (V, C), probabilities of the C classes
    feature : (V, F)
    """

    voxel: np.ndarray
    classes: np.ndarray
    entropy: np.ndarray
    confidence: np.ndarray
    margin: np.ndarray
    p: np.ndarray
    feature: np.ndarray

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """(N,) uint8 classes of the rows, UNLABELLED where there is no voxel, and (N,) float16
        entropies, 0 there."""
        classes = np.append(self.classes, np.uint8(UNLABELLED))[self.voxel]
        return classes, np.append(self.entropy, 0).astype(np.float16)[self.voxel]

    def confidence_of_rows(self) -> np.ndarray:
        """(N,) float16 largest probability of the rows, 0 where there is no voxel."""
        found: np.ndarray = np.append(self.confidence, 0).astype(np.float16)[self.voxel]
        return found


def unit_scores(seen: Seen, rows: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Of a scan's `count` units, by name of UNIT_ARRAYS: means over their rows in float64, the
    class of most rows, its share, and the votes' entropy.

    rows (N,) int32: unit number of each row, negative for none; every unit has a row in a voxel.
    """
    inside = (rows >= 0) & (seen.voxel >= 0)
    units, voxels = rows[inside], seen.voxel[inside]
    numbers = np.stack([seen.entropy, seen.confidence, seen.margin], axis=1)
    values = np.concatenate([numbers, seen.p, seen.feature], axis=1)
    means = unit_means(values, units, voxels, count)
    three, p, feature = np.split(means, np.cumsum((3, seen.p.shape[1])), axis=1)
    best, share, votes = unit_classes(seen.classes[voxels], units, count)
    return {
        "unit_entropy": three[:, 0],
        "unit_feature": feature,
        "unit_class": best,
        "unit_share": share,
        "unit_confidence": three[:, 1],
        "unit_margin": three[:, 2],
        "unit_votes": votes,
        "unit_p": p.astype(np.float16),
    }


def unit_means(values: np.ndarray, units: np.ndarray, voxels: np.ndarray, count: int) -> np.ndarray:
    """(count, c) float32: means of values (V, c) over the rows of each unit, in float64.

    units, voxels (n,): unit and voxel of each row; every unit has a row.
    """
    with loading:
        from scipy.sparse import csr_matrix

    # How many rows of which voxel: a row's values are never copied.
    holds = csr_matrix((np.ones(len(units)), (units, voxels)), shape=(count, len(values)))
    sizes = np.bincount(units, minlength=count)
    sums: np.ndarray = holds @ values
    return (sums / sizes[:, None]).astype(np.float32)


def unit_classes(
    classes: np.ndarray, units: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The class (count,) uint8 that most rows of each unit have, ties to the lowest, their share
    (count,) float32, and the entropy (count,) float32 of all classes' shares, natural logarithm.

    classes, units (n,): of each row."""
    pairs = np.bincount(units.astype(np.int64) << 8 | classes, minlength=count << 8)
    counts = pairs.reshape(count, 256)
    best = counts.argmax(axis=1)
    total = np.maximum(counts.sum(axis=1), 1)
    share = counts[np.arange(count), best] / total
    q = counts / total[:, None]
    votes = -(q * np.log(q, where=q > 0, out=np.zeros_like(q))).sum(axis=1)
    return best.astype(np.uint8), share.astype(np.float32), np.maximum(votes, 0).astype(np.float32)
