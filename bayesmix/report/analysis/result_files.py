"""The names of files that a results folder may hold: a later run replaces these and nothing else."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from pathlib import Path

SESSION = "session.json"
SUMMARY, CARD, FIT = "summary.txt", "card.toml", "fit.nc"
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that operating systems put into any folder that somebody opens."""
FORMATS = ("png", "pdf", "svg")
"""The endings of files that a picture can be written to."""
PICTURES = ("lines", "ranef", "sd", "corr", "trace", "rank", "residuals", "qq", "ppc", "compare_reml")
"""The names of pictures in a card (`drawings.DRAWINGS` draws them)."""

_TABLES = (
    *("fixef", "varcorr", "auxiliary", "ranef", "coef", "fitted", "augment", "tidy", "glance", "diagnose", "priors"),
    *("separation", "separation_coefficients", "compare_fixed", "compare_variance", "compare_groups", "rand", "audit"),
    *("heritability", "entries", "selection", "connectivity"),
)
_PICTURES = (
    *("lines", "sd", "corr", "trace", "rank", "residuals", "qq", "ppc", "compare_intervals", "compare_groups"),
)
_TABLES_EACH = ("means", "contrasts", "estimated_means", "estimated_contrasts")  # one for each name of a card
_PICTURES_EACH = ("ranef", "sensitivity", "means")  # one for each group, term or name, which follows
_WHOLE = "|".join(
    (
        *map(re.escape, (SESSION, SUMMARY, CARD, FIT, "compare_reml.txt")),
        rf"(?:{'|'.join(_TABLES)})\.csv",
        rf"(?:{'|'.join(_TABLES_EACH)})_[\w.-]+\.csv",
        rf"(?:{'|'.join(_PICTURES)})\.(?:{'|'.join(FORMATS)})",
        rf"(?:{'|'.join(_PICTURES_EACH)})_[\w.-]+\.(?:{'|'.join(FORMATS)})",
    )
)
_NAME = re.compile(_WHOLE)
_UNFINISHED = re.compile(rf"\.(?:{_WHOLE})\.unfinished-\w+")
_MOST_BYTES = 120  # of a group's name in the name of a file, which may have 255


def is_result(name: str) -> bool:
    """Whether a run writes files of this name."""
    return _NAME.fullmatch(name) is not None


def is_regular(path: Path) -> bool:
    """Whether `path` is a file: no folder, no link, no device."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def remove_results(folder: Path) -> None:
    """Remove a folder with the results in it; other files stay, and with them the folder.

    Links are not followed, neither `folder` itself nor links in it.
    """
    if folder.is_symlink():
        return
    try:
        for name in os.listdir(folder):
            known = is_result(name) or name in LITTER or _UNFINISHED.fullmatch(name)
            if known and is_regular(folder / name):
                (folder / name).unlink()
        folder.rmdir()
    except OSError:
        return


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """A part of a file's name for each text, of letters, digits, dots, dashes and underscores; all are different.

    Names that differ in case alone are the same file on some systems: they get a number, as do names that are cut off.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        plain = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in text)
        plain = "-".join(part for part in plain.split("-") if part) or "-"
        short = plain.encode("utf-8")[:_MOST_BYTES].decode("utf-8", "ignore")
        number, name = 1, short
        while _as_on_disk(name) in taken:
            number += 1
            name = f"{short}-{number}"
        taken.add(_as_on_disk(name))
        names[text] = name
    return names


def _as_on_disk(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
