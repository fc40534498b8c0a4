"""`loci_report`: many loci on one HTML page, with pictures, and a page for each of the most certain."""

import os
from base64 import b64encode
from collections.abc import Callable
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesmix.disk import fault_of_name, write_whole
from bayesmix.errors import ArgumentError, OutputError, shown
from bayesmix.hints import with_hints
from bayesmix.inference.shared.readable_table import NOTES
from bayesmix.loci.locus import LocusResult, locus_results
from bayesmix.loci.multiplicity.significant import Method, significant
from bayesmix.loci.record import Loci
from bayesmix.report.pages.every_page import page_of
from bayesmix.report.pages.frame_text import Frame
from bayesmix.report.pictures.locus_picture import locus_picture
from bayesmix.report.pictures.plot_coverage import plot_coverage
from bayesmix.report.pictures.plot_manhattan import plot_manhattan
from bayesmix.report.pictures.plot_status import plot_status
from bayesmix.report.pictures.plot_volcano import plot_volcano
from bayesmix.visible import visible

_DPI = 100
_MOST = 500
_STYLE = (
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;font-size:14px}"
    "img{max-width:100%}section{border-top:1px solid #bbb;margin-top:2em;break-before:page}pre{white-space:pre-wrap}"
)


@with_hints
def loci_report(
    loci: Any,
    effect: str,
    path: str | os.PathLike[str],
    *,
    top: int = 10,
    q: float = 0.05,
    method: Method = "two_groups",
    prior_sd: float | None = None,
    n_draws: int | None = None,
) -> Path:
    """Write a report of many loci: pictures, the most certain loci as a table, and a page for each of these.

    Parameters
    ----------
    loci
        The results of `bm.fit_loci`; or a store to which a run may be adding rows, or a table, which have no data: the
        report then ends with the table.
    effect, q, method, prior_sd, n_draws
        As `bm.significant` takes them.
    path
        The HTML file, such as ``"report.html"``; it holds its pictures. An earlier one is replaced.
    top
        The number of loci that have a page with data, cells and posterior, from 0 to 500: those with the smallest local
        rates, whether they are selected or not.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    UnknownTermError, ArgumentError, DataError
        As `bm.significant` and `bm.plot_volcano`.
    OutputError
        The file cannot be written.
    """
    file = _checked(path)
    page = report_page(loci, effect, top=top, q=q, method=method, prior_sd=prior_sd, n_draws=n_draws)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, page.encode())
    except OSError as error:
        raise OutputError(f"The report {str(file)!r} cannot be written: {error.strerror or error}.") from None
    return file


def report_page(loci: Any, effect: str, *, top: int = 10, **judged: Any) -> str:
    """The page of `loci_report`; `judged` as `bm.significant` takes it.

    Raises
    ------
    UnknownTermError, ArgumentError, DataError
        As `bm.significant` and `bm.plot_volcano`.
    """
    if isinstance(top, bool) or not isinstance(top, int) or not 0 <= top <= _MOST:
        raise ArgumentError(f"top is a number of loci from 0 to {_MOST}; got {shown(top)}.")
    answer = significant(loci, effect, **judged)
    rate = next(name for name in ("lfdr", "lfsr") if name in answer.columns)
    known = answer[answer[rate].notna()]
    best = known.iloc[known["estimate"].abs().argsort()[::-1]].sort_values(rate, kind="stable").head(top)
    found = locus_results(loci, list(best["locus"])) if isinstance(loci, Loci) else []
    title = f"Effects of {effect} over loci"
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<pre>{_text(str(loci)) if isinstance(loci, Loci) else ''}</pre>",
        *(f"<p>{_text(note)}</p>" for note in answer.attrs[NOTES]),
        *(_picture(plot, loci, effect, **judged) for plot in (plot_volcano, plot_manhattan, plot_coverage)),
        _picture(plot_status, loci),
        "<h2>The most certain loci</h2>",
        Frame(_shown(best)).html(),
        *(_section(one, loci) for one in found),
    ]
    meta = f"<meta charset='utf-8'><title>{_text(title)}</title><style>{_STYLE}</style>"
    return f"<!DOCTYPE html><html><head>{meta}</head><body>{''.join(parts)}</body></html>\n"


def _shown(best: pd.DataFrame) -> pd.DataFrame:
    """The table with rates of two digits."""
    rates = [name for name in ("lfdr", "lfsr", "q") if name in best.columns]
    return best.set_index("locus").assign(**{name: [f"{value:.2g}" for value in best[name]] for name in rates})


def _section(found: LocusResult, loci: Loci) -> str:
    """The page of one locus."""
    response = next((name for name in loci.model.columns if name not in loci.model.predictors), found.data.columns[-1])
    return (
        f"<section><h2>{_text(found.locus)}</h2>{_picture(locus_picture, found, response)}"
        f"{page_of(found)._repr_html_()}</section>"
    )


def _picture(plot: Callable[..., Axes | Figure], *args: Any, **settings: Any) -> str:
    """A picture within the page; the same figure gives the same bytes."""
    drawn = plot(*args, **settings)
    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    if not isinstance(figure, Figure):
        return ""
    try:
        content = BytesIO()
        figure.savefig(content, format="png", dpi=_DPI, metadata={"Software": None})
    finally:
        plt.close(figure)
    return f"<p><img alt='' src='data:image/png;base64,{b64encode(content.getvalue()).decode()}'></p>"


def _text(text: str) -> str:
    return escape("\n".join(visible(line) for line in text.split("\n")))


def _checked(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise ArgumentError(f'path is the name of an HTML file, such as "report.html"; got {shown(path)}.')
    file = Path(path).expanduser()
    fault = fault_of_name(file)
    if fault:
        raise ArgumentError(f"path={shown(path)} {fault}.")
    if file.suffix not in (".html", ".htm"):
        raise ArgumentError(f"path={shown(path)} is no HTML file: its name ends in .html.")
    if file.is_dir():
        raise OutputError(f"The report {str(file)!r} cannot be written: it is a folder.")
    return file
