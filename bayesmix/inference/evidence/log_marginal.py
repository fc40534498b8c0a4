"""How probable were the data under the model, before they were seen?"""

from bayesmix.errors import PriorError, listing
from bayesmix.hints import with_hints
from bayesmix.modelling.evidence import log_marginal_of_fit
from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit
from bayesmix.modelling.samplers.log_marginal import LogMarginal
from bayesmix.priors.prior import FLAT


@with_hints
def log_marginal(fit: Fit) -> LogMarginal:
    """Log marginal likelihood of a fitted model: all parameters integrated out under their priors.

    Parameters
    ----------
    fit
        A Gaussian model with identity link and Normal priors on the coefficients, or counts with at most one random
        intercept, whichever way it was sampled; any other one sampled by nutpie.

    Returns
    -------
    LogMarginal
        value : float, natural logarithm; nan where it cannot be trusted, with the `reason`
        error : float, Monte Carlo standard error, of quadrature the estimated error, near 0
        method : str, ``"quadrature"`` for one or two variance parameters, ``"importance"`` for more and for counts with
        one random intercept, ``"bridge"`` where its weights cannot be trusted and for other models

    Raises
    ------
    PriorError
        A coefficient has a flat prior.
    ArgumentError
        `fit` is no posterior; or the model has no closed form, and the fit does not hold the draws that bridge sampling
        takes.

    References
    ----------
    Geweke (1989), doi:10.2307/1913710; Meng & Schilling (2002), doi:10.1198/106186002457
    """
    fit = a_posterior(fit, question="log_marginal")
    require_proper(fit)
    return log_marginal_of_fit(fit)


def require_proper(fit: Fit) -> None:
    """Refuse a model with flat priors: its marginal likelihood is defined up to an unknown factor only."""
    flat = [name for name, prior in fit.priors.items() if not prior.distribution.proper]
    if flat:
        raise PriorError(
            f"The prior of {listing(flat)} is {FLAT}(), which is improper: a marginal likelihood, and with it a Bayes "
            "factor, is not defined. Give a proper one, such as Normal(0, 10), and fit again."
        )
