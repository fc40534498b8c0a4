"""The arguments of questions that make sense for one kind of fit alone."""

from bayesmix.errors import ArgumentError
from bayesmix.estimates.laplace.record import LaplaceFit
from bayesmix.estimates.least_squares.record import LmFit
from bayesmix.estimates.reml.record import RemlFit
from bayesmix.inference.arguments import one_of
from bayesmix.modelling.record import Fit

DDF = ("satterthwaite", "kenward-roger")


def ddf_method(fit: Fit | RemlFit | LaplaceFit | LmFit, ddf: str) -> str:
    """The method of the degrees of freedom: of REML fits alone; least squares has exact ones, others none."""
    ddf = one_of(ddf, DDF, argument="ddf")
    if isinstance(fit, Fit) and ddf != DDF[0]:
        raise ArgumentError(f"ddf={ddf!r} is for REML fits: a posterior has no degrees of freedom; leave it out.")
    if isinstance(fit, LaplaceFit) and ddf != DDF[0]:
        raise ArgumentError(f"ddf={ddf!r} is for REML fits: a Laplace fit has tests by z; leave it out.")
    if isinstance(fit, LmFit) and ddf != DDF[0]:
        raise ArgumentError(f"ddf={ddf!r} is for REML fits: those of least squares are exact; leave it out.")
    return ddf
