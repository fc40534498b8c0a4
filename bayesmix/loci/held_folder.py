"""A folder of the system's for results that were given no store."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize


class HeldFolder:
    """A folder that is removed with this object."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="bayesmix-loci-"))
        finalize(self, rmtree, self.path, ignore_errors=True)
