"""The one place where an experiment's scans are simulated."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import DataError
from core.base.jobs import Job
from core.experiment.spec import Spec

_DONE = "calib.txt"


def scans_of(spec: Spec, root: Path, job: Job) -> None:
    """Simulate the spec's scans below `root`, where they are not there yet. The same seed gives the
    same bytes. Raises DataError where the sequences are not those of the spec."""
    assert spec.made is not None
    folders = [root / "sequences" / name for name in (*spec.train, *spec.validation)]
    if not all((folder / _DONE).exists() for folder in folders):
        from core.simulate.street import simulate  # loads open3d

        simulate(root, spec.made.scans, spec.made.seed, job)
    for folder in folders:
        if not folder.is_dir():
            raise DataError(
                f"The simulated scans have no sequence {folder.name}.",
                f"Let train and validation of {spec.name} name those below {root}/sequences.",
            )
