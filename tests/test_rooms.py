"""Which room may import what: downward only, no cycles, heavy libraries in one room alone."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

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
    "loci": 5,
    "report": 5.5,
    "study": 5.7,
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
        "linear_predictors": 3,
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
        "evidence": 2.5,
        "prediction": 2,
        "checks": 3,
        "means": 3,
        "hypotheses": 4,
        "trials": 4,
        "pooling": 3,
        "shares": 3,
    },
    "loci": {
        **dict.fromkeys(("block", "pooled"), 1),
        "inputs": 2,
        "engine": 2,
        **dict.fromkeys(("arguments", "held_folder"), 2),
        "store": 3,
        "multiplicity": 4,
        **dict.fromkeys(("cluster", "progress", "stored_results", "tasks", "workers"), 3.5),
        **dict.fromkeys(("coordinator", "record", "responses"), 4),
        **dict.fromkeys(("audit_loci", "locus", "plan"), 5),
        **dict.fromkeys(("fit_loci", "fit_many"), 6),
    },
    "report": {
        "pages": 1,
        "pictures": 2,
        "words": 2,
        "analysis": 3,
    },
}
# Libraries beyond the standard one and NumPy, pandas: where each may be imported.
ALLOWED = {
    "numba": {"numerics", "compile_clock", "modelling"},
    "llvmlite": {"numerics"},
    "narwhals": {"formula"},
    "scipy": {"formula", "numerics", "priors", "estimates", "modelling", "inference", "report"},
    "pyarrow": {"data", "modelling", "loci", "study"},
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
    "rich": {"terminal", "compile_clock", "report", "cli", "modelling", "loci"},
    "threadpoolctl": {"parallel", "loci"},
    "dask": {"loci"},
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
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(parsed(path)))


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@cache
def imports_of(path: Path) -> list[tuple[str, ast.AST]]:
    """Full names of the modules that a file imports, and where the import stands."""
    found = []
    for node in nodes_of(path):
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
        for block in nodes_of(path)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    return [(name, node) for name, node in imports_of(path) if id(node) not in for_types]


def place_of(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(PACKAGE)}:{node.lineno}"


def test_imports_go_down():
    wrong = []
    for path in FILES:
        room = room_of(path)
        for name, node in imports_of(path) if room != "__init__" else []:
            package, other, *_ = *name.split("."), ""
            if package != "bayesmix" or other in ("", room):
                continue
            if other not in FLOORS:
                wrong.append(f"{place_of(path, node)} imports {name}, which is in no room")
            elif FLOORS[other] >= FLOORS[room]:
                wrong.append(f"{place_of(path, node)}: {room} imports {name}, which is not below it")
    assert not wrong, "\n".join(wrong)


def test_imports_go_down_within_a_room():
    wrong = []
    for path in FILES:
        room = room_of(path)
        if room not in INNER_FLOORS or path == PACKAGE / room / "__init__.py":
            continue
        floors, own = INNER_FLOORS[room], path.relative_to(PACKAGE).parts[1].removesuffix(".py")
        if own not in floors:
            wrong.append(f"{path.relative_to(PACKAGE)} stands in no room of {room}")
            continue
        for name, node in loaded_by(path):
            parts = name.split(".")
            if parts[:2] == ["bayesmix", room] and len(parts) > 2:
                other = parts[2]
                if other != own and floors[other] >= floors[own]:
                    wrong.append(f"{place_of(path, node)}: {own} imports {name}, which is not below it")
    assert not wrong, "\n".join(wrong)


def test_libraries_stay_in_their_rooms():
    wrong = [
        f"{place_of(path, node)} imports {name}"
        for path in FILES
        for name, node in imports_of(path)
        if room_of(path) not in ALLOWED.get(name.split(".")[0], {room_of(path)})
    ]
    assert not wrong, "\n".join(wrong)


def test_no_import_inside_a_function():
    wrong = [
        f"{place_of(path, node)}: {function.name} imports inside"
        for path in FILES
        if path.relative_to(PACKAGE.parent).as_posix() not in LATE
        for function in functions_of(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not wrong, "\n".join(wrong)


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


def test_files_and_functions_are_short():
    wrong = []
    for path in FILES:
        lines = len(path.read_text().splitlines())
        if lines > 400:
            wrong.append(f"{path.relative_to(PACKAGE)} has {lines} lines; split it by meaning")
        for function in functions_of(path):
            # Of a body without its docstring. The sums of a Gaussian model are one pass over the rows.
            body = function.body[ast.get_docstring(function) is not None :]
            lines = function.end_lineno - body[0].lineno + 1 if body else 0
            if lines > 60 and function.name != "cross_products":
                wrong.append(f"{place_of(path, function)}: {function.name} has {lines} lines, more than a screen")
    assert not wrong, "\n".join(wrong)


HEAVY = {"pymc", "bambi", "nutpie", "pytensor", "numba", "arviz_stats", "arviz_plots", "matplotlib.pyplot"}


# What posteriors need, and estimates do not.
SAMPLING = {"pymc", "bambi", "nutpie", "pytensor"}
ESTIMATES = """
reml = bm.reml('Yield ~ 1 + (1 | Batch)', bm.load_data('Dyestuff'))
formula = 'cbind(incidence, size - incidence) ~ period + (1 | herd)'
laplace = bm.laplace(formula, bm.load_data('cbpp'), 'binomial')
lm = bm.lm('yield ~ gen + loc', bm.load_data('cochran_bib'))
for fit in (reml, laplace, lm):
    str(fit), bm.fixef(fit), bm.tidy(fit), bm.glance(fit)
bm.rand(reml), bm.rand(laplace), bm.anova(lm)
"""
# One after the other in one process; what is loaded stays.
STEPS = [
    ("import bayesmix as bm", HEAVY),
    ("bm.load_data('sleepstudy'); bm.datasets()", HEAVY),
    ("import bayesmix.cli.main", HEAVY),
    ("import bayesmix.families.family, bayesmix.priors.default_priors, bayesmix.priors.settled", HEAVY),
    # Kernels and diagnostics are loaded with the questions; what takes seconds is not.
    ("bm.fit; bm.fixef; bm.diagnose", HEAVY - {"numba", "arviz_stats"}),
    (ESTIMATES, SAMPLING),
]


def test_nothing_heavy_is_imported_before_a_model_is_sampled():
    lines = [f"{step}\nprint(sorted({heavy!r} & set(sys.modules)))" for step, heavy in STEPS]
    program = "\n".join(["import sys", *lines])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert dict(zip((step for step, _ in STEPS), done.stdout.splitlines(), strict=True)) == {
        step: "[]" for step, _ in STEPS
    }


def test_every_public_name_is_there_and_documented():
    for name in bm.__all__:
        value = getattr(bm, name)
        assert value.__doc__, name
        assert value.__module__.startswith("bayesmix."), name
