"""Making the demo in the background, told on the start page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.base.errors import ProjectError
from core.base.jobs import Job, Progress
from core.base.paths import home
from core.project.project_file import FILE
from gui.window.jobs import Jobs


def make_demo(
    jobs: Jobs,
    say: Callable[[str], object],
    then: Callable[[Path], object],
    wanted: Callable[[], bool],
) -> None:
    """Make the demo's project, say how far it is, then do something with it; neither is done once
    the demo is not `wanted` any more."""
    from core.cli import demo

    folder = home() / "lidarloop-demo"

    def work(job: Job) -> None:
        demo.make(folder, job)

    def progressed(report: Progress) -> None:
        if wanted():
            say(f"Making the demo: {report.text} {report.done}/{report.total}")

    def failed(error: ProjectError) -> None:
        if wanted():
            say(f"{error.what} {error.do}")

    def finished(_: str) -> None:
        jobs.progressed.disconnect(progressed)
        jobs.failed.disconnect(failed)
        jobs.finished.disconnect(finished)
        if wanted() and (folder / demo.PROJECT / FILE).exists():
            then(folder / demo.PROJECT)

    jobs.progressed.connect(progressed)
    jobs.failed.connect(failed)
    jobs.finished.connect(finished)
    say("Making the demo …")
    jobs.run("Demo", work)  # refused where it is being made already: then that one is followed
