"""What an experiment is: its data, its arms, what a round may ask and how long it trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from core.base.errors import SettingsError
from core.experiment.measures import AXES, BOXES, POINTS, Measure
from core.query.budget import MOST, decimal
from core.query.strategies import strategy_named

TABLES = ("table1", "fig2", "cost", "partitions")  # that need units and truth alone
CONTROL, FULL = "control", "full"
OVER = {task: (axes[0], "seconds") for task, axes in AXES.items()}
BUDGETS = {
    POINTS: (("points", "minutes", "units"), 'Write "1%", "30 min" or "200 units".'),
    BOXES: (("boxes", "frames"), 'Write "100 boxes" or "20 frames".'),
}
FULL_TIMES = 5  # steps of the reference on full labels, in rounds
_LEAST = Decimal("1e-9")  # a budget
_WITHOUT_NETWORK = frozenset({"shape", "centre", "curvature", "seconds"})
WITHOUT_DETECTOR = frozenset({"random", "every", "unlabelled"})


@dataclass(frozen=True)
class Made:
    """Scans of a town (core.simulate.town): `scans` for training, `validation`, the world's `seed`;
    `tail` multiplies what is rare, `step_m` metres lie between two scans."""

    scans: int
    validation: int
    seed: int
    tail: float = 1.0
    step_m: float = 1.0


@dataclass(frozen=True)
class Arm:
    """One way to choose. `kind`: "strategy", "control" that gets no new label, or "full" labels.

    `start`: the strategy of the first round; `settings`: dotted key -> value, of this arm alone.
    """

    name: str
    strategy: str
    start: str
    settings: Mapping[str, str] = field(default_factory=dict)
    kind: str = "strategy"


@dataclass(frozen=True)
class Spec:
    """An experiment.

    Attributes
    ----------
    name, title, about : as it is typed, its heading, what it asks
    table : one of TABLES where nothing is trained, else ""
    format, train, validation : of the data, sequences or official splits
    made : scans to simulate where no data are named, or None
    preset, settings : what every arm has; dotted key -> value
    rounds, budget : rounds, the first included; what each may ask: "1%", "30 min", "200 units"
    steps : steps of each round's training under equal steps
    compare : the arm that the others are compared with
    block : validation scans that are drawn together for the bootstrap
    partitions : numbers of size classes to compare, of the table `partitions`
    printed : class -> what the published table prints, by partition
    arms : in their order, controls and the reference on full labels included
    notes : sentences for below the tables
    over : the cost, one of OVER, at which arms are compared where it is the same for all
    task : "points" or "boxes"; what follows is of boxes
    first : what the first round may ask, as `budget`
    overlap, detector, classes : what arms are compared by (core.experiment.measures.Measure)
    deliver : whether the last round delivers a final detector, which is measured too
    """

    name: str
    title: str
    about: str
    table: str
    format: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    made: Made | None
    preset: str
    settings: Mapping[str, str]
    rounds: int
    budget: str
    steps: int
    compare: str
    block: int
    partitions: tuple[int, ...]
    printed: Mapping[str, tuple[float, ...]]
    arms: tuple[Arm, ...]
    notes: tuple[str, ...]
    over: str = "points"
    task: str = POINTS
    first: str = ""
    overlap: str = "loose"
    detector: str = "normal"
    classes: tuple[str, ...] = ()
    deliver: bool = False

    @property
    def boxes(self) -> bool:
        """Whether frames are asked, and boxes learnt."""
        return self.task == BOXES

    @property
    def measure(self) -> Measure:
        """What the arms are compared by."""
        return Measure(self.task, self.overlap, self.detector, self.classes)

    def arm(self, name: str) -> Arm:
        return next(arm for arm in self.arms if arm.name == name)

    def as_json(self) -> dict[str, Any]:
        """What experiment.json keeps (core.experiment.kept_spec reads it)."""
        return asdict(self)


def needs_of(strategy: str) -> frozenset[str]:
    """Columns of the pool that a strategy ranks by."""
    return frozenset(getattr(strategy_named(strategy), "needs", ()))


def ranks_by_network(strategy: str) -> bool:
    """Whether a strategy ranks by what a trained network says."""
    return bool(needs_of(strategy) - _WITHOUT_NETWORK)


def asks_by_detector(strategy: str) -> bool:
    """Whether a strategy of frames may rank by what a detector finds; one that others wrote may."""
    return strategy not in WITHOUT_DETECTOR


def kind_of_budget(text: str) -> tuple[str, str]:
    """("points", share of all), ("minutes", number) or ("units", number) of "1%", "30 min" or
    "200 units"; ("boxes", number) or ("frames", number) likewise. Raises ValueError."""
    kinds = {"%": "points", "min": "minutes", "units": "units", "boxes": "boxes"}
    kinds["frames"] = "frames"
    for ending, kind in kinds.items():
        if text.endswith(ending):
            try:
                amount = decimal(text.removesuffix(ending).strip())
            except SettingsError as error:
                raise ValueError(text) from error
            most = 100 if kind == "points" else MOST
            whole = amount == amount.to_integral_value()
            if not _LEAST <= amount <= most or (kind not in ("points", "minutes") and not whole):
                raise ValueError(text)
            return kind, format(amount / 100 if kind == "points" else amount, "f")
    raise ValueError(text)
