"""Is a statement about the parameters true, `a + b < 0` or `a = 0`?"""

from collections.abc import Mapping, Sequence
from functools import singledispatch

import pandas as pd

from bayesmix.inference.hypotheses.posterior import of_posterior
from bayesmix.inference.hypotheses.text import texts_of
from bayesmix.inference.hypotheses.wald import of_estimates
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.question import question
from bayesmix.inference.shared.readable_table import HypothesisTable
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.kinds import Fit, LaplaceFit, LmFit, RemlFit, no_answer


@question
def hypothesis(
    fit: Fit | RemlFit | LaplaceFit | LmFit,
    hypothesis: str | Sequence[str] | Mapping[str, str],
    *,
    prob: float = 0.95,
    ddf: str = "satterthwaite",
) -> pd.DataFrame:
    """How probable a statement about parameters is, and how much the data speak for it; of estimates, a Wald test.

    Parameters
    ----------
    fit
        A fitted model.
    hypothesis
        A text, several, or a mapping from labels to texts, such as ``"treatment[trt] + treatment[trt]:time[t2] < 0"``.
        Two sides with ``<``, ``>`` or ``=`` between them (``<=`` and ``>=`` are read as ``<`` and ``>``), or a range
        with numbers as ends, ``"-0.1 < a < 0.1"``. A side may have numbers, ``+ - * / **``, brackets, ``exp``, ``log``,
        ``sqrt``, ``abs``, and the parameters of the model:

        - coefficients (and thresholds) as `fixef` prints them, in backticks or quotes if their names are unusual;
        - marginal means, ``emmean[treatment=trt, time=t2]`` or ``mean(...)``, covariates at values ``emmean[Days=9]``,
          ``emmean[1]`` over all: those of `emmeans` on the link scale with group effects at 0;
        - of a posterior also standard deviations and correlations, ``sd_Subject__Days``, ``corr_Subject`` (of more than
          two columns ``corr_Subject[Intercept,Days]``), ``sigma`` and what else `auxiliary` prints, and group effects
          ``ranef[group, level, column]``, such as ``ranef[Subject, 308, Days]`` (a comma in a level: quotes).

        The longest name counts: ``log(x)`` is the coefficient of that name where there is one.
    prob
        Probability of the interval, which is equal-tailed for every hypothesis.
    ddf
        Of REML fits: degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``, the latter with adjusted
        standard errors.

    Returns
    -------
    pandas.DataFrame
        Indexed by `hypothesis`. What is estimated is the side that stands against a number, else the difference of both
        sides, the left one less the right one.

        Posterior: `mean`, `sd`, `lower`, `upper` of it; `probability`, the share of draws in which the hypothesis
        holds, with its Monte Carlo error `mcse`; `prior`, its probability under the priors; `evidence_ratio`, the
        posterior odds, never infinite: where the draws cannot tell it from 0 or infinity it is the number of effective
        draws less 1 (or 1 over that) and `limit` is ``">"`` (or ``"<"``); `bayes_factor`, posterior odds over prior
        odds, > 1 if the data speak for the hypothesis, `log10_bf` and its error `log10_bf_mcse` (nan at a limit);
        `method`; `note`. Against a point, ``a = 0``: the Bayes factor for the point against anywhere, the evidence
        ratio and `probability` with prior odds 1:1.

        REML, lm and Laplace: `estimate`, `se`, `df` and `t` (Laplace: `z`), `p`, `lower` and `upper` (confidence
        interval), `null`, the hypothesis that is tested: for ``a = 0`` it is this, so that a small p speaks against the
        text; for ``a < 0`` it is ``>= 0``, so that a small p speaks for the text. `note`.

    Raises
    ------
    FormulaError
        A text cannot be read, or names what is no parameter of the model; the place is marked.
    ArgumentError
        There is no text; an expression has no value in some draws; for a point it is not linear or has group effects in
        it; for estimates it is a range; `prob` or `ddf` is wrong.
    UnknownTermError
        Of estimates: a parameter has no standard error, or it or a mean cannot be estimated; empty cells are named.
    PriorError
        The point is at the end of what can be, as 0 is for a standard deviation: `bayes_factor` tests that.

    Notes
    -----
    The evidence for a point is the Savage-Dickey ratio, the density there under the posterior over that under the
    prior of the fit. It is the Bayes factor against the model without the parameter under these priors. On the exact
    route the posterior density is normal given the variances, and is averaged over their draws, which reaches into the
    tails. Elsewhere it is fitted to the draws about the point. Where these do not reach it, and the point says that a
    term of one column is absent, marginal likelihoods are compared instead. As every Bayes factor it depends on the
    prior of what is tested; with a flat one there is none.

    For estimates a linear hypothesis has a t test with the degrees of freedom of that combination, any other one the
    delta method.

    References
    ----------
    Dickey (1971), doi:10.1214/aoms/1177693507; Wagenmakers et al. (2010), doi:10.1016/j.cogpsych.2009.12.001

    Examples
    --------
    >>> bm.hypothesis(fit, "Days > 0")["limit"].item()
    '>'
    """
    texts = texts_of(hypothesis)
    frame = _hypothesis(fit, texts=texts, prob=probability(prob), ddf=ddf_method(fit, ddf))
    table = HypothesisTable(frame)
    table.attrs["formula"], table.attrs["prob"] = fit.formula, prob
    return table


@singledispatch
def _hypothesis(fit: object, *, texts: dict[str, str], prob: float, ddf: str) -> pd.DataFrame:
    raise no_answer(_hypothesis, fit, question="hypothesis")


@_hypothesis.register
def _of_posterior(fit: Fit, *, texts: dict[str, str], prob: float, ddf: str) -> pd.DataFrame:
    return of_posterior(fit, texts, prob)


@_hypothesis.register
def _of_estimates(fit: RemlFit | LaplaceFit | LmFit, *, texts: dict[str, str], prob: float, ddf: str) -> pd.DataFrame:
    return of_estimates(fit, texts, prob, ddf)
