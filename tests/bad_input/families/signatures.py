"""Every public function of the package, from the list of its public names, so that a new one is not forgotten."""

import inspect
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bayesmix as bm

MODELS = ("fit", "laplace", "lm", "reml")
"""Whose arguments have families of their own: `arguments`, `formulas`, `frames` and `priors`."""

FIRST = {
    "anova": "fitted('reml')",
    **dict.fromkeys(("contrasts", "letters", "ranks", "plot_means"), "bm.emmeans(fitted('gaussian'), 'f')"),
    "joint_tests": "fitted('reml')",
    "lrt": "bm.reml('y ~ x + f + (1 | g)', d)",
    "overdispersion": "fitted('binomial')",
    "separation": "fitted('binomial')",
    "plot_data": "d",
    "describe": "'sleepstudy'",
    "load_data": "'sleepstudy'",
    "read_table": "'d.csv'",
    "load": "'fit.nc'",
    "count_matrices": "np.ones((3, 2), int)",
    "pooled_priors": "pd.DataFrame({'locus': np.repeat(np.arange(30), 50), 'b': np.linspace(-1, 1, 1500)})",
    "fit_loci": "'y ~ x'",
    **dict.fromkeys(("audit_loci", "locus", "loci_report", "plot_status"), "fitted('screened')"),
    **dict.fromkeys(("plot_volcano", "plot_manhattan", "plot_coverage"), "fitted('screened').table"),
    "fit_many": "'~ x + (1 | g)'",
    "read_methylation": "methylation_sheet()",
    "significant": "pd.DataFrame({'locus': ['a', 'b'], 'x_mean': [1, 0.1], 'x_sd': [0.2, 0.3], 'x_p_below': [0, 0.4]})",
    **dict.fromkeys(MODELS, "'y ~ x'"),
}
"""A good first argument; of all others a fit of a Gaussian model by `bm.fit`."""

REQUIRED = {
    "group": "'g'",
    "drop": "'x | g'",
    "full": "fitted('reml')",
    "data": "d",
    "path": "'fit.nc'",
    "loci_report.path": "'report.html'",
    "family": "'binomial'",
    "hypothesis": "'x > 0'",
    "x": "'x'",
    "specs": "'f'",
    "response": "'y'",
    "var": "'x'",
    "variables": "'x'",
    "sheet": "pd.DataFrame({'sample': ['a', 'b']})",
    "before": "{'b': 'Normal(0, 3)'}",
    "effect": "'x'",
    "name": "'h1'",
    "Y": "d[['y']]",
    "design": "d",
}
"""Good values of what has to be given, to any question or to one."""


@dataclass(frozen=True)
class Question:
    """A public function: its name, its first argument (`datasets` has none), the others, those without a default."""

    name: str
    first: str
    others: tuple[str, ...]
    required: tuple[str, ...]
    star: bool

    def call(self, first: str | None, **others: str) -> str:
        """The call with these arguments, and good ones for all else that is required."""
        given = {name: REQUIRED.get(f"{self.name}.{name}", REQUIRED.get(name, "")) for name in self.required} | others
        written = [first if first is not None else FIRST.get(self.name, "fitted('gaussian')")] if self.first else []
        written += ["fitted('nogroup')"] if self.star and first is None else []
        written += [f"{name}={value}" for name, value in given.items()]
        call = f"bm.{self.name}({', '.join(written)})"
        return f"with folder(): {call}" if {"path"} & {self.first, *self.others} else call


@cache
def questions() -> tuple[Question, ...]:
    stub = (Path(bm.__file__).parent / "__init__.pyi").read_text()
    names = re.findall(r"^from \S+ import \w+ as (\w+)$", stub, re.MULTILINE)
    found = []
    for name in names:
        function = getattr(bm, name)
        if inspect.isclass(function):
            continue  # a record or an error, which is not asked
        parameters = list(inspect.signature(function).parameters.values())
        first = parameters[0].name if parameters else ""
        rest = [one for one in parameters[1:] if one.kind is not inspect.Parameter.VAR_POSITIONAL]
        required = tuple(one.name for one in rest if one.default is one.empty)
        star = bool(parameters) and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL
        found.append(Question(name, first, tuple(one.name for one in rest), required, star))
    return tuple(found)
