"""Sums over levels for the random terms' variance components, block 0 and the other blocks apart."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from bayesmix.arrays import Floats
from bayesmix.numerics.ddf.components import Components
from bayesmix.numerics.ddf.elimination import DenseProducts, LevelProducts
from bayesmix.numerics.gaussian.arrangement import Arrangement

_CHUNK_NUMBERS = 1 << 23


@dataclass(frozen=True)
class ComponentSums:
    """The same as in `Sums`, for the c components of the random terms alone."""

    traces: Floats
    pair_traces: Floats
    forms: Floats
    pair_forms: Floats


@dataclass(frozen=True)
class _Component:
    """G = sum over levels of Z_j E Z_j' in `block`, E = `direction` (k, k).

    `acted` (m, p + 1): E on Z'V^-1 D for a dense block, and for block 0 the sum of (Z_j'V_0^-1 Z)'E Z_j'V^-1 D;
    `carried`, `seen` (m, m), for block 0: the sum of (Z_j'V_0^-1 Z)'E (Z_j'V_0^-1 Z), times R and times `keep`.
    """

    block: int
    direction: Floats
    form: Floats
    acted: Floats
    carried: Floats
    seen: Floats


def component_sums(
    layout: Arrangement,
    parts: Components,
    level: LevelProducts,
    dense: DenseProducts,
    *,
    of_levels: Floats,
    of_dense: Floats,
) -> ComponentSums:
    """Sums for D = [X, e]; `of_levels` (J, k, p + 1) = Z_j'V^-1 D and `of_dense` (m, p + 1) = Z'V^-1 D."""
    components = []
    for term in parts.terms:
        for direction in term.directions:
            if term.block == 0:
                components.append(_of_levels(direction, level, dense, of_levels))
            else:
                components.append(_of_dense(layout, term.block, direction, of_dense))
    correction = _level_correction(level, dense)
    grams = _Grams(layout, level.inner, correction, dense)
    c, width = len(components), of_dense.shape[1]
    traces, pair_traces, pair_forms = np.zeros(c), np.zeros((c, c)), np.zeros((c, c, width, width))
    for i, component in enumerate(components):
        traces[i] = np.sum(component.direction * grams.total(component.block))
        for j, other in enumerate(components[: i + 1]):
            first, second = (component, other) if component.block <= other.block else (other, component)
            pair_traces[i, j] = pair_traces[j, i] = _pair_trace(first, second, grams, dense)
            form = _pair_form(first, second, level, dense, of_levels)
            pair_forms[i, j] = form if first is component else form.T
            pair_forms[j, i] = pair_forms[i, j].T
    forms = np.array([component.form for component in components]).reshape(c, width, width)
    return ComponentSums(traces, pair_traces, forms, pair_forms)


def _of_levels(direction: Floats, level: LevelProducts, dense: DenseProducts, of_levels: Floats) -> _Component:
    acted = direction @ of_levels
    form = np.einsum("jrx,jry->xy", of_levels, acted)
    n_levels, _, width = of_levels.shape
    if not len(dense.inverse):
        return _Component(0, direction, form, np.zeros((0, width)), dense.inverse, dense.inverse)
    spread = sparse.kron(sparse.eye_array(n_levels), sparse.csr_array(direction), format="csr")
    square = (level.dense.T @ (spread @ level.dense)).toarray()
    of_dense = level.dense.T @ acted.reshape(-1, width)
    return _Component(0, direction, form, of_dense, square @ dense.inverse, square @ dense.keep)


def _of_dense(layout: Arrangement, block: int, direction: Floats, of_dense: Floats) -> _Component:
    k, columns = len(direction), _own(layout, block)
    acted = np.zeros_like(of_dense)
    acted[columns] = (direction @ of_dense[columns].reshape(-1, k, of_dense.shape[1])).reshape(acted[columns].shape)
    none = np.zeros((0, 0))
    return _Component(block, direction, of_dense.T @ acted, acted, none, none)


def _own(layout: Arrangement, block: int) -> slice:
    start = int(layout.block_start[block])
    return slice(start, start + int(layout.block_k[block] * layout.block_levels[block]))


def _level_correction(level: LevelProducts, dense: DenseProducts) -> Floats:
    """(J, k, k): Z_j'V_0^-1 Z_j less Z_j'V^-1 Z_j, a chunk of levels at a time."""
    correction = np.zeros_like(level.inner)
    m = len(dense.inverse)
    if not m:
        return correction
    n_levels, k, _ = level.inner.shape
    step = max(1, _CHUNK_NUMBERS // (m * k))
    for first in range(0, n_levels, step):
        last = min(first + step, n_levels)
        rows = level.dense[first * k : last * k]
        carried = (rows @ dense.inverse).reshape(last - first, k, m)
        plain = rows.toarray().reshape(last - first, k, m)
        correction[first:last] = plain @ carried.transpose(0, 2, 1)
    return correction


class _Grams:
    """Products of the elements of two blocks' part of A = Z_all'V^-1 Z_all, summed over pairs of levels.

    `pair(b, d)` (k_b, k_d, k_b, k_d) = sum over levels l, q of A_lq[r, c] A_lq[s, d]. For block 0 with itself, the part
    due to the other blocks, which needs no pairs of levels, is added by `_pair_trace`.
    """

    def __init__(self, layout: Arrangement, inner: Floats, correction: Floats, dense: DenseProducts):
        self.layout, self.inner, self.correction, self.dense = layout, inner, correction, dense
        self.known: dict[tuple[int, int], Floats] = {}

    def total(self, block: int) -> Floats:
        """Sum over levels of Z_j'V^-1 Z_j, (k, k)."""
        if block == 0:
            return np.sum(self.inner - self.correction, axis=0)
        k, columns = int(self.layout.block_k[block]), _own(self.layout, block)
        return np.einsum(
            "lrlc->rc", self.dense.inner[columns, columns].reshape(-1, k, (columns.stop - columns.start) // k, k)
        )

    def pair(self, block: int, other: int) -> Floats:
        if (block, other) not in self.known:
            self.known[block, other] = self._within() if block == other == 0 else self._between(block, other)
        return self.known[block, other]

    def _within(self) -> Floats:
        k = self.inner.shape[1]
        inner, correction = self.inner.reshape(-1, k * k), self.correction.reshape(-1, k * k)
        mixed = inner.T @ correction
        return (inner.T @ inner - mixed - mixed.T).reshape(k, k, k, k)

    def _between(self, block: int, other: int) -> Floats:
        k, width = int(self.layout.block_k[block]), int(self.layout.block_k[other])
        part = self.dense.inner[_own(self.layout, block), _own(self.layout, other)]
        flat = part.reshape(len(part) // k, k, -1, width).transpose(1, 3, 0, 2).reshape(k * width, -1)
        return (flat @ flat.T).reshape(k, width, k, width)


def _pair_trace(component: _Component, other: _Component, grams: _Grams, dense: DenseProducts) -> float:
    """tr V^-1 G_i V^-1 G_j, the block of i not after that of j."""
    if component.block == 0 and other.block > 0:
        k, columns = len(other.direction), _own(grams.layout, other.block)
        keep, seen = dense.keep[:, columns], component.seen[:, columns]
        shape = (len(keep), -1, k)
        return float(np.sum(other.direction * np.einsum("xlr,xlc->rc", keep.reshape(shape), seen.reshape(shape))))
    total = np.einsum("rs,cd,rcsd->", component.direction, other.direction, grams.pair(component.block, other.block))
    if component.block == 0 and len(dense.inverse):
        total += np.sum(component.carried * other.carried.T)
    return float(total)


def _pair_form(
    component: _Component, other: _Component, level: LevelProducts, dense: DenseProducts, of_levels: Floats
) -> Floats:
    """D'V^-1 G_i V^-1 G_j V^-1 D (p + 1, p + 1), the block of i not after that of j."""
    if component.block > 0:
        return component.acted.T @ dense.inner @ other.acted
    if other.block > 0:
        return component.acted.T @ dense.keep @ other.acted
    within = np.einsum("jrx,jry->xy", component.direction @ of_levels, level.inner @ (other.direction @ of_levels))
    return within - component.acted.T @ dense.inverse @ other.acted
