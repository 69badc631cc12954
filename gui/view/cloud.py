"""Our own point visual: colours come from a table by unit, so that no point is written anew; points
are as large as the gaps between them, and lit, so that surfaces show their form.

GLSL 120 throughout: it runs on OpenGL 2.1, on software drawing and on a GPU alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from vispy import gloo
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

from gui.view.contrast import GLSL as CONTRAST

MAX_SLOTS = 1 << 22  # beyond, a float attribute no longer finds its texel exactly
LARGEST_PX = 40.0
_WIDTH = 1024
_FAR = 1e9

_VERTEX = (
    """
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec3 a_look;  // reflection, 1 for the ground or half of how leafy, metres across
attribute float a_level;
attribute float a_slot;
attribute float a_value;
attribute float a_row;
uniform sampler2D u_units;
uniform vec2 u_shape;
uniform sampler2D u_table;
uniform sampler2D u_relief;
uniform vec4 u_tone;
uniform vec3 u_light;
uniform float u_values;
uniform float u_picking;
uniform float u_focal;
uniform float u_perspective;
uniform float u_smallest;
uniform float u_grow;
uniform float u_front;
uniform float u_shift;
uniform float u_near;
uniform vec2 u_fog;
uniform vec3 u_background;
uniform vec3 u_low;
uniform vec3 u_high;
uniform vec2 u_range;
varying vec3 v_colour;
"""
    + CONTRAST
    + """
