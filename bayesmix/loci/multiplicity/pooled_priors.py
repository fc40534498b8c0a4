"""`pooled_priors`: priors of each locus from the draws of many, for a second pass."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bayesmix.arrays import Floats
from bayesmix.errors import ArgumentError, DataError, UnknownTermError, counted, did_you_mean, listing, shown
from bayesmix.formula.frame import checked_frame
from bayesmix.formula.frame_kinds import as_pandas
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import items_of
from bayesmix.loci.inputs.chunked_table import as_numbers
from bayesmix.loci.multiplicity.pooled_candidates import CANDIDATES, Pooled, pooled_together
from bayesmix.loci.pooled import PRIORS_OF_DRAWS, PooledPriors, pooled_from_rows
from bayesmix.priors.prior import Prior
from bayesmix.priors.reading import read_prior

_FEWEST_LOCI, _FEWEST_DRAWS = 20, 10


@with_hints
def pooled_priors(draws: Any, before: Mapping[str, str | Prior] | Sequence[str]) -> PooledPriors:
    """Estimate the priors of a second pass over loci from the draws that a first pass kept of some of them.

    `bm.fit_loci(..., pooled=)` takes them, keeps them with its results and tells them.

    Parameters
    ----------
    draws
        The draws that were kept, a row for each: ``locus``, and a column for each parameter, as `draws` of the results
        of `fit_loci`. Loci should be a random sample of all; some 200 are enough.
    before
        The priors of the first pass, of the parameters that are to be pooled, such as
        ``{"sd_tank__Intercept": "HalfStudentT(3, 2.5)"}``; of draws of `fit_loci`, to which priors of these parameters
        were given, a list of their names. They should be wide.

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
        There are draws of fewer than 20 loci, a prior cannot be pooled, or is not that of the draws.

    Notes
    -----
    The priors of all parameters that are named are estimated together, by maximum marginal likelihood, with a factor
    that keeps the spread over loci from 0. Those that bear on each other should be named together: where the sd of
    groups keeps a prior that is too wide, coefficients seem to differ less between loci than they do. A locus has the
    same results among other loci only with the same priors, which is why they are kept with the results.

    References
    ----------
    Casella (1985), doi:10.1080/00031305.1985.10479400; Chung et al. (2013), doi:10.1007/s11336-013-9328-2
    """
    frame = draws.to_pandas() if isinstance(draws, pa.Table) else as_pandas(draws)
    if "locus" not in frame.columns:
        raise DataError(f"The draws have no column 'locus'; they have {listing(frame.columns)}.")
    wide = {name: _read(name, prior) for name, prior in _priors_before(frame, before).items()}
    pooled = pooled_together(_by_locus(frame, list(wide)), wide)
    _require_enough(pooled)
    return pooled_from_rows([_row(name, wide[name], one) for name, one in pooled.items()])


def _priors_before(frame: pd.DataFrame, before: Any) -> dict[str, str | Prior]:
    """The prior that each parameter had; what draws of `fit_loci` tell of their priors must be the same."""
    told: Mapping[str, str] = frame.attrs.get(PRIORS_OF_DRAWS, {})
    names = items_of(before)
    if isinstance(before, Mapping) and before:
        wide = {str(name): prior for name, prior in before.items()}
    elif names and all(isinstance(name, str) for name in names):
        unknown = [name for name in names if name not in told]
        if unknown:
            raise ArgumentError(
                f"The draws do not tell which prior {shown(unknown[0])} had, for they were given none; give "
                'before={"sd_g__Intercept": "HalfNormal(1)"}, with the prior that the first pass had.'
            )
        wide = {name: told[name] for name in names}
    else:
        raise ArgumentError(
            f"before is a dict of the priors of the first pass, by parameter, or names of these; got {shown(before)}."
        )
    for name, prior in wide.items():
        if name in told and str(read_prior(prior, name)) != str(read_prior(told[name], name)):
            raise ArgumentError(f"The draws of {name!r} are under the prior {told[name]}; before has {prior}.")
    return wide


def _read(name: str, prior: str | Prior) -> Prior:
    """The prior of a parameter, if it is one that can be pooled."""
    read = read_prior(prior, name)
    if read.distribution.support not in CANDIDATES or read.of_sigma or read.distribution.log_density is None:
        raise ArgumentError(f"The prior {read} of {name!r} is none of one number alone, which can be pooled.")
    return read


def _require_enough(pooled: Mapping[str, Pooled]) -> None:
    name, one = min(pooled.items(), key=lambda item: _few(item[1]))
    if _few(one) < _FEWEST_DRAWS:
        raise DataError(
            f"The draws of {name!r} hardly tell its distribution over loci: a tenth of the loci have fewer than "
            f"{_FEWEST_DRAWS} effective draws under the pooled prior. Keep more draws, or give narrower priors first."
        )


def _few(pooled: Pooled) -> float:
    return float(np.quantile(pooled.effective, 0.1))


def _row(name: str, before: Prior, pooled: Pooled) -> dict[str, Any]:
    return {
        "parameter": name,
        "prior": pooled.text,
        "before": str(before),
        "gain": pooled.gain,
        "n_loci": len(pooled.effective),
        "effective": _few(pooled),
    }


def _by_locus(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Floats]:
    """Draws (n_loci, n_draws) of each parameter, of loci that have as many of all as the most have."""
    numbers = {name: _numbers(frame, name) for name in names}
    known = pd.DataFrame({"locus": frame["locus"], **numbers}).dropna()
    sizes = known.groupby("locus", sort=False).size()
    n_draws = int(sizes.max()) if len(sizes) else 0
    full = sizes.index[sizes == n_draws]
    if len(full) < _FEWEST_LOCI:
        raise DataError(
            f"There are draws of {listing(map(repr, names))} of "
            f"{counted(len(full), 'locus').replace('locuss', 'loci')}; a distribution over loci needs at least "
            f"{_FEWEST_LOCI}."
        )
    chosen = known[known["locus"].isin(full)].sort_values("locus", kind="stable")
    return {name: chosen[name].to_numpy(dtype=float).reshape(len(full), n_draws) for name in names}


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame.columns:
        known = [column for column in frame.columns if column not in ("locus", "chain", "draw")]
        raise UnknownTermError(
            f"There are no draws of {name!r}.{did_you_mean(name, known)} There are {listing(known)}."
        )
    numbers, bad = as_numbers(checked_frame(frame, ["locus", name])[name])
    if bad is not None:
        raise DataError(f"The draws of {name!r} have {bad}, which is no number.")
    return np.asarray(numbers, dtype=float)
