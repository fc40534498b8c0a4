"""The distribution of one observation, family by family: log density, draws, and where an observation lies in it.

The one module that is compiled is reached as an attribute and loads when first touched: Numba takes a second to import.
"""

from importlib import import_module
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    if name == "beta_binomial_tails":
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
