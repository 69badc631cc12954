"""The ground of a district: how high it is and what it is of, at any place.

Both depend on the place alone, not on the mesh, so meshes of streets that cross lie in one surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.base.loading import loading
from core.simulate.circuit import Streets
from core.simulate.districts import District
from core.simulate.materials import Material
from core.simulate.mesh import Mesh, joined

BLOCK_M = 26.0  # of a street's side, along which the profile stays the same
YARD_M, WIDE_M = 14.0, 80.0  # how far yards and the mesh reach
KERB_M, LINE_M = 0.12, 0.12
_WAVES = 9


@dataclass(frozen=True)
class Beside:
    """Where places (n, 2) lie beside their nearest street, arrays (n,).

    `point` the street's nearest point; `out` metres outside the street's edge, negative on it;
    `side` +1 on the left, -1 on the right; `along` metres from the street's start
    """

    point: np.ndarray
    out: np.ndarray
    side: np.ndarray
    along: np.ndarray


class Ground:
    """The ground of one district."""

    def __init__(self, district: District, streets: Streets, rng: np.random.Generator) -> None:
        self.district, self.streets = district, streets
        length = rng.uniform(120, 520, _WAVES)
        angle = rng.uniform(0, 2 * np.pi, _WAVES)
        self._waves = 2 * np.pi / length * np.stack([np.cos(angle), np.sin(angle)])
        self._phase = rng.uniform(0, 2 * np.pi, (2, _WAVES))
        self._weight = length / length.sum()
        bumps = rng.uniform(0, 2 * np.pi, 12)
        self._bumps = rng.uniform(0.5, 3.2, 12) * np.stack([np.cos(bumps), np.sin(bumps)])
        blocks = int(np.ceil(streets.station.max() / BLOCK_M)) + 1
        self._chance = rng.random((streets.count, 2, blocks, 2))

    @cached_property
    def _near(self) -> Any:
        with loading:
            from scipy.spatial import cKDTree

        return cKDTree(self.streets.xy)

    def beside(self, xy: np.ndarray) -> Beside:
        """Where places (n, 2) lie beside their nearest street."""
        point = self._near.query(xy)[1]
        off, ahead = xy - self.streets.xy[point], self.streets.ahead[point]
        along = (off * ahead).sum(1)
        aside = ahead[:, 0] * off[:, 1] - ahead[:, 1] * off[:, 0]
        away = np.hypot(aside, np.maximum(np.abs(along) - 0.55, 0))
        return Beside(
            point,
            away - self.district.half_road,
            np.where(aside >= 0, 1, -1),
            self.streets.station[point] + along,
        )

    def bays(self, street: int | np.ndarray, side: np.ndarray, along: np.ndarray) -> np.ndarray:
        """(n,) width of the parking bay at places along a street's side, 0 where there is none."""
        chance = self._of_block(street, side, along)[..., 0]
        return np.where(chance < self.district.bay_share, self.district.bay, 0.0)

    def _of_block(
        self, street: int | np.ndarray, side: np.ndarray, along: np.ndarray
    ) -> np.ndarray:
        block = np.clip((along / BLOCK_M).astype(np.int64), 0, self._chance.shape[2] - 1)
        found: np.ndarray = self._chance[street, (np.asarray(side) > 0).astype(np.int64), block]
        return found

    def materials(self, xy: np.ndarray) -> np.ndarray:
        """(n,) uint8 what the ground is of at places (n, 2)."""
        at, d = self.beside(xy), self.district
        street = self.streets.street[at.point]
        bay = self.bays(street, at.side, at.along)
        chance = self._of_block(street, at.side, at.along)[:, 1]
        reached = np.cumsum(list(d.yards.values()))
        kind = np.minimum(np.searchsorted(reached, chance), len(reached) - 1)
        found = np.full(len(xy), Material.TERRAIN, np.uint8)
        yard = at.out < bay + d.walk + d.verge + YARD_M
        found[yard] = np.array(list(d.yards), np.uint8)[kind[yard]]
        found[at.out < bay + d.walk + d.verge] = Material.TERRAIN
        found[at.out < bay + d.walk] = Material.SIDEWALK
        found[at.out < bay] = Material.PARKING
        found[at.out < 0] = Material.ROAD
        line = (np.abs(at.out + d.half_road) < LINE_M) & (at.along % 9 < 4)
        edge = (np.abs(at.out + 0.5) < LINE_M) & (d.walk == 0)
        found[line | edge] = Material.LANE
        return found

    def heights(self, xy: np.ndarray) -> np.ndarray:
        """(n,) float64 metres at places (n, 2)."""
        at, d = self.beside(xy), self.district
        phase = xy @ self._waves
        hills = d.relief * (self._weight * np.sin(phase + self._phase[0])).sum(1)
        land = np.sin(2.1 * phase + self._phase[1]).mean(1) * 3
        bay = self.bays(self.streets.street[at.point], at.side, at.along)
        far = np.clip((at.out - d.walk - d.verge) / 18, 0, 1)
        bumps = np.sin(xy @ self._bumps).mean(1)
        green = np.clip((at.out - bay - d.walk) / 2, 0, 1)
        crown = 0.02 * np.clip(-at.out, 0, None)
        kerb = np.where(at.out > bay, KERB_M if d.walk else -0.06, 0.0)
        found: np.ndarray = hills + d.bank * far * land + 0.16 * green * bumps + crown + kerb
        return found

    def mesh(self, centres: np.ndarray, reach_m: float) -> Mesh:
        """The ground within `reach_m` of places (n, 2): a ribbon on each street, fine beside it
        and coarse far from it."""
        with loading:
            from scipy.spatial import cKDTree

        d = self.district
        wanted = cKDTree(centres).query(self.streets.xy, distance_upper_bound=reach_m)[0] < np.inf
        edges = {0.0, d.bay if d.bay_share else 0.0}
        edges |= {edge + d.walk for edge in edges} | {edge + d.walk + d.verge for edge in edges}
        steps = [edge + nudge for edge in edges for nudge in (-0.02, 0.02)]
        inner = [-d.half_road + LINE_M, -d.half_road / 2, -0.5 - LINE_M, -0.5 + LINE_M]
        outer = [max(edges) + grown for grown in (0.7, 1.5, 2.4, 3.4, 4.6, 6.0, 8.0)]
        near = d.half_road + np.unique([*inner, *steps, *outer])
        near = near[near > 0.05]
        far = np.unique([near[-1], *np.arange(near[-1] + 3, near[-1] + 20, 3), 45.0, 60.0, WIDE_M])
        parts = []
        for street in range(self.streets.count):
            mine = self.streets.of(street)
            points, ahead = self.streets.xy[mine], self.streets.ahead[mine]
            kept = wanted[mine]
            if street == 0:  # it ends where it began
                points, ahead, kept = (np.concatenate([a, a[:1]]) for a in (points, ahead, kept))
            for start, stop in _runs(kept):
                for offsets, step in (
                    (np.concatenate([-near[::-1], near]), 1),
                    (far, 3),
                    (-far, 3),
                ):
                    rows = np.unique([*range(start, stop, step), stop - 1])
                    if len(rows) > 1:
                        parts.append(self._ribbon(points[rows], ahead[rows], np.sort(offsets)))
        return joined(parts)

    def _ribbon(self, points: np.ndarray, ahead: np.ndarray, offsets: np.ndarray) -> Mesh:
        left = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
        xy = (points[:, None] + offsets[None, :, None] * left[:, None]).reshape(-1, 2)
        n, m = len(points), len(offsets)
        corner = (np.arange(n - 1)[:, None] * m + np.arange(m - 1)).reshape(-1)
        faces = np.concatenate(
            [
                np.stack([corner, corner + m, corner + m + 1], 1),
                np.stack([corner, corner + m + 1, corner + 1], 1),
            ]
        )
        vertices = np.column_stack([xy, self.heights(xy)])
        middle = (xy[corner] + xy[corner + 1] + xy[corner + m] + xy[corner + m + 1]) / 4
        material = np.tile(self.materials(middle), 2)
        return Mesh(vertices.astype(np.float32), faces.astype(np.int32), material)


def _runs(kept: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of each run of True in (n,) bool."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]
