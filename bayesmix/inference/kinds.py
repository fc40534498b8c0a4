"""Which kinds of fit a question takes, and the arguments that make sense for one kind alone."""

from bayesmix.errors import ArgumentError
from bayesmix.inference.arguments import one_of
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

DDF = ("satterthwaite", "kenward-roger")


def refuse_other_kinds(fit: object, *, question: str) -> None:
    """Nothing but a posterior or a REML fit."""
    if not isinstance(fit, Fit | RemlFit):
        raise ArgumentError(f"{question} takes a fit by bm.fit or bm.reml; got {type(fit).__name__}.")


def ddf_method(fit: Fit | RemlFit, ddf: str) -> str:
    """The method of the degrees of freedom; a posterior has none."""
    ddf = one_of(ddf, DDF, argument="ddf")
    if isinstance(fit, Fit) and ddf != DDF[0]:
        raise ArgumentError(f"ddf={ddf!r} is for REML fits: a posterior has no degrees of freedom; leave it out.")
    return ddf
