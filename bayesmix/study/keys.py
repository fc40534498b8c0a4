"""The keys that a card of a study may have and the values of each."""

from collections.abc import Mapping
from typing import Any

from bayesmix.errors import CardError, listing
from bayesmix.loci.engine.settings import SAMPLERS
from bayesmix.loci.inputs.caller_formats import FORMATS
from bayesmix.loci.multiplicity.significant import METHODS
from bayesmix.report.analysis.card_keys import CODING
from bayesmix.report.analysis.card_values import (
    NUMBER,
    PROBABILITY,
    SOME_TEXTS,
    TEXT,
    TEXTS,
    TRUE_OR_FALSE,
    WHOLE,
    Key,
    Keys,
    Kind,
    check_table,
    is_number,
    refuse_other_cards,
    shortened,
)

EXPRESSION = Kind(
    'an expression of parameters in quotes, or a table of weights, such as {"treatment[trt]" = 1}',
    lambda value: (
        TEXT.fits(value) or (isinstance(value, dict) and len(value) > 0 and all(map(is_number, value.values())))
    ),
)
KEPT_LOCI = Kind(
    'true, or a list of names of loci, such as ["cg01"]', lambda value: value is True or SOME_TEXTS.fits(value)
)
NAMED_TABLE = Kind(
    'a table of its own: give it a name, as in [significant.late], and write effect = "treatment[trt]" under it',
    lambda value: isinstance(value, dict),
)
OF_ONE_ANALYSIS = ("questions", "means", "trial")
"""Tables that cards of one analysis have, and cards of many loci do not."""
SIGNIFICANT = "significant.NAME"
"""The name in `KEYS` of every table of significant loci."""

LONG, MATRICES, CALLERS = "a long table", "matrices of counts", "files of methylation callers"
_ONLY_OF = {
    LONG: ("source", "path", "places"),
    MATRICES: ("methylated", "unmethylated", "total"),
    CALLERS: ("files", "format", "context", "code", "collapse_strands"),
}
_WITH_SHEET = ("sheet", "sample")

KEYS: Keys = {
    "": {"title": Key(TEXT), "description": Key(TEXT)},
    "data": {
        "source": Key(TEXT),
        "path": Key(TEXT),
        "by": Key(TEXT),
        "places": Key(TEXTS),
        "methylated": Key(TEXT),
        "unmethylated": Key(TEXT),
        "total": Key(TEXT),
        "sheet": Key(TEXT),
        "sample": Key(TEXT),
        "files": Key(TEXT),
        "format": Key(TEXT, choices=tuple(FORMATS)),
        "context": Key(TEXT),
        "code": Key(TEXT),
        "collapse_strands": Key(TRUE_OR_FALSE),
    },
    "data.filter": {
        "least_reads": Key(WHOLE),
        "most_quantile": Key(NUMBER),
        "least_samples": Key(WHOLE),
        "group": Key(TEXT),
        "least_per_group": Key(WHOLE),
    },
    "model": {
        "formula": Key(TEXT, required=True),
        "family": Key(TEXT),
        "auxiliary": Key(TEXTS),
        "weights": Key(TEXT),
    },
    "model.codings": CODING,
    "priors": TEXT,
    "contrasts": EXPRESSION,
    "coverage": {"least_reads": Key(WHOLE), "least_samples": Key(WHOLE)},
    "sampler": {
        "name": Key(TEXT, choices=SAMPLERS),
        "draws": Key(WHOLE),
        "tune": Key(WHOLE),
        "chains": Key(WHOLE),
        "seed": Key(WHOLE),
        "target_accept": Key(NUMBER),
        "audit": Key(NUMBER),
        "log_marginal": Key(TRUE_OR_FALSE),
    },
    "keep": {"loci": Key(KEPT_LOCI), "parameters": Key(SOME_TEXTS)},
    "significant": NAMED_TABLE,
    SIGNIFICANT: {
        "effect": Key(TEXT, required=True),
        "q": Key(NUMBER),
        "method": Key(TEXT, choices=METHODS),
        "prior_sd": Key(NUMBER),
        "report": Key(TRUE_OR_FALSE),
    },
    "run": {"store": Key(TEXT), "workers": Key(WHOLE), "cluster": Key(TEXT)},
    "report": {"probability": Key(PROBABILITY)},
}
"""Every table of a card by its dotted name. A table with a `Kind` in place of keys has free names."""


def check_keys(content: Mapping[str, Any], *, card: str) -> None:
    """Refuse keys that are not in `KEYS`, with near matches, keys that are missing, and values of another kind.

    Raises
    ------
    CardError
        One line that calls the `card` by its path.
    """
    refuse_other_cards(content, OF_ONE_ANALYSIS, card=card, command="run")
    check_table(content, "", card=card, keys=KEYS)
    for name, part in content.get("significant", {}).items():
        check_table(part, f"significant.{shortened(name)}", card=card, keys=KEYS, of=SIGNIFICANT)
    if "model" not in content:
        raise CardError(
            f"{card}: the table [model] is missing; it holds the formula, as in "
            'formula = "cbind(methylated, unmethylated) ~ treatment + (1 | tank)".'
        )
    kind_of_data(content.get("data", {}), card=card)


def kind_of_data(data: Mapping[str, Any], *, card: str) -> str:
    """What the table ``[data]`` speaks of: `LONG`, `MATRICES` or `CALLERS`.

    Raises
    ------
    CardError
        It speaks of none or of two of them.
    """
    began = [key for key in ("source", "path", "methylated") if key in data]
    if len(began) > 1:
        raise CardError(f"{card}: [data] has {listing(began)}, of which a study has one.")
    if not began and "sheet" not in data:
        raise CardError(
            f'{card}: [data] names no data; write path = "counts.csv" (a long table), methylated, unmethylated and '
            "sheet (matrices), or sheet alone (files of methylation callers, which the sheet names)."
        )
    kind = CALLERS if not began else MATRICES if began == ["methylated"] else LONG
    foreign = [key for other, keys in _ONLY_OF.items() if other != kind for key in keys if key in data]
    foreign += [key for key in (*_WITH_SHEET, "filter") if kind == LONG and key in data]
    foreign += ["by"] if kind == CALLERS and "by" in data else []
    if foreign:
        raise CardError(f"{card}: [data] has {listing(foreign)}, which {kind} {_have(kind)} not; leave it out.")
    if kind == MATRICES and "sheet" not in data:
        raise CardError(f"{card}: 'sheet' in [data] is missing; sheet = \"samples.csv\" has a row for each sample.")
    if kind == MATRICES and ("unmethylated" in data) == ("total" in data):
        raise CardError(f"{card}: [data] needs either unmethylated or total beside methylated.")
    return kind


def _have(kind: str) -> str:
    return "has" if kind == LONG else "have"
