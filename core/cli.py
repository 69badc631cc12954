"""The command line: one verb per step, the same steps as the window.

Exit code 0, or 2 with one sentence for a user's mistake. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from core import demo, status, steps
from core.errors import Cancelled, ProjectError, SettingsError
from core.export import WHAT, export
from core.jobs import Job, terminal_bar
from core.project import Project
from core.rounds import QUERY
from core.settings import PRESETS


class Network(Protocol):
    """What models.steps offers the command line."""

    def train(
        self,
        project: Project,
        job: Job,
        *,
        round: str | None = None,
        start: Path | None = None,
        gpus: int = 1,
    ) -> None: ...
    def score(
        self, project: Project, job: Job, *, workers: int = 1, cluster: str | None = None
    ) -> None: ...
    def evaluate(self, project: Project, job: Job) -> dict[str, Any]: ...
    def backend(self) -> str: ...


class Window(Protocol):
    """What gui.app offers the command line."""

    def run(self, project: Path | None) -> int: ...
    def pictures(self, project: Path, out: Path) -> list[Path]: ...
    def display_problem(self) -> str | None: ...


class Faces(Protocol):
    """The parts that core must not import; main.py hands them in, loaded when first used."""

    @property
    def network(self) -> Network: ...
    @property
    def window(self) -> Window: ...


Verb = Callable[[argparse.Namespace, Faces], int]


def run(argv: Sequence[str], faces: Faces) -> int:
    """Run one verb; return the exit code."""
    arguments = _parser().parse_args(argv)
    verb: Verb = arguments.verb
    try:
        return verb(arguments, faces)
    except ProjectError as error:
        print(f"lidarloop: {error.what} {error.do}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        print("lidarloop: stopped; everything finished so far is saved.", file=sys.stderr)
        return 130


def _job() -> Job:
    return Job(terminal_bar())


def _start(_: argparse.Namespace, faces: Faces) -> int:
    return faces.window.run(None)


def _open(arguments: argparse.Namespace, faces: Faces) -> int:
    return faces.window.run(arguments.project)


def _demo(arguments: argparse.Namespace, faces: Faces) -> int:
    return demo.run(arguments.folder, faces, _job())


def _pictures(arguments: argparse.Namespace, faces: Faces) -> int:
    for picture in faces.window.pictures(arguments.project, arguments.out):
        print(picture)
    return 0


def _simulate(arguments: argparse.Namespace, _: Faces) -> int:
    from core.simulate.street import simulate

    simulate(arguments.out, arguments.scans, arguments.seed, _job())
    return 0


def _new(arguments: argparse.Namespace, _: Faces) -> int:
    overrides = {}
    for pair in arguments.set:
        key, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"--set {pair} has no value.", "Write --set KEY=VALUE.")
        overrides[key.strip()] = value.strip()
    with Project.create(
        arguments.project,
        format=arguments.format,
        root=arguments.root,
        train=_names(arguments.train),
        validation=_names(arguments.val),
        preset=arguments.preset or ("nuscenes" if arguments.format == "nuscenes" else "paper"),
        seed=arguments.seed,
        research=arguments.research,
        overrides=overrides,
        classes=arguments.classes,
    ) as project:
        train, validation = len(project.dataset.train), len(project.dataset.validation)
    print(f"{arguments.project}: {train:,} training scans, {validation:,} validation scans")
    return 0


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _prepare(arguments: argparse.Namespace, _: Faces) -> int:
    with Project(arguments.project) as project:
        steps.prepare(project, _job(), workers=arguments.workers, cluster=arguments.cluster)
        units = project.need_units()
        names = ", ".join(units.partition_names)
        print(f"{len(units):,} units in the partitions {names}; cuts {list(units.cuts)}")
    return 0


def _query(arguments: argparse.Namespace, _: Faces) -> int:
    with Project(arguments.project) as project:
        found = steps.ask(
            project,
            _job(),
            strategy=arguments.strategy,
            percent=arguments.points,
            units=arguments.units,
            minutes=arguments.minutes,
        )
        query = found.query
        print(f"{found.id}: {len(query.items):,} units, {int(query.points.sum()):,} points")
    return 0


def _annotate(arguments: argparse.Namespace, _: Faces) -> int:
    with Project(arguments.project) as project:
        count = steps.annotate(project, _job(), oracle=arguments.oracle)
    print(f"{count:,} units answered")
    return 0


def _train(arguments: argparse.Namespace, faces: Faces) -> int:
    if (arguments.project is None) == (arguments.round is None):
        raise SettingsError("Train needs a project or one round.", "Write PROJECT or --round DIR.")
    path, wanted = arguments.project, None
    if arguments.round is not None:
        folder = arguments.round.resolve()
        if not (folder / QUERY).is_file():
            raise SettingsError(
                f"{arguments.round} is no round: it holds no {QUERY}.",
                "Name a folder below the project's rounds/.",
            )
        path, wanted = folder.parents[1], folder.name
    with Project(path) as project:
        network = faces.network
        network.train(project, _job(), round=wanted, start=arguments.start, gpus=arguments.gpus)
        found = project.round(wanted) if wanted else project.tip
        _print_miou(found.metrics() if found else None)
    return 0


def _score(arguments: argparse.Namespace, faces: Faces) -> int:
    with Project(arguments.project) as project:
        faces.network.score(project, _job(), workers=arguments.workers, cluster=arguments.cluster)
    return 0


def _evaluate(arguments: argparse.Namespace, faces: Faces) -> int:
    with Project(arguments.project) as project:
        metrics = faces.network.evaluate(project, _job())
    _print_miou(metrics)
    for name, iou in metrics["iou"].items():
        print(f"  {name:<20} {status.DASH if iou is None else f'{iou:.1%}'}")
    for band in metrics["ranges"]:
        miou = status.DASH if band["miou"] is None else f"{band['miou']:.1%}"
        name = f"from {band['from_m']} m"
        print(f"  {name:<20} {miou} of {band['points']:,} points")
    return 0


def _print_miou(metrics: dict[str, Any] | None) -> None:
    miou = metrics.get("miou") if metrics else None
    print(f"mIoU {status.DASH if miou is None else f'{miou:.1%}'}")


def _status(arguments: argparse.Namespace, faces: Faces) -> int:
    with Project(arguments.project, read_only=True) as project:
        value = status.status(project, backend=faces.network.backend())
    print(json.dumps(value) if arguments.json else status.table(value))
    return 0


def _doctor(arguments: argparse.Namespace, faces: Faces) -> int:
    from core import doctor

    findings = list(doctor.machine())
    problem = faces.window.display_problem()
    findings.append(doctor.Finding("display and OpenGL", problem is None, problem or "usable"))
    findings.append(doctor.Finding("network backend", True, faces.network.backend()))
    if arguments.project is not None:
        findings += doctor.integrity(arguments.project, _job())
    for finding in findings:
        print(finding)
    return 0 if all(finding.good is not False for finding in findings) else 2


def _merge(arguments: argparse.Namespace, _: Faces) -> int:
    from core.merge import disagreements, merge, reopen

    with Project(arguments.project) as project:
        for sentence in merge(project, arguments.others):
            print(sentence)
        found = disagreements(project)
        print(f"{len(found):,} units that annotators see differently")
        for one in found:
            said = (f"{who}: {project.classes.title(c)}" for who, c in sorted(one.classes.items()))
            print(f"  {one.unit}  {', '.join(said)}")
        if arguments.reopen:
            print(f"{reopen(project):,} of them are back in the queue")
    return 0


def _import(arguments: argparse.Namespace, _: Faces) -> int:
    from core.imports import import_labels

    with Project(arguments.project) as project:
        count = import_labels(project, arguments.root, _job())
    print(f"labels of {count:,} scans taken over")
    return 0


def _agreement(arguments: argparse.Namespace, _: Faces) -> int:
    from core.agreement import agreements

    with Project(arguments.project, read_only=True) as project:
        found = agreements(project)
        if not found:
            print("Nothing was answered twice yet.")
        for (second, first), one in sorted(found.items()):
            who = f"{second} again" if first == second else f"{second} on {first}"
            parts = (("same points", one.same), ("kappa", one.kappa), ("mIoU", one.miou))
            values = ", ".join(f"{n} {status.DASH if v is None else f'{v:.3f}'}" for n, v in parts)
            print(f"{who}: {one.units:,} units, {values}")
            for name, value in zip(project.classes.names, one.iou, strict=True):
                if value == value:  # a class that occurs
                    print(f"  {name:<20} {value:.1%}")
    return 0


def _export(arguments: argparse.Namespace, _: Faces) -> int:
    with Project(arguments.project, read_only=True) as project:
        count = export(project, arguments.out, _job(), what=arguments.what)
    print(f"{count:,} files in {arguments.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lidarloop",
        description="Label LiDAR scans by answering only about the few percent that matter. "
        "Without a verb the window opens.",
    )
    parser.set_defaults(verb=_start)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")

    def add(name: str, verb: Verb, help: str, example: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=help,
            description=f"{help[0].upper()}{help[1:]}.",
            epilog=f"example: {example}",
        )
        made.set_defaults(verb=verb)
        return made

    def on_project(name: str, verb: Verb, help: str, example: str) -> argparse.ArgumentParser:
        made = add(name, verb, help, f"lidarloop {example}")
        made.add_argument("project", type=Path, metavar="PROJECT", help="the project's folder")
        return made

    on_project("open", _open, "open the window on a project", "open street")
    made = add("demo", _demo, "make simulated scans and a project, and open it", "lidarloop demo")
    made.add_argument("folder", type=Path, nargs="?", default=Path("demo"), metavar="DIR")
    made = on_project("pictures", _pictures, "save pictures of the window", "pictures street out")
    made.add_argument("out", type=Path, metavar="OUT")
    made = add(
        "simulate",
        _simulate,
        "make labelled scans of a simulated street in SemanticKITTI layout",
        "lidarloop simulate town --scans 20 --seed 1",
    )
    made.add_argument("out", type=Path, metavar="OUT")
    made.add_argument("--scans", type=int, required=True, metavar="N", help="training scans")
    made.add_argument("--seed", type=int, required=True, metavar="S")
    made = on_project(
        "new",
        _new,
        "make a project from a folder of scans",
        "new street --format semantickitti --root dataset --train 00,01 --val 08",
    )
    made.add_argument("--format", required=True, help="semantickitti, nuscenes or folder")
    made.add_argument("--root", type=Path, required=True, metavar="DIR", help="the scans' folder")
    made.add_argument(
        "--train", required=True, metavar="NAMES", help="sequences, or SEQUENCE:FIRST-LAST"
    )
    made.add_argument("--val", default="", metavar="NAMES", help="sequences to evaluate on")
    made.add_argument("--preset", choices=PRESETS)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument(
        "--research", action="store_true", help="allow answers from ground truth, and show it"
    )
    made.add_argument("--classes", metavar="FILE", help="class list; default: the format's own")
    made.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting"
    )
    made = on_project("prepare", _prepare, "split the scans in units", "prepare street")
    where = made.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="processes; default: all cores")
    where.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a dask scheduler")
    made = on_project("query", _query, "choose what to ask next", "query street --points 1%%")
    made.add_argument("--strategy", help="basal, size, random or an installed one")
    budget = made.add_mutually_exclusive_group()
    budget.add_argument("--points", metavar="P%", help="share of all training points")
    budget.add_argument("--units", type=int, metavar="U")
    budget.add_argument("--minutes", type=float, metavar="M")
    made = on_project(
        "annotate",
        _annotate,
        "answer the open query from ground truth (research projects only)",
        "annotate street --oracle per-point",
    )
    made.add_argument("--oracle", choices=steps.ORACLES, required=True)
    made = add(
        "train", _train, "train on all answers, then score and evaluate", "lidarloop train street"
    )
    made.add_argument("project", type=Path, nargs="?", metavar="PROJECT")
    made.add_argument("--round", type=Path, metavar="DIR", help="a round's folder")
    made.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="weights to go on from: a checkpoint of ours, spvnas, ReDAL or LiDAL",
    )
    made.add_argument(
        "--gpus", type=int, default=1, metavar="N", help="GPUs; each takes train.batch scans a step"
    )
    made = on_project(
        "score", _score, "rank what the trained network does not know", "score street"
    )
    where = made.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, metavar="N", help="processes; default: 1")
    where.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a dask scheduler")
    on_project("evaluate", _evaluate, "measure mIoU on the validation scans", "evaluate street")
    made = on_project("status", _status, "show units, rounds and what was spent", "status street")
    made.add_argument("--json", action="store_true", help="one JSON object")
    made = add("doctor", _doctor, "check this machine and a project", "lidarloop doctor street")
    made.add_argument("project", type=Path, nargs="?", metavar="PROJECT")
    made = on_project(
        "merge", _merge, "bring other annotators' journals in", "merge street street-of-ann"
    )
    made.add_argument("others", type=Path, nargs="+", metavar="OTHER", help="their projects")
    made.add_argument("--reopen", action="store_true", help="ask again where annotators disagree")
    made = on_project(
        "import", _import, "take over existing labels, to repair them", "import street dataset"
    )
    made.add_argument("root", type=Path, metavar="DIR", help="root of a dataset with label files")
    on_project("agreement", _agreement, "compare blind answers with the first", "agreement street")
    made = on_project(
        "export", _export, "write labels in the dataset's layout", "export street out"
    )
    made.add_argument("out", type=Path, metavar="OUT")
    made.add_argument("--what", choices=WHAT, default="labels")
    return parser
