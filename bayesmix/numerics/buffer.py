"""Arrays packed into one buffer of doubles and read from it in compiled code, without copying.

So one function, compiled once, serves every data set, and a sampler needs a single address. The buffer begins with its
length, followed by the place and the three lengths of every array; integers keep their bits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayesmix.arrays import Floats, Integers
from bayesmix.numerics.kernels import kernel

_ENTRY = 4  # of an array the buffer's table holds the place and three lengths


def pack(parts: Sequence[NDArray]) -> Floats:
    """Pack `parts`, arrays of doubles or integers with at most three axes."""
    sizes = [part.size for part in parts]
    begin = 1 + _ENTRY * len(parts)
    places = begin + np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    buffer = np.zeros(places[-1])
    table = buffer.view(np.int64)
    table[0] = len(buffer)
    for number, part in enumerate(parts):
        lengths = [*part.shape, 1, 1, 1][:3]
        table[1 + _ENTRY * number : 1 + _ENTRY * (number + 1)] = [places[number], *lengths]
        stretch = slice(places[number], places[number + 1])
        if part.dtype.kind == "i":
            table[stretch] = part.ravel()
        else:
            buffer[stretch] = part.ravel()
    return buffer


@kernel
def floats(buffer: Floats, number: int) -> Floats:
    """Array `number` of the buffer, flat."""
    table = buffer.view(np.int64)
    e = 1 + 4 * number
    return buffer[table[e] : table[e] + table[e + 1] * table[e + 2] * table[e + 3]]


@kernel
def floats_2(buffer: Floats, number: int) -> Floats:
    """Array `number` of the buffer, which has two axes."""
    table = buffer.view(np.int64)
    return floats(buffer, number).reshape((table[2 + 4 * number], table[3 + 4 * number]))


@kernel
def floats_3(buffer: Floats, number: int) -> Floats:
    """Array `number` of the buffer, which has three axes."""
    table = buffer.view(np.int64)
    return floats(buffer, number).reshape((table[2 + 4 * number], table[3 + 4 * number], table[4 + 4 * number]))


@kernel
def integers(buffer: Floats, number: int) -> Integers:
    """Array `number` of the buffer, of integers, flat."""
    return floats(buffer, number).view(np.int64)


@kernel
def integers_2(buffer: Floats, number: int) -> Integers:
    """Array `number` of the buffer, of integers, which has two axes."""
    table = buffer.view(np.int64)
    return integers(buffer, number).reshape((table[2 + 4 * number], table[3 + 4 * number]))


@kernel
def linear_map(centre: Floats, scale: Floats, x: Floats) -> Floats:
    """centre + scale x."""
    out = centre.copy()
    for i in range(len(out)):
        for j in range(len(x)):
            out[i] += scale[i, j] * x[j]
    return out


@kernel
def gradient_by_coordinates(scale: Floats, by_theta: Floats, gradient: Floats) -> None:
    """gradient <- scale' by_theta."""
    for j in range(len(gradient)):
        gradient[j] = 0.0
        for i in range(len(by_theta)):
            gradient[j] += scale[i, j] * by_theta[i]