void main() {
    vec4 clip = $transform(vec4(a_position, 1.0));
    float row = floor((a_slot + 0.5) / u_shape.x);
    float column = a_slot - row * u_shape.x;
    vec4 unit = texture2D(u_units, (vec2(column, row) + 0.5) / u_shape);
    bool asked = unit.a > u_front;
    float away = dot(a_position, a_position);
    bool shown = unit.a > 0.002 && (asked || clip.w > u_near)
        && (asked || (all(greaterThanEqual(a_position, u_low))
            && all(lessThanEqual(a_position, u_high))
            && away >= u_range.x * u_range.x && away <= u_range.y * u_range.y));
    if (!shown) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        gl_PointSize = 0.0;
        v_colour = vec3(0.0);
        return;
    }
    float pixels = a_look.z * u_focal / mix(1.0, max(clip.w, 0.1), u_perspective);
    gl_PointSize = clamp(pixels, u_smallest, LARGEST) + u_grow;
    gl_Position = clip;
    if (asked) gl_Position.z -= u_shift * clip.w;  // before all others, in their own order
    if (u_picking > 0.5) {
        float id = a_row + 1.0;
        float high = floor(id / 65536.0);
        float middle = floor((id - high * 65536.0) / 256.0);
        v_colour = vec3(high, middle, id - high * 65536.0 - middle * 256.0) / 255.0;
        return;
    }
    float low = step(0.75, a_look.y);
    float tone = u_tone.x + u_tone.y * (2.0 * a_look.x - 1.0)
        + u_tone.z * dot(a_normal, u_light) - u_tone.w * low;
    tone = clamp(tone, 0.0, 1.0);
    vec3 value = texture2D(u_table, vec2((a_value + 0.5) / 256.0, 0.5)).rgb;
    bool own = unit.r + unit.g + unit.b > 0.0;
    float shade = 0.6 + 0.6 * tone;
    vec3 colour = u_values > 1.5 ? value * shade : value;
    if (u_values < 0.5 || u_values > 2.5 || (asked && own)) {  // what is drawn on it shows in any
        colour = unit.rgb * shade;
        if (!own) {
            vec2 place = vec2((a_level * 255.0 + 0.5) / 512.0, tone);
            vec3 leaves = texture2D(u_relief, place + vec2(0.5, 0.0)).rgb;
            colour = mix(texture2D(u_relief, place).rgb, leaves, (1.0 - low) * 2.0 * a_look.y);
            // What the network sees, as a tint of it: never of what is asked.
            if (u_values > 2.5 && !asked && a_value < 250.0)
                colour = mix(colour, value * shade, 0.6);
        }
    }
    float fog = asked ? 1.0 : clamp(1.0 - (clip.w - u_fog.x) / u_fog.y, 0.55, 1.0);
    v_colour = told_apart(mix(u_background, min(colour, 1.0), unit.a * fog), asked);
}
"""
).replace("LARGEST", str(LARGEST_PX))

# Upright: what a scanner sees between two rings is taller than it is wide.
_FRAGMENT = """
varying vec3 v_colour;
void main() {
    if (abs(gl_PointCoord.x - 0.5) > 0.35) discard;
    gl_FragColor = vec4(v_colour, 1.0);
}
"""


class By(IntEnum):
    """What colours a point: its slot, a measure as it is, a class as it is lit, or its slot with a
    tint by class where the slot has no colour of its own."""

    SLOT = 0
    MEASURE = 1
    CLASS = 2
    SLOT_TINTED = 3


@dataclass(frozen=True)
class Layer:
    """Points as they are drawn.

    Attributes
    ----------
    points : (N, >= 3) metres; slots : (N,) places in the unit table
    look : (N, 3) reflection 0..1, 1 for ground rows or half of how leafy (0..1), metres across
    level : (N,) 0..1 along the table of heights
    normal : (N, 3) of the surface, None where it is not known
    """

    points: np.ndarray
    slots: np.ndarray
    look: np.ndarray
    level: np.ndarray
    normal: np.ndarray | None = None


class CloudVisual(Visual):
    """Points of one scan.

    Each point has a slot in the table of units (colour and brightness; brightness 0 hides it; black
    leaves the colour to height and light) and a value, an index into a table of 256 colours.
    """

    def __init__(self) -> None:
        super().__init__(_VERTEX, _FRAGMENT)
        self.unfreeze()
        self._points = np.zeros((0, 3), np.float32)
        self._table = np.zeros((1, _WIDTH, 4), np.uint8)
        self._texture = _texture(self._table)
        self._colours = _texture(np.zeros((1, 256, 3), np.uint8))
        self._relief = _texture(np.zeros((64, 512, 3), np.uint8))
        self._uniforms: dict[str, object] = {}
        self._levels = self._values = self._slots = gloo.VertexBuffer(np.zeros(1, np.float32))
        self._looks = self._normals = self._levels
        self.freeze()
        nothing = np.zeros((1, 3), np.float32)
        self._fill(Layer(nothing, nothing[:, 0], nothing, nothing[:, 0]))  # vispy wants buffers
        program = self.shared_program
        program["u_units"] = self._texture
        program["u_shape"] = (float(_WIDTH), 1.0)
        program["u_table"] = self._colours
        program["u_relief"] = self._relief
        program["u_tone"] = (0.6, 0.0, 0.0, 0.0)
        program["u_light"] = (0.0, 0.0, 1.0)
        program["u_values"] = 0.0
        program["u_picking"] = 0.0
        program["u_focal"] = 100.0
        program["u_perspective"] = 1.0
        program["u_smallest"] = 2.0
        program["u_grow"] = 0.0
        program["u_front"] = 2.0
        program["u_shift"] = 0.5
        program["u_near"] = 0.0
        program["u_fog"] = (_FAR, _FAR)
        program["u_background"] = (0.0, 0.0, 0.0)
        program["u_low"] = (-_FAR,) * 3
        program["u_high"] = (_FAR,) * 3
        program["u_range"] = (0.0, _FAR)
        program["u_least"] = (0.0, 0.0)
        program["u_dark"] = 1.0
        self._draw_mode = "points"
        self.set_gl_state(preset=None, depth_test=True, blend=False, cull_face=False)

    def _fill(self, layer: Layer) -> None:
        count = len(layer.points)
        self._points = _floats(layer.points[:, :3])
        self._levels = gloo.VertexBuffer(_floats(layer.level))
        self._slots = gloo.VertexBuffer(_floats(layer.slots))
        self._values = gloo.VertexBuffer(np.zeros(count, np.float32))
        normal = np.zeros((count, 3)) if layer.normal is None else layer.normal
        self._looks = gloo.VertexBuffer(_floats(layer.look))
        self._normals = gloo.VertexBuffer(_floats(normal))
        program = self.shared_program
        program["a_position"] = gloo.VertexBuffer(self._points)
        program["a_normal"] = self._normals
        program["a_look"] = self._looks
        program["a_level"] = self._levels
        program["a_slot"] = self._slots
        program["a_value"] = self._values
        program["a_row"] = gloo.VertexBuffer(np.arange(count, dtype=np.float32))

    def set_points(self, layer: Layer) -> None:
        """Show other points."""
        self._check(layer.slots)
        self._fill(layer)
        self._bounds_changed()
        self.update()

    def _check(self, slots: np.ndarray) -> None:
        if len(slots) and int(slots.max()) >= MAX_SLOTS:
            raise ValueError(f"{int(slots.max())} units in one scan")

    def set_slots(self, slots: np.ndarray) -> None:
        """Move the points to slots (N,) of the unit table."""
        self._check(slots)
        self._slots.set_data(_floats(slots))
        self.update()

    def set_form(self, look: np.ndarray, normal: np.ndarray) -> None:
        """Give the points another look (N, 3) and normals (N, 3)."""
        self._looks.set_data(_floats(look))
        self._normals.set_data(_floats(normal))
        self.update()

    def set_levels(self, level: np.ndarray) -> None:
        """Give the points other places (N,) 0..1 along the table of heights."""
        self._levels.set_data(_floats(level))
        self.update()

    def set_units(self, rgb: np.ndarray, brightness: np.ndarray) -> None:
        """Fill the unit table: rgb (M, 3) uint8, black for height and light; brightness (M,) uint8,
        0 hides."""
        rows = -(-len(rgb) // _WIDTH) or 1
        table = np.zeros((rows * _WIDTH, 4), np.uint8)
        table[: len(rgb), :3] = rgb
        table[: len(rgb), 3] = brightness
        self._table = table.reshape(rows, _WIDTH, 4)
        self._texture.set_data(self._table)
        self.shared_program["u_shape"] = (float(_WIDTH), float(rows))
        self.update()

    def set_values(self, values: np.ndarray, table: np.ndarray) -> None:
        """Give each point a value (N,) in 0..255, an index into table (256, 3) uint8."""
        self._values.set_data(_floats(values))
        self._colours.set_data(np.ascontiguousarray(table[None]))
        self.update()

    def set_relief(self, table: np.ndarray) -> None:
        """Colours (T, 2 L, 3) uint8 by tone and level (gui.look.relief)."""
        self._relief.set_data(table)
        self.update()

    def set_uniform(self, name: str, value: object) -> None:
        """Set one of the uniforms above; the same value again costs nothing."""
        if self._uniforms.get(name) != value:
            self._uniforms[name] = value
            self.shared_program[name] = value
            self.update()

    def _prepare_transforms(self, view: object) -> None:
        view.view_program.vert["transform"] = view.get_transform()  # type: ignore[attr-defined]

    def _prepare_draw(self, view: object) -> None:
        pass

    def _compute_bounds(self, axis: int, view: object) -> tuple[float, float]:
        column = self._points[:, axis]
        finite = column[np.isfinite(column)]
        return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def _floats(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)


def _texture(table: np.ndarray) -> gloo.Texture2D:
    return gloo.Texture2D(table, interpolation="nearest", wrapping="clamp_to_edge")


Cloud = create_visual_node(CloudVisual)
