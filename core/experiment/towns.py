"""The one place where an experiment's scans are simulated."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import DataError, SettingsError
from core.base.jobs import Job
from core.experiment.spec import Spec

# What is written last of a sequence, by layout.
_LAST = {"semantickitti": "sequences/{0}/calib.txt", "kitti-tracking": "{1}/oxts/{2}.txt"}


def scans_of(spec: Spec, root: Path, job: Job) -> None:
    """Simulate the spec's scans below `root`, where they are not there yet. The same seed gives the
    same bytes. Raises DataError where the sequences are not those of the spec."""
    made = spec.made
    assert made is not None
    if spec.format not in _LAST:
        raise SettingsError(
            f"The experiment {spec.name}: no town is made in the layout {spec.format}.",
            f"Layouts: {', '.join(_LAST)}.",
        )
    names = (*spec.train, *spec.validation)
    last = [_LAST[spec.format].format(n, *n.partition("/")[::2]) for n in names]
    if all((root / file).exists() for file in last):
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
        words = " and ".join(", ".join(side) for side in (written.train, written.validation))
        raise DataError(
            f"The town of {spec.name} has other sequences than train and validation name.",
            f"Let them name {words}.",
        )
