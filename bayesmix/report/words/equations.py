"""The model as equations."""

from dataclasses import dataclass

from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.hints import Listed
from bayesmix.inference.shared.arguments import a_switch, one_of
from bayesmix.inference.shared.question import question
from bayesmix.modelling.kinds import family_of
from bayesmix.modelling.record import Fit
from bayesmix.report.words.level_equations import level_lines
from bayesmix.report.words.model_equations import Writing, model_lines, prior_lines
from bayesmix.report.words.notation import Latex, Line, PlainText
from bayesmix.report.words.written_numbers import written_numbers
from bayesmix.visible import visible

FORMS = ("mixed", "levels")


@dataclass(frozen=True, repr=False)
class Equations(Listed):
    """A model in equations: it prints as text, and a notebook shows it as mathematics.

    Attributes
    ----------
    text : str
        An equation a line.
    latex : str
        The same in LaTeX, an ``aligned`` environment to be put between ``\\[`` and ``\\]``; it needs amsmath.
    """

    text: str
    latex: str

    def __str__(self) -> str:
        return visible(self.text, keep="\n")

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


@question
def equations(fit: Fit | RemlFit | LaplaceFit | LmFit, *, form: str = "mixed", values: bool = False) -> Equations:
    """The model as equations, in plain text and in LaTeX.

    Parameters
    ----------
    fit
        A fitted model.
    form
        ``"mixed"``: one equation of each row, and the distributions of the group effects. ``"levels"``: level 1 has
        the coefficients of each group's own line, level 2 says what they depend on; with one grouping factor predictors
        that are constant within its levels stand there, and their interactions with those of level 1 in the equations
        of the slopes.
    values
        Whether estimates (of a posterior the means) stand in place of coefficients, standard deviations and
        correlations.

    Returns
    -------
    Equations
        `text` and `latex`. Row i belongs to level ``Subject[i]``; ``b`` and further letters are effects of groups,
        ``Normal`` has the variance as its second argument. A posterior without `values` has the priors of its
        parameters below, by their names in `print(fit)`; there ``Normal`` has the standard deviation.

    Raises
    ------
    ArgumentError
        `form` is not known; `values` is neither True nor False; the model has no random terms and so no levels.

    References
    ----------
    Gelman & Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, chapter 12,
    doi:10.1017/CBO9780511790942

    Examples
    --------
    >>> fit = bm.reml("Reaction ~ Days + (1 | Subject)", bm.load_data("sleepstudy"))
    >>> print(bm.equations(fit, values=True))
    Reaction[i] ~ Normal(mu[i], 30.99^2)
          mu[i] = 251.41 + 10.467 * Days[i] + b[Subject[i]]
           b[j] ~ Normal(0, 37.12^2),  j = 1, ..., 18 (Subject)
    """
    form, values = one_of(form, FORMS, argument="form"), a_switch(values, argument="values")
    if form == "levels" and not fit.design.random:
        raise ArgumentError('form="levels" is of models with random terms, and this one has none; take form="mixed".')
    numbers = written_numbers(fit) if values else None
    lines_of = level_lines if form == "levels" else model_lines
    written = [Writing(notation, fit.design, family_of(fit), numbers) for notation in (PlainText(), Latex())]
    text, latex = (writing.notation.whole([*lines_of(writing), *_priors(writing, fit)]) for writing in written)
    return Equations(text, latex)


def _priors(writing: Writing, fit: Fit | RemlFit | LaplaceFit | LmFit) -> list[Line]:
    """The priors of a posterior whose parameters are not replaced by numbers."""
    if writing.numbers is not None or not isinstance(fit, Fit):
        return []
    return prior_lines(writing, fit.priors)
