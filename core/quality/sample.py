"""A probability sample of points, asked blind: which points, in which order.

quality/<name>.json is written when it is drawn; a larger sample of the same seed holds it. Items
are "<scan>#p<row>".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.typed import listed, mapped, whole, words
from core.data.items import point_of
from core.project.project import Project
from core.quality.frame import IMPORTED_LABELS, LABELS, source_of

FOLDER = "quality"
_VERSION = 1
_DO = "Restore it from a copy, or delete it and draw the sample anew; no answer is lost."


@dataclass(frozen=True)
class Stratum:
    """Points that are claimed to be of one class (`claimed`, its number), in one part."""

    part: str
    claimed: int
    points: int


@dataclass(frozen=True)
class Sample:
    """Attributes
    ----------
    of, source : what is judged, as a Frame has it
    seed : of chance
    classes : names at the time
    strata : all of them
    items : in the order of asking; stratum (n,) of each; batch (n,) which it belongs to
    """

    of: str
    source: str
    seed: int
    classes: tuple[str, ...]
    strata: tuple[Stratum, ...]
    items: tuple[str, ...]
    stratum: np.ndarray
    batch: np.ndarray

    @cached_property
    def sizes(self) -> np.ndarray:
        """(H,) int64 points of each stratum."""
        return np.array([one.points for one in self.strata], np.int64)

    @cached_property
    def claimed(self) -> np.ndarray:
        """(H,) int64 class of each stratum."""
        return np.array([one.claimed for one in self.strata], np.int64)


def file_for(project: Project, of: str, source: str) -> Path:
    """Where a sample is kept."""
    name = f"{of}-{source}".replace(" ", "-")
    return project.path / FOLDER / f"{name}.json"


def newest(project: Project, of: str) -> Sample | None:
    """The sample of the newest network, or of imported labels; None before one is drawn."""
    scored = project.last_scored()
    source = IMPORTED_LABELS if of == LABELS else source_of(scored) if scored is not None else None
    path = file_for(project, of, source) if source is not None else None
    return read_sample(path, project) if path is not None and path.exists() else None


def write_sample(path: Path, sample: Sample) -> None:
    """Write it whole, in place of what was there."""
    write_json(
        path,
        {
            "version": _VERSION,
            "of": sample.of,
            "source": sample.source,
            "seed": sample.seed,
            "classes": list(sample.classes),
            "strata": [[one.part, one.claimed, one.points] for one in sample.strata],
            "items": [
                [item, stratum, batch]
                for item, stratum, batch in zip(
                    sample.items, sample.stratum.tolist(), sample.batch.tolist(), strict=True
                )
            ],
        },
    )


def read_sample(path: Path, project: Project) -> Sample:
    """Raises ProjectError where it is damaged, newer, or of another class list."""
    stored = read_json(path, do=_DO, version=int)
    if stored["version"] > _VERSION:
        raise ProjectError(
            f"{path} was written by a newer LidarLoop.", "Update LidarLoop to read it."
        )
    try:
        about = mapped(stored, "a sample")
        strata = []
        for one in listed(about["strata"], "strata"):
            part, claimed, points = listed(one, "a stratum")
            strata.append(
                Stratum(words(part, "a part"), whole(claimed, "a class"), whole(points, "points"))
            )
        items, of_stratum, batch = [], [], []
        for one in listed(about["items"], "items"):
            item, stratum, nth = listed(one, "an item")
            if point_of(words(item, "an item")) is None:
                raise ValueError(f"{item} is no point")
            items.append(item)
            of_stratum.append(whole(stratum, "a stratum", 0, len(strata) - 1))
            batch.append(whole(nth, "a batch"))
        if len(set(items)) != len(items):
            raise ValueError("an item is asked twice")
        sample = Sample(
            words(about["of"], "of"),
            words(about["source"], "source"),
            whole(about["seed"], "seed", -(1 << 63), 1 << 63),
            tuple(words(name, "a class") for name in listed(about["classes"], "classes")),
            tuple(strata),
            tuple(items),
            np.array(of_stratum, np.int64),
            np.array(batch, np.int64),
        )
        if any(one.claimed >= len(sample.classes) for one in strata):
            raise ValueError("a stratum is of no class")
    except (KeyError, TypeError, ValueError) as error:
        raise ProjectError(f"{path} is damaged: {error}.", _DO) from error
    if sample.classes != tuple(project.classes.names):
        raise ProjectError(
            f"{path.name} was drawn with another class list.",
            "Delete it and draw the sample anew; no answer is lost.",
        )
    return sample
