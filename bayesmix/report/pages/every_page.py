"""The page of every record that prints; `display` loads this file when the first record is shown."""

from typing import Any

from bayesmix.report.pages import (
    audit_summary,
    compare_summary,
    elimination_summary,
    evidence_summary,
    fit_parts_summary,
    frame_text,
    hypothesis_summary,
    laplace_summary,
    lm_summary,
    locus_summary,
    means_summary,
    posterior_summary,
    reml_summary,
    separation_summary,
    trial_summary,
)
from bayesmix.report.pages.page import Page, blocks_of

PAGES = (
    *(audit_summary, compare_summary, elimination_summary, evidence_summary, fit_parts_summary, frame_text),
    *(hypothesis_summary, laplace_summary, lm_summary, locus_summary, means_summary, posterior_summary, reml_summary),
    *(separation_summary, trial_summary),
)
"""The files whose functions `blocks_of` dispatches to, one for each kind of record."""


def page_of(record: object, **asked: Any) -> Page:
    return Page(blocks_of(record, **asked))
