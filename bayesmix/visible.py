"""Users' texts, such as the name of a level, in a form that a terminal, a page, a picture or a message may show.

This room imports the standard library only; every other room may import it.
"""

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format and surrogate characters, separators of lines
_SPELLING = {"\u200c", "\u200d"}  # joiners, with which Persian, Hindi and emoji are written


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


def is_unicode(text: str) -> bool:
    """Whether a text consists of characters, without half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
