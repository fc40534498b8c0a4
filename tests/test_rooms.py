"""Which room may import what: downward only, no cycles, heavy libraries in one room alone."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import bayesmix as bm

PACKAGE = Path(__file__).parents[1] / "bayesmix"
FLOORS = {
    "visible": 0,
    "arrays": 1,
    "errors": 1,
    "disk": 1,
    "display": 1,
    "parallel": 1,
    "terminal": 1,
    "keyword_hints": 1.4,
    "hints": 1.5,
    "formula": 2,
    "numerics": 2,
    "data": 2,
    "compile_clock": 2.2,
    "families": 2.3,
    "posterior": 2.3,
    "separated_data": 2.4,
    "priors": 2.6,
    "estimates": 2.6,
    "modelling": 3,
    "inference": 4,
    "report": 5,
    "cli": 6,
    "__main__": 7,
}
# Rooms of rooms, and the floors within.
INNER_FLOORS = {
    "estimates": {
        "record": 1,
        "lme4_order": 1,
        "term_hypotheses": 1,
        "estimability": 1,
        "reml": 2,
        "laplace": 2,
        "least_squares": 2,
    },
    "modelling": {
        **dict.fromkeys(("assemble", "blocks", "convergence"), 1),
        **dict.fromkeys(("mixed_model", "observed_data", "power_scaling", "settings"), 1),
        **dict.fromkeys(("arguments", "dependence_notice", "parameters", "separation_notice"), 2),
        "pymc_model": 3,
        "samplers": 3,
        "diagnostics": 4,
        "route": 5,
        "exact": 6,
        "joint": 6,
        "quadrature": 6,
        "routes": 7,
        "memory": 8,
        "record": 8,
        **dict.fromkeys(("audit_draws", "audit_errors", "fit", "kinds", "prior_draws", "reduced"), 9),
        "storage": 9,
        "bambi_model": 10,
        "evidence": 10,
    },
    "inference": {
        "shared": 1,
        "tables": 2,
        "evidence": 2,
        "prediction": 2,
        "checks": 3,
        "hypotheses": 3,
        "pooling": 3,
        "shares": 3,
    },
    "report": {
        "pages": 1,
        "pictures": 2,
        "analysis": 3,
    },
}
# Libraries beyond the standard one and NumPy, pandas: where each may be imported.
ALLOWED = {
    "numba": {"numerics", "compile_clock", "modelling"},
    "llvmlite": {"numerics"},
    "narwhals": {"formula"},
    "scipy": {"formula", "numerics", "priors", "estimates", "modelling", "inference", "report"},
    "pyarrow": {"data", "modelling"},
    "rdata": {"data"},
    "h5py": {"modelling"},
    "xarray": {"posterior", "modelling", "inference", "report"},
    "arviz_stats": {"modelling", "inference", "report"},
    "arviz_base": {"modelling", "report"},
    "arviz_plots": {"report"},
    "matplotlib": {"report"},
    "bambi": {"modelling"},
    "statsmodels": {"estimates"},
    "pymc": {"modelling"},
    "pytensor": {"modelling"},
    "nutpie": {"modelling"},
    "rich": {"terminal", "compile_clock", "report", "cli", "modelling"},
    "threadpoolctl": {"parallel"},
    "typer": {"cli"},
    "IPython": {"modelling"},
}
# Files whose functions may import: the lint rule names them.
LATE = {
    path
    for path, rules in tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["ruff"]["lint"][
        "per-file-ignores"
    ].items()
    if "PLC0415" in rules
}
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(("bayesmix", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in FILES}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports_of(path: Path) -> list[tuple[str, ast.AST]]:
    """Full names of the modules that a file imports, and where the import stands."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for alias in node.names:
                name = f"{module}.{alias.name}"
                found.append((name if module == "bayesmix" or name in MODULES else module, node))
    return found


