"""One equation of each row, and the distributions of the group effects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bayesmix.families.family import Family
from bayesmix.families.record import OF_A_PROBABILITY
from bayesmix.formula.design import Design, GroupTerm
from bayesmix.formula.syntax import unparse
from bayesmix.posterior.layout import column_pairs, corr_name, sd_names
from bayesmix.priors.prior import Prior
from bayesmix.report.words.notation import Line, Notation
from bayesmix.report.words.written_numbers import WrittenNumbers

_LETTERS = "bcdfghklmoqrstuvw"
"""Of group effects, term by term: neither of parameters nor of indices."""


@dataclass(frozen=True)
class Writing:
    """What is written, and how: a design with its family, and the numbers that stand for parameters, if any."""

    notation: Notation
    design: Design
    family: Family
    numbers: WrittenNumbers | None

    def letter(self, term: GroupTerm) -> str:
        """The letter of a term's effects."""
        place = next(i for i, other in enumerate(self.design.all_random) if other is term)
        turn, letter = divmod(place, len(_LETTERS))
        return _LETTERS[letter] * (turn + 1)

    def effect(self, term: GroupTerm, place: int, index: str) -> str:
        """The effect of one column of a term at a level."""
        return self.notation.symbol(self.letter(term), str(place) if term.k > 1 else "", index)

    def coefficient(self, part: Design, place: int) -> str:
        """A coefficient of a predictor, or its number."""
        if self.numbers is not None:
            return self.numbers.coefficients[part.fixed.names[place]]
        first = 0 if part.fixed.has_intercept else 1
        return self.notation.symbol("beta", f"{part.parameter}{place + first}")

    def auxiliary(self, name: str) -> str:
        """A further parameter of the family, of each row where it has a formula."""
        if name in self.design.parts:
            return self.notation.symbol(name, "", "i")
        if self.numbers is not None and name in self.numbers.spreads:
            return self.numbers.spreads[name]
        return self.notation.symbol(name)


def model_lines(writing: Writing) -> list[Line]:
    """The distribution of the response, the predictors, and the distributions of the group effects."""
    design = writing.design
    lines = [response_line(writing)]
    for part in design.of_response if design.shared is not None else design.predictors:
        terms = [*fixed_terms(writing, part), *_random_terms(writing, part), *offset_terms(writing, part)]
        lines.append(Line(linked(writing, part), "=", total(terms)))
    return [*lines, *effect_lines(writing)]


def response_line(writing: Writing) -> Line:
    """What distribution a row has, given its predictors."""
    notation, design, family = writing.notation, writing.design, writing.family
    response = notation.variable(design.response.name, "i")
    name = "".join(word.capitalize() for word in family.name.split("_"))
    if design.shared is not None:
        predictors = [notation.symbol("eta", part.parameter, "i") for part in design.of_response]
        return Line(response, "~", notation.call("Categorical", notation.call("softmax", "0", *predictors)))
    if family.name == "gaussian":
        variance = notation.square(writing.auxiliary("sigma"))
        if design.weights_column is not None:
            variance = notation.ratio(variance, notation.variable(design.weights_column, "i"))
        return Line(response, "~", notation.call("Normal", mean(writing), variance))
    others = [writing.auxiliary(parameter) for parameter in family.auxiliary]
    if design.response.thresholds:
        others.append(notation.symbol("thresholds"))
    if design.response.trials is not None:
        successes, trials = _counted(writing)
        return Line(successes, "~", notation.call(name, trials, mean(writing), *others))
    return Line(response, "~", notation.call(name, mean(writing), *others))


def _counted(writing: Writing) -> tuple[str, str]:
    """Successes and trials, by the columns that the formula makes them of."""
    notation, spec = writing.notation, writing.design.formula.response
    successes = notation.variable(unparse(spec.values), "i")
    if spec.trials is not None:
        return successes, notation.variable(unparse(spec.trials), "i")
    if spec.failures is not None:
        return successes, f"{successes} + {notation.variable(unparse(spec.failures), 'i')}"
    trials = notation.variable(writing.design.weights_column or "trials", "i")
    return notation.product(trials, successes), trials


