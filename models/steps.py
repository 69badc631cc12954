"""The steps of a round that need a network: train, score, evaluate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.base.errors import ProjectError, SettingsError
from core.base.files import write_json
from core.base.jobs import Job
from core.prepare.scan import prepare_scan
from core.project.caches import prune
from core.project.project import Project
from core.project.pseudo import freeze
from core.quality.iou import confusion, iou, mean_iou
from core.quality.panoptic import Matches, as_things, matches, no_matches
from core.query.strategies import strategy_named
from core.rounds.figures import by_class, figures, folded
from core.rounds.predictions import prediction_file, read_prediction
from core.rounds.round import LOG, METRICS, TRAINING, Round
from core.rounds.scores import MORE, forget_scores, read_scores
from core.rounds.wrong import write_wrong, wrong_of
from models.again import look_again, seen_again
from models.score import Trained, join_scores, predict
from models.sparse import describe
from models.training.round import train_round
from models.training.train import STATE

# Where bands of distance from the sensor begin, metres.
RANGES_M = (0, 10, 20, 30, 50)


def backend() -> str:
    """The sparse convolution in use and the device, in words."""
    return describe()


def train(
    project: Project,
    job: Job,
    *,
    round: str | None = None,
    start: Path | None = None,
    gpus: int = 1,
    scored: bool = True,
) -> None:
    """Train a round, the newest by default, on all answers of its branch; then score and evaluate.

    Without `scored` no unit is scored and no training scan predicted: for a round after which
    nothing is asked that ranks by its network. It goes on from the checkpoint `start`, ours or a
    published one; by default its parent's. On `gpus` GPUs each takes `train.batch` scans a step.
    What an interrupted call has finished is kept. Raises ProjectError where there is nothing to
    train on, the round is trained, scored and evaluated already, or there are not as many GPUs.
    """
    there = torch.cuda.device_count()
    if gpus < 1 or gpus > max(1, there):
        raise ProjectError(
            f"Training on {gpus} GPUs was asked for; this machine has {there}.",
            "Name a smaller number with --gpus, or leave it out.",
        )
    found = project.round(round) if round else _tip(project)
    if found.done and not (scored and _lacks(project, found)):
        raise ProjectError(
            f"Round {found.id} is trained and scored.", "Ask the next query: `lidarloop query`."
        )
    if not found.checkpoint.exists():
        made = (found.folder / STATE, found.file(LOG), found.file(METRICS))
        if not found.scored and not any(path.exists() for path in made):
            found.file(TRAINING).unlink(missing_ok=True)  # nothing was learnt of it yet
        freeze(project, found)  # here: the processes only read the project
        if gpus > 1:
            from models.training.launch import launch

            launch(project, found, gpus, start, job)
        else:
            train_round(project, found, start, job)
    if scored:
        _score(project, found, job)
        forget_scores(project.given.folder)  # what was scored last counts
    _evaluate(project, found, job)


def score(
    project: Project,
    job: Job,
    *,
    round: str | None = None,
    workers: int = 1,
    cluster: str | None = None,
) -> None:
    """Score all units and predict all scans with a round's network, the newest trained one's by
    default. The next query ranks by the newest's, or by what another network said since.

    In this process, in `workers` processes, or on the dask cluster at the address `cluster`.
    """
    found = project.round(round) if round else _trained(project)
    if not found.checkpoint.exists():
        raise ProjectError(f"Round {found.id} is not trained yet.", "Train it: `lidarloop train`.")
    _score(project, found, job, workers=workers, cluster=cluster)
    if found.id == _trained(project).id:
        forget_scores(project.given.folder)  # what was scored last counts


def evaluate(project: Project, job: Job) -> dict[str, Any]:
    """Compare the newest trained round's predictions on the validation scans with their labels.

    Returns {"miou", "miou_classes", "all_classes", "official", "iou": {class: value or None},
    "confusion": rows true, columns predicted, "ranges": the same by distance, "scans"}; mIoU is the
    mean over the classes that occur in the truth, "miou_classes" of them, None where no validation
    scan has labels; "official" as core.rounds.figures says. Where instances are labelled here and
    the labels have some,
    "panoptic": {"pq", "sq", "rq", "classes": the same for each}.
    """
    return _evaluate(project, _trained(project), job)


def _tip(project: Project) -> Round:
    if project.tip is None:
        raise ProjectError("There is no round to train.", "Ask a query first: `lidarloop query`.")
    return project.tip


def _trained(project: Project) -> Round:
    for found in reversed(project.branch(project.tip)):
        if found.checkpoint.exists():
            return found
    raise ProjectError("No round is trained yet.", "Train one first: `lidarloop train`.")


def _checked(project: Project, found: Round) -> Trained:
    return Trained.check(found.checkpoint, project.classes, project.settings.train)


def _score(
    project: Project, found: Round, job: Job, *, workers: int = 1, cluster: str | None = None
) -> None:
    units = project.need_units()
    dataset, folder = project.dataset, project.predictions(found)
    trained = _checked(project, found)
    if trained.added:
        job.say(
            f"The network of {found.id} knows no {', no '.join(trained.added)}: added since, so "
            "not predicted until a round is trained with it."
        )
    predict(
        trained,
        dataset,
        (*dataset.train, *dataset.validation),
        units,
        project.units_folder,
        folder,
        job,
        workers=workers,
        cluster=cluster,
    )
    more = sorted(MORE.keys() & _ranked_by(project))
    if more:
        look_again(
            trained,
            more,
            project.settings.train,
            dataset,
            units,
            project.units_folder,
            folder,
            job,
            workers=workers,
            cluster=cluster,
        )
    join_scores(
        units,
        dataset,
        folder,
        found.folder,
        width=project.settings.train.width,
        classes=trained.classes,
        more=more,
        seen_again=lambda scan: seen_again(folder, scan, dataset, more, len(units.range_of(scan))),
    )
    prune(project, found, lambda other: _checked(project, other).source, job)


def _lacks(project: Project, found: Round) -> bool:
    """Whether the project's strategy ranks by a second look that a scored round has not."""
    scores = read_scores(found.folder, project.need_units())
    return scores is not None and not (_ranked_by(project) & MORE.keys()) <= set(scores)


