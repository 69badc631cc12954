"""What a blind reader may answer: the classes of each dataset, a line each, with their sizes."""

from __future__ import annotations

# Typical sizes of things in the street, in metres.
SIZES = {
    "semantickitti": {
        "car": "4 to 5 long, 1.8 wide, 1.5 tall; vans of a family too",
        "bicycle": "1.8 long, 1.1 tall, thin; parked, nobody on it",
        "motorcycle": "2 to 2.2 long, 1.1 to 1.4 tall; parked, nobody on it",
        "truck": "5 to 15 long, 2.5 wide, 2.5 to 4 tall",
        "other-vehicle": "buses, trailers, caravans, trams: 3 to 15 long, 2 to 3.5 tall",
        "person": "1.5 to 1.9 tall, 0.5 wide; on foot, standing or sitting",
        "bicyclist": "1.8 long, 1.7 tall; a person on a bicycle, with the bicycle",
        "motorcyclist": "2.2 long, 1.6 tall; a person on a motorcycle, with the motorcycle",
        "road": "what is driven on, flat; bicycle lanes on it too",
        "parking": "where cars are parked beside the road, flat, often level with it",
        "sidewalk": "for people on foot, 0.05 to 0.2 above the road behind a kerb; 1 to 4 wide",
        "other-ground": "traffic islands, ramps, railway beds: paved, none of the other grounds",
        "building": "3 to 20 tall: walls, garages, stairs and balconies on it",
        "fence": "0.8 to 2.5 tall, thin, long: fences, small walls, crash barriers",
        "vegetation": "0.3 to 15 tall: bushes, hedges, crowns, leaves, and the foot of these",
        "trunk": "0.1 to 0.8 thick, 1 to 6 tall: stem of a tree below its crown",
        "terrain": "grass, soil, gravel, low plants: what lies open, up to about 0.3 tall",
        "pole": "0.05 to 0.4 thick, 1 to 10 tall: lamp posts, posts of signs and lights",
        "traffic-sign": "0.3 to 1.5 wide, flat, 1.5 to 6 above the ground: without its pole",
    },
    "nuscenes": {
        "barrier": "0.7 to 1.2 tall, 0.3 to 0.6 thick, 1 to 3 long: temporary road barriers",
        "bicycle": "1.7 long, 1.1 to 1.4 tall, with a rider or without",
        "bus": "8 to 18 long, 2.5 to 3 wide, 3 to 3.8 tall",
        "car": "4 to 5.5 long, 1.9 wide, 1.5 to 2 tall; vans and pick-ups too",
        "construction_vehicle": "4 to 10 long, 2 to 4 tall: diggers, cranes, rollers",
        "motorcycle": "2 long, 1.3 to 1.7 tall, with a rider or without",
        "pedestrian": "1.5 to 1.9 tall, 0.6 wide",
        "traffic_cone": "0.5 to 1.1 tall, 0.4 wide: cones and posts around works",
        "trailer": "5 to 15 long, 2.5 to 3 wide, 3 to 4 tall, not its truck",
        "truck": "5 to 12 long, 2 to 3 wide, 2.5 to 4 tall",
        "driveable_surface": "what may be driven on, flat: roads, car parks, driveways",
        "other_flat": "traffic islands, rails, water: level, none of the other grounds",
        "sidewalk": "for people on foot or bicycles, 0.05 to 0.2 above the road",
        "terrain": "grass, soil, sand, gravel, low hills",
        "manmade": "buildings, walls, fences, posts, signs, lights, guard rails: 0.5 to 30 tall",
        "vegetation": "0.3 to 15 tall: bushes, hedges, trees with their trunks, pots of plants",
    },
}
TITLES = {"semantickitti": "SemanticKITTI, 64 beams", "nuscenes": "nuScenes, 32 beams"}


def sheet(ranges: dict[str, range]) -> str:
    """The text of classes.txt; `ranges`: format -> the numbers of its pictures."""
    lines = [
        "Each picture asks for the class of ONE marked unit. Answer a line each in a CSV file:",
        "number,first,second (class names as below; second: your next guess). Sizes in metres.",
    ]
    for name, numbers in ranges.items():
        lines += ["", f"Pictures {numbers[0]:03d} to {numbers[-1]:03d} ({TITLES[name]}):"]
        lines += [f"{found}: {size}" for found, size in SIZES[name].items()]
    return "\n".join(lines) + "\n"
