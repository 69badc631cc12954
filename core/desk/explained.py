"""What each chart is called and what it shows, in a paragraph: the same on the desk and in a
report."""

from __future__ import annotations

from typing import NamedTuple


class Explained(NamedTuple):
    """A title; what is shown, with its source; what a click does in the window; and what a chart
    waits for that has nothing to show yet."""

    title: str
    words: str
    act: str = ""
    waits: str = ""

    @property
    def whole(self) -> str:
        """The paragraph for the window."""
        return f"{self.words} {self.act}".strip()


LEARNING = Explained(
    "Learning curve",
    "mIoU, or the IoU of a class, on the validation scans after each round, over what all answers "
    "to its branch had cost. A round that another one branches from has several lines. Estimated "
    "hours are by the keystroke-level model; measured ones by the journal. Progress without new "
    "labels, by longer training alone, is not told apart here: an experiment's control arm tells "
    "it.",
    "A click chooses a round and the units that it asked.",
    "A curve begins when a round is trained and validation scans with ground truth measure it.",
)
CLASSES = Explained(
    "Classes in the partitions",
    "BaSAL's Table I for this project: which share of a class's points lies in units of which "
    "size, or how many times more often the class occurs there than in all units. Rare classes "
    "sit in small units: that is why balancing sizes finds them. A row sums to 100 %.",
    "A click chooses the units of a partition that hold a class.",
    "No point with a class lies in a unit yet: answer some, or bring labels.",
)
SIZES = Explained(
    "Sizes of clusters",
    "BaSAL's Fig. 2 for this project: how much each size of clusters is worth by Eq. 1, C clusters "
    "with P points, and where size classes end so that each holds as much of it as the others.",
    "Change the number of classes to see its cuts before preparing anew; drag a cut to see what "
    "each class would hold. A click chooses the clusters of a size.",
    "The preparation found no cluster: only ground cells have no size.",
)
ASKED = Explained(
    "Asked against the pool",
    "Shares of the points that were asked (filled) beside those of the pool (hollow), by partition "
    "and by class, on a scale of powers of ten: a strategy that finds rare classes moves their "
    "marks to the right. Classes of the pool are by ground truth, where there is any; those that "
    "were asked, by the answers.",
    "A click chooses the units of a row that were asked.",
    "Nothing is asked yet.",
)
IOU = Explained(
    "IoU of each class and round",
    "The intersection over union of each class on the validation scans, in percent, round by "
    "round: what was learnt when, and what was forgotten. An empty cell: the class is in neither "
    "truth nor prediction.",
    "A click chooses the scans where wrong points of the class changed most since the round "
    "before, and the round for the confusion.",
    "IoUs are there once a round is trained and validation scans with ground truth measure it.",
)
CONFUSION = Explained(
    "Confusion",
    "Points of the validation scans by their true class (down) and by what the round's network "
    "says (across). A row sums to 100 % of the true class.",
    "A click on a cell shows the points behind it in the 3D view, of the scan that holds most.",
    "A confusion is there once a round is trained and validation scans with ground truth measure "
    "it.",
)
CERTAINTY = Explained(
    "Entropy and error",
    "Of the validation points of a round. Entropy (BaSAL's Eq. 2, natural logarithm): a strategy "
    "that asks where it is high finds errors only as far as wrong points lie to the right of right "
    "ones. Reliability (Guo et al. 2017): of points that are called something with a confidence, "
    "how many are right; on the diagonal the network is as sure as it may be. ECE is the mean "
    "distance from it over ten bins, by what a point is called. Error by distance: hollow bars "
    "hold fewer than 100 points. Histogram and distance are by the true class.",
    "A click shows the points behind a mark in the 3D view.",
    "Errors are known once a round is trained and validation scans with ground truth measure it.",
)
EFFORT = Explained(
    "Annotators",
    "Active seconds of an answer, from the journal: the dot is the median, the line ends at the "
    "90th percentile. Units that were answered together and what was carried over from another "
    "scan are left out: nobody looked at each of them. Agreement is of points that were answered "
    "twice, the second time without seeing the first answer: the share with the same class, and "
    "Cohen's kappa, which takes chance off. Suggestions: how often the class that was suggested is "
    "what the unit was answered with, with Wilson's 95 % interval; where they were shown, they may "
    "have led the answer.",
    "A click chooses the units behind a row.",
    "Nothing is answered yet.",
)
SCANS = Explained(
    "Scans",
    "Each scan where it was taken, by its pose, coloured by what is known of it; or the scans with "
    "most of it, in a list. Entropy is the mean over the points of a scan's units by the newest "
    "network; novelty the distance of its mean feature to that of the nearest scan with an answer "
    "(before a network, of its units' shapes, each by its standard deviation); errors are of "
    "validation scans with ground truth. A grey ring: nothing is known of it.",
    "Pictures show the scans of the list from above, ahead up, 40 m to each side: in colours of "
    "entropy, dark 0 to yellow 3 nat, or red where most points are wrong, if sorted by these. "
    "A click opens the scan in the 3D view.",
)
FEATURES = Explained(
    "Feature space",
    "Units in the plane in which their features vary most (principal components), or as UMAP "
    "unfolds them: what lies together looks alike to the network. A strategy that asks for "
    "diversity spreads over it; what was asked leaves holes where nobody has looked. Of many units "
    "each cell of the picture shows how many are free, with those that were asked on top.",
    "Drag a rectangle to choose units: queue, view and the other charts follow; Ask for these "
    "makes a query of the free ones.",
    "The preparation found no unit.",
)
EXPERIMENT = Explained(
    "Experiment",
    "Curves: the mean over those of an arm's seeds that came furthest, of three or more with the "
    "95 % t interval; thin lines are the seeds; the control got no new label. Differences: paired "
    "by seed, each interval at its level after Holm over all comparisons; filled where an order "
    "may be claimed, dotted before all cells are finished: no verdict yet. Cost: hours, by the "
    "keystroke-level model, until the mean curve reaches 95 % of the mIoU that full labels give. "
    "The report of the experiment has the same numbers.",
    "",
    "Open the folder of an experiment to see it beside this project.",
)
NOT_PREPARED = "Prepare the scans first: there are no units yet."
NO_CONFIDENCE = (
    "These predictions were made before confidences were kept: train a round, or delete them and "
    "score it again, to see how reliable they are."
)
NO_SECONDS = "No answer has taken measured time: an oracle or an import gave them."
NOTHING_TWICE = (
    "Nothing was answered twice yet: Review asks for a second opinion, and the queue repeats 2 % "
    "of what one answered."
)
NO_SUGGESTION = "No answer was given beside a suggestion yet."
