"""What is typed to start an experiment: what is wrong with it, or what it will do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from core.base.errors import ProjectError
from core.base.paths import home, typed_path
from core.base.words import DASH
from core.data.formats import format_named
from core.data.listing import sequences_of
from core.data.opening import open_dataset
from core.data.splits import expanded
from core.experiment.cell import finished
from core.experiment.folder import Experiment, opened, read_experiment, seeds_of
from core.experiment.names import ABOUT
from core.experiment.read_spec import read_spec
from core.experiment.sentences import over_looks
from core.experiment.spec import Spec
from core.experiment.statistics import level_at
from core.experiment.watch import holder_of
from gui.experiments.process import Order
from gui.start.recent import store

_KEY, _KEPT = "experiments", 12


@dataclass(frozen=True)
class Typed:
    """The fields, as they are."""

    what: str
    out: str
    root: str
    seeds: str
    workers: int
    protocol: str

    def order(self, made: bool) -> Order:
        """The run; `made`: its scans are simulated. Raises ProjectError for a folder of nobody."""
        root = None if made else typed_path(self.root).resolve()
        return Order(
            self.what, typed_path(self.out), root, self.seeds.strip(), self.workers, self.protocol
        )


@dataclass(frozen=True)
class Plan:
    """Attributes
    ----------
    spec : None where it cannot be read
    wrong : a sentence by field: "what", "out", "root", "seeds"
    words : what it will do
    goes_on : whether the folder holds it already
    order : the run, where its folder is known
    """

    spec: Spec | None
    wrong: dict[str, str] = field(default_factory=dict)
    words: str = ""
    goes_on: bool = False
    order: Order | None = None


def plan(typed: Typed) -> Plan:
    """Look at the fields; read beside the window, since a disk may be slow."""
    wrong: dict[str, str] = {}
    try:
        spec = read_spec(typed.what, typed.protocol)
    except ProjectError as error:
        return Plan(None, {"what": f"{error.what} {error.do}"})
    seeds: list[int] = []
    try:
        seeds = seeds_of(typed.seeds.strip())
    except ProjectError:
        wrong["seeds"] = f"{typed.seeds or 'Nothing'} names no seeds. Write 0-4, or 0,1,2."
    if not typed.out.strip():
        wrong["out"] = "No folder is named. Name one that is new, or that holds this experiment."
    if spec.made is None:
        why = _why_no_scans(spec, typed.root.strip())
        if why:
            wrong["root"] = why
    if wrong:
        return Plan(spec, wrong)
    try:
        order = typed.order(spec.made is not None)
        root = order.root or (order.out / "scans").resolve()
        there = (order.out / ABOUT).exists()
        looks = read_experiment(order.out).looks if there else ()
        found = opened(order.out, spec, typed.protocol, root, seeds)
    except (ProjectError, OSError, ValueError, RuntimeError) as error:  # links in a circle too
        said = f"{error.what} {error.do}" if isinstance(error, ProjectError) else f"{error}."
        return Plan(spec, {"out": said})
    holder = holder_of(order.out)
    if holder is not None:
        why = f"It is being run there by {holder.words}. Watch it, or name another folder."
        return Plan(spec, {"out": why}, goes_on=True, order=order)
    return Plan(spec, {}, _words(found, looks), there, order)


def _why_no_scans(spec: Spec, root: str) -> str:
    """Why the scans below a folder are not those the spec needs, "" where they are."""
    if not root:
        return f"It needs scans in the layout {spec.format}. Name the folder they lie in."
    try:
        folder = typed_path(root)
        there = sequences_of(format_named(spec.format), folder)
        train, _ = expanded(spec.format, folder, list(spec.train), there)
        validation, _ = expanded(spec.format, folder, list(spec.validation), there)
        open_dataset(spec.format, folder, train, validation)
    except ProjectError as error:
        return f"{error.what} {error.do}"
    except (OSError, ValueError, RuntimeError) as error:
        return f"{error}. Name the folder that the scans lie in."
    return ""


def _words(found: Experiment, before: tuple[tuple[int, ...], ...]) -> str:
    """`before`: the looks of the experiment that the folder holds, () for none."""
    spec = found.spec
    if spec.table:
        return "Units and ground truth alone: nothing is trained, it takes minutes."
    cells, arms = found.arms, len(spec.arms)
    each = f"{spec.rounds} round{'s' * (spec.rounds != 1)} of {spec.budget}"
    steps = f", {spec.steps:,} steps of training in each" if found.protocol == "equal" else ""
    words = (
        f"{arms} arms x {len(found.seeds)} seed{'s' * (len(found.seeds) != 1)} = {len(cells)} "
        f"cells; {each}{steps}."
    )
    if not before:
        return words
    done = sum(finished(found, cell) for cell in cells)
    looks = len(found.looks)
    added = (
        f" New seeds are look number {looks} at the results: the level becomes "
        f"{level_at(looks):.3g}, and {over_looks(looks)}."
        if looks > len(before)
        else ""
    )
    return f"{words} {done} cells are finished there: it goes on with the others.{added}"


def known() -> list[Path]:
    """Folders of experiments seen before that are still there, the last one first."""
    try:
        paths = [Path(str(name)) for name in json.loads(str(store().value(_KEY, "[]")))]
    except (TypeError, ValueError):  # of another version: begin anew
        return []
    return [path for path in paths if (path / ABOUT).exists()]


def remember(out: Path) -> None:
    """Put an experiment first in the list."""
    out = out.resolve()
    names = [str(path) for path in (out, *(one for one in known() if one != out))]
    store().setValue(_KEY, json.dumps(names[:_KEPT]))


def free_out(name: str) -> str:
    """A folder for an experiment that is not there yet."""
    first = home() / f"lidarloop-{Path(name).stem}"
    found, number = first, 2
    while found.exists() and not (found / ABOUT).exists():
        found = first.with_name(f"{first.name}-{number}")
        number += 1
    return str(found)


def state_words(counts: dict[str, int], of: int) -> str:
    """ "12 of 90 cells are finished, 1 runs, 2 failed"."""
    parts = [f"{counts['finished']:,} of {of:,} cells are finished" if of else DASH]
    if counts["running"]:
        parts.append(f"{counts['running']} run{'s' * (counts['running'] == 1)}")
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    return ", ".join(parts)
