"""Our own point visual: colours come from a table by unit, so that no point is written anew.

GLSL 120 throughout: it runs on OpenGL 2.1, on software drawing and on a GPU alike.
"""

from __future__ import annotations

import numpy as np
from vispy import gloo
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

MAX_SLOTS = 1 << 22  # beyond, a float attribute no longer finds its texel exactly
_WIDTH = 1024

_VERTEX = """
attribute vec3 a_position;
attribute float a_slot;
attribute float a_value;
attribute float a_row;
uniform sampler2D u_units;
uniform vec2 u_shape;
uniform sampler2D u_table;
uniform float u_values;
uniform float u_picking;
uniform float u_size;
uniform float u_reference;
uniform float u_spot;
uniform float u_front;
uniform vec3 u_background;
varying vec3 v_colour;

void main() {
    vec4 clip = $transform(vec4(a_position, 1.0));
    float row = floor((a_slot + 0.5) / u_shape.x);
    float column = a_slot - row * u_shape.x;
    vec4 unit = texture2D(u_units, (vec2(column, row) + 0.5) / u_shape);
    if (unit.a < 0.002) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        gl_PointSize = 0.0;
        v_colour = vec3(0.0);
        return;
    }
    vec3 colour = unit.rgb;
    if (u_values > 0.5)
        colour = texture2D(u_table, vec2((a_value + 0.5) / 256.0, 0.5)).rgb;
    colour = mix(u_background, colour, unit.a);
    if (u_picking > 0.5) {
        float id = a_row + 1.0;
        float high = floor(id / 65536.0);
        float middle = floor((id - high * 65536.0) / 256.0);
        colour = vec3(high, middle, id - high * 65536.0 - middle * 256.0) / 255.0;
    }
    v_colour = colour;
    float reference = u_reference > 0.0 ? u_reference / max(clip.w, 0.1) : 1.0;
    float size = unit.a > 0.999 ? u_size * u_spot : u_size;
    gl_PointSize = clamp(size * sqrt(reference), 1.0, 4.0 * size);
    gl_Position = clip;
    if (unit.a > u_front) gl_Position.z -= 0.5 * clip.w;  // before all others, in their own order
}
"""

_FRAGMENT = """
varying vec3 v_colour;
uniform float u_round;
void main() {
    if (u_round > 0.5) {
        vec2 off = gl_PointCoord - 0.5;
        if (dot(off, off) > 0.25) discard;
    }
    gl_FragColor = vec4(v_colour, 1.0);
}
"""


class CloudVisual(Visual):
    """Points of one scan.

    Each point has a slot in the table of units (colour and brightness; brightness 0 hides it)
    and a value, an index into a table of 256 colours that replaces the unit's in values mode.
    """

    def __init__(self) -> None:
        super().__init__(_VERTEX, _FRAGMENT)
        self.unfreeze()
        self._points = np.zeros((1, 3), np.float32)
        self._table = np.zeros((1, _WIDTH, 4), np.uint8)
        self._texture = gloo.Texture2D(
            self._table, interpolation="nearest", wrapping="clamp_to_edge"
        )
        self._colours = gloo.Texture2D(
            np.zeros((1, 256, 3), np.uint8), interpolation="nearest", wrapping="clamp_to_edge"
        )
        self._values = gloo.VertexBuffer(np.zeros(1, np.float32))
        self._slots = gloo.VertexBuffer(np.zeros(1, np.float32))
        self.freeze()
        program = self.shared_program
        program["a_position"] = gloo.VertexBuffer(self._points)
        program["a_slot"] = self._slots
        program["a_row"] = gloo.VertexBuffer(np.zeros(1, np.float32))
        program["a_value"] = self._values
        program["u_units"] = self._texture
        program["u_shape"] = (float(_WIDTH), 1.0)
        program["u_table"] = self._colours
        program["u_values"] = 0.0
        program["u_picking"] = 0.0
        program["u_size"] = 3.0
        program["u_reference"] = 0.0
        program["u_spot"] = 1.0
        program["u_front"] = 2.0
        program["u_background"] = (0.0, 0.0, 0.0)
        program["u_round"] = 1.0
        self._draw_mode = "points"
        self.set_gl_state(preset=None, depth_test=True, blend=False, cull_face=False)

    def set_points(self, points: np.ndarray, slots: np.ndarray) -> None:
        """Show points (N, >= 3) float32 with slots (N,) in the unit table."""
        self._points = np.ascontiguousarray(points[:, :3], np.float32)
        program = self.shared_program
        program["a_position"] = gloo.VertexBuffer(self._points)
        self._slots = gloo.VertexBuffer(np.zeros(len(points), np.float32))
        program["a_slot"] = self._slots
        self.set_slots(slots)
        program["a_row"] = gloo.VertexBuffer(np.arange(len(points), dtype=np.float32))
        self._values = gloo.VertexBuffer(np.zeros(len(points), np.float32))
        program["a_value"] = self._values
        self._bounds_changed()
        self.update()

    def set_slots(self, slots: np.ndarray) -> None:
        """Move the points to slots (N,) of the unit table."""
        if len(slots) and int(slots.max()) >= MAX_SLOTS:
            raise ValueError(f"{int(slots.max())} units in one scan")
        self._slots.set_data(slots.astype(np.float32))
        self.update()

    def set_units(self, rgb: np.ndarray, brightness: np.ndarray) -> None:
        """Fill the unit table: rgb (M, 3) uint8, brightness (M,) uint8, 0 hides."""
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
        self._values.set_data(np.ascontiguousarray(values, np.float32))
        self._colours.set_data(np.ascontiguousarray(table[None]))
        self.update()

    def set_uniform(self, name: str, value: object) -> None:
        """Set one of the uniforms above."""
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


Cloud = create_visual_node(CloudVisual)
