"""Which model predicts unseen data better?"""

from collections.abc import Mapping

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats.utils import ELPDDataLOO

from bayesmix.errors import ArgumentError
from bayesmix.hints import with_hints
from bayesmix.inference.prediction.loo import loo
from bayesmix.inference.prediction.loo_record import Loo
from bayesmix.inference.shared.readable_table import readable
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

_FEW = 100  # rows or groups; with fewer the standard error of a difference is too small
_SMALL = 4.0  # difference below which its standard error does not hold

_COLUMNS = ("rank", "elpd", "se", "elpd_diff", "se_diff", "mcse_diff", "p", "weight", "n_unreliable", "note")


@with_hints
@readable
def compare(
    *fits: Fit | Loo | Mapping[str, Fit | Loo], by: str | None = None, draws: int | None = None
) -> pd.DataFrame:
    """Fitted models by their expected log predictive density of left-out rows or groups, the best first.

    Parameters
    ----------
    fits
        Fits of the same rows and response, or the answers of `loo` for them; or one mapping of names to these:
        ``{"with slopes": fit1, "without": fit2}``.
    by
        A grouping factor or column whose levels are left out, as in `loo`; by default single rows.
    draws
        As in `loo`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `model` (its name or formula): `rank` from 1, `elpd` with `se`; `elpd_diff` to the best, 0 or below,
        with `se_diff` from the pointwise differences, and `mcse_diff`, its Monte Carlo error: how much it would change
        with other draws of both; `p`, effective parameters; `weight` in the mixture of models that predicts best
        (stacking); `n_unreliable`: how many estimates have a Pareto k above the limit; `note`: why a difference should
        not be relied on.

    Raises
    ------
    ArgumentError
        There are fewer than two models, or they have different rows, responses or left-out parts.

    Notes
    -----
    A difference of less than 4, of less than two standard errors, or from fewer than 100 parts left out does not
    distinguish models (Sivula et al. 2025). Leaving out rows favours models with group effects, which have seen the
    level; leave out groups to predict new levels.

    References
    ----------
    Vehtari, Gelman & Gabry (2017), doi:10.1007/s11222-016-9696-4; Yao et al. (2018), doi:10.1214/17-BA1091 (stacking);
    Sivula et al. (2025), doi:10.48550/arXiv.2008.10296.
    """
    named = _named(fits)
    first_name, first = next(iter(named.items()))
    for name, other in named.items():
        _require_same_rows(first_name, _fit_of(first), name, _fit_of(other))
    by_name = {name: fit if isinstance(fit, Loo) else loo(fit, by=by, draws=draws) for name, fit in named.items()}
    _require_same_parts(by_name)
    table = arviz_stats.compare(_as_elpd_data(by_name), round_to="none")
    out = pd.DataFrame(index=pd.Index(table.index, name="model"))
    out["rank"] = np.arange(1, len(table) + 1)
    for name in ("elpd", "se", "elpd_diff", "p", "weight"):
        out[name] = table[name].to_numpy(dtype=float)
    out["se_diff"] = table["dse"].to_numpy(dtype=float)
    out["mcse_diff"] = [_error_of_difference(by_name[table.index[0]], by_name[name]) for name in table.index]
    out["n_unreliable"] = [len(by_name[name].unreliable) for name in out.index]
    out["note"] = [_note(out.loc[name], len(by_name[name].pointwise)) for name in out.index]
    return out[list(_COLUMNS)]


def _named(fits: tuple[Fit | Loo | Mapping[str, Fit | Loo], ...]) -> dict[str, Fit | Loo]:
    named: dict[str, Fit | Loo] = {}
    if len(fits) == 1 and isinstance(fits[0], Mapping):
        named = {str(name): fit for name, fit in fits[0].items()}
    else:
        for number, fit in enumerate(fits, 1):
            formula = _fit_of(fit).formula
            family = _fit_of(fit).family
            name = f"{formula}, {family}" if formula in named else formula
            named[f"{name} ({number})" if name in named else name] = fit  # type: ignore[assignment]
    if len(named) < 2:
        raise ArgumentError(f"compare takes two models or more; got {len(named)}. See loo for one.")
    return named


def _fit_of(model: object) -> Fit:
    return model.fit if isinstance(model, Loo) else a_posterior(model, question="compare")


def _require_same_rows(first_name: str, first: Fit, name: str, other: Fit) -> None:
    n_obs, n_other = first.design.n_obs, other.design.n_obs
    if n_obs != n_other or not first.data.index.equals(other.data.index):
        raise ArgumentError(
            f"Models are compared on the same rows: {first_name!r} has {n_obs}, {name!r} {n_other}"
            f"{', with other labels' if n_obs == n_other else ''}. Leave out the rows with missing values before "
            "fitting."
        )
    response, second = first.design.response, other.design.response
    columns = (
        (response.values, second.values),
        (response.trials, second.trials),
        (response.censoring, second.censoring),
    )
    if not all(np.array_equal(ours, others) for ours, others in columns):  # type: ignore[arg-type]
        raise ArgumentError(
            f"Models are compared on the same response: that of {first_name!r} is {response.name}, that of "
            f"{name!r} {second.name}, with other values. A density of log(y) is not one of y."
        )


def _require_same_parts(by_name: Mapping[str, Loo]) -> None:
    first_name, first = next(iter(by_name.items()))
    for name, other in by_name.items():
        if other.by != first.by or not other.pointwise.index.equals(first.pointwise.index):
            raise ArgumentError(
                f"{first_name!r} has left out {len(first.pointwise)} of {first.by!r}, {name!r} {len(other.pointwise)} "
                f"of {other.by!r}; ask for the same by=."
            )


def _as_elpd_data(by_name: Mapping[str, Loo]) -> dict[str, ELPDDataLOO]:
    """Records for ArviZ's comparison, with densities relative to the best model.

    Its weights take exp of every density, which underflows for a group of many rows; only differences between models
    matter.
    """
    densities = np.stack([estimate.pointwise["elpd"].to_numpy() for estimate in by_name.values()])
    differences = densities - densities.max(axis=0)
    return {
        name: ELPDDataLOO(
            elpd=estimate.elpd,
            se=estimate.se,
            p=estimate.p,
            n_samples=estimate.fit.diagnostics.n_total,
            n_data_points=len(estimate.pointwise),
            scale="log",
            warning=not estimate.unreliable.empty,
            good_k=estimate.k_limit,
            elpd_i=xr.DataArray(pointwise, dims="part"),
            pareto_k=xr.DataArray(estimate.pointwise["pareto_k"].to_numpy(), dims="part"),
        )
        for (name, estimate), pointwise in zip(by_name.items(), differences, strict=True)
    }


def _error_of_difference(best: Loo, other: Loo) -> float:
    """Monte Carlo error of a difference; a model has the same draws as itself."""
    return 0.0 if other.fit is best.fit else float(np.hypot(best.mcse, other.mcse))


def _note(row: pd.Series, n_parts: int) -> str:
    if row["n_unreliable"]:
        return f"{int(row['n_unreliable'])} Pareto k above the limit: see loo(fit).unreliable"
    if row["rank"] == 1:
        return ""
    if abs(row["elpd_diff"]) < _SMALL:
        return f"as good as the best: difference below {_SMALL:g}"
    if abs(row["elpd_diff"]) < 2 * row["se_diff"]:
        return "difference below 2 standard errors"
    if abs(row["elpd_diff"]) < 2 * row["mcse_diff"]:
        return "difference below 2 Monte Carlo errors: fit with more draws"
    return f"{n_parts} left out: se_diff is too small" if n_parts < _FEW else ""
