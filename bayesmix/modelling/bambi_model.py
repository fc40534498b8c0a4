"""The Bambi model behind a fit, for Bambi's own `predict` and `interpret`."""

from typing import TYPE_CHECKING

from bayesmix.modelling.kinds import a_posterior
from bayesmix.modelling.record import Fit

if TYPE_CHECKING:
    import bambi


def bambi_model(fit: Fit) -> "bambi.Model":
    """The model as Bambi holds it, for which `fit.posterior` is a posterior.

    Returns
    -------
    bambi.Model
        A built model with bayesmix's coding of the factors and its group effects, so that
        ``bambi_model(fit).predict(fit.posterior, data=new)``, and `predictions`, `comparisons` and `slopes` of
        ``bambi.interpret``, work. It prints the formulas and the priors of the fit.

    Raises
    ------
    ArgumentError
        `fit` is not a posterior.

    Notes
    -----
    Bambi's `predict` does not cover random slopes of several columns (`poly(x, 2) | g`), a grouping factor that is also
    a numeric predictor, and columns with a `|` in their names; `bm.predict` does. Bambi evaluates the text of its
    formulas, in which response, columns and functions have fixed names (`bayesmix_response`); elsewhere they have their
    own. bayesmix adds coefficients and group effects with their priors to the PyMC model itself, so that the priors of
    Bambi's terms, such as `model.parameters["mu"].terms["Days"].prior`, are flat and not those of the fit. Do not build
    or fit the model again.

    Examples
    --------
    >>> bm.bambi_model(fit).predict(fit.posterior, data=new, inplace=False)  # doctest: +SKIP
    >>> bambi.interpret.slopes(bm.bambi_model(fit), fit.posterior, wrt="Days")  # doctest: +SKIP
    """
    fit = a_posterior(fit, question="bambi_model")
    from bayesmix.modelling.pymc_model.bambi_bridge import build_bambi_model

    return build_bambi_model(fit.design, fit.family, fit.priors, for_prediction=True)
