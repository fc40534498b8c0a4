"""The files that a results folder may hold, by name: a later run replaces these and nothing else."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from pathlib import Path

SESSION = "session.json"
SUMMARY, CARD, FIT = "summary.txt", "card.toml", "fit.nc"
LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What systems put into any folder that is looked at."""
FORMATS = ("png", "pdf", "svg")
"""The endings of files that a picture can be written to."""
PICTURES = ("lines", "ranef", "sd", "corr", "trace", "rank", "residuals", "qq", "ppc", "compare_reml")
"""What a card calls the pictures that it may ask for (`drawings.DRAWINGS` draws them)."""

_TABLES = (
    *("fixef", "varcorr", "auxiliary", "ranef", "coef", "fitted", "augment", "tidy", "glance", "diagnose", "priors"),
    *("separation", "separation_coefficients", "compare_fixed", "compare_variance", "compare_groups", "rand", "audit"),
)
_PICTURES = (
    *("lines", "sd", "corr", "trace", "rank", "residuals", "qq", "ppc", "compare_intervals", "compare_groups"),
)
_PICTURES_EACH = ("ranef", "sensitivity")  # one for each group or term, whose name follows
_WHOLE = "|".join(
    (
        *map(re.escape, (SESSION, SUMMARY, CARD, FIT, "compare_reml.txt")),
        rf"(?:{'|'.join(_TABLES)})\.csv",
        rf"(?:{'|'.join(_PICTURES)})\.(?:{'|'.join(FORMATS)})",
        rf"(?:{'|'.join(_PICTURES_EACH)})_[\w.-]+\.(?:{'|'.join(FORMATS)})",
    )
)
_NAME = re.compile(_WHOLE)
_UNFINISHED = re.compile(rf"\.(?:{_WHOLE})\.unfinished-\w+")
_MOST_BYTES = 120  # of a group's name in a file's: file systems end at 255


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
    """Remove a folder with the results in it; whatever else lies there stays, and with it the folder.

    Links are not followed: neither `folder` itself nor what it holds.
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
    """Parts of file names by text: letters, digits, dot, dash and underscore, each name another.

    Names that differ in their case alone are the same file on some systems: they get a number, as do cut ones.
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