@cache
def loaded_by(path: Path) -> list[tuple[str, ast.AST]]:
    """As `imports_of`, without what types alone need."""
    for_types = {
        id(node)
        for block in ast.walk(parsed(path))
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    return [(name, node) for name, node in imports_of(path) if id(node) not in for_types]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    room = room_of(path)
    if room == "__init__":
        return
    for name, _ in imports_of(path):
        parts = name.split(".")
        if parts[0] != "bayesmix" or len(parts) == 1:
            continue
        other = parts[1]
        if other != room:
            assert other in FLOORS, f"{path.name} imports {name}, which is in no room"
            assert FLOORS[other] < FLOORS[room], f"{room} imports {name}, which is not below it"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if room_of(path) in INNER_FLOORS and path != PACKAGE / room_of(path) / "__init__.py"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_imports_go_down_within_a_room(path):
    room, own, *_ = path.relative_to(PACKAGE).parts
    floors, own = INNER_FLOORS[room], own.removesuffix(".py")
    assert own in floors, f"{path.relative_to(PACKAGE)} stands in no room of {room}"
    for name, _ in loaded_by(path):
        parts = name.split(".")
        if parts[:2] == ["bayesmix", room] and len(parts) > 2:
            other = parts[2]
            assert other == own or floors[other] < floors[own], f"{own} imports {name}, which is not below it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path):
    room = room_of(path)
    for name, _ in imports_of(path):
        library = name.split(".")[0]
        if library in ALLOWED:
            assert room in ALLOWED[library], f"{path.relative_to(PACKAGE)} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_inside_a_function(path):
    if path.relative_to(PACKAGE.parent).as_posix() in LATE:
        return
    for function in ast.walk(parsed(path)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
            assert not inside, f"{path.relative_to(PACKAGE)}: {function.name} imports inside"


def test_no_cycles():
    edges = {name: {other for other, _ in loaded_by(path) if other in MODULES} for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name, road):
        assert name not in road, f"a cycle: {' -> '.join([*road, name])}"
        if name not in done:
            for other in edges[name]:
                visit(other, [*road, name])
            done.add(name)

    for name in edges:
        visit(name, [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400, "the file is long; split it by meaning"
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    # Of a body without its docstring. The sums of a Gaussian model are one pass over the rows.
    lengths = {
        node.name: node.end_lineno - node.body[ast.get_docstring(node) is not None].lineno + 1
        for node in functions
        if len(node.body) > (ast.get_docstring(node) is not None)
    }
    long = {name: lines for name, lines in lengths.items() if lines > 60 and name != "cross_products"}
    assert not long, f"longer than a screen, {long}; split them by meaning"


HEAVY = {"pymc", "bambi", "nutpie", "pytensor", "numba", "arviz_stats", "arviz_plots", "matplotlib.pyplot"}


# One after the other in one process; what is loaded stays.
STEPS = [
    ("import bayesmix as bm", HEAVY),
    ("bm.load_data('sleepstudy'); bm.datasets()", HEAVY),
    ("import bayesmix.cli.main", HEAVY),
    ("import bayesmix.families.family, bayesmix.priors.default_priors, bayesmix.priors.settled", HEAVY),
    # Kernels and diagnostics are loaded with the questions; what takes seconds is not.
    ("bm.fit; bm.fixef; bm.diagnose", HEAVY - {"numba", "arviz_stats"}),
]


def test_nothing_heavy_is_imported_before_a_model_is_built():
    lines = [f"{step}\nprint(sorted({heavy!r} & set(sys.modules)))" for step, heavy in STEPS]
    program = "\n".join(["import sys", *lines])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert dict(zip((step for step, _ in STEPS), done.stdout.splitlines(), strict=True)) == {
        step: "[]" for step, _ in STEPS
    }


def test_estimates_are_made_and_printed_without_what_posteriors_need():
    program = (
        "import sys\n"
        "import bayesmix as bm\n"
        "reml = bm.reml('Yield ~ 1 + (1 | Batch)', bm.load_data('Dyestuff'))\n"
        "formula = 'cbind(incidence, size - incidence) ~ period + (1 | herd)'\n"
        "laplace = bm.laplace(formula, bm.load_data('cbpp'), 'binomial')\n"
        "lm = bm.lm('yield ~ gen + loc', bm.load_data('cochran_bib'))\n"
        "for fit in (reml, laplace, lm):\n"
        "    str(fit), bm.fixef(fit), bm.tidy(fit), bm.glance(fit)\n"
        "bm.rand(reml), bm.rand(laplace), bm.anova(lm)\n"
        "print(sorted({'pymc', 'bambi', 'nutpie', 'pytensor'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_documented():
    for name in bm.__all__:
        value = getattr(bm, name)
        assert value.__doc__, name
        assert value.__module__.startswith("bayesmix."), name
