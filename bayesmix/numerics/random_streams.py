"""Random numbers of compiled code: streams that depend on whole numbers alone, and on no state of the process."""

from math import cos, log, pi, sqrt

import numpy as np

from bayesmix.numerics.kernels import kernel


@kernel
def stream_of(seed: int, first: int, second: int) -> np.uint64:
    """The state of the stream that belongs to `seed` and to two further numbers, such as a draw and a level."""
    state = np.uint64(seed)
    for part in (first, second):
        state, _ = next_bits(state ^ (np.uint64(part) * np.uint64(0xD1342543DE82EF95) + np.uint64(0x632BE59BD9B4E019)))
        _, state = next_bits(state)
    return state


@kernel
def next_bits(state: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Steele, Lea & Flood (2014), doi:10.1145/2660193.2660195: the next state and 64 random bits."""
    state += np.uint64(0x9E3779B97F4A7C15)
    bits = state
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, bits ^ (bits >> np.uint64(31))


@kernel
def uniform(state: np.uint64) -> tuple[np.uint64, float]:
    """The next state and a number strictly between 0 and 1."""
    state, bits = next_bits(state)
    return state, (float(bits >> np.uint64(12)) + 0.5) * 2.0**-52


@kernel
def normal(state: np.uint64) -> tuple[np.uint64, float]:
    """The next state and a standard normal number, by Box and Muller's map of two uniform ones."""
    state, radius = uniform(state)
    state, angle = uniform(state)
    return state, sqrt(-2.0 * log(radius)) * cos(2.0 * pi * angle)
