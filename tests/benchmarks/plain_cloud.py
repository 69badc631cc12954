"""The plainest point visual with a table of colours: what shading and sizes are compared with."""

from __future__ import annotations

import numpy as np
from vispy import gloo
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

_VERTEX = """
attribute vec3 a_position;
attribute float a_slot;
uniform sampler2D u_units;
varying vec3 v_colour;
void main() {
    vec4 unit = texture2D(u_units, vec2((mod(a_slot, 1024.0) + 0.5) / 1024.0, 0.5));
    v_colour = mix(vec3(0.06, 0.07, 0.09), unit.rgb, unit.a);
    gl_Position = $transform(vec4(a_position, 1.0));
    gl_PointSize = clamp(2.5 * sqrt(20.0 / max(gl_Position.w, 0.1)), 1.0, 10.0);
}
"""
_FRAGMENT = """
varying vec3 v_colour;
void main() { gl_FragColor = vec4(v_colour, 1.0); }
"""


class PlainCloudVisual(Visual):
    """Square points of about 2.5 pixels, each in its unit's colour."""

    def __init__(self, points: np.ndarray, slots: np.ndarray) -> None:
        super().__init__(_VERTEX, _FRAGMENT)
        table = np.random.default_rng(0).integers(60, 255, (1, 1024, 4)).astype(np.uint8)
        self.shared_program["a_position"] = gloo.VertexBuffer(points[:, :3].astype(np.float32))
        self.shared_program["a_slot"] = gloo.VertexBuffer(slots.astype(np.float32))
        self.shared_program["u_units"] = gloo.Texture2D(table, interpolation="nearest")
        self._draw_mode = "points"
        self.set_gl_state(preset=None, depth_test=True, blend=False, cull_face=False)

    def _prepare_transforms(self, view) -> None:
        view.view_program.vert["transform"] = view.get_transform()

    def _prepare_draw(self, view) -> None:
        pass

    def _compute_bounds(self, axis: int, view) -> tuple[float, float]:
        return -1.0, 1.0


PlainCloud = create_visual_node(PlainCloudVisual)
