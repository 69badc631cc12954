"""The detector that goes on from the normal one with pseudo scenes (CPSP, docs/boxes.md)."""

from __future__ import annotations

from pathlib import Path

from core.base.jobs import Job
from core.boxes.labelled import LabelledFrames
from core.boxes.scene import Scenes
from core.boxes.ssal.cpsp import Cpsp
from core.project.box_training import BoxTraining
from core.project.cpsp import cpsp_of
from core.project.project import Project
from models.boxes.fit import Setup, fit, origin


def train_cpsp(
    project: Project,
    folder: Path,
    training: BoxTraining,
    labelled: LabelledFrames,
    scenes: Scenes,
    job: Job,
    *,
    setup: Setup,
    start: Path,
    out: Path,
    final: bool = False,
) -> Cpsp:
    """Train from the checkpoint `start` on labelled frames and pseudo scenes mixed, to `out`; the
    bank lies in `folder`. Returns the scenes, with the last bank.

    `final`: as the final model is trained. An interrupted training goes on with its bank, and
    begins anew where that is gone. Raises ProjectError where it is damaged.
    """
    steps = project.settings.detect.steps
    samples = cpsp_of(
        project,
        folder,
        training,
        labelled,
        scenes,
        job,
        steps=steps,
        seed=setup.seed,
        network=origin(setup, start),
        final=final,
    )
    if not samples.pool:
        job.say("No open frame is there to look at: pseudo scenes are of people's boxes alone.")
    fit(samples, steps, start, job, setup=setup, out=out)
    return samples
