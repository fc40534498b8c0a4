"""`pooled_priors`: priors of each locus from the draws of many, for a second pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, DataError, UnknownTermError, counted, did_you_mean, listing, shown
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.frame_kinds import as_pandas
from bayesmix.hints import with_hints
from bayesmix.loci.inputs.chunked_table import as_numbers
from bayesmix.numerics.multiplicity.pooled_prior import PooledPrior, pooled_prior
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior
from bayesmix.priors.table import DISTRIBUTIONS

_FEWEST_LOCI, _FEWEST_DRAWS = 20, 10


@dataclass(frozen=True, repr=False)
class PooledPriors:
    """`priors`: a text for each parameter, as `bm.fit` takes them.

    `table`: a row for each parameter with its ``prior``, the one ``before``, ``gain``, by how much the log evidence of
    a locus rises in the mean, ``n_loci``, and ``effective``, the draws that stand for the posterior of a locus under
    the new prior, at the tenth of the loci that have the fewest.
    """

    priors: Mapping[str, str]
    table: pd.DataFrame

    def __repr__(self) -> str:
        return self.table.to_string(index=False, float_format=lambda value: f"{value:.3g}")


@with_hints
def pooled_priors(draws: Any, before: Mapping[str, str | Prior]) -> PooledPriors:
    """Estimate the priors of a second pass over loci from the draws that a first pass kept of some of them.

    Parameters
    ----------
    draws
        The draws that were kept, a row for each: ``locus``, and a column for each parameter. Loci should be a random
        sample of all; some 200 are enough.
    before
        The priors of the first pass, of the parameters that are to be pooled, such as
        ``{"sd_tank__Intercept": "HalfStudentT(3, 2.5)"}``. They should be wide.

    Returns
    -------
    PooledPriors
        Of a positive parameter the likeliest of ``HalfNormal``, ``Gamma`` and ``LogNormal``, of others that of
        ``Normal`` and ``StudentT(4, ...)``.

    Raises
    ------
    UnknownTermError
        There are no draws of a parameter.
    DataError, ArgumentError
        There are draws of fewer than 20 loci, or a prior cannot be pooled.

    Notes
    -----
    Every parameter is pooled by itself, by maximum marginal likelihood. A prior that was estimated from some loci
    should be stored with the results of others: a locus that is fitted again among other loci has the same results only
    with the same prior.

    References
    ----------
    Casella (1985), doi:10.1080/00031305.1985.10479400
    """
    frame = draws.to_pandas() if isinstance(draws, pa.Table) else as_pandas(draws)
    if "locus" not in frame.columns:
        raise DataError(f"The draws have no column 'locus'; they have {listing(frame.columns)}.")
    if not isinstance(before, Mapping) or not before:
        raise ArgumentError(f"before is a dict of the priors of the first pass, by parameter; got {shown(before)}.")
    rows = [_row(frame, name, read_prior(prior, name)) for name, prior in before.items()]
    table = pd.DataFrame(rows)
    return PooledPriors(dict(zip(table["parameter"], table["prior"], strict=True)), table)


def _row(frame: pd.DataFrame, name: str, before: Prior) -> dict[str, Any]:
    values = _by_locus(frame, name)
    support = before.distribution.support
    if support not in _CANDIDATES or before.of_sigma or before.distribution.log_density is None:
        raise ArgumentError(f"The prior {before} of {name!r} is none of one number alone, which can be pooled.")
    log_prior = before.distribution.log_density(values, *before.args)
    fits = {candidate.name: _fitted(candidate, values, log_prior) for candidate in _CANDIDATES[support]}
    best = max(fits, key=lambda candidate: fits[candidate].gain)
    fit = fits[best]
    few = float(np.quantile(fit.effective, 0.1))
    if few < _FEWEST_DRAWS:
        raise DataError(
            f"The draws of {name!r} hardly tell its distribution over loci: a tenth of the loci have fewer than "
            f"{_FEWEST_DRAWS} effective draws under the pooled prior. Keep more draws."
        )
    fixed = _CANDIDATE[best].fixed
    args = ", ".join(f"{value:.4g}" for value in (*fixed, *fit.args.tolist()))
    return {
        "parameter": name,
        "prior": f"{best}({args})",
        "before": str(before),
        "gain": fit.gain,
        "n_loci": len(values),
        "effective": few,
    }


def _by_locus(frame: pd.DataFrame, name: str) -> Floats:
    """Draws (n_loci, n_draws) of a parameter, of loci that have as many as the most have."""
    if name not in frame.columns:
        known = [column for column in frame.columns if column not in ("locus", "chain", "draw")]
        raise UnknownTermError(
            f"There are no draws of {name!r}.{did_you_mean(name, known)} There are {listing(known)}."
        )
    checked = checked_frame(frame, ["locus", name])
    numbers, bad = as_numbers(checked[name])
    if bad is not None:
        raise DataError(f"The draws of {name!r} have {bad}, which is no number.")
    known = pd.DataFrame({"locus": checked["locus"], name: numbers}).dropna()
    sizes = known.groupby("locus", sort=False)[name].size()
    n_draws = int(sizes.max()) if len(sizes) else 0
    full = sizes.index[sizes == n_draws]
    if len(full) < _FEWEST_LOCI:
        raise DataError(
            f"There are draws of {name!r} of {counted(len(full), 'locus').replace('locuss', 'loci')}; a distribution "
            f"over loci needs at least {_FEWEST_LOCI}."
        )
    chosen = known[known["locus"].isin(full)].sort_values("locus", kind="stable")
    return chosen[name].to_numpy(dtype=float).reshape(len(full), n_draws)


@dataclass(frozen=True)
class _Candidate:
    """A distribution over loci: arguments that stay `fixed`, then those that are estimated, from a `start`."""

    name: str
    start: Callable[[Floats], tuple[float, ...]]
    positive: tuple[bool, ...]
    fixed: tuple[float, ...] = ()


def _gamma_start(means: Floats) -> tuple[float, float]:
    shape = float(np.clip(means.mean() ** 2 / max(means.var(), 1e-12), 0.2, 100))
    return shape, shape / float(means.mean())


def _log_start(means: Floats) -> tuple[float, float]:
    logs = np.log(means)
    return float(logs.mean()), max(float(logs.std()), 0.1)


def _place_and_spread(means: Floats) -> tuple[float, float]:
    return float(means.mean()), max(float(means.std()), 1e-3)


_POSITIVE = (
    _Candidate("HalfNormal", lambda means: (float(np.sqrt(np.mean(means**2))),), (True,)),
    _Candidate("Gamma", _gamma_start, (True, True)),
    _Candidate("LogNormal", _log_start, (False, True)),
)
_REAL = (
    _Candidate("Normal", _place_and_spread, (False, True)),
    _Candidate("StudentT", _place_and_spread, (False, True), fixed=(4.0,)),
)
_CANDIDATES = {"positive": _POSITIVE, "real": _REAL}
_CANDIDATE = {candidate.name: candidate for candidate in (*_POSITIVE, *_REAL)}


def _fitted(candidate: _Candidate, values: Floats, log_prior: Floats) -> PooledPrior:
    density = DISTRIBUTIONS[candidate.name].log_density
    if density is None:
        raise ArgumentError(f"{candidate.name} has no density of one number.")
    return pooled_prior(
        values,
        log_prior,
        lambda draws, args: density(draws, *candidate.fixed, *args),
        np.array(candidate.start(values.mean(axis=1))),
        np.array(candidate.positive),
    )
