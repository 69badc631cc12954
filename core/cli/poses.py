"""`lidarloop poses`: compute poses from the scans, where the data have none."""

from __future__ import annotations

from core.base.jobs import Job
from core.project.poses import compute
from core.project.project import Project


def run(project: Project, job: Job) -> str:
    """Compute what is missing; what came of it, a line for each sequence."""
    return "\n".join(compute(project, job))
