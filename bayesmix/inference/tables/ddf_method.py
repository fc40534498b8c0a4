"""The arguments of questions that make sense for one kind of fit alone."""

from bayesmix.errors import ArgumentError
from bayesmix.inference.shared.arguments import one_of
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

DDF = ("satterthwaite", "kenward-roger")

_WHY_NONE: dict[type, str] = {
    Fit: "a posterior has no degrees of freedom",
    LaplaceFit: "a Laplace fit has tests by z",
    LmFit: "those of least squares are exact",
}


def ddf_method(fit: Fit | RemlFit | LaplaceFit | LmFit, ddf: str) -> str:
    """The method of the degrees of freedom: of REML fits alone; least squares has exact ones, others none."""
    ddf = one_of(ddf, DDF, argument="ddf")
    if ddf != DDF[0] and type(fit) in _WHY_NONE:
        raise ArgumentError(f"ddf={ddf!r} is for REML fits: {_WHY_NONE[type(fit)]}; leave it out.")
    return ddf
