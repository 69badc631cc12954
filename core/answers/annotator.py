"""Whose answers these are."""

from __future__ import annotations

import getpass
import os
import re


def annotator_name() -> str:
    """The name one's answers are kept under: LIDARLOOP_ANNOTATOR or the login name."""
    name = os.environ.get("LIDARLOOP_ANNOTATOR", "").strip()
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a user id without a name, as in some containers
            name = "annotator"
    return re.sub(r"[^\w.-]", "_", name)
