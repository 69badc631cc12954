"""Compiled loops of the sparse convolution on a CPU: products and sums at once, nothing gathered.

For some pairs (input, output) of one offset the rows of the output stay in registers while the
channels of the input pass by. The outputs of one offset are distinct, so its pairs never meet.
All functions are named in this module: numba keeps their code from one start to the next.

Nothing here checks bounds: models.sparse.compiled_backend does before it calls.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8  # floats of a vector
UNROLLED = 4  # channels of the input at a time
_BLOCK = 128  # pairs whose rows stay in the cache while all channels are summed
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_WORD = ir.IntType(64)


def _at(builder, base, index, size):
    """The address `base` + `index` · `size` bytes."""
    return builder.add(base, builder.mul(index, ir.Constant(_WORD, size)))


def _load(builder, address, kind):
    found = builder.load(builder.inttoptr(address, kind.as_pointer()))
    found.align = 4 if kind in (_FLOAT, _VECTOR) else 8
    return found


def _store(builder, value, address):
    builder.store(value, builder.inttoptr(address, _VECTOR.as_pointer())).align = 4


def _spread(builder, value):
    """A vector of one float."""
    one = builder.insert_element(
        ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), lanes)


def _multiply_add(builder, a, b, c):
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f32")
    return builder.call(function, [a, b, c])


@intrinsic(prefer_literal=True)
def _add_products(
    typing, rows, vectors, x, x_width, weight, w_width, y, y_width, inputs, outputs, depth
):
    """y[outputs[r]] += x[inputs[r]] @ weight for `rows` pairs and 8 · `vectors` columns.

    All but the first two are int64: addresses of the arrays' parts, and floats a row.
    """
    count, wide = rows.literal_value, vectors.literal_value

    def generate(context, builder, signature, arguments):
        xa, x_row, wa, w_row, ya, y_row, ins, outs, channels = arguments[2:]
        x_rows, y_rows, sums = [], [], []
        for r in range(count):
            place = ir.Constant(_WORD, r)
            row = _load(builder, _at(builder, ins, place, 8), _WORD)
            x_rows.append(_at(builder, xa, builder.mul(row, x_row), 4))
            row = _load(builder, _at(builder, outs, place, 8), _WORD)
            y_rows.append(_at(builder, ya, builder.mul(row, y_row), 4))
            sums.append([cgutils.alloca_once(builder, _VECTOR) for _ in range(wide)])
            for v in range(wide):
                place = ir.Constant(_WORD, v)
                address = _at(builder, y_rows[r], place, 4 * LANES)
                builder.store(_load(builder, address, _VECTOR), sums[r][v])
        step = ir.Constant(_WORD, UNROLLED)
        with cgutils.for_range_slice(builder, ir.Constant(_WORD, 0), channels, step, inc=True) as (
            first,
            _,
        ):
            for u in range(UNROLLED):
                channel = builder.add(first, ir.Constant(_WORD, u))
                line = _at(builder, wa, builder.mul(channel, w_row), 4)
                factors = [
                    _load(builder, _at(builder, line, ir.Constant(_WORD, v), 4 * LANES), _VECTOR)
                    for v in range(wide)
                ]
                for r in range(count):
                    value = _spread(
                        builder, _load(builder, _at(builder, x_rows[r], channel, 4), _FLOAT)
                    )
                    for v in range(wide):
                        total = _multiply_add(builder, value, factors[v], builder.load(sums[r][v]))
                        builder.store(total, sums[r][v])
        for r in range(count):
            for v in range(wide):
                address = _at(builder, y_rows[r], ir.Constant(_WORD, v), 4 * LANES)
                _store(builder, builder.load(sums[r][v]), address)
        return context.get_dummy_value()

    return types.void(rows, vectors, *[types.int64] * 9), generate


@intrinsic(prefer_literal=True)
def _add_outer(
    typing, vectors, x, x_width, gradient, g_width, weight, w_width, inputs, outputs, count
):
    """weight += Σ x[inputs[p]] ⊗ gradient[outputs[p]] over `count` pairs, 4 rows of weight and
    8 · `vectors` columns. All but the first are int64, as above."""
    wide = vectors.literal_value

    def generate(context, builder, signature, arguments):
        xa, x_row, ga, g_row, wa, w_row, ins, outs, pairs = arguments[1:]
        sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in range(wide)] for _ in range(4)]
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        for line in sums:
            for each in line:
                builder.store(zero, each)
        with cgutils.for_range(builder, pairs) as loop:
            row = _load(builder, _at(builder, ins, loop.index, 8), _WORD)
            x_at = _at(builder, xa, builder.mul(row, x_row), 4)
            row = _load(builder, _at(builder, outs, loop.index, 8), _WORD)
            g_at = _at(builder, ga, builder.mul(row, g_row), 4)
            factors = [
                _load(builder, _at(builder, g_at, ir.Constant(_WORD, v), 4 * LANES), _VECTOR)
                for v in range(wide)
            ]
            for c in range(4):
                address = _at(builder, x_at, ir.Constant(_WORD, c), 4)
                value = _spread(builder, _load(builder, address, _FLOAT))
                for v in range(wide):
                    total = _multiply_add(builder, value, factors[v], builder.load(sums[c][v]))
                    builder.store(total, sums[c][v])
        for c in range(4):
            line = _at(builder, wa, builder.mul(ir.Constant(_WORD, c), w_row), 4)
            for v in range(wide):
                address = _at(builder, line, ir.Constant(_WORD, v), 4 * LANES)
                total = builder.fadd(_load(builder, address, _VECTOR), builder.load(sums[c][v]))
                _store(builder, total, address)
        return context.get_dummy_value()

    return types.void(vectors, *[types.int64] * 9), generate


@njit(cache=True, nogil=True)
def add_products(x, weight, y, inputs, outputs, bounds, first, last):
    """y[o] += x[i] @ weight[k] for the pairs (i, o) of all offsets k in tiles [first, last).

    x (I, in), weight (K, in, out), y (O, out) float32 in C order, in a multiple of 4 and out of 8;
    inputs, outputs (P,) int64; bounds (T + 1, K) int64 where each tile's pairs begin.
    """
    depth, width = weight.shape[1], weight.shape[2]
    x_at, y_at, w_at = x.ctypes.data, y.ctypes.data, weight.ctypes.data
    in_at, out_at = inputs.ctypes.data, outputs.ctypes.data
    for tile in range(first, last):
        for k in range(bounds.shape[1]):
            s, e = bounds[tile, k], bounds[tile + 1, k]
            if s == e:
                continue
            column = 0
            while column < width:
                w = w_at + 4 * (k * depth * width + column)
                y_column = y_at + 4 * column
                left = width - column
                p = s
                if left >= 32:
                    column += 32
                    while p + 3 <= e:
                        _add_products(
                            3, 4, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 3
                    while p < e:
                        _add_products(
                            1, 4, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 1
                elif left >= 24:
                    column += 24
                    while p + 4 <= e:
                        _add_products(
                            4, 3, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 4
                    while p < e:
                        _add_products(
                            1, 3, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 1
                elif left >= 16:
                    column += 16
                    while p + 6 <= e:
                        _add_products(
                            6, 2, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 6
                    while p < e:
                        _add_products(
                            1, 2, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 1
                else:
                    column += 8
                    while p + 8 <= e:
                        _add_products(
                            8, 1, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 8
                    while p < e:
                        _add_products(
                            1, 1, x_at, depth, w, width, y_column, width,
                            in_at + 8 * p, out_at + 8 * p, depth,
                        )  # fmt: skip
                        p += 1


@njit(cache=True, nogil=True)
def add_outer(x, gradient, weight, inputs, outputs, starts, first, last):
    """weight[k] += Σ x[i] ⊗ gradient[o] over the pairs (i, o) of offsets k in [first, last).

    Shapes as in `add_products`; starts (K + 1,) int64 where each offset's pairs begin.
    """
    depth, width = weight.shape[1], weight.shape[2]
    x_at, g_at, w_at = x.ctypes.data, gradient.ctypes.data, weight.ctypes.data
    in_at, out_at = inputs.ctypes.data, outputs.ctypes.data
    for k in range(first, last):
        for s in range(starts[k], starts[k + 1], _BLOCK):
            count = min(_BLOCK, starts[k + 1] - s)
            ins, outs = in_at + 8 * s, out_at + 8 * s
            column = 0
            while column < width:
                left = width - column
                g = g_at + 4 * column
                vectors = min(left // 8, 4)
                for row in range(0, depth, 4):
                    w = w_at + 4 * ((k * depth + row) * width + column)
                    xr = x_at + 4 * row
                    if vectors == 4:
                        _add_outer(4, xr, depth, g, width, w, width, ins, outs, count)
                    elif vectors == 3:
                        _add_outer(3, xr, depth, g, width, w, width, ins, outs, count)
                    elif vectors == 2:
                        _add_outer(2, xr, depth, g, width, w, width, ins, outs, count)
                    else:
                        _add_outer(1, xr, depth, g, width, w, width, ins, outs, count)
                column += 8 * vectors


@njit(cache=True, nogil=True)
def tile_bounds(rows, others, starts, count, other_count, tile):
    """(T + 1, K) int64, where the pairs of each tile of `tile` rows begin, offset by offset; and
    whether the rows (P,) of each offset rise in [0, count) and `others` lie in [0, other_count)."""
    tiles = (count + tile - 1) // tile
    bounds = np.zeros((tiles + 1, len(starts) - 1), np.int64)
    for k in range(len(starts) - 1):
        at = 0
        before = -1
        for p in range(starts[k], starts[k + 1]):
            if rows[p] <= before or rows[p] >= count or not 0 <= others[p] < other_count:
                return bounds, False
            before = rows[p]
            while at * tile <= before:
                bounds[at, k] = p
                at += 1
        bounds[at:, k] = starts[k + 1]
    return bounds, True
