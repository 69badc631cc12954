"""Six kinds of district: what stands there, how often, and how the streets run.

Rates are things on 100 m of one side of a street. No number here is measured one by one: together
they bring a town within what real sequences differ by (`lidarloop gauge`).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.simulate.materials import Material


@dataclass(frozen=True)
class District:
    """A kind of district. Lengths in metres.

    Attributes
    ----------
    name : what it is called
    nodes, radius, jitter, side_share : of its streets (core.simulate.circuit)
    half_road : from the middle of a street to its edge; `lane` from the middle to one's own lane
    relief : height of hills; `bank` : how far the land rises or falls beside the street
    bay_share : of the kerb, where parking bays lie, `bay` wide; `walk` : width of the sidewalk
    verge : of a green strip behind it
    yards : shares of what the ground behind is of
    setback : from there to the houses; `house_share` of the lots has one
    width, depth, height, gap : ranges of the houses; `flat` share of roofs; `halls` instead
    fronts : shares of what bounds a lot: boards, mesh, wall, hedge, rail, thicket, nothing
    parked : cars; `trucks`, `buses`, `machines`, `motorcycles`, `bicycles`, `people` : likewise
    riders : standing bicyclists and motorcyclists
    lamps, posts, signs, boards, bollards, objects, shelters : furniture
    trees : along the street; `groves` on 1,000 m² far from it; `woods`, `conifers`, `bushes`,
        `weeds` : behind it
    traffic : cars that one meets on 100 m; `walkers`, `cyclists`, `lorries` : likewise
    """

    name: str
    nodes: tuple[int, int]
    radius: float
    jitter: float
    side_share: float
    half_road: float
    lane: float
    relief: float
    bank: float
    bay_share: float
    bay: float
    walk: float
    verge: float
    yards: dict[Material, float]
    setback: tuple[float, float]
    house_share: float
    width: tuple[float, float]
    depth: tuple[float, float]
    height: tuple[float, float]
    gap: tuple[float, float]
    flat: float
    halls: bool
    fronts: tuple[float, float, float, float, float, float, float]
    parked: float
    trucks: float
    buses: float
    machines: float
    motorcycles: float
    bicycles: float
    people: float
    riders: float
    lamps: float
    posts: float
    signs: float
    boards: float
    bollards: float
    objects: float
    shelters: float
    trees: float
    groves: float
    woods: float
    conifers: float
    bushes: float
    weeds: float
    traffic: float
    walkers: float
    cyclists: float
    lorries: float


_GREEN = Material.TERRAIN
_PAVED = Material.SIDEWALK
_OTHER = Material.OTHER_GROUND
_PARK = Material.PARKING

OLD_TOWN = District(
    name="old town",
    nodes=(2, 3),
    radius=9.0,
    jitter=0.12,
    side_share=0.8,
    half_road=3.4,
    lane=1.4,
    relief=4,
    bank=0.0,
    bay_share=0.35,
    bay=2.1,
    walk=2.4,
    verge=0.0,
    yards={_PAVED: 0.6, _GREEN: 0.25, _OTHER: 0.05, _PARK: 0.1},
    setback=(0.3, 1.5),
    house_share=0.9,
    width=(8, 18),
    depth=(9, 14),
    height=(7, 14),
    gap=(1.0, 9),
    flat=0.2,
    halls=False,
    fronts=(0.08, 0.08, 0.16, 0.18, 0.0, 0.1, 0.4),
    parked=5,
    trucks=0.12,
    buses=0.03,
    machines=0.05,
    motorcycles=0.3,
    bicycles=1.3,
    people=1.2,
    riders=0.05,
    lamps=2.86,
    posts=0.5,
    signs=2.85,
    boards=0.0,
    bollards=1.1,
    objects=2.2,
    shelters=0.6,
    trees=1.2,
    groves=18,
    woods=1.2,
    conifers=0.4,
    bushes=16,
    weeds=2,
    traffic=1.4,
    walkers=0.3,
    cyclists=0.2,
    lorries=0.06,
)
SUBURB = District(
    name="suburb",
    nodes=(2, 2),
    radius=12.0,
    jitter=0.12,
    side_share=0.7,
    half_road=4.1,
    lane=1.6,
    relief=9,
    bank=1.0,
    bay_share=0.12,
    bay=2.2,
    walk=1.9,
    verge=0.7,
    yards={_GREEN: 0.68, _PAVED: 0.16, _PARK: 0.11, _OTHER: 0.05},
    setback=(3.5, 7),
    house_share=0.8,
    width=(9, 15),
    depth=(8, 12),
    height=(4.5, 8),
    gap=(5, 14),
    flat=0.1,
    halls=False,
    fronts=(0.12, 0.06, 0.12, 0.3, 0.0, 0.25, 0.15),
    parked=3.6,
    trucks=0.08,
    buses=0.01,
    machines=0.06,
    motorcycles=0.1,
    bicycles=0.4,
    people=0.4,
    riders=0.02,
    lamps=2.08,
    posts=0.9,
    signs=1.52,
    boards=0.0,
    bollards=0.5,
    objects=1.7,
    shelters=0.5,
    trees=1.3,
    groves=26,
    woods=6,
    conifers=4,
    bushes=42,
    weeds=14,
    traffic=0.8,
    walkers=0.1,
    cyclists=0.12,
    lorries=0.04,
)
HIGHWAY = District(
    name="highway",
    nodes=(1, 1),
    radius=150.0,
    jitter=0.1,
    side_share=0.0,
    half_road=5.6,
    lane=2.0,
    relief=14,
    bank=5.0,
    bay_share=0.0,
    bay=0.0,
    walk=0.0,
    verge=3.0,
    yards={_GREEN: 1.0},
    setback=(25, 45),
    house_share=0.05,
    width=(10, 20),
    depth=(8, 12),
    height=(5, 9),
    gap=(20, 60),
    flat=0.3,
    halls=False,
    fronts=(0.04, 0.05, 0.0, 0.0, 0.36, 0.3, 0.25),
    parked=0,
    trucks=0,
    buses=0,
    machines=0.05,
    motorcycles=0,
    bicycles=0.0,
    people=0,
    riders=0.0,
    lamps=1.04,
    posts=0.4,
    signs=1.14,
    boards=0.9,
    bollards=0.8,
    objects=0.8,
    shelters=0.15,
    trees=0.1,
    groves=36,
    woods=7,
    conifers=6,
    bushes=44,
    weeds=26,
    traffic=3.0,
    walkers=0,
    cyclists=0,
    lorries=0.5,
)
WOOD_ROAD = District(
    name="wood road",
    nodes=(1, 2),
    radius=70.0,
    jitter=0.15,
    side_share=0.3,
    half_road=3.6,
    lane=1.6,
    relief=20,
    bank=4.0,
    bay_share=0.05,
    bay=2.2,
    walk=1.8,
    verge=2.0,
    yards={_GREEN: 0.94, _OTHER: 0.04, _PARK: 0.02},
    setback=(8, 16),
    house_share=0.06,
    width=(8, 13),
    depth=(8, 11),
    height=(4, 7),
    gap=(15, 50),
    flat=0.0,
    halls=False,
    fronts=(0.08, 0.04, 0.04, 0.06, 0.08, 0.45, 0.25),
    parked=0.4,
    trucks=0.03,
    buses=0,
    machines=0.04,
    motorcycles=0.04,
    bicycles=0.08,
    people=0.15,
    riders=0.03,
    lamps=0.52,
    posts=1.3,
    signs=1.14,
    boards=0.05,
    bollards=0.4,
    objects=0.9,
    shelters=0.15,
    trees=1.2,
    groves=24,
    woods=18,
    conifers=12,
    bushes=52,
    weeds=30,
    traffic=0.6,
    walkers=0.04,
    cyclists=0.1,
    lorries=0.06,
)
INDUSTRY = District(
    name="industry",
    nodes=(1, 3),
    radius=15.0,
    jitter=0.08,
    side_share=0.6,
    half_road=4.4,
    lane=2.0,
    relief=4,
    bank=0.5,
    bay_share=0.25,
    bay=2.8,
    walk=1.8,
    verge=1.5,
    yards={_OTHER: 0.28, _PARK: 0.22, _GREEN: 0.35, _PAVED: 0.15},
    setback=(8, 18),
    house_share=0.7,
    width=(20, 42),
    depth=(15, 28),
    height=(6, 11),
    gap=(10, 26),
    flat=1.0,
    halls=True,
    fronts=(0.05, 0.22, 0.08, 0.15, 0.0, 0.2, 0.3),
    parked=2.6,
    trucks=0.35,
    buses=0.05,
    machines=0.15,
    motorcycles=0.08,
    bicycles=0.25,
    people=0.3,
    riders=0.02,
    lamps=2.08,
    posts=0.6,
    signs=1.9,
    boards=0.12,
    bollards=0.5,
    objects=2.8,
    shelters=0.7,
    trees=0.8,
    groves=26,
    woods=3,
    conifers=2,
    bushes=38,
    weeds=14,
    traffic=1.0,
    walkers=0.05,
    cyclists=0.08,
    lorries=0.25,
)
CAMPUS = District(
    name="campus",
    nodes=(2, 2),
    radius=14.0,
    jitter=0.15,
    side_share=0.7,
    half_road=3.4,
    lane=1.5,
    relief=6,
    bank=1.2,
    bay_share=0.2,
    bay=2.4,
    walk=3.2,
    verge=2.0,
    yards={_GREEN: 0.6, _PAVED: 0.25, _PARK: 0.1, _OTHER: 0.05},
    setback=(5, 14),
    house_share=0.55,
    width=(16, 34),
    depth=(12, 18),
    height=(8, 15),
    gap=(10, 28),
    flat=0.9,
    halls=False,
    fronts=(0.04, 0.05, 0.08, 0.25, 0.0, 0.23, 0.35),
    parked=2.0,
    trucks=0.06,
    buses=0.03,
    machines=0.05,
    motorcycles=0.15,
    bicycles=1.6,
    people=1.2,
    riders=0.05,
    lamps=2.86,
    posts=0.2,
    signs=1.71,
    boards=0.0,
    bollards=0.8,
    objects=2.0,
    shelters=0.8,
    trees=2,
    groves=26,
    woods=6,
    conifers=3,
    bushes=38,
    weeds=10,
    traffic=0.5,
    walkers=0.35,
    cyclists=0.3,
    lorries=0.04,
)

# Training has the first five; validation two more places of those kinds and the sixth.
SEEN = (OLD_TOWN, SUBURB, HIGHWAY, WOOD_ROAD, INDUSTRY)
UNSEEN = CAMPUS