def mean(writing: Writing) -> str:
    """The parameter that the formula of the response describes, of row i."""
    if writing.design.response.thresholds:
        return writing.notation.symbol("eta", "", "i")
    return writing.notation.symbol("p" if writing.family.link in OF_A_PROBABILITY else "mu", "", "i")


def linked(writing: Writing, part: Design) -> str:
    """What a linear predictor is equal to."""
    notation = writing.notation
    if not part.parameter:
        symbol, link = mean(writing), writing.family.link
        if writing.design.response.thresholds:
            return symbol
    elif writing.design.shared is not None:
        return notation.symbol("eta", part.parameter, "i")
    else:
        links = {parameter.name: parameter.link for parameter in writing.family.record.auxiliary}
        symbol, link = notation.symbol(part.parameter, "", "i"), links[part.parameter]
    return symbol if link == "identity" else notation.call(link, symbol)


def own_name(name: str, part: Design) -> str:
    """The name of a column without the parameter whose predictor it is of."""
    return name.removeprefix(f"{part.parameter}_") if part.parameter else name


def fixed_terms(writing: Writing, part: Design, index: str = "i") -> list[str]:
    """Each coefficient times its column."""
    return [
        times_column(writing, writing.coefficient(part, place), own_name(name, part), index)
        for place, name in enumerate(part.fixed.names)
    ]


def times_column(writing: Writing, factor: str, column: str, index: str) -> str:
    """A factor alone for the intercept, else times a column."""
    notation = writing.notation
    return factor if column == "Intercept" else notation.product(factor, notation.variable(column, index))


def _random_terms(writing: Writing, part: Design) -> Iterator[str]:
    for term in part.random:
        index = writing.notation.level(term.group)
        for place, name in enumerate(term.names):
            yield times_column(writing, writing.effect(term, place, index), own_name(name, part), "i")


def offset_terms(writing: Writing, part: Design) -> list[str]:
    """The offsets of a predictor, whose coefficients are 1."""
    return [writing.notation.variable(unparse(node), "i") for node in part.formula.offsets]


def total(terms: Sequence[str]) -> str:
    """A sum, with a minus before what is negative."""
    return " + ".join(terms).replace("+ -", "- ") or "0"


def effect_lines(writing: Writing) -> list[Line]:
    """The normal distribution of each term's effects."""
    notation, lines = writing.notation, []
    for part in writing.design.predictors:
        for term in part.random:
            effects = notation.vector([writing.effect(term, place, "j") for place in range(term.k)])
            centre = notation.vector(["0"] * term.k)
            remark = notation.levels("j", term.group, term.n_levels)
            covariance = notation.matrix(_covariance(writing, part, term))
            lines.append(Line(effects, "~", notation.call("Normal", centre, covariance), remark))
    return lines


def _covariance(writing: Writing, part: Design, term: GroupTerm) -> list[list[str]]:
    """Variances and covariances, in terms of standard deviations and correlations."""
    sds = [_spread(writing, name, "tau", term, str(i)) for i, name in enumerate(sd_names(term))]
    cells = [[writing.notation.square(sd) if i == j else "" for j in range(term.k)] for i, sd in enumerate(sds)]
    for first, second in column_pairs(term):
        i, j = term.names.index(first), term.names.index(second)
        name = f"{corr_name(term, part.random)}[{first},{second}]"
        rho = _spread(writing, name, "rho", term, f"{i}{j}" if term.k > 2 else "")
        cells[i][j] = cells[j][i] = writing.notation.product(rho, sds[i], sds[j])
    return cells


def _spread(writing: Writing, name: str, letter: str, term: GroupTerm, place: str) -> str:
    if writing.numbers is not None:
        return writing.numbers.spreads[name]
    return writing.notation.symbol(letter, f"{writing.letter(term)}{place if term.k > 1 else ''}")


def prior_lines(writing: Writing, priors: Mapping[str, Prior]) -> list[Line]:
    """The prior of every parameter, by its name."""
    return [Line(writing.notation.name(name), "~", writing.notation.name(str(prior))) for name, prior in priors.items()]
