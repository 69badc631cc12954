"""What a record holds, so that whoever makes tables of it finds numbers that can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import fmean
from typing import Any

from core.base.typed import MOST, amount, listed, mapped, number, share, share_or_none, whole, words
from core.boxes.evaluation.reliability import TENTHS
from core.experiment.measures import BOXES, WORDS
from core.rounds.box_models import NORMAL

KEYS = ("loose", "strict", "bev_strict", "d_ece")  # of a detector
_ROUNDING = 1e-9
_IN_BANK = ("people", "pseudo", "false", "removed")


def check_record(found: Mapping[str, Any], task: str) -> None:
    """Raise ValueError where a record lacks a value, or has one that no round of points or boxes
    can come to."""
    with _complete():
        whole(found["round"], "round", 1)
        amount(found["wall_s"], "wall_s")
        for name, value in mapped(found["made_with"], "made_with").items():
            if not isinstance(value, str | bool | None):
                raise ValueError(f"made_with.{name} is no text")
        _counts(found["truth"], "truth")
        for look in listed(mapped(found["training"], "training")["looks"], "training.looks"):
            whole(mapped(look, "a look")["step"], "step of a look")
            share_or_none(look["miou"], "miou of a look")
        (_check_boxes if task == BOXES else _check_points)(found)


@contextmanager
def _complete() -> Iterator[None]:
    """Let a value that is missing be a ValueError, too."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error


def _check_points(found: Mapping[str, Any]) -> None:
    costs, training = mapped(found["costs"], "costs"), found["training"]
    for name in ("points", "scans"):
        whole(costs[name], f"costs.{name}")
    if costs["units"] is not None:  # full labels are no units, and nobody's seconds
        whole(costs["units"], "costs.units")
    if costs["seconds"] is not None:
        amount(costs["seconds"], "costs.seconds")
    for name in ("steps", "views", "voxels"):
        whole(training[name], f"training.{name}")
    _loss(training["loss"], "training.loss")
    figures, truth = mapped(found["figures"], "figures"), found["truth"]
    for name in ("miou_classes", "all_classes"):
        whole(figures[name], f"figures.{name}")
    if figures["official"] is not None:
        official = mapped(figures["official"], "figures.official")
        words(official["benchmark"], "figures.official.benchmark")
        share(official["miou"], "figures.official.miou")
    iou = mapped(figures["iou"], "figures.iou")
    if not _counts(costs["classes"], "costs.classes").keys() == truth.keys() == iou.keys():
        raise ValueError("its classes are not the same everywhere")
    for name, value in iou.items():
        (share if truth[name] else share_or_none)(value, f"figures.iou.{name}")
    known = [iou[name] for name in iou if truth[name]]
    if known:
        off = abs(share(figures["miou"], "figures.miou") - fmean(known)) > _ROUNDING
    else:
        off = figures["miou"] is not None
    if off:
        raise ValueError("figures.miou is not the mean of figures.iou over the classes in truth")


def _check_boxes(found: Mapping[str, Any]) -> None:
    costs, training = mapped(found["costs"], "costs"), found["training"]
    for name in ("boxes", "frames"):
        whole(costs[name], f"costs.{name}")
    amount(costs["seconds"], "costs.seconds")
    classes = _counts(costs["classes"], "costs.classes").keys()
    whole(training["frames"], "training.frames")
    models = mapped(mapped(found["figures"], "figures")["models"], "figures.models")
    if NORMAL not in models or models.keys() != WORDS.keys() & training.keys():
        raise ValueError("figures.models are not the detectors that were trained")
    for model, figures in models.items():
        trained = mapped(training[model], f"training.{model}")
        whole(trained["steps"], f"training.{model}.steps")
        _loss(trained["loss"], f"training.{model}.loss")
        check_detector(figures, f"figures.models.{model}.")
        objects = {name: one["objects"] for name, one in figures["classes"].items()}
        if _some(objects) != _some(found["truth"]) or not objects.keys() <= classes:
            raise ValueError(f"objects of figures.models.{model} are not those of truth")
    for bank in listed(found["bank"], "bank"):
        by_class = mapped(mapped(bank, "a bank")["classes"], "classes of a bank")
        if by_class.keys() != classes:
            raise ValueError("classes of a bank are not those of costs")
        for name, one in by_class.items():
            for part in _IN_BANK:
                whole(mapped(one, f"{name} of a bank")[part], f"{part} of a bank")


def check_detector(found: Mapping[str, Any], where: str = "") -> None:
    """Raise ValueError where figures of a detector (core.quality.box_metrics) are none that can be;
    `where` they stand, for the sentence."""
    with _complete():
        whole(mapped(found, where or "it")["frames"], f"{where}frames")
        for name, one in mapped(found["classes"], f"{where}classes").items():
            what = f"{where}classes.{name}"
            objects = whole(mapped(one, what)["objects"], f"{what}.objects")
            for key in KEYS:
                share_or_none(one[key], f"{what}.{key}")
                if one[key] is None and objects and key != "d_ece":
                    raise ValueError(f"{what}.{key} is missing")
            _check_bins(mapped(one["reliability"], f"{what}.reliability"), f"{what}.reliability")


def _check_bins(bins: Mapping[str, Any], what: str) -> None:
    """By tenths of the score: how many boxes; of some, their mean score and the right share."""
    boxes, *means = (listed(bins[key], f"{what}.{key}") for key in ("boxes", "score", "right"))
    for mean in means:
        if not len(mean) == len(boxes) == len(TENTHS) - 1:
            raise ValueError(f"{what} is not by tenths")
        for count, value in zip(boxes, mean, strict=True):
            if whole(count, f"{what}.boxes"):
                share(value, what)
            elif value is not None:
                raise ValueError(f"{what} is known of no box")


def _counts(value: Any, what: str) -> Mapping[str, int]:
    """Numbers by class."""
    for name, count in mapped(value, what).items():
        whole(count, f"{what}.{name}")
    return mapped(value, what)


def _some(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _loss(value: Any, what: str) -> None:
    """A finite number; None where no step had one."""
    if value is not None and not abs(number(value, what)) <= MOST:
        raise ValueError(f"{what} is no number")
