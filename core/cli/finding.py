"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check: its name, whether it passed (None: only told), and what was found."""

    name: str
    good: bool | None
    text: str

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "BAD ", None: "    "}[self.good]
        return f"{mark} {self.name:<20} {self.text}"
