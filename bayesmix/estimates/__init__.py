"""Estimates without a posterior: REML and maximum likelihood, Laplace's approximation, least squares.

May import `separated_data`, `families`, `formula`, `numerics` and what is below them; no PyMC is needed here. What fits
a design or fills a table needs compiled kernels, which take long to load: it stands in `__init__.pyi` with its module,
is reached as an attribute (`estimates.fit_reml`), and loads when first used, after the data were checked.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
