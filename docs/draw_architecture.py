"""Draw `docs/architecture.png` from the imports of the package: `python docs/draw_architecture.py [FILE]`.

A box is a room and its height is its floor; an arrow goes from a room to one that it imports from, the thicker the more
imports there are. What stands on the ground is imported by nearly every room, and these arrows are left out.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Curve

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "bayesmix"


@dataclass(frozen=True)
class Room:
    """A box from `left` to `right`, its middle at `floor`; `within` are rows of the rooms that it has."""

    left: float
    right: float
    floor: float
    colour: str
    words: str
    height: float = 0.62
    within: tuple[tuple[str, ...], ...] = ()

    @property
    def top(self) -> float:
        return self.floor + self.height / 2

    @property
    def bottom(self) -> float:
        return self.floor - self.height / 2


ROOMS = {
    "cli": Room(38, 62, 15.95, "#8c6d9e", "the shell's commands"),
    "study": Room(52, 80, 14.75, "#5b7a8c", "many loci from a card"),
    "loci": Room(
        3,
        45,
        11.6,
        "#8a5a44",
        "one model at thousands of loci",
        1.06,
        (("inputs", "engine", "store", "multiplicity"),),
    ),
    "report": Room(
        10,
        90,
        13.3,
        "#a8577e",
        "pages, pictures, cards, results folders",
        1.06,
        (("analysis", "pictures", "words", "pages"),),
    ),
    "inference": Room(
        10,
        92,
        9.4,
        "#c1663f",
        "a fit in, a labelled table out: one file a question",
        2.06,
        (
            ("trials",),
            ("checks", "hypotheses", "means", "pooling", "shares"),
            ("tables", "evidence", "prediction", "shared"),
        ),
    ),
    "modelling": Room(
        20,
        71,
        6.7,
        "#a88a1d",
        "from a design to a posterior; the only room with PyMC",
        2.06,
        (("fit", "storage", "routes"), ("exact", "quadrature", "joint"), ("route", "samplers", "pymc_model")),
    ),
    "estimates": Room(73, 99, 4.45, "#5a8f3d", "no posterior, no PyMC", 1.1, (("reml", "laplace", "least_squares"),)),
    "priors": Room(18, 40, 4.45, "#2f8f83", "one file for each kind"),
    "separated_data": Room(79, 99, 3.2, "#52789c", "empty and full cells"),
    "families": Room(47, 67, 2.5, "#3a73b5", "one file for each kind"),
    "posterior": Room(18, 40, 2.5, "#6667b0", "names of the parameters"),
    "compile_clock": Room(82, 99, 2.05, "#777777", "times compiling"),
    "formula": Room(1, 30, 0.9, "#4d5d73", "text and data to arrays"),
    "numerics": Room(40, 76, 0.9, "#4d5d73", "arrays in, numbers out"),
    "data": Room(82, 99, 0.9, "#4d5d73", "tables in, frames out"),
}
GROUND = ("hints", "keyword_hints", "parallel", "terminal", "display", "disk", "errors", "arrays", "visible")


def imports_between_rooms() -> Counter[tuple[str, str]]:
    """How many imports go from one room to another."""
    imports = Counter[tuple[str, str]]()
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for other in _rooms_imported(ast.parse(path.read_text())):
            if other != room:
                imports[room, other] += 1
    return imports


def _rooms_imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "bayesmix":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bayesmix."):
            yield node.module.split(".")[1]


def draw(file: Path) -> None:
    """Write the picture."""
    figure, axes = plt.subplots(figsize=(10, 14.1))
    axes.set(xlim=(0, 100), ylim=(-0.75, 16.4))
    axes.axis("off")
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.99)
    imports = {pair: n for pair, n in imports_between_rooms().items() if set(pair) <= set(ROOMS)}
    starts, ends = _ports(imports)
    for (above, below), n in sorted(imports.items(), key=lambda item: (item[1], item[0])):
        _arrow(axes, (starts[above, below], ROOMS[above].bottom), (ends[above, below], ROOMS[below].top), n, above)
    for name, room in ROOMS.items():
        _box(axes, name, room)
    _ground(axes)
    _legend(axes)
    figure.savefig(file, dpi=150, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def _ports(imports: dict[tuple[str, str], int]) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Where on the lower edge of the importing room, and the upper edge of the other, each arrow stands."""
    starts: dict[tuple[str, str], float] = {}
    ends: dict[tuple[str, str], float] = {}
    for name, room in ROOMS.items():
        # From higher floors further to the left: arrows to one room do not cross.
        leaving = {pair: _middle(ROOMS[pair[1]]) + 7 - room.floor for pair in imports if pair[0] == name}
        starts |= _spread(leaving, room)
    for name, room in ROOMS.items():
        ends |= _spread({pair: starts[pair] for pair in imports if pair[1] == name}, room)
    return starts, ends


