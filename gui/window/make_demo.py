"""Making the demo in the background, told on the start page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.base.jobs import Job
from core.base.paths import home
from core.project.project_file import FILE
from gui.window.jobs import Jobs


def make_demo(jobs: Jobs, say: Callable[[str], object], then: Callable[[Path], object]) -> None:
    """Make the demo's project, say how far it is, then do something with it."""
    from core.cli import demo

    folder = home() / "lidarloop-demo"

    def work(job: Job) -> None:
        demo.make(folder, job)

    def finished(_: str) -> None:
        jobs.finished.disconnect()
        jobs.progressed.disconnect()
        jobs.failed.disconnect()
        if (folder / demo.PROJECT / FILE).exists():
            then(folder / demo.PROJECT)

    jobs.progressed.connect(
        lambda report: say(f"Making the demo: {report.text} {report.done}/{report.total}")
    )
    jobs.failed.connect(lambda error: say(f"{error.what} {error.do}"))
    jobs.finished.connect(finished)
    say("Making the demo …")
    jobs.run("Demo", work)
