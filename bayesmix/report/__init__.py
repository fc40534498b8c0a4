"""What is read by people: summary, pictures, analysis cards and the folders of results they leave.

May import `inference`, `modelling`, `formula`, `numerics`, `data` and `errors`. The pictures need matplotlib, which
takes long to load: they are reached as attributes (`report.plot_lines`) and load when first touched.
"""

from importlib import import_module
from types import ModuleType

_HEAVY = {
    "plot_compare_reml",
    "plot_files",
    "plot_lines",
    "plot_ppc",
    "plot_qq",
    "plot_ranef",
    "plot_rank",
    "plot_residuals",
    "plot_sd",
    "plot_sensitivity",
    "plot_shrinkage",
    "plot_trace",
}


def __getattr__(name: str) -> ModuleType:
    if name in _HEAVY:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
