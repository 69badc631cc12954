"""`lidarloop` and `lidarloop open PROJECT`: the window, without what other verbs load first."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ProjectError
from core.cli.output import to_terminal

if TYPE_CHECKING:
    from core.cli.faces import Faces


def run(argv: Sequence[str], faces: Faces) -> int:
    """Run the command line; return the exit code."""
    plain = not argv or (len(argv) == 2 and argv[0] == "open" and not argv[1].startswith("-"))
    if not plain:
        from core.cli import verbs

        return verbs.run(argv, faces)
    with to_terminal() as outcome:
        try:
            outcome.code = faces.window.run(Path(argv[1]) if argv else None)
        except ProjectError as error:
            print(f"lidarloop: {error.what} {error.do}", file=sys.stderr)
            outcome.code = 2
        except KeyboardInterrupt:
            print("lidarloop: stopped; everything finished so far is saved.", file=sys.stderr)
            outcome.code = 130
    return outcome.code
