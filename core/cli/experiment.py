"""The verb `experiment`: run one, go on with it, hand it to Slurm, or draw its report again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import SettingsError
from core.base.jobs import Job
from core.experiment.names import PROTOCOLS, RESUME, names

if TYPE_CHECKING:
    from core.cli.faces import Faces
    from core.experiment.folder import Experiment
    from core.experiment.learning import Learning

REPORT = "report"
_SEEDS = "0-4"
_MOST_DIGITS = 9  # of a cell's number


def add_arguments(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "name",
        metavar="NAME",
        help=f"{', '.join(names())}, a .toml file, `{RESUME}` for that of OUT, or `{REPORT}`",
    )
    made.add_argument("out", type=Path, metavar="OUT", help="its folder; a run goes on there")
    made.add_argument(
        "--root", type=Path, metavar="DATA", help="the scans' folder; not for simulated ones"
    )
    made.add_argument("--seeds", metavar="S", help=f"such as 0,3,5; default: {_SEEDS}")
    made.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        help="equal steps for all (the default), or the paper's epochs",
    )
    where = made.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, metavar="N", help="processes; default: 1")
    where.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a dask scheduler")
    where.add_argument(
        "--print-jobs", action="store_true", help="print a script that hands the cells to Slurm"
    )
    where.add_argument("--only", metavar="CELL", help="one cell by its number, or `prepare`")
    made.add_argument(
        "--attached", action="store_true", help="end when standard input ends, as the window asks"
    )


def run(arguments: argparse.Namespace, faces: Faces, job: Job) -> int:
    """Do what was asked for; 2 where a cell failed."""
    from core.experiment.attached import follow
    from core.experiment.folder import begun, opened, read_experiment, seeds_of
    from core.experiment.read_spec import read_spec
    from core.experiment.report import line_of, write_report
    from core.experiment.run import alone, run_cells, set_up
    from core.experiment.slurm import script
    from core.experiment.unscored import write_table

    out: Path = arguments.out
    if arguments.name in (RESUME, REPORT):
        _taken_from_folder(arguments)
    if arguments.attached:
        follow(sys.stdin.fileno())
    if arguments.name == REPORT:
        found = read_experiment(out)
        return _told(found, write_table(found, job) if found.spec.table else write_report(found))
    if arguments.workers < 1:
        raise SettingsError(f"--workers is {arguments.workers}.", "Name 1 or more.")
    if arguments.name == RESUME:
        held = read_experiment(out)
        spec, protocol, root, seeds = held.spec, held.protocol, held.root, list(held.seeds)
    else:
        protocol = arguments.protocol or PROTOCOLS[0]
        spec = read_spec(arguments.name, protocol)
        if arguments.root is None and spec.made is None:
            raise SettingsError(
                f"The experiment {spec.name} needs scans.", "Name them with --root."
            )
        root = (arguments.root or out / "scans").resolve()
        seeds = seeds_of(arguments.seeds or _SEEDS)
    only = _cell_asked(arguments.only)
    if only is not None and only >= 0:
        found = begun(out, spec, protocol, root)
        if found.spec.table:
            raise SettingsError(
                f"{found.spec.name} trains nothing: it has no cell {only}.",
                f"Draw its table: `lidarloop experiment {REPORT} {out}`.",
            )
        if only >= len(found.cells):
            raise SettingsError(
                f"There is no cell {only}.", f"{out} has cells 0 to {len(found.cells) - 1}."
            )
        learning = _learning(faces, found.spec.boxes)
        return _failed(run_cells(found, [found.cells[only]], learning, job))
    with alone(out):
        found = opened(out, spec, protocol, root, seeds)
        if arguments.print_jobs:
            found.write()
            print(script(found), end="")
            return 0
        set_up(found, job, workers=arguments.workers, cluster=arguments.cluster)
        if only is not None:
            return 0
        if spec.table:
            return _told(found, write_table(found, job))
        failed = run_cells(
            found,
            found.cells,
            _learning(faces, spec.boxes),
            job,
            workers=arguments.workers,
            cluster=arguments.cluster,
        )
        print(line_of(found))
        code = _failed(failed)
        return _told(found, write_report(found)) or code


def _learning(faces: Faces, boxes: bool) -> Learning:
    from core.experiment.learning import Learning

    if boxes:
        detector = faces.detector
        deliver = faces.delivery.deliver_boxes
        return Learning(detector.train_boxes, detector.evaluate_boxes, detector.backend, deliver)
    network = faces.network
    return Learning(network.train, network.evaluate, network.backend)


def _cell_asked(text: str | None) -> int | None:
    """A cell's number, -1 for `prepare`, None where all are to be run."""
    if text is None or text == "prepare":
        return None if text is None else -1
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise SettingsError(f"--only is {text}.", "Name a cell by its number, or prepare.")
    return int(text)


def _taken_from_folder(arguments: argparse.Namespace) -> None:
    """Refuse what a folder's own experiment would not follow."""
    for option in ("root", "seeds", "protocol"):
        if getattr(arguments, option) is not None:
            raise SettingsError(
                f"`experiment {arguments.name}` takes --{option} from what {arguments.out} holds.",
                "Leave it out, or name the experiment: that adds seeds.",
            )


def _failed(failed: dict[str, str]) -> int:
    for name, why in failed.items():
        print(f"lidarloop: cell {name} failed: {why}", file=sys.stderr)
    return 2 if failed else 0


def _told(experiment: Experiment, page: Path) -> int:
    print(page)
    return 0
