"""What does each fixed term explain?"""

import pandas as pd

from bayesmix.hints import with_hints
from bayesmix.inference.ddf_method import ddf_method
from bayesmix.inference.least_squares import anova as of_least_squares
from bayesmix.inference.readable_table import readable
from bayesmix.inference.reml import anova as of_reml
from bayesmix.modelling.kinds import refuse_other_kinds
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.reml_record import RemlFit


@with_hints
@readable
def anova(fit: RemlFit | LmFit, *, ddf: str = "satterthwaite") -> pd.DataFrame:
    """F tests of the fixed terms: type III of a REML or ML fit, as lmerTest's `anova`; sequential of `lm`, as R's.

    Parameters
    ----------
    fit
        A fit by `reml` or `lm`.
    ddf
        Of REML fits: denominator degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``, the latter with F
        scaled as that method asks. Fits by maximum likelihood have the former alone.

    Returns
    -------
    pandas.DataFrame
        Indexed by `term` in the order of the formula (main effects first, then interactions, as R orders them).

        Of a REML or ML fit each term is adjusted for all others: `sum_sq` and `mean_sq` (which beside the residual
        variance give `f`), `num_df`, `den_df`, `f` and its `p`. No rows for a formula without fixed terms.

        Of `lm` a term is adjusted for those above it, `Residuals` last: `df`, `sum_sq` (what the term explains beyond
        the terms above it), `mean_sq`, `f` (against the mean square of the residuals) and its `p`; nan for the
        residuals.

    Raises
    ------
    ArgumentError
        `fit` is another kind of fit; `ddf` is not known or not for this fit; the crossed factors have too many levels
        for degrees of freedom.

    Notes
    -----
    Type III hypotheses do not depend on the coding of the factors: in complete designs they compare means over the
    levels of all other factors, weighted alike. Where a factor takes part in interactions with a number, its own row
    compares levels where that number is 0.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13

    Examples
    --------
    >>> fit = bm.reml("yield ~ irrigation * variety + (1 | field)", bm.load_data("irrigation"))  # doctest: +SKIP
    >>> bm.anova(fit).loc["variety", ["den_df", "f"]].round(4).tolist()  # doctest: +SKIP
    [4.0, 1.0676]
    """
    refuse_other_kinds(fit, question="anova", kinds=(RemlFit, LmFit))
    ddf = ddf_method(fit, ddf)
    return of_reml.anova(fit, ddf=ddf) if isinstance(fit, RemlFit) else of_least_squares.anova(fit)