def _middle(room: Room) -> float:
    return (room.left + room.right) / 2


def _spread(wanted: dict[tuple[str, str], float], room: Room) -> dict[tuple[str, str], float]:
    """Places within a room, in the order of those wanted and as near to them as a gap between neighbours allows."""
    order = sorted(wanted, key=lambda pair: (wanted[pair], pair))
    low, high = room.left + 1.5, room.right - 1.5
    gap = min(3.2, (high - low) / max(len(order) - 1, 1))
    places = [min(max(wanted[pair], low), high) for pair in order]
    for _ in range(500):
        for i, j in pairwise(range(len(places))):
            lack = gap - (places[j] - places[i])
            if lack > 0:
                places[i], places[j] = places[i] - lack / 2, places[j] + lack / 2
        places = [min(max(place, low), high) for place in places]
    return dict(zip(order, places, strict=True))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], n: int, source: str) -> None:
    colour, width, head = ROOMS[source].colour, 0.5 + 0.72 * n**0.5, 0.2
    (x, y), (to_x, to_y) = start, end
    bend = 0.45 * (y - to_y)
    curve = Curve([(x, y), (x, y - bend), (to_x, to_y + head + bend), (to_x, to_y + head)], [1, 4, 4, 4])
    strength = 0.4 if n < 10 else 0.8
    axes.add_patch(
        PathPatch(curve, fill=False, edgecolor=colour, linewidth=width, alpha=strength, capstyle="butt", zorder=1)
    )
    half = 0.45 + 0.085 * n**0.5
    axes.add_patch(
        Polygon(
            [(to_x - half, to_y + head), (to_x + half, to_y + head), (to_x, to_y)],
            color=colour,
            alpha=strength,
            linewidth=0,
            zorder=1,
        )
    )
    if n >= 20:
        axes.text(x, y - 0.17, str(n), ha="center", va="center", fontsize=8, color=colour, zorder=2, bbox=_label_box())


def _label_box() -> dict[str, object]:
    return {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}


def _box(axes: Axes, name: str, room: Room) -> None:
    _rounded(axes, room.left, room.bottom, room.right - room.left, room.height, "white", room.colour, 1.8, 3)
    rows = len(room.within)
    middle = _middle(room)
    head = room.top - 0.19
    name_size = 12.5 if len(name) < room.right - room.left - 4 else 10.5
    axes.text(
        middle, head, name, ha="center", va="center", fontsize=name_size, weight="bold", color=room.colour, zorder=5
    )
    axes.text(middle, head - 0.24, room.words, ha="center", va="center", fontsize=8.6, color="#444444", zorder=5)
    for number, names in enumerate(room.within):
        width = (room.right - room.left - 2) / len(names)
        y = room.bottom + 0.1 + 0.48 * (rows - 1 - number)
        for position, inner in enumerate(names):
            x = room.left + 1 + position * width
            _rounded(axes, x + 0.3, y, width - 0.6, 0.36, f"{room.colour}22", "none", 0, 4)
            size = 8.8 if width > 9 else 7.5
            axes.text(x + width / 2, y + 0.17, inner, ha="center", va="center", fontsize=size, zorder=5)


def _rounded(
    axes: Axes, x: float, y: float, width: float, height: float, face: str, edge: str, line: float, zorder: int
) -> None:
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle=style,
            mutation_aspect=0.14,
            facecolor=face,
            edgecolor=edge,
            linewidth=line,
            zorder=zorder,
        )
    )


def _ground(axes: Axes) -> None:
    _rounded(axes, 1, -0.62, 98, 0.62, "#eeeeee", "none", 0, 3)
    axes.text(50, -0.19, "   ".join(GROUND), ha="center", va="center", fontsize=10.5, color="#333333", zorder=5)
    words = "the ground: files that every room may import; their arrows are left out"
    axes.text(50, -0.44, words, ha="center", va="center", fontsize=8.6, color="#444444", zorder=5)


def _legend(axes: Axes) -> None:
    axes.text(1, 16.15, "Who imports whom in bayesmix", fontsize=13, weight="bold", va="center")
    axes.text(1, 15.85, "Imports go down only. An arrow is the", fontsize=8.6, color="#444444", va="center")
    axes.text(1, 15.64, "thicker the more imports it stands for:", fontsize=8.6, color="#444444", va="center")
    axes.text(1, 15.43, "their number is written from 20 on.", fontsize=8.6, color="#444444", va="center")


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "architecture.png")
