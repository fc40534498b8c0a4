"""Rows of a finished store that others take the place of, such as those of an audit."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bayesmix.errors import OutputError
from bayesmix.loci.store.store import DRAWS, FINAL, Store

_SEPARATOR = "\x1f"


def replace_rows(store: Store, rows: pa.Table, draws: pa.Table | None) -> None:
    """Put `rows`, and the kept `draws` of their loci, in the place of what these loci had.

    A file is there as before or as a whole: where this is interrupted the same call completes it.

    Raises
    ------
    OutputError
        The disk refuses; what was there stays.
    """
    try:
        if draws is not None:
            store.write_together(DRAWS, _replaced(store, DRAWS, draws, ("locus", "chain", "draw")))
        store.write_together(FINAL, _replaced(store, FINAL, rows, ("locus",)))
    except OSError as error:
        raise OutputError(
            f"The store {str(store.folder)!r} cannot be written: {error.strerror or error}. Call again to go on."
        ) from None


def _replaced(store: Store, name: str, new: pa.Table, key: Sequence[str]) -> Iterator[pa.Table]:
    """The table of a file, piece by piece, with the rows of `new` where the key is theirs."""
    with pq.ParquetFile(store.folder / name) as file:
        schema = file.schema_arrow
        keys_of_new = _keys(new, key)
        for batch in file.iter_batches(10_000):
            old = pa.Table.from_batches([batch], schema=schema)
            places = pc.index_in(_keys(old, key), value_set=keys_of_new)
            own = pa.array(range(len(old)), type=pa.int32())
            chosen = pc.if_else(pc.is_null(places), own, pc.add(places, len(old)))
            yield pa.concat_tables([old, new.cast(schema)]).take(chosen)


def _keys(table: pa.Table, key: Sequence[str]) -> pa.Array:
    texts = [pc.cast(table[name], pa.string()) for name in key]
    joined = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, _SEPARATOR)
    return joined.combine_chunks()
