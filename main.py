"""LidarLoop: the one place where core, models and gui meet."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.cli.faces import Delivery, Detector, Network, Window


_HOME = Path(__file__).resolve().parent


def _stranger() -> str | None:
    """A sentence where Python finds another program's package under a name of ours."""
    for name in ("core", "models", "gui", "resources"):
        found = find_spec(name)
        where = [] if found is None else found.submodule_search_locations or [str(found.origin)]
        if [Path(place).resolve() for place in where] != [_HOME / name]:
            return (
                f"The package {name} that Python finds is not LidarLoop's but "
                f"{', '.join(where) or 'none'}. Take that place off PYTHONPATH, or "
                "install LidarLoop in an environment of its own: pipx install or uv tool install."
            )
    return None


class _Faces:
    """Loads the networks and the window when a verb first needs them."""

    @property
    def network(self) -> Network:
        from models import steps

        return steps

    @property
    def detector(self) -> Detector:
        from models import box_steps

        return box_steps

    @property
    def delivery(self) -> Delivery:
        from models import box_deliver

        return box_deliver

    @property
    def window(self) -> Window:
        from gui import app

        return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; no verb opens the window. Return the exit code."""
    stranger = _stranger()
    if stranger is not None:
        print(f"lidarloop: {stranger}", file=sys.stderr)
        return 2
    gc.disable()  # importing makes many objects and no garbage
    from core.cli.opening import run

    gc.enable()
    return run(sys.argv[1:] if argv is None else argv, _Faces())


if __name__ == "__main__":
    sys.exit(main())
