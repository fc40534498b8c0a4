"""From a design to a posterior: the only room that imports Bambi, PyMC, PyTensor and nutpie.

Those take seconds to import. This is the one place where that is arranged: the modules that need them are
reached as attributes (`modelling.pymc_model`) and load when first touched, after the data were checked.
"""

from importlib import import_module
from types import ModuleType

_HEAVY = {
    "audit_draws",
    "audit_errors",
    "bambi_bridge",
    "bridge",
    "compile_clock",
    "convergence",
    "counts_draws",
    "counts_effects",
    "counts_marginal",
    "diagnostics",
    "group_effects",
    "joint_draws",
    "left_out",
    "level_draws",
    "log_marginal",
    "marginal_draws",
    "nuts_counts",
    "nuts_theta",
    "observed_data",
    "power_scaling",
    "prior_draws",
    "pymc_model",
    "reweighted",
    "storage",
}


def __getattr__(name: str) -> ModuleType:
    if name in _HEAVY:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
