"""Where one stands in the tree of rounds, and what is said of each: rounds/tree.json.

A project without the file stands at its newest round, as all did before there were branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.typed import mapped, words, words_or_none
from core.rounds.round import Round

FILE = "tree.json"
START = ""  # before the first round
_VERSION = 1
_DO = (
    "Restore it from a copy, or delete it: names and notes are lost, no round is, and the newest "
    "one is on the table."
)


@dataclass(frozen=True)
class About:
    """What people say of a round: its `name`, a `note`, whether it is put away (`archived`)."""

    name: str = ""
    note: str = ""
    archived: bool = False


class Tree:
    """Attributes
    ----------
    at : id of the round that is on the table, START for none, None for the newest
    about : id -> what is said of that round
    """

    def __init__(self, folder: Path, rounds: Sequence[Round]) -> None:
        self._path = folder / FILE
        self.at: str | None = None
        self.about: dict[str, About] = {}
        if not self._path.exists():
            return
        stored = read_json(self._path, do=_DO, version=int)
        if stored["version"] > _VERSION:
            raise ProjectError(
                f"{self._path} was written by a newer LidarLoop.", "Update LidarLoop to read it."
            )
        try:
            self.at = words_or_none(stored.get("at"), "at")
            for id, told in mapped(stored.get("rounds", {}), "rounds").items():
                one = mapped(told, id)
                kept = one.get("archived", False)
                if not isinstance(kept, bool):
                    raise ValueError(f"archived of {id} is {kept!r}")
                self.about[id] = About(
                    words(one.get("name", ""), "a name"), words(one.get("note", ""), "a note"), kept
                )
        except ValueError as error:
            raise ProjectError(f"{self._path} is damaged: {error}.", _DO) from error
        if self.at and self.at not in {found.id for found in rounds}:
            raise ProjectError(
                f"{self._path} stands at round {self.at}, whose folder is missing.",
                f"Restore rounds/{self.at} from a copy, or delete {FILE}: the newest round is on "
                "the table then.",
            )

    def tip(self, rounds: Sequence[Round]) -> Round | None:
        """The round on the table, None before the first."""
        if self.at is None:
            return rounds[-1] if rounds else None
        return next((found for found in rounds if found.id == self.at), None)

    def of(self, id: str) -> About:
        """What is said of a round."""
        return self.about.get(id, About())

    def stand_at(self, id: str) -> None:
        """Put another round on the table, on the disk first. Raises StorageError."""
        self._write(id, self.about)
        self.at = id

    def tell(
        self,
        id: str,
        *,
        name: str | None = None,
        note: str | None = None,
        archived: bool | None = None,
    ) -> None:
        """Say something of a round; what is None stays. Raises StorageError."""
        before = self.of(id)
        changed = About(
            before.name if name is None else name,
            before.note if note is None else note,
            before.archived if archived is None else archived,
        )
        about = {**self.about, id: changed}
        self._write(self.at, about)
        self.about = about

    def _write(self, at: str | None, about: dict[str, About]) -> None:
        told = {id: asdict(one) for id, one in sorted(about.items()) if one != About()}
        write_json(self._path, {"version": _VERSION, "at": at, "rounds": told})
