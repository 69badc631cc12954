"""A script that hands an experiment's cells to Slurm: one array for the first rounds, one for the
rest, then the report."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

from core.experiment.folder import Experiment


def script(experiment: Experiment, words: Sequence[str]) -> str:
    """A shell script for a machine that can call sbatch. `words`: the arguments of `lidarloop`
    that name the experiment, its folder, data, seeds and protocol."""
    cells = experiment.cells
    firsts = sum(cell.arm.kind == "first" for cell in cells)
    program = f"{shlex.quote(sys.executable)} {shlex.quote(sys.argv[0])}"
    run = " ".join([program, *(shlex.quote(word) for word in words)])
    logs = shlex.quote(str(experiment.out / "slurm"))
    report = f"{program} experiment report {shlex.quote(str(experiment.out))}"

    def job(name: str, after: str, array: str, command: str) -> list[str]:
        options = ["sbatch --parsable", f"--job-name=lidarloop-{name}", '"${OPTIONS[@]}"']
        options += [f"--output={logs}/{name}-%A_%a.txt", *filter(None, [after, array])]
        return [f"{name}=$({' '.join(options)} --wrap {shlex.quote(command)})"]

    one = f'{run} --only "$SLURM_ARRAY_TASK_ID"'
    lines = [
        "#!/bin/bash",
        f"# {experiment.spec.title}: {len(cells)} cells. Run it where sbatch is: bash THIS_FILE",
        "# A cell that was stopped goes on where it was: submit the script again.",
        "set -euo pipefail",
        "OPTIONS=(--ntasks=1 --cpus-per-task=2 --mem=16G --time=24:00:00)  # and --gres=gpu:1",
        f"mkdir -p {logs}",
        *job("prepare", "", "", f"{run} --only prepare"),
        *job("first", "--dependency=afterok:$prepare", f"--array=0-{firsts - 1}", one),
        *job("cells", "--dependency=afterany:$first", f"--array={firsts}-{len(cells) - 1}", one),
        *job("report", "--dependency=afterany:$cells", "", report),
        'echo "submitted: $prepare, $first, $cells, $report"',
    ]
    if not firsts:
        lines = [
            line.replace("$first", "$prepare") for line in lines if not line.startswith("first=")
        ]
    return "\n".join(lines) + "\n"
