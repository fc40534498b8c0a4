"""The page of any record that prints: `display` loads this file when the first of them is shown."""

from typing import Any

from bayesmix.report.pages import (
    audit_summary,
    bayes_factor_summary,
    compare_summary,
    design_summary,
    diagnostics_summary,
    frame_text,
    inclusion_summary,
    laplace_summary,
    lm_summary,
    posterior_summary,
    rand_summary,
    reml_summary,
    separation_summary,
)
from bayesmix.report.pages.page import Page, blocks_of

PAGES = (
    *(audit_summary, bayes_factor_summary, compare_summary, design_summary, diagnostics_summary, frame_text),
    *(inclusion_summary, laplace_summary, lm_summary, posterior_summary, rand_summary, reml_summary),
    separation_summary,
)
"""Files that register, with `blocks_of`, what stands on the page of a kind of record."""


def page_of(record: object, **asked: Any) -> Page:
    return Page(blocks_of(record, **asked))
