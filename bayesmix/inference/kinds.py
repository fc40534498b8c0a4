"""Which kinds of fit a question takes, and the arguments that make sense for one kind alone."""

from bayesmix.errors import ArgumentError
from bayesmix.inference.arguments import one_of
from bayesmix.modelling.laplace_record import LaplaceFit
from bayesmix.modelling.lm_record import LmFit
from bayesmix.modelling.record import Fit
from bayesmix.modelling.reml_record import RemlFit

DDF = ("satterthwaite", "kenward-roger")
MIXED = (Fit, RemlFit, LaplaceFit)
LINEAR = (*MIXED, LmFit)
_MADE_BY = {Fit: "bm.fit", RemlFit: "bm.reml", LaplaceFit: "bm.laplace", LmFit: "bm.lm"}


def refuse_other_kinds(fit: object, *, question: str, kinds: tuple[type, ...] = (Fit, RemlFit)) -> None:
    """Nothing but a posterior, a REML fit, or what else `kinds` has."""
    if not isinstance(fit, kinds):
        *others, last = (_MADE_BY[kind] for kind in kinds)
        made = f"{', '.join(others)} or {last}" if others else last
        raise ArgumentError(f"{question} takes a fit by {made}; got {type(fit).__name__}.")


def a_posterior(fit: object, *, question: str) -> Fit:
    """`fit`, when it is a posterior."""
    if not isinstance(fit, Fit):
        made_by = _MADE_BY.get(type(fit), "")
        given = f"a fit by {made_by}, which has no draws" if made_by else f"{type(fit).__name__}"
        raise ArgumentError(f"{question} takes a fit by bm.fit; got {given}.")
    return fit


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
