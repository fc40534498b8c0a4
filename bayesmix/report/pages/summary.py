"""The printed summary of a fit of any kind."""

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.hints import with_hints
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import LINEAR, refuse_other_kinds
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.every_page import page_of
from bayesmix.report.pages.page import Page


@with_hints
def summary(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95, ddf: str = "satterthwaite") -> Page:
    """The printed summary of a fit, as `summary(lmer)` gives it.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the equal-tailed intervals (posterior) or confidence intervals (REML, Laplace, lm).
    ddf
        For REML fits, the method of the degrees of freedom: ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    Page
        Formula, data, random effects, residual and fixed effects. The page of a posterior also has effective sample
        sizes and R-hat, priors, notes on what the priors decide and the data cannot tell, and a last line on the
        sampling alone; each estimate has the digits that its posterior sd allows. The page of a REML fit has t tests,
        and a line if the fit is singular or not at an optimum. That of a Laplace fit has z tests; if no maximum was
        found, it begins with the reason and has no tests. Least squares print as `summary(lm)` does.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1, or `ddf` is not known or does not apply to this fit.
    """
    refuse_other_kinds(fit, question="summary", kinds=LINEAR)
    return page_of(fit, prob=probability(prob), ddf=ddf_method(fit, ddf))
