"""LidarLoop: the one place where core, models and gui meet."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cli.faces import Network, Window


class _Faces:
    """Loads the networks and the window when a verb first needs them."""

    @property
    def network(self) -> Network:
        from models import steps

        return steps

    @property
    def window(self) -> Window:
        from gui import app

        return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; no verb opens the window. Return the exit code."""
    gc.disable()  # importing makes many objects and no garbage
    from core.cli.verbs import run

    gc.enable()
    return run(sys.argv[1:] if argv is None else argv, _Faces())


if __name__ == "__main__":
    sys.exit(main())