def _ranked_by(project: Project) -> frozenset[str]:
    """Columns that the project's strategy ranks by; none of one that is not here any more."""
    name = project.settings.query.strategy
    try:
        return frozenset(getattr(strategy_named(name), "needs", ()))
    except SettingsError:  # of a package that is gone: said where it is asked by
        return frozenset()


def _evaluate(project: Project, found: Round, job: Job) -> dict[str, Any]:
    dataset, folder = project.dataset, project.predictions(found)
    scans = [scan for scan in dataset.validation if dataset.has_labels(scan)]
    count, now = len(project.classes), project.classes.now
    each = replace(project.classes, merges=())  # a merge may be undone: each class by itself
    by_range = np.zeros((len(RANGES_M), count, count), np.int64)
    wrong: dict[str, np.ndarray] = {}
    panoptic, with_things = no_matches(count), 0
    if scans:
        predict(
            _checked(project, found),
            dataset,
            scans,
            project.units,
            project.units_folder,
            folder,
            job,
            text="evaluate",
        )
    for scan in scans:
        truth = dataset.ground_truth(scan, each)
        assert truth is not None
        file = prediction_file(folder, scan, dataset)
        predicted = read_prediction(file, "classes", N=len(truth))["classes"]
        xyz = dataset.scan(scan).points[:, :3]
        band = np.searchsorted(RANGES_M, np.linalg.norm(xyz, axis=1), side="right") - 1
        own = [
            confusion(truth[band == place], predicted[band == place], count)
            for place in range(len(RANGES_M))
        ]
        by_range += own
        wrong[scan] = wrong_of(folded(np.sum(own, axis=0), now[:count]))
        instance = dataset.format.instances(dataset.root, scan)
        if project.settings.label.instances and instance is not None and instance.any():
            panoptic += _things(project, scan, now[truth], instance, now[predicted])
            with_things += 1
    bands = [folded(matrix, now[:count]) for matrix in by_range]
    matrix, merged = np.sum(bands, axis=0), bool(project.classes.merges)
    metrics = {
        **figures(matrix, project.classes.names, merged=merged),
        "iou": by_class(matrix, project.classes.names),
        "merged": merged,
        "confusion": by_range.sum(axis=0).tolist(),
        "ranges": [
            {"from_m": low, "points": int(m.sum()), "miou": mean_iou(iou(m), m.sum(axis=1) > 0)}
            for low, m in zip(RANGES_M, bands, strict=True)
        ],
        "scans": len(scans),
    }
    if with_things:
        metrics["panoptic"] = _qualities(project, panoptic)
    write_wrong(found, wrong, now[:count])
    write_json(found.file(METRICS), metrics)
    return found.metrics(project.classes) or {}


def _things(
    project: Project, scan: str, truth: np.ndarray, instance: np.ndarray, predicted: np.ndarray
) -> Matches:
    """Predicted things are the preparation's clusters, each parted by its predicted classes."""
    dataset = project.dataset
    units = prepare_scan(dataset.scan(scan).points, project.settings.prepare, dataset.rig)
    countable = project.classes.countable
    of_truth = np.where(np.isin(truth, list(countable)), instance, 0)
    of_predicted = as_things(predicted, units.unit, countable)
    return matches(truth, of_truth, predicted, of_predicted, len(project.classes))


def _qualities(project: Project, found: Matches) -> dict[str, Any]:
    """Means over the classes that occur, and per class."""
    named = {"pq": found.pq, "sq": found.sq, "rq": found.rq}
    return {
        **{key: mean_iou(values) for key, values in named.items()},
        "classes": {
            name: {
                key: None if np.isnan(values[place]) else float(values[place])
                for key, values in named.items()
            }
            for place, name in enumerate(project.classes.names)
        },
    }
