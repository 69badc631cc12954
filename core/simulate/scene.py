"""Casting rays at triangles: the nearest surface, and what it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from core.simulate.materials import Material
from core.simulate.mesh import Mesh, joined

NOTHING = -1  # material of a ray that meets nothing


@dataclass(frozen=True)
class Hits:
    """What R rays meet first.

    away : (R,) float32 metres, inf for nothing; material : (R,) int16, NOTHING likewise
    thing : (R,) int32 its number, 0 for none; tone : (R,) float32 how much brighter than others
    of its kind, in standard deviations; facing : (R,) float32 cosine to the surface's normal
    """

    away: np.ndarray
    material: np.ndarray
    thing: np.ndarray
    tone: np.ndarray
    facing: np.ndarray

    def nearer(self, other: Hits) -> Hits:
        """Of each ray the nearer of two hits."""
        mine = self.away <= other.away
        return Hits(
            *(
                np.where(mine, getattr(self, each.name), getattr(other, each.name))
                for each in fields(self)
            )
        )

    def put(self, rays: np.ndarray, other: Hits, before: np.ndarray) -> None:
        """Let rays (m,) meet what `other` says, which began `before` (m,) metres on."""
        for each in fields(self):
            getattr(self, each.name)[rays] = getattr(other, each.name)
        self.away[rays] += before


class Scene:
    """Meshes (n of them) to cast rays at.

    things (n,) are their numbers, 0 for none; tones (n,) how bright each is, or one per triangle.
    """

    def __init__(
        self, meshes: Sequence[Mesh], things: Sequence[int], tones: Sequence[float | np.ndarray]
    ) -> None:
        import open3d

        mesh = joined(meshes)
        counts = [len(each.faces) for each in meshes]
        self.triangles = len(mesh.faces)
        self.material = mesh.material.astype(np.int16)
        self.thing = np.repeat(np.array(things, np.int32), counts)
        self.tone = np.concatenate(
            [np.zeros(0, np.float32)]
            + [np.broadcast_to(np.float32(t), n) for t, n in zip(tones, counts, strict=True)]
        )
        self._scene = open3d.t.geometry.RaycastingScene()
        if self.triangles:
            self._scene.add_triangles(
                open3d.core.Tensor.from_numpy(mesh.vertices),
                open3d.core.Tensor.from_numpy(mesh.faces.astype(np.uint32)),
            )

    def cast(self, rays: np.ndarray) -> Hits:
        """What rays (R, 6) float32 meet first: where each starts, and its unit vector."""
        if not self.triangles:
            return _nothing(len(rays))
        hit = self._scene.cast_rays(_tensor(rays))
        away, face = hit["t_hit"].numpy(), hit["primitive_ids"].numpy()
        met = np.isfinite(away)
        face = np.where(met, face, 0)
        normals = hit["primitive_normals"].numpy()
        return Hits(
            away,
            np.where(met, self.material[face], NOTHING),
            np.where(met, self.thing[face], 0),
            self.tone[face],
            np.abs(np.einsum("ij,ij->i", normals, rays[:, 3:])),
        )

    def all_met(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m,) rays and (m,) things of every meeting of a ray with a thing, each pair once."""
        if not self.triangles:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        hit = self._scene.list_intersections(_tensor(rays))
        met = hit["ray_ids"].numpy().astype(np.int64)
        things = self.thing[hit["primitive_ids"].numpy()].astype(np.int64)
        pairs = np.unique(met << 20 | things)
        return pairs >> 20, pairs & ((1 << 20) - 1)


def _tensor(rays: np.ndarray) -> Any:
    import open3d

    return open3d.core.Tensor.from_numpy(rays)


def _nothing(count: int) -> Hits:
    none = np.zeros(count, np.float32)
    return Hits(
        np.full(count, np.inf, np.float32),
        np.full(count, NOTHING, np.int16),
        np.zeros(count, np.int32),
        none,
        none,
    )


COUNTED = frozenset(
    {
        Material.CAR,
        Material.DARK_CAR,
        Material.TRUCK,
        Material.BUS,
        Material.OTHER_VEHICLE,
        Material.BICYCLE,
        Material.MOTORCYCLE,
        Material.PERSON,
        Material.BICYCLIST,
        Material.MOTORCYCLIST,
    }
)  # materials whose meshes are things with boxes


def is_thing(mesh: Mesh) -> bool:
    """Whether a mesh is one that labels tell apart."""
    return bool(len(mesh.material)) and Material(int(mesh.material[0])) in COUNTED
