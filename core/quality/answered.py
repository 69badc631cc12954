"""What was answered to a sample, and what it comes to.

Answers are blind entries of the journal: they change no label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.answers.effort import Effort
from core.answers.entry import Head, ScanRef
from core.base.errors import DataError, ProjectError
from core.base.jobs import Job
from core.data.classes import IGNORED
from core.data.items import point_of, scan_of
from core.project.project import Project
from core.quality.estimated import Estimated, estimated, more_answers
from core.quality.sample import Sample


@dataclass(frozen=True)
class Quality:
    """Attributes
    ----------
    sample : that was drawn
    waiting : items without an answer, in the order of asking
    counted : answers of whole batches, from which the figures are; unsure : of them cannot tell
    figures : what they come to
    more : answers that would halve the interval of the accuracy, None where nothing is known
    """

    sample: Sample
    waiting: tuple[str, ...]
    counted: int
    unsure: int
    figures: Estimated
    more: int | None


def quality(project: Project, sample: Sample) -> Quality:
    """What the answers to a sample come to, of whole batches: within one, answers come scan by scan
    and are no chance sample yet."""
    heads = answers_to(project, sample)
    open_ = [item for item in sample.items if item not in heads]
    first_open = min((int(sample.batch[p]) for p, i in enumerate(sample.items) if i not in heads),
                     default=int(sample.batch.max(initial=0)) + 1)  # fmt: skip
    places = np.flatnonzero(sample.batch < first_open)
    said = np.array([_said(heads[sample.items[place]]) for place in places], np.int64)
    classes = len(sample.classes)
    told = (said < classes) | (said == IGNORED)
    truth = np.minimum(said, classes)[told]
    args = (sample.sizes, sample.claimed, sample.stratum[places][told], truth, classes)
    return Quality(
        sample,
        tuple(open_),
        len(places),
        int(np.count_nonzero(~told)),
        estimated(*args),
        more_answers(*args),
    )


def answers_to(project: Project, sample: Sample) -> Mapping[str, Head]:
    """Item -> its newest blind answer that was not taken back."""
    wanted = set(sample.items)
    return {h.unit: h for h in project.answers.fold.compared() if h.unit in wanted}


def _said(head: Head) -> int:
    """The class or code of a point's answer."""
    return head.main_class()


def answer_by_truth(project: Project, sample: Sample, job: Job) -> int:
    """Answer what waits from ground truth, blind as a person would; return how many. Raises
    ProjectError outside research projects."""
    project.need_writable()
    if not project.research:
        raise ProjectError(
            "This project is for people: only research projects answer from ground truth.",
            "Answer the sample in the window.",
        )
    waiting = quality(project, sample).waiting
    effort = Effort(tool="oracle per-point")
    by_scan: dict[str, list[str]] = {}
    for item in waiting:
        by_scan.setdefault(scan_of(item), []).append(item)
    for done, (scan, items) in enumerate(by_scan.items()):
        job.progress(done, len(by_scan), "answer")
        truth = project.dataset.ground_truth(scan, project.classes)
        if truth is None:
            raise DataError(
                f"Scan {scan} has no labels to answer from.",
                "Bring its label file, or answer these points by hand.",
            )
        ref = ScanRef(scan, len(truth), project.scan_hash(scan))
        for item in items:
            row = np.array([point_of(item)], np.int64)
            project.answers.answer(
                ref, row, truth[row], round="", unit=item, effort=effort, blind=True
            )
    return len(waiting)
