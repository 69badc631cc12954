"""The verb `report`: all charts and figures of a project as one HTML file."""

from __future__ import annotations

import argparse

from core.base.jobs import Job
from core.project.project import Project


def run(arguments: argparse.Namespace, project: Project, job: Job) -> int:
    """Write the page and print where it is."""
    from core.report.project import write_report

    with project:
        print(write_report(project, arguments.out, job))
    return 0
