"""Two ways of writing mathematics: plain text, and LaTeX."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

_GREEK = ("alpha", "beta", "mu", "sigma", "tau", "rho", "Sigma", "lambda", "eta", "phi", "nu")
_OF_TEX = {"\\": r"\backslash ", "~": r"\sim ", "^": r"\wedge ", **{mark: f"\\{mark}" for mark in "#$%&_{}"}}

_BETWEEN = re.compile(r":(?![^\[]*\])")
"""What stands between the factors of an interaction, but for a colon within the name of a level."""

_WIDTH = 100


@dataclass(frozen=True)
class Line:
    """An equation: what stands left and right of `relation`, ``"="`` or ``"~"``, and a remark behind."""

    left: str
    relation: str
    right: str
    remark: str = ""


class Notation(ABC):
    """How the parts of an equation are written."""

    @abstractmethod
    def symbol(self, letter: str, number: str = "", index: str = "") -> str:
        """A parameter or effect: a letter with a number or name below it, and the row or level that it is of."""

    @abstractmethod
    def name(self, text: str) -> str:
        """Any text as it stands."""

    @abstractmethod
    def variable(self, name: str, index: str) -> str:
        """A column of the model, by its name there, in a row or level."""

    @abstractmethod
    def level(self, group: str) -> str:
        """The level of a group to which row i belongs, as an index."""

    @abstractmethod
    def product(self, *factors: str) -> str: ...

    @abstractmethod
    def call(self, name: str, *arguments: str) -> str:
        """A distribution or a function of its arguments."""

    @abstractmethod
    def square(self, value: str) -> str: ...

    @abstractmethod
    def ratio(self, above: str, below: str) -> str: ...

    @abstractmethod
    def vector(self, parts: Sequence[str]) -> str:
        """A column of several quantities; one stands alone."""

    @abstractmethod
    def matrix(self, rows: Sequence[Sequence[str]]) -> str: ...

    @abstractmethod
    def levels(self, index: str, group: str, n_levels: int) -> str:
        """The remark that an equation holds for all levels of a group."""

    @abstractmethod
    def whole(self, lines: Sequence[Line]) -> str:
        """All equations below each other."""


class PlainText(Notation):
    """``mu[i] = beta0 + beta1 * Days[i] + b0[Subject[i]]``."""

    def symbol(self, letter: str, number: str = "", index: str = "") -> str:
        between = "_" if number and not number.isdigit() else ""
        return f"{letter}{between}{number}" + (f"[{index}]" if index else "")

    def variable(self, name: str, index: str) -> str:
        return " * ".join(f"{re.sub(r'\[([^\]]*)\]', r'_\1', part)}[{index}]" for part in re.split(_BETWEEN, name))

    def name(self, text: str) -> str:
        return text

    def level(self, group: str) -> str:
        return f"{group}[i]"

    def product(self, *factors: str) -> str:
        return " * ".join(factors)

    def call(self, name: str, *arguments: str) -> str:
        return f"{name}({', '.join(arguments)})"

    def square(self, value: str) -> str:
        return f"{value}^2"

    def ratio(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def vector(self, parts: Sequence[str]) -> str:
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return rows[0][0] if len(rows) == 1 else f"[{'; '.join(', '.join(row) for row in rows)}]"

    def levels(self, index: str, group: str, n_levels: int) -> str:
        return f"{index} = 1, ..., {n_levels} ({group})"

    def whole(self, lines: Sequence[Line]) -> str:
        width = max((len(line.left) for line in lines), default=0)
        return "\n".join(self._line(line, width) for line in lines)

    def _line(self, line: Line, width: int) -> str:
        """The signs of relation stand below each other, and the summands of a long sum in lines of their own."""
        right = line.right + (f",  {line.remark}" if line.remark else "")
        parts, rows = re.split(r" (?=[+-] )", right), [""]
        for part in parts:
            if rows[-1] and width + len(rows[-1]) + len(part) > _WIDTH:
                rows.append("")
            rows[-1] += f"{' ' if rows[-1] else ''}{part}"
        return f"{line.left.rjust(width)} {line.relation} " + f"\n{' ' * (width + 3)}".join(rows)


class Latex(Notation):
    """An ``aligned`` environment, for papers and notebooks."""

    def symbol(self, letter: str, number: str = "", index: str = "") -> str:
        name = f"\\{letter}" if letter in _GREEK else letter if len(letter) == 1 else self.name(letter)
        below = ",".join(filter(None, (number if number.isdigit() or not number else self.name(number), index)))
        return f"{name}_{{{below}}}" if below else name

    def variable(self, name: str, index: str) -> str:
        return r" \times ".join(self._part(part, index) for part in re.split(_BETWEEN, name))

    def _part(self, name: str, index: str) -> str:
        match = re.fullmatch(r"(.+?)\[(.*)\]", name)
        if match is None:
            return f"{self.name(name)}_{{{index}}}"
        return f"{self.name(match[1])}_{{{self.name(match[2])},{index}}}"

    def name(self, text: str) -> str:
        escaped = "".join(_OF_TEX.get(letter, letter) for letter in text).replace(" ", r"\ ")
        return f"\\mathrm{{{escaped}}}"

    def level(self, group: str) -> str:
        return f"{self.name(group)}[i]"

    def product(self, *factors: str) -> str:
        first, *others = factors
        return first + "".join((r" \cdot " if factor[0].isdigit() else r"\,") + factor for factor in others)

    def call(self, name: str, *arguments: str) -> str:
        return f"\\operatorname{{{name}}}\\left({', '.join(arguments)}\\right)"

    def square(self, value: str) -> str:
        return f"{{{value}}}^{{2}}"

    def ratio(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def vector(self, parts: Sequence[str]) -> str:
        return parts[0] if len(parts) == 1 else rf"\begin{{pmatrix}} {r' \\ '.join(parts)} \end{{pmatrix}}"

    def matrix(self, rows: Sequence[Sequence[str]]) -> str:
        if len(rows) == 1:
            return rows[0][0]
        return rf"\begin{{pmatrix}} {r' \\ '.join(' & '.join(row) for row in rows)} \end{{pmatrix}}"

    def levels(self, index: str, group: str, n_levels: int) -> str:
        return rf"{index} = 1, \ldots, {n_levels}\ ({self.name(group)})"

    def whole(self, lines: Sequence[Line]) -> str:
        signs = {"=": "=", "~": r"\sim"}
        rows = (
            rf"{line.left} &{signs[line.relation]} {line.right}" + (rf", \quad {line.remark}" if line.remark else "")
            for line in lines
        )
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
