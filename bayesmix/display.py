"""How records print. A record does not know its printer, which stands rooms above it: it is looked up here.

A module of `PRINTERS` has functions `as_text(record)` and `as_html(record)`; it loads when a record is printed.
"""

from importlib import import_module

PRINTERS = {
    "Audit": "bayesmix.report.pages.audit_summary",
    "BayesFactor": "bayesmix.report.pages.bayes_factor_summary",
    "Design": "bayesmix.report.pages.design_summary",
    "Diagnostics": "bayesmix.report.pages.diagnostics_summary",
    "Fit": "bayesmix.report.pages.summary",
    "InclusionTable": "bayesmix.report.pages.inclusion_summary",
    "LaplaceFit": "bayesmix.report.pages.laplace_summary",
    "LmFit": "bayesmix.report.pages.lm_summary",
    "RandTable": "bayesmix.report.pages.rand_summary",
    "ReadableTable": "bayesmix.report.pages.frame_text",
    "RemlComparison": "bayesmix.report.pages.compare_summary",
    "RemlFit": "bayesmix.report.pages.reml_summary",
    "Separation": "bayesmix.report.pages.separation_summary",
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
