"""The mark of an act: several answers that were given by one key, so that one undo takes all back.

It stands in the entries' body as JSON, {"act": {"place": 2, "of": 12, "at": "<unit_id>"}}. The
entries of an act are written together, so their numbers follow each other.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from core.answers.body import told


class Act(NamedTuple):
    """Place of an entry among the `of` entries of its act; `at`: the unit asked when it was made,
    "" for none."""

    place: int
    of: int
    at: str

    def to_body(self) -> str:
        """The body of the act's entry."""
        return json.dumps({"act": self._asdict()}, ensure_ascii=False)

    def numbers(self, seq: int) -> range:
        """Numbers of the act's entries, of which this one is number `seq`."""
        return range(seq - self.place, seq - self.place + self.of)


def act_of(body: str) -> Act | None:
    """The act that an entry's body tells of, None for an entry by itself."""
    try:
        act = Act(**told(body)["act"])
    except (KeyError, TypeError):  # no mark, or what a later program wrote
        return None
    whole = isinstance(act.place, int) and isinstance(act.of, int) and isinstance(act.at, str)
    return act if whole and 0 <= act.place < act.of else None
