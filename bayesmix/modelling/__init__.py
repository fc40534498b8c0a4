"""From a design to a posterior: the only room that imports Bambi, PyMC, PyTensor and nutpie.

Those take seconds to import. This is the one place where that is arranged: the modules that need them are
reached as attributes (`modelling.pymc_model`) and load when first touched, after the data were checked.
"""

from importlib import import_module
from types import ModuleType

_HEAVY = {
    "audit_draws": "audit_draws",
    "audit_errors": "audit_errors",
    "bambi_bridge": "pymc_model.bambi_bridge",
    "compile_clock": "samplers.compile_clock",
    "convergence": "convergence",
    "diagnostics": "diagnostics",
    "group_effects": "pymc_model.group_effects",
    "observed_data": "observed_data",
    "power_scaling": "power_scaling",
    "prior_draws": "pymc_model.prior_draws",
}


def __getattr__(name: str) -> ModuleType:
    if name in _HEAVY:
        return import_module(f"{__name__}.{_HEAVY[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
