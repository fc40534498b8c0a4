"""A paragraph for the methods and one for the results of a paper."""

from dataclasses import dataclass

from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.hints import Listed
from bayesmix.inference.shared.arguments import probability
from bayesmix.inference.shared.question import question
from bayesmix.inference.tables.ddf_method import ddf_method
from bayesmix.modelling.record import Fit
from bayesmix.report.pages.page import wrapped
from bayesmix.report.words.methods import methods_sentences
from bayesmix.report.words.results import results_sentences
from bayesmix.visible import visible

_WIDTH = 80


@dataclass(frozen=True, repr=False)
class WriteUp(Listed):
    """Two paragraphs on a fit; they print one below the other.

    Attributes
    ----------
    methods : str
        The model, its data, and how it was estimated.
    results : str
        Coefficients, how much groups vary, and what a reader has to be told of the fit.
    """

    methods: str
    results: str

    def __str__(self) -> str:
        return "\n\n".join("\n".join(wrapped(visible(text), _WIDTH)) for text in (self.methods, self.results))

    __repr__ = __str__


@question
def write_up(fit: Fit | RemlFit | LaplaceFit | LmFit, *, prob: float = 0.95, ddf: str = "satterthwaite") -> WriteUp:
    """A paragraph on the methods and one on the results, to begin a paper's own with.

    Parameters
    ----------
    fit
        A fitted model.
    prob
        Probability of the intervals.
    ddf
        Of REML fits: degrees of freedom by ``"satterthwaite"`` or ``"kenward-roger"``.

    Returns
    -------
    WriteUp
        `methods`: the formula, what its parts are, observations and levels, estimation with its software, and of a
        posterior priors, draws and their diagnostics. `results`: each coefficient with its interval (and test), the
        standard deviations of the groups, and whether the fit is singular, not converged, or of separated data. With
        more than 12 coefficients the terms are tested instead of being listed.

    Raises
    ------
    ArgumentError
        `prob` is not between 0 and 1, or `ddf` is not known or not for this fit.

    Notes
    -----
    The sentences say what was done and what came out, not what it means, nor why this model was chosen: what was
    decided in sight of the data is for the author to add.

    References
    ----------
    What to report of mixed models: Meteyard & Davies (2020), doi:10.1016/j.jml.2020.104092; of Bayesian analyses:
    Kruschke (2021), doi:10.1038/s41562-021-01177-7

    Examples
    --------
    >>> fit = bm.reml("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"))
    >>> bm.write_up(fit).results.split(". ")[0]
    'The coefficient of Days was 10.467 (95 % CI 8.879 to 12.055, t(161) = 13.015, p < 0.001)'
    """
    prob, ddf = probability(prob), ddf_method(fit, ddf)
    return WriteUp(" ".join(methods_sentences(fit, ddf)), " ".join(results_sentences(fit, prob, ddf)))
