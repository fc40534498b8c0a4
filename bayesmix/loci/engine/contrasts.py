"""What is asked of every locus beside its parameters: expressions of these, or weights of coefficients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayesmix.errors import ArgumentError, listing, shown
from bayesmix.formula.syntax import Node
from bayesmix.inference.hypotheses.expression import names_in
from bayesmix.inference.hypotheses.text import read_hypothesis
from bayesmix.inference.hypotheses.tokens import Names

type Asked = str | Sequence[str] | Mapping[str, str | Mapping[str, float]] | None
_RELATIONS = ("<", ">", "=")


@dataclass(frozen=True)
class Contrast:
    """An expression of parameters under the name of its columns, and the parameters in it."""

    label: str
    expression: Node
    names: tuple[str, ...]


def read_contrasts(asked: Asked, parameters: Sequence[str]) -> tuple[Contrast, ...]:
    """The contrasts that are asked for, by label.

    Parameters
    ----------
    asked
        An expression as `bm.hypothesis` takes it, several, or a mapping from labels to expressions or to weights of
        parameters, ``{"late": {"treatment[trt]": 1, "treatment[trt]:time[t2]": 1}}``. Of a comparison of two sides the
        difference is taken.
    parameters
        The names that may stand in it.

    Raises
    ------
    ArgumentError, FormulaError
        One is no such thing, compares with a number other than 0, or is called like a parameter.
    """
    named = _named(asked)
    known = Names(parameters)
    contrasts = []
    for label, given in named.items():
        if label in parameters:
            raise ArgumentError(f"The contrast {shown(label)} is called like a parameter; give it another name.")
        text = given if isinstance(given, str) else _weighted(label, given, parameters)
        whole = text if any(sign in text for sign in _RELATIONS) else f"{text} = 0"
        read = read_hypothesis(label, whole, known, _no_effects, _no_means)
        if {read.lower, read.upper} - {0.0, float("inf"), float("-inf")}:
            raise ArgumentError(
                f"The contrast {shown(label)} compares with a number; give what should be compared with 0."
            )
        contrasts.append(Contrast(label, read.expression, names_in(read.expression)))
    return tuple(contrasts)


def _named(asked: Asked) -> dict[str, str | Mapping[str, float]]:
    if asked is None:
        return {}
    if isinstance(asked, str):
        return {asked: asked}
    if isinstance(asked, Mapping):
        named: dict[str, str | Mapping[str, float]] = {str(label): given for label, given in asked.items()}
    elif isinstance(asked, Sequence):
        named = {str(given): given for given in asked}
    else:
        raise ArgumentError(f"contrasts asked for are texts or a mapping from labels to them; got {shown(asked)}.")
    for label, given in named.items():
        if not isinstance(given, str | Mapping):
            raise ArgumentError(f"The contrast {shown(label)} is a text or a mapping to weights; got {shown(given)}.")
    return named


def _weighted(label: str, weights: Mapping[str, float], parameters: Sequence[str]) -> str:
    unknown = [name for name in weights if name not in parameters]
    if unknown or not weights:
        raise ArgumentError(
            f"The contrast {shown(label)} has weights of {listing(unknown) if unknown else 'nothing'}; "
            f"parameters: {listing(parameters)}."
        )
    return " + ".join(f"{float(weight)!r} * `{name}`" for name, weight in weights.items())


def _no_effects(parts: tuple[str, ...]) -> str:
    raise ArgumentError(f"ranef[{', '.join(parts)}] stands for a group effect, and loci have none in common.")


def _no_means(parts: tuple[str, ...]) -> str:
    raise ArgumentError(
        f"emmean[{', '.join(parts)}] stands for a marginal mean; write it in coefficients, or as weights of these."
    )
