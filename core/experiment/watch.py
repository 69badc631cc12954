"""Watching an experiment: what each cell is at, who runs it and how long it will take, from the
files alone; so it may run in any process, on any machine that sees the folder."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from core.base.errors import ProjectError
from core.base.files import read_json
from core.base.typed import whole
from core.experiment.box_cell import part_trained
from core.experiment.cell import computed, finished, recorded, taken_over
from core.experiment.folder import Cell, Experiment, read_experiment
from core.experiment.record import RECORD, read_record
from core.experiment.report import failures
from core.experiment.results import Curve, curves
from core.experiment.spec import FULL
from core.rounds.round import LOG, QUERY

FINISHED, RUNNING, FAILED, WAITING = "finished", "running", "failed", "waiting"
_HOLDER = re.compile(r"process (\d+) of (.+) on (.+)\)")
_EARLIER_S = 2.0  # a process is older than the file that names it, by clocks that differ so much


@dataclass(frozen=True)
class Holder:
    """Who writes in a folder. `here`: whether on this machine."""

    process: int
    words: str
    here: bool


def holder_of(folder: Path) -> Holder | None:
    """Who holds a folder for writing, None for nobody. What a killed process left counts for
    nothing where that can be known: on the same machine."""
    file = folder / ".lock.holder"
    try:
        words = file.read_text(encoding="utf-8").strip()
        written = file.stat().st_mtime
    except (OSError, UnicodeDecodeError):
        return None
    found = _HOLDER.search(words)
    if found is None:
        return None
    number, here = int(found[1]), found[3] == socket.gethostname()
    who = f"process {number} of {found[2]} on {found[3]}"
    if not here:
        return Holder(number, who, here)
    with suppress(psutil.Error):
        process = psutil.Process(number)
        if (
            process.status() != psutil.STATUS_ZOMBIE
            and process.create_time() <= written + _EARLIER_S
        ):
            return Holder(number, who, here)
    return None


@dataclass(frozen=True)
class CellState:
    """Attributes
    ----------
    cell, folder : which, and its project
    state : FINISHED, RUNNING, FAILED or WAITING
    rounds : folders of the rounds that were begun, in their order
    done, of : rounds recorded, of how many
    part : 0 to 1 of the round that is being trained
    why : of a failed one, a sentence
    """

    cell: Cell
    folder: Path
    state: str
    rounds: tuple[Path, ...]
    done: int
    of: int
    part: float
    why: str = ""


@dataclass(frozen=True)
class Seen:
    """An experiment at one moment. `runner`: who runs it, None for nobody; `seconds_left`: None
    where nothing is known yet."""

    experiment: Experiment
    cells: tuple[CellState, ...]
    runner: Holder | None
    seconds_left: float | None
    curves: tuple[Curve, ...]

    def count(self, state: str) -> int:
        return sum(cell.state == state for cell in self.shown)

    @property
    def shown(self) -> tuple[CellState, ...]:
        """Without the first rounds that arms share, unless one of these failed."""
        return tuple(
            one for one in self.cells if one.cell.arm.kind != "first" or one.state == FAILED
        )

    @property
    def by_arm(self) -> dict[str, list[Curve]]:
        found: dict[str, list[Curve]] = {arm.name: [] for arm in self.experiment.spec.arms}
        for curve in self.curves:
            found[curve.arm].append(curve)
        return found

    @property
    def share(self) -> float:
        """0 to 1 of all rounds that are done."""
        all_rounds = sum(one.of for one in self.cells)
        return sum(one.done + one.part for one in self.cells) / all_rounds if all_rounds else 0.0


class Watch:
    """Looks at a folder again and again; a record that was read is not read again, since none is
    ever changed."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._records: dict[tuple[Path, int], Mapping[str, Any]] = {}

    def look(self) -> Seen:
        """What it is at now. Raises ProjectError where the folder holds no experiment, or damaged
        files."""
        experiment = read_experiment(self.out)
        runner = holder_of(self.out)
        why = {} if experiment.spec.table else failures(experiment)
        cells = () if experiment.spec.table else experiment.cells
        states = tuple(_state(experiment, cell, why.get(cell.name, "")) for cell in cells)
        read = partial(self._record, experiment.spec.task)
        found = () if experiment.spec.table else tuple(curves(experiment, read))
        return Seen(experiment, states, runner, self._left(experiment, states), found)

    def _record(self, task: str, folder: Path) -> Mapping[str, Any]:
        try:
            key = (folder, (folder / RECORD).stat().st_mtime_ns)
        except OSError as error:  # the folder was taken away meanwhile
            raise ProjectError(
                f"{folder / RECORD} cannot be read: {error}.", "Look again."
            ) from error
        if key not in self._records:
            found = read_record(folder, task)
            if found is None:
                raise ProjectError(f"{folder / RECORD} is gone.", "Look again.")
            self._records[key] = found
        return self._records[key]

    def _left(self, experiment: Experiment, states: tuple[CellState, ...]) -> float | None:
        """Seconds until all is done, by the mean time of the rounds that are done."""
        took: dict[bool, list[float]] = {False: [], True: []}
        left = {False: 0.0, True: 0.0}
        for one in states:
            full = one.cell.arm.kind == FULL
            for folder in computed(experiment, one.cell):
                took[full].append(self._record(experiment.spec.task, folder)["wall_s"])
            done = max(one.done, taken_over(experiment, one.cell))
            left[full] += max(one.of - done - one.part, 0.0)
        seconds = 0.0
        for full, rounds in left.items():
            if not rounds:
                continue
            if took[full]:
                mean = sum(took[full]) / len(took[full])
            elif full and took[False]:
                mean = sum(took[False]) / len(took[False]) * _full_times(experiment)
            else:
                return None
            seconds += rounds * mean
        return seconds / max(sum(one.state == RUNNING for one in states), 1)


def _full_times(experiment: Experiment) -> float:
    """How many rounds' steps the reference on full labels takes."""
    from core.experiment.spec import FULL_TIMES

    return float(FULL_TIMES) if experiment.protocol == "equal" else 1.0


def _state(experiment: Experiment, cell: Cell, why: str) -> CellState:
    folder, inside = experiment.cell_folder(cell.name), experiment.rounds_folder(cell.name)
    rounds = tuple(sorted(path.parent for path in inside.glob(f"*-*/{QUERY}")))
    done, of = len(recorded(experiment, cell)), experiment.rounds(cell.arm)
    part = 0.0
    if finished(experiment, cell):
        state = FINISHED
    elif holder_of(folder) is not None:
        state = RUNNING
    else:
        state = FAILED if why else WAITING
    if done < of and len(rounds) > done:
        part = _part(experiment, cell, rounds[done])
    return CellState(cell, folder, state, rounds, done, of, part, why if state == FAILED else "")


def _part(experiment: Experiment, cell: Cell, folder: Path) -> float:
    """0 to 1 of a round's training that is done, by its log."""
    if experiment.spec.boxes:
        settings = experiment.settings(cell.arm)
        return part_trained(folder, settings.detect.steps, settings.ssal.cpsp)
    train = experiment.settings(cell.arm).train
    try:
        rows = read_json(folder / LOG, epochs=list[dict[str, Any]])["epochs"]
        done = whole(rows[-1].get("steps"), "steps") if rows and train.steps else len(rows)
    except (ProjectError, ValueError):  # none yet, or one that the run itself will complain of
        return 0.0
    return min(done / (train.steps or train.epochs), 1.0)
