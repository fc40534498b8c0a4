"""How records print. A record does not know its printer, which stands rooms above it: it is looked up here.

A module of `PRINTERS` has functions `as_text(record)` and `as_html(record)`; it loads when a record is printed.
"""

from importlib import import_module

PRINTERS = {
    "Audit": "bayesmix.report.audit_summary",
    "BayesFactor": "bayesmix.report.bayes_factor_summary",
    "Design": "bayesmix.report.design_summary",
    "Diagnostics": "bayesmix.report.diagnostics_summary",
    "Fit": "bayesmix.report.summary",
    "InclusionTable": "bayesmix.report.inclusion_summary",
    "LaplaceFit": "bayesmix.report.laplace_summary",
    "LmFit": "bayesmix.report.lm_summary",
    "RandTable": "bayesmix.report.rand_summary",
    "ReadableTable": "bayesmix.report.frame_text",
    "RemlComparison": "bayesmix.report.compare_summary",
    "RemlFit": "bayesmix.report.reml_summary",
    "Separation": "bayesmix.report.separation_summary",
}


def as_text(record: object) -> str:
    """The record as `print` shows it."""
    return str(import_module(PRINTERS[type(record).__name__]).as_text(record))


def as_html(record: object) -> str:
    """The record as a notebook shows it."""
    return str(import_module(PRINTERS[type(record).__name__]).as_html(record))


class Printed:
    """A record that prints as its page: at a prompt, in a notebook."""

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)
