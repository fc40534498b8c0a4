"""The priors of a model: the defaults, replaced where the user gives others."""

from collections.abc import Mapping

from bayesmix.errors import PriorError
from bayesmix.priors.given import Given, by_parameter
from bayesmix.priors.prior import Prior, Priors
from bayesmix.priors.reading import parameter_kind, read_prior

_SMALLEST, _LARGEST = 1e-50, 1e50


def settle_priors(
    defaults: Mapping[str, Prior],
    given: Given,
    column_sds: Mapping[str, float] | None = None,
) -> dict[str, Prior]:
    """The defaults, replaced where another prior is `given`, in the order of the defaults.

    Parameters
    ----------
    given
        By parameter, or in brms's or Bambi's words, as `given.by_parameter` reads them.
    column_sds
        For each group sd the sd of the column that varies by group, from `default_priors.column_sds`: those whose sd(z)
        sd / sigma has no unit, so that their prior may be relative to sigma.

    Raises
    ------
    PriorError
        A given name is no parameter of the model, or its prior cannot be read or does not suit it.
    """
    settled = Priors(defaults)
    for parameter, prior in by_parameter(given, defaults).items():
        read = read_prior(prior, parameter, parameter_kind(defaults[parameter]))
        _require_moderate(read, parameter)
        _require_within(read, defaults[parameter], parameter)
        settled[parameter] = _settled_ratio(read, parameter, column_sds or {})
    return settled


def _settled_ratio(prior: Prior, parameter: str, column_sds: Mapping[str, float]) -> Prior:
    """Work out ``ScaleFree(r)``; refuse a prior relative to sigma if sigma has another unit."""
    if not (prior.of_sigma or prior.distribution.per_column_sd):
        return prior
    if parameter == "sigma":
        raise PriorError(f"Prior of 'sigma': {prior} is relative to sigma itself; write HalfStudentT(3, 10).")
    if parameter not in column_sds:
        raise PriorError(
            f"Prior of {parameter!r}: {prior} is relative to the residual sd, whose unit group sds have in families "
            "with sigma and identity link alone; write HalfNormal(1) or HalfStudentT(3, 1)."
        )
    if prior.distribution.per_column_sd:
        ratio = prior.args[0] / column_sds[parameter]
        return Prior(prior.distribution.per_column_sd, (ratio,), of_sigma=True)
    return prior


def _require_within(prior: Prior, default: Prior, parameter: str) -> None:
    """The bounds of a default prior are those of the parameter: a shift lies below every response."""
    if default.distribution.support != "interval":
        return
    (lower, upper), (least, most) = prior.args, default.args
    if lower < least or upper > most:
        bound = ", the least response" if parameter == "ndt" else ""
        raise PriorError(
            f"Prior of {parameter!r}: {prior} reaches beyond {least:g} to {most:g}{bound}; write {default} or a "
            "narrower one."
        )


def _require_moderate(prior: Prior, parameter: str) -> None:
    """Refuse numbers whose powers, or whose ratios to the data, would overflow or vanish."""
    for argument, value in zip(prior.distribution.arguments, prior.args, strict=True):
        if value and not _SMALLEST <= abs(value) <= _LARGEST:
            raise PriorError(
                f"Prior of {parameter!r}: {argument.name} ({argument.meaning}) of {prior.distribution.signature} is "
                f"{value:g}, and its size may be {_SMALLEST:g} to {_LARGEST:g}; give the response or the column "
                "another unit."
            )
