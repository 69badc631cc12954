"""Where scans lie in their sequences: which were made one after the other, whatever their names.

A name may end in a frame's number or in a time stamp, and one folder may hold many sequences, as
nuScenes' samples/LIDAR_TOP does. So the format says of which sequence a scan is (`scans_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.data.names import in_order
from core.data.own_poses import sequence_of

# Scan -> its sequence, and its place among all scans of that in the order in which people count.
Places = Mapping[str, tuple[str, int]]


def frames(scans: Sequence[str], places: Places) -> tuple[list[int], list[int]]:
    """The number of each scan's sequence, and its frame: its place in that. A scan that `places`
    does not know is of the folder of its name, and lies among those of `scans` that are."""
    known = dict(places)
    count: dict[str, int] = {}
    for scan in sorted((scan for scan in scans if scan not in places), key=in_order):
        folder = sequence_of(scan)
        count[folder] = count.get(folder, 0) + 1
        known[scan] = folder, count[folder] - 1
    numbers: dict[str, int] = {}
    sequence = [numbers.setdefault(known[scan][0], len(numbers)) for scan in scans]
    return sequence, [known[scan][1] for scan in scans]
