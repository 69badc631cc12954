"""Which version of the program this is."""

from __future__ import annotations

from functools import cache


@cache
def program_version() -> str:
    """The installed version, such as "0.1.0"; "unpackaged" for a checkout that is not installed."""
    from importlib import metadata

    try:
        return metadata.version("lidarloop")
    except metadata.PackageNotFoundError:
        return "unpackaged"
