"""How records print. A record does not know its printer, which stands rooms above it: it is looked up here.

A module of `PRINTERS` has functions `as_text(record)` and `as_html(record)`; it loads when a record is printed. What a
user named goes to terminals and pictures through `visible`.
"""

import unicodedata
from importlib import import_module

PRINTERS = {
    "BayesFactor": "bayesmix.report.bayes_factor_summary",
    "Fit": "bayesmix.report.summary",
    "InclusionTable": "bayesmix.report.inclusion_summary",
    "LaplaceFit": "bayesmix.report.laplace_summary",
    "LmFit": "bayesmix.report.lm_summary",
    "RandTable": "bayesmix.report.rand_summary",
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


_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format and surrogate characters, separators of lines
_SPELLING = {"\u200c", "\u200d"}  # joiners: Persian, Hindi and emoji are written with them


def visible(text: str, *, keep: str = "") -> str:
    """`text` with each character that a terminal would obey or hide written out, as ``\\x1b`` or ``\\u202e``.

    Parameters
    ----------
    text
        Any text, such as a level's name.
    keep
        Characters that stay as they are, such as a line break of our own.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character in keep or character in _SPELLING or unicodedata.category(character) not in _UNSEEN
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
