"""Points right and estimated seconds: one class per unit against the tools, on real scans."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core import steps
from core.base.jobs import Job
from core.project.project import Project
from gui.window.window import Window
from tests.benchmarks.annotator import Annotator, Effort
from tests.gui.driver import open_window

TRAIN = ["00", "01", "02", "03", "05", "06", "07", "10"]


@pytest.fixture(scope="module")
def asked(semantickitti: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A research project on 20 scans whose warm start asks 1.2 % of the points."""
    path = tmp_path_factory.mktemp("annotator") / "p"
    with Project.create(
        path, format="semantickitti", root=semantickitti, train=TRAIN, preset="laptop",
        research=True, overrides={"query.fraction": "0.012"},
    ) as project:  # fmt: skip
        steps.prepare(project, Job(), workers=1)
        steps.ask(project, Job())
    return path


def labelled(path: Path, qtbot, *, tools: bool) -> list[Effort]:
    window: Window = open_window(path, qtbot)
    window.resize(1440, 900)
    found = Annotator(window, tools).run()
    window.close()
    return found


def test_tools_are_worth_their_seconds(asked: Path, tmp_path: Path, qapp, qtbot, capsys):
    results = {}
    for name, tools in (("one class", False), ("tools", True)):
        path = tmp_path / name
        shutil.copytree(asked, path)
        results[name] = labelled(path, qtbot, tools=tools)
    partitions = [*sorted({effort.partition for effort in results["tools"]}), "all"]
    with capsys.disabled():
        print("\n| partition | units | way | points right | keys | clicks | seconds per unit |")
        for partition in partitions:
            for name, efforts in results.items():
                some = [e for e in efforts if partition in (e.partition, "all")]
                known = sum(e.known for e in some)
                print(
                    f"| {partition} | {len(some)} | {name} "
                    f"| {sum(e.right for e in some) / known:.1%} "
                    f"| {sum(e.keys for e in some)} | {sum(e.clicks for e in some)} "
                    f"| {sum(e.seconds for e in some) / len(some):.2f} |"
                )
    one, tools = results["one class"], results["tools"]
    assert len(one) == len(tools) >= 200
    right = sum(e.right for e in tools) / sum(e.known for e in tools)
    ratio = sum(e.seconds for e in tools) / sum(e.seconds for e in one)
    with capsys.disabled():
        print(f"tools: {right:.1%} of the points right at {ratio:.2f} x the seconds")
    assert right >= 0.97
    assert ratio <= 1.5
