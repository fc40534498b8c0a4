"""Tables in, data frames out: the bundled data sets and the files a user names.

May import NumPy, pandas, pyarrow, rdata, the error types and hints; it knows nothing of formulas or models.
"""

from bayesmix.data.catalogue import datasets, describe, load_data
from bayesmix.data.read import read_table

__all__ = ["datasets", "describe", "load_data", "read_table"]
