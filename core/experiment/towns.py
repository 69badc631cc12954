"""The one place where an experiment's scans are simulated."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import DataError
from core.base.jobs import Job
from core.experiment.spec import Spec

_DONE = "calib.txt"  # what is written last of a sequence


def scans_of(spec: Spec, root: Path, job: Job) -> None:
    """Simulate the spec's scans below `root`, where they are not there yet. The same seed gives the
    same bytes. Raises DataError where the sequences are not those of the spec."""
    made = spec.made
    assert made is not None
    folders = [root / "sequences" / name for name in (*spec.train, *spec.validation)]
    if all((folder / _DONE).exists() for folder in folders):
        return
    from core.simulate.town import write_town  # loads open3d

    written = write_town(
        root,
        scans=made.scans,
        validation=made.validation,
        seed=made.seed,
        tail=made.tail,
        step_m=made.step_m,
        layout=spec.format,
        job=job,
    )
    if (written.train, written.validation) != (spec.train, spec.validation):
        names = " and ".join(", ".join(side) for side in (written.train, written.validation))
        raise DataError(
            f"The town of {spec.name} has other sequences than train and validation name.",
            f"Let them name {names}.",
        )
