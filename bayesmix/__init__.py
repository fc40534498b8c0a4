"""Bayesian mixed models with lme4's formulas, on PyMC, Bambi and ArviZ.

    import bayesmix as bm

    sleepstudy = bm.load_data("sleepstudy")
    fit = bm.fit("Reaction ~ Days + (Days | Subject)", sleepstudy, seed=1)
    print(fit)

Every public name is listed in `__init__.pyi` with its module, which loads when the name is first used.
"""

from importlib.metadata import version
from typing import Any

import lazy_loader

from bayesmix import hints
from bayesmix.errors import BayesmixError as BayesmixError

_public_or_module, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("bayesmix")


def __getattr__(name: str) -> Any:
    if name in __all__ or name.startswith("__"):
        return _public_or_module(name)
    try:
        return _public_or_module(name)
    except AttributeError:
        raise hints.no_public_name(name, __all__) from None
