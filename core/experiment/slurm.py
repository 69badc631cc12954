"""A script that hands an experiment's cells to Slurm: an array for the first rounds, one for those
that go on from them, one for the rest, then the report. A table without training has no cells: its
report follows the preparation."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from core.experiment.folder import STAGES, Experiment, stage
from core.experiment.names import RESUME


def script(experiment: Experiment) -> str:
    """A shell script for a machine that can call sbatch, of an experiment whose folder is written:
    its jobs take spec, data and seeds from there."""
    cells = () if experiment.spec.table else experiment.cells
    what = f"{len(cells)} cells" if cells else "nothing is trained"
    program = shlex.join([sys.executable, str(Path(sys.argv[0]).resolve())])
    out = shlex.quote(str(experiment.out.resolve()))
    run = f"{program} experiment {RESUME} {out}"
    logs = shlex.quote(str(experiment.out.resolve() / "slurm"))
    report = f"{program} experiment report {out}"

    def job(name: str, after: str, array: str, command: str) -> list[str]:
        options = ["sbatch --parsable", f"--job-name=lidarloop-{name}", '"${OPTIONS[@]}"']
        options += [f"--output={logs}/{name}-%A_%a.txt", *filter(None, [after, array])]
        return [f"{name}=$({' '.join(options)} --wrap {shlex.quote(command)})"]

    one = f'{run} --only "$SLURM_ARRAY_TASK_ID"'
    lines = [
        "#!/bin/bash",
        f"# {experiment.spec.title}: {what}. Run it where sbatch is: bash THIS_FILE",
        "# What was stopped goes on where it was: submit the script again.",
        "set -euo pipefail",
        "OPTIONS=(--ntasks=1 --cpus-per-task=2 --mem=16G --time=24:00:00)  # and --gres=gpu:1",
        f"mkdir -p {logs}",
        *job("prepare", "", "", f"{run} --only prepare"),
    ]
    names, after = ["prepare"], "--dependency=afterok:$prepare"  # without its units nothing is told
    for name, turn in zip(("first", "second", "cells"), STAGES, strict=True):
        places = [place for place, cell in enumerate(cells) if stage(cell) == turn]
        if places:  # neighbours: cells come in the order of their stages
            lines += job(name, after, f"--array={places[0]}-{places[-1]}", one)
            names, after = [*names, name], f"--dependency=afterany:${name}"
    lines += job("report", after, "", report)
    told = ", ".join(f"${name}" for name in (*names, "report"))
    return "\n".join([*lines, f'echo "submitted: {told}"']) + "\n"
