"""The memory that draws take, checked before anything is sampled.

A library that is refused memory may end the process (nutpie does), and a machine that swaps seems to hang. Neither can
be caught, so the numbers that the draws consist of are counted beforehand.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from bayesmix.errors import SamplingError
from bayesmix.modelling.mixed_model import MixedModel, count_effects
from bayesmix.modelling.route import Route
from bayesmix.modelling.settings import SamplerSettings

if find_spec("resource"):  # Windows has none
    import resource

_BYTES = 8
_COPIES = 4  # the draws as the sampler makes them, as the posterior, and during the conversion
_STATISTICS = 10  # numbers for each draw or tuning step of NUTS
_VALUES_PER_CHAIN = 150  # the fewest that importance sampling weighs


@contextmanager
def within_memory(route: Route, model: MixedModel, settings: SamplerSettings) -> Iterator[None]:
    """A context for sampling that refuses draws which this process cannot hold.

    Raises
    ------
    SamplingError
        One line with the memory needed, the memory available, and how many draws would fit; or memory ran out in spite
        of that check.
    """
    needed, available = memory_needed(route, model, settings), memory_there()
    draws, tune, chains = settings.draws, settings.tune, settings.chains
    if needed > available:
        affordable = int(draws * available / needed)
        fewer = f"draws={_round_down(affordable)}" if affordable >= 10 else "fewer chains"
        keeps = settings.keep_effects and model.design.random and not route.samples_effects
        effects = ", keep_effects=False" if keeps else ""
        steps = f", tune={tune}" if tune is not None and settings.sampler != "importance" else ""
        raise SamplingError(
            f"draws={draws}{steps}, chains={chains} take about {_in_gib(needed)} of memory, and there are "
            f"{_in_gib(available)}: take fewer ({fewer}{effects}); thousands of draws are plenty."
        )
    try:
        yield
    except MemoryError as error:
        raise SamplingError(
            f"Memory ran out ({_in_gib(memory_there())} in all): take fewer draws (draws={draws}, chains={chains} were "
            "asked for), keep_effects=False, or fewer rows."
        ) from error


def memory_needed(route: Route, model: MixedModel, settings: SamplerSettings) -> int:
    """A rough and rather low number of bytes that sampling takes at its peak beyond the model itself."""
    design, chains, n_total = model.design, settings.chains, settings.n_total
    largest, others = count_effects(design)
    n = len(model.family.auxiliary) + len(design.response.thresholds) + others
    for part in design.predictors:
        n += len(part.fixed.names) + sum(term.k * (term.k + 1) // 2 for term in part.random)
    steps = settings.draws + (route.tune if settings.tune is None else settings.tune)
    if route.samples_effects:
        numbers = (n + largest) * n_total * _COPIES + _STATISTICS * chains * steps
    else:
        numbers = n * n_total * _COPIES + largest * n_total * settings.keeps(largest)
        if settings.sampler == "importance":
            numbers += n * max(n_total, _VALUES_PER_CHAIN * chains)
        else:
            numbers += _STATISTICS * chains * steps
    return _BYTES * numbers


def memory_there() -> int:
    """Bytes that this process may have: the least of what the machine, its container and its own limit allow."""
    return min(_of_machine(), _of_container(), _below_own_limit())


_UNLIMITED = 2**62
_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def _of_machine() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        return _UNLIMITED


def _of_container() -> int:
    limit = _UNLIMITED
    for path in _CONTAINER_LIMITS:
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        limit = min(limit, int(text)) if text.isdigit() else limit
    return limit


def _below_own_limit() -> int:
    """The addresses that `ulimit -v` leaves."""
    if not find_spec("resource"):
        return _UNLIMITED
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return _UNLIMITED
    try:
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        in_use = 0
    return max(0, limit - in_use)


def _in_gib(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:,.3g} GiB" if n_bytes < 2**50 else f"{n_bytes / 2**30:.1e} GiB"


def _round_down(number: int) -> int:
    """Round down to one digit."""
    scale = 10 ** (len(str(number)) - 1)
    return number // scale * scale
