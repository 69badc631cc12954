"""The command line: one verb per step, the same steps as the window.

Exit code 0, or 2 with one sentence for a user's mistake. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core import steps
from core.base.errors import Cancelled, ProjectError, SettingsError
from core.base.jobs import Job, terminal_bar
from core.base.words import counted
from core.cli import boxes, classes, demo, experiment, gauge, poses, report, rounds, settings
from core.cli.arguments import parser
from core.cli.faces import Faces
from core.cli.measured import measured
from core.cli.new import new, warn_of_size
from core.cli.output import tell, to_terminal
from core.cli.preview import query
from core.cli.stopping import at_a_step
from core.cli.strategies import listing
from core.exchange.export import export
from core.exchange.layouts import OWN
from core.prepare.verdict import table as report_table
from core.project import status
from core.project.project import Project
from core.rounds import figures
from core.rounds.round import QUERY
from core.simulate.town import write_town

Verb = Callable[[argparse.Namespace, Faces], int]


def run(argv: Sequence[str], faces: Faces) -> int:
    """Run one verb; return the exit code."""
    with to_terminal() as outcome:
        outcome.code = _run(argv, faces)
    return outcome.code


def _run(argv: Sequence[str], faces: Faces) -> int:
    arguments = parser().parse_args(argv)
    try:
        return _VERBS[arguments.verb](arguments, faces)
    except ProjectError as error:
        print(f"lidarloop: {error.what} {error.do}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        print("lidarloop: stopped; everything finished so far is saved.", file=sys.stderr)
        return 130


def _opened(path: Path, *, read_only: bool = False) -> Project:
    """A project; what is odd in its file is told before anything is done with it."""
    project = Project(path, read_only=read_only)
    damage = project.answers.damage
    tell(project.notes if damage is None else (*project.notes, damage))
    return project


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
    scans, validation, out = arguments.scans, arguments.validation, arguments.out
    if out.is_dir() and any(out.iterdir()):
        raise SettingsError(
            f"{out} holds files already, and a town would be mixed with them.", "Name a new folder."
        )
    written = write_town(
        out,
        scans=scans,
        validation=max(3, scans // 4) if validation is None else validation,
        seed=arguments.seed,
        beams=arguments.beams,
        tail=arguments.tail,
        step_m=arguments.step,
        layout=arguments.layout,
        job=_job(),
    )
    print(f"for training {','.join(written.train)}; for validation {','.join(written.validation)}")
    return 0


def _gauge(arguments: argparse.Namespace, _: Faces) -> int:
    print(gauge.run(arguments.town, arguments.real, _job()))
    return 0


def _classes(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project, read_only=arguments.change in (None, "list")) as project:
        print(classes.run(project, arguments))
    return 0


def _settings(arguments: argparse.Namespace, _: Faces) -> int:
    reads = arguments.preset is None and not arguments.set
    with _opened(arguments.project, read_only=reads) as project:
        print(settings.run(project, arguments))
    return 0


def _prepare(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project) as project:
        steps.prepare(
            project,
            _job(),
            workers=arguments.workers,
            cluster=arguments.cluster,
            curvature=arguments.curvature,
        )
        tell(project.told)
        units = project.need_units()
        names = ", ".join(units.partition_names)
        print(f"{len(units):,} units in the partitions {names}; cuts {list(units.cuts)}")
        report = project.report()
        if report is not None:
            print(report_table(report, project.settings.prepare))
    return 0


def _poses(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project) as project:
        print(poses.run(project, _job()))
    return 0


def _query(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project, read_only=arguments.dry_run) as project:
        if arguments.task == "boxes":
            boxes.no_branch(arguments)
            print(boxes.query(project, arguments, _job()))
            return 0
        boxes.only_points(arguments)
        print(query(project, arguments, _job()))
    return 0


def _rounds(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project, read_only=not rounds.changes(arguments)) as project:
        print(rounds.run(project, arguments))
    return 0


def _strategies(_: argparse.Namespace, __: Faces) -> int:
    print(listing())
    return 0


def _experiment(arguments: argparse.Namespace, faces: Faces) -> int:
    return experiment.run(arguments, faces, _job())


def _annotate(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project) as project:
        if arguments.by_boxes:
            print(boxes.label_points(project, _job()))
            return 0
        if arguments.task == "boxes":
            print(boxes.annotate(project, arguments, _job()))
            return 0
        if arguments.decline is not None:
            raise SettingsError("--decline is of frames.", "Add --task boxes.")
        if arguments.oracle == "boxes":
            raise SettingsError("The oracle boxes draws boxes.", "Add --task boxes.")
        count = steps.annotate(project, _job(), oracle=arguments.oracle)
    print(f"{count:,} units answered")
    return 0


def _train(arguments: argparse.Namespace, faces: Faces) -> int:
    path, wanted = _of_round(arguments)
    with _opened(path) as project, at_a_step(_job()) as job:
        if arguments.task == "boxes":
            return boxes.train(project, arguments, faces.detector, job)
        warn_of_size(project)
        network = faces.network
        network.train(project, job, round=wanted, start=arguments.start, gpus=arguments.gpus)
        found = project.round(wanted) if wanted else project.tip
        _print_miou(found.metrics(project.classes) if found else None)
    return 0


def _of_round(arguments: argparse.Namespace) -> tuple[Path, str | None]:
    """A project's folder, and the id of the round where one is named instead. Raises
    SettingsError."""
    if (arguments.project is None) == (arguments.round is None):
        verb = arguments.verb.capitalize()
        raise SettingsError(
            f"{verb} needs a project or one round.", "Write PROJECT or --round DIR."
        )
    if arguments.round is None:
        return arguments.project, None
    folder = arguments.round.resolve()
    if not (folder / QUERY).is_file():
        raise SettingsError(
            f"{arguments.round} is no round: it holds no {QUERY}.",
            "Name a folder below the project's rounds/.",
        )
    return folder.parents[1], folder.name


def _score(arguments: argparse.Namespace, faces: Faces) -> int:
    path, wanted = _of_round(arguments)
    if wanted is not None and arguments.given is not None:
        raise SettingsError("Another network's scores are of no round.", "Leave out --round.")
    with _opened(path) as project:
        if arguments.task == "boxes":
            with at_a_step(_job()) as job:
                return boxes.score(project, arguments, faces.detector, job)
        if arguments.given is not None:
            from core.exchange.given import score_from

            matched = score_from(project, arguments.given, _job())
            for sentence in matched.told("probabilities", "scans"):
                print(sentence)
            return 0
        where = {"workers": arguments.workers, "cluster": arguments.cluster}
        faces.network.score(project, _job(), round=wanted, **where)
    return 0


def _evaluate(arguments: argparse.Namespace, faces: Faces) -> int:
    with _opened(arguments.project) as project:
        if arguments.task == "boxes":
            return boxes.evaluate(project, faces.detector, _job())
        metrics = faces.network.evaluate(project, _job())
    _print_miou(metrics)
    print("\n".join(measured(metrics)))
    return 0


def _print_miou(metrics: dict[str, Any] | None) -> None:
    print(f"mIoU {figures.words(metrics)}")


def _deliver(arguments: argparse.Namespace, faces: Faces) -> int:
    with _opened(arguments.project) as project, at_a_step(_job()) as job:
        print(faces.delivery.deliver_boxes(project, job))
    return 0


def _status(arguments: argparse.Namespace, faces: Faces) -> int:
    with Project(arguments.project, read_only=True) as project:
        if arguments.task == "boxes":
            return boxes.status(project, as_json=arguments.json)
        value = status.status(project, backend=faces.network.backend())
    print(json.dumps(value) if arguments.json else status.table(value))
    return 0


def _report(arguments: argparse.Namespace, _: Faces) -> int:
    return report.run(arguments, _opened(arguments.project, read_only=True), _job())


def _doctor(arguments: argparse.Namespace, faces: Faces) -> int:
    from core.cli import doctor
    from core.cli.finding import Finding
    from core.cli.mend import mend

    findings = list(doctor.machine())
    problem = faces.window.display_problem()
    findings.append(Finding("display and OpenGL", problem is None, problem or "usable"))
    findings.append(Finding("network backend", True, faces.network.backend()))
    if arguments.mend and arguments.project is not None:
        for sentence in mend(arguments.project):
            print(sentence)
    if arguments.project is not None:
        findings += doctor.integrity(arguments.project, _job())
    for finding in findings:
        print(finding)
    return 0 if all(finding.good is not False for finding in findings) else 2


def _merge(arguments: argparse.Namespace, _: Faces) -> int:
    from core.exchange.merge import merge
    from core.quality.disagreements import disagreements, reopen

    with _opened(arguments.project) as project:
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
    from core.exchange.import_labels import plan_import, take_over

    with _opened(arguments.project) as project:
        if arguments.task == "boxes":
            print(boxes.import_boxes(project, arguments, _job()))
            return 0
        plan = plan_import(project, arguments.root, _job(), ids=arguments.ids)
        for sentence in plan.sentences:
            print(sentence)
        count = take_over(project, plan, _job())
    print(f"labels of {count:,} scans taken over")
    return 0


def _quality(arguments: argparse.Namespace, _: Faces) -> int:
    from core.cli import quality

    with _opened(arguments.project, read_only=not quality.changes(arguments)) as project:
        print(quality.run(project, arguments, _job()))
    return 0


def _agreement(arguments: argparse.Namespace, _: Faces) -> int:
    from core.cli import agreement

    with _opened(arguments.project, read_only=True) as project:
        lines = boxes.agreement if arguments.task == "boxes" else agreement.lines
        print("\n".join(lines(project)))
    return 0


def _export(arguments: argparse.Namespace, _: Faces) -> int:
    with _opened(arguments.project, read_only=True) as project:
        if arguments.task == "boxes":
            count = boxes.export_boxes(project, arguments, _job())
        elif arguments.found or arguments.unconfirmed or arguments.kind:
            raise SettingsError(
                "--found, --unconfirmed and --to are of boxes.",
                "Add --task boxes, or leave them out.",
            )
        else:
            count = export(
                project,
                arguments.out,
                _job(),
                what=arguments.what or "labels",
                layout=arguments.layout or OWN,
                force=arguments.force,
            )
    print(f"{counted(count, 'file')} in {arguments.out}")
    return 0


_VERBS: dict[str, Verb] = {
    "": _start,
    "open": _open,
    "demo": _demo,
    "pictures": _pictures,
    "simulate": _simulate,
    "gauge": _gauge,
    "new": lambda arguments, _: new(arguments),
    "classes": _classes,
    "settings": _settings,
    "prepare": _prepare,
    "poses": _poses,
    "query": _query,
    "rounds": _rounds,
    "strategies": _strategies,
    "experiment": _experiment,
    "annotate": _annotate,
    "train": _train,
    "score": _score,
    "evaluate": _evaluate,
    "deliver": _deliver,
    "status": _status,
    "report": _report,
    "doctor": _doctor,
    "merge": _merge,
    "import": _import,
    "quality": _quality,
    "agreement": _agreement,
    "export": _export,
}
