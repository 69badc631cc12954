"""The words of the command line: every verb with its options and an example."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.base.meanings import MEANINGS
from core.base.settings import PRESETS
from core.boxes.formats import KINDS
from core.cli import boxes, classes, experiment, quality, rounds, settings
from core.data.reading import METRES
from core.exchange.export import WHAT
from core.exchange.import_labels import IDS
from core.exchange.layouts import LAYOUTS
from core.simulate.town import LAYOUTS as TOWN_LAYOUTS
from core.steps import BOX_ORACLE, ORACLES

# Settings of the sensor with an option each, and what the option is given.
SENSOR = {
    "rig.axes": "AXES",
    "rig.z_offset_m": "M",
    "prepare.sensor_height_m": "M",
    "rig.ground_from_m": "M",
    "prepare.ego_radius_m": "M",
    "rig.ego_box": "BOX",
    "prepare.intensity_scale": "I",
    "rig.drop_reflections": "true|false",
}


def option_of(key: str) -> str:
    """The option of a setting of the sensor, as argparse keeps it."""
    return key.partition(".")[2].removesuffix("_m")


def parser() -> argparse.ArgumentParser:
    """A parser whose result has `verb`, the verb's name or "" without one, and its options."""
    top = argparse.ArgumentParser(
        prog="lidarloop",
        description="Label LiDAR scans by answering only about the few percent that matter. "
        "Without a verb the window opens.",
    )
    top.set_defaults(verb="")
    verbs = top.add_subparsers(title="verbs", metavar="VERB")

    def add(name: str, help: str, example: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=help,
            description=f"{help[0].upper()}{help[1:]}.",
            epilog=f"example: {example}",
        )
        made.set_defaults(verb=name)
        return made

    def on_project(name: str, help: str, example: str) -> argparse.ArgumentParser:
        made = add(name, help, f"lidarloop {example}")
        made.add_argument("project", type=Path, metavar="PROJECT", help="the project's folder")
        return made

    on_project("open", "open the window on a project", "open street")
    made = add("demo", "make simulated scans and a project, and open it", "lidarloop demo")
    made.add_argument("folder", type=Path, nargs="?", default=Path("demo"), metavar="DIR")
    made = on_project("pictures", "save pictures of the window", "pictures street out")
    made.add_argument("out", type=Path, metavar="OUT")
    made = add(
        "simulate",
        "make labelled scans of a simulated town",
        "lidarloop simulate town --scans 100 --validation 30 --seed 1",
    )
    made.add_argument("out", type=Path, metavar="OUT")
    made.add_argument("--scans", type=int, required=True, metavar="N", help="training scans")
    made.add_argument(
        "--validation", type=int, metavar="N", help="validation scans; default: a quarter as many"
    )
    made.add_argument("--seed", type=int, required=True, metavar="S")
    made.add_argument(
        "--layout",
        choices=tuple(TOWN_LAYOUTS),
        default=next(iter(TOWN_LAYOUTS)),
        help="default: %(default)s",
    )
    made.add_argument("--beams", type=int, choices=(64, 32), help="default: the layout's own")
    made.add_argument(
        "--tail", type=float, default=1.0, metavar="X", help="so many times as much of what is rare"
    )
    made.add_argument(
        "--step", type=float, default=1.0, metavar="M", help="metres between two scans; default: 1"
    )
    made = add(
        "gauge",
        "compare simulated scans with real ones, and these with each other",
        "lidarloop gauge town semantickitti",
    )
    made.add_argument("town", type=Path, metavar="TOWN", help="root of a SemanticKITTI layout")
    made.add_argument("real", type=Path, metavar="REAL", help="likewise, two sequences or more")
    made = on_project(
        "new",
        "make a project from a folder of scans",
        "new street --format semantickitti --root dataset --train 00,01 --val 08",
    )
    made.add_argument(
        "--format",
        required=True,
        help="semantickitti, nuscenes, kitti, kitti-tracking, kitti-raw, kitti-360, e57, folder or "
        "bag",
    )
    made.add_argument(
        "--root", type=Path, required=True, metavar="DIR", help="the scans' folder, or a bag"
    )
    made.add_argument(
        "--train",
        required=True,
        metavar="NAMES",
        help="sequences, SEQUENCE:FIRST-LAST, or an official split such as train",
    )
    made.add_argument("--val", default="", metavar="NAMES", help="sequences to evaluate on")
    made.add_argument("--preset", choices=PRESETS, help="default: what fits this machine")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument(
        "--research", action="store_true", help="allow answers from ground truth, and show it"
    )
    made.add_argument(
        "--columns",
        metavar="NAMES",
        help="what the numbers of a row are, such as x,y,z,intensity,ring; NAME:TYPE where not "
        "float32, _ for one passed over",
    )
    made.add_argument("--unit", choices=METRES, help="the files' unit of length; default: m")
    made.add_argument(
        "--classes",
        metavar="FILE",
        help="semantickitti, nuscenes, kitti, or a file; default: the format's own",
    )
    made.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting"
    )
    sensor = made.add_argument_group(
        "the sensor",
        "guessed from a few scans where a preset's value does not fit; what begins with a minus "
        "is written with an equals sign, --axes=-z,-x,y",
    )
    for key, metavar in SENSOR.items():
        flag = f"--{option_of(key).replace('_', '-')}"
        sensor.add_argument(flag, metavar=metavar, help=f"{MEANINGS[key]} ({key})")
    sensor.add_argument(
        "--as-preset", action="store_true", help="guess nothing: take the preset's values"
    )
    made = on_project(
        "classes", "show or change the class list", "classes street merge other-structure building"
    )
    classes.add_arguments(made)
    made = on_project("settings", "show or change the settings", "settings street --preset laptop")
    settings.add_arguments(made)
    made = on_project("prepare", "split the scans in units", "prepare street")
    where = made.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="processes; default: all cores")
    where.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a dask scheduler")
    made.add_argument(
        "--curvature", action="store_true", help="measure the units' curvature too, for redal"
    )
    on_project("poses", "compute poses from the scans, where the data have none", "poses street")
    made = on_project("query", "choose what to ask next", "query street --points 1%%")
    made.add_argument("--strategy", help="`lidarloop strategies` lists them, those of boxes too")
    budget = made.add_mutually_exclusive_group()
    budget.add_argument("--points", metavar="P%", help="share of all training points")
    budget.add_argument("--units", type=int, metavar="U")
    budget.add_argument("--minutes", type=float, metavar="M")
    budget.add_argument("--frames", type=int, metavar="F", help="with --task boxes")
    budget.add_argument("--boxes", type=int, metavar="B", help="with --task boxes")
    made.add_argument("--seed", type=int, metavar="S", help="of chance; default: the project's")
    made.add_argument(
        "--from",
        metavar="ROUND",
        dest="after",
        help='go on from this round, "start" for none: a branch of its own; default: the one on '
        "the table",
    )
    made.add_argument("--dry-run", action="store_true", help="say what it would ask; write nothing")
    boxes.add_task(made)
    made = on_project(
        "rounds", "show the tree of rounds, go to a branch, name or compare", "rounds street"
    )
    rounds.add_arguments(made)
    add("strategies", "list the ways to choose what to ask", "lidarloop strategies")
    made = add(
        "experiment",
        "compare strategies by a whole experiment, or draw its report again",
        "lidarloop experiment town out --seeds 0-4",
    )
    experiment.add_arguments(made)
    made = on_project(
        "annotate",
        "answer the open query from ground truth (research projects only), or points by boxes",
        "annotate street --oracle per-point",
    )
    how = made.add_mutually_exclusive_group(required=True)
    how.add_argument("--oracle", choices=(*ORACLES, BOX_ORACLE))
    how.add_argument(
        "--by-boxes",
        action="store_true",
        help="give points in the boxes of finished frames the class of their box",
    )
    how.add_argument(
        "--decline", metavar="FRAME", help="ask an open frame no more, since it cannot be labelled"
    )
    boxes.add_task(made)
    made = add("train", "train on all answers, then score and evaluate", "lidarloop train street")
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
    boxes.add_task(made)
    made = add("score", "rank what the trained network does not know", "lidarloop score street")
    made.add_argument("project", type=Path, nargs="?", metavar="PROJECT")
    made.add_argument(
        "--round", type=Path, metavar="DIR", help="a round's folder; default: the newest trained"
    )
    where = made.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, metavar="N", help="processes; default: 1")
    where.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a dask scheduler")
    where.add_argument(
        "--from",
        type=Path,
        metavar="DIR",
        dest="given",
        help="probabilities of any network: a .npy (N, C) or .npz for each scan, by its name",
    )
    boxes.add_task(made)
    made = on_project("evaluate", "measure mIoU on the validation scans", "evaluate street")
    boxes.add_task(made)
    made = on_project(
        "deliver",
        "train the final detector of boxes on all finished frames; find boxes in every frame",
        "deliver street",
    )
    boxes.add_task(made, "boxes")
    made = on_project("status", "show units, rounds and what was spent", "status street")
    made.add_argument("--json", action="store_true", help="one JSON object")
    boxes.add_task(made)
    made = on_project(
        "report", "write all charts and figures as one HTML file", "report street street.html"
    )
    made.add_argument("out", type=Path, metavar="OUT", help="an .html file, or a folder for it")
    made = add("doctor", "check this machine and a project", "lidarloop doctor street")
    made.add_argument("project", type=Path, nargs="?", metavar="PROJECT")
    made.add_argument(
        "--mend",
        action="store_true",
        help="keep the good part of damaged files; the damaged ones stay beside it",
    )
    made = on_project("merge", "bring other annotators' journals in", "merge street street-of-ann")
    made.add_argument("others", type=Path, nargs="+", metavar="OTHER", help="their projects")
    made.add_argument("--reopen", action="store_true", help="ask again where annotators disagree")
    made = on_project(
        "import", "take over existing labels, to repair them", "import street dataset"
    )
    made.add_argument(
        "root", type=Path, metavar="DIR", help="root of a dataset with label files; box files"
    )
    made.add_argument(
        "--ids",
        choices=IDS,
        default="raw",
        help="the numbers in the files are ids of the class list (raw, the default), or places in "
        "it from 0 on (classes)",
    )
    boxes.add_task(made)
    made.add_argument(
        "--from", choices=KINDS, default="", dest="kind", help="of box files; default: as they look"
    )
    made.add_argument(
        "--found",
        action="store_true",
        help="of box files: with scores, by a detector; the window shows them to be accepted",
    )
    made = on_project(
        "quality",
        "estimate how good the network or imported labels are, from points that chance chose",
        "quality street --points 300",
    )
    quality.add_arguments(made)
    made = on_project("agreement", "compare blind answers with the first", "agreement street")
    boxes.add_task(made)
    made = on_project("export", "write labels in the dataset's layout", "export street out")
    made.add_argument("out", type=Path, metavar="OUT")
    made.add_argument("--what", choices=WHAT, help="default: labels")
    made.add_argument(
        "--as",
        choices=LAYOUTS,
        dest="layout",
        help="default: the dataset's own; or .label, .npy, .ply, .pcd or .las files by the scans' "
        "names, or nuScenes' tables",
    )
    made.add_argument(
        "--force", action="store_true", help="replace what an earlier export wrote there"
    )
    boxes.add_task(made)
    made.add_argument(
        "--to", choices=KINDS, default="", dest="kind", help="of box files; default: the dataset's"
    )
    made.add_argument(
        "--found",
        action="store_true",
        help="of boxes: what the newest detector found in all frames, with scores",
    )
    made.add_argument(
        "--unconfirmed",
        action="store_true",
        help="of boxes: those too that were copied or interpolated and nobody confirmed",
    )
    return top
