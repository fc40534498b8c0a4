"""Long tables: every kind of table gives the loci of the data, whatever the order of its rows."""

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bayesmix.errors import ArgumentError, BayesmixError, DataError, UnknownColumnError
from bayesmix.loci.inputs import chunked_table, locus_order
from bayesmix.loci.inputs.open_loci import open_loci

FORMULA = "cbind(methylated, unmethylated) ~ treatment * time + (1 | tank)"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    cells = [(t, day, f"k{tank}") for t in ("trt", "ctl") for tank in range(3) for day in (9, 80)]
    rows = [
        (f"cg{locus:02}", f"chr{locus // 20}", 10 * locus, *cell, *rng.poisson(6, 2).tolist())
        for locus in range(40)
        for cell in cells
        if rng.random() < 0.8
    ]
    names = ["locus", "chr", "pos", "treatment", "time", "tank", "methylated", "unmethylated"]
    return pd.DataFrame(rows, columns=names)


def opened(data, formula=FORMULA, **settings):
    return open_loci(data, formula, **{"family": "binomial", **settings})


def rows_of(source, size=1000):
    frames = []
    for block in source.blocks(size):
        locus = np.repeat(np.arange(len(block)), np.diff(block.starts))
        frame = source.sheet.iloc[block.samples].reset_index(drop=True)
        named = {"locus": np.array(block.names)[locus], **{k: v[locus] for k, v in block.places.items()}}
        frames.append(pd.concat([pd.DataFrame(named), frame, pd.DataFrame(block.columns)], axis=1))
    return pd.concat(frames, ignore_index=True)


def _csv(data, folder):
    data.to_csv(folder / "a.csv", index=False)
    return folder / "a.csv"


def _tsv_gz(data, folder):
    text = data.to_csv(index=False, sep="\t").encode()
    (folder / "a.tsv.gz").write_bytes(gzip.compress(text[:500]) + gzip.compress(text[500:]))
    return str(folder / "a.tsv.gz")


def _parquet(data, folder):
    data.to_parquet(folder / "a.parquet", row_group_size=50)
    return folder / "a.parquet"


TABLES = {
    "pandas": lambda data, _: data,
    "polars": lambda data, _: pl.from_pandas(data),
    "arrow": lambda data, _: pa.Table.from_pandas(data),
    "csv": _csv,
    "tsv.gz": _tsv_gz,
    "parquet": _parquet,
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_table_gives_its_rows(kind, data, tmp_path):
    source = opened(TABLES[kind](data, tmp_path))
    read = rows_of(source)[data.columns]
    pd.testing.assert_frame_equal(read.astype({"locus": str}), data.astype({"locus": str}), check_dtype=False)
    assert read.dtypes.map(lambda kind: kind.kind in "iu")[["pos", "time", "methylated"]].all()
    assert (source.n_loci, source.places, len(source.sheet)) == (40, ("chr", "pos"), 12)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("buckets", [3, 20_000])
def test_shuffled_rows_are_put_together(kind, buckets, data, tmp_path, monkeypatch):
    monkeypatch.setattr(locus_order, "_LOCI_OF_A_BUCKET", buckets)
    monkeypatch.setattr(chunked_table, "_ROWS", 37)
    shuffled = data.sample(frac=1, random_state=3).reset_index(drop=True)
    source = opened(TABLES[kind](shuffled, tmp_path))
    first = {name: number for number, name in enumerate(shuffled["locus"].drop_duplicates())}
    order = shuffled["locus"].map(first).argsort(kind="stable")
    together = shuffled.iloc[order].reset_index(drop=True)
    for size in (7, 1000):
        read = rows_of(source, size)[data.columns]
        pd.testing.assert_frame_equal(read.astype({"locus": str}), together, check_dtype=False)
    assert source.report.set_index("what")["n"]["loci whose rows were put together"] == 40
    assert [len(block) for block in source.blocks(7)] == [7] * 5 + [5]


def test_factors_keep_their_levels_and_missing_covariates_stay_missing(data):
    levels = pd.CategoricalDtype(["trt", "ctl"], ordered=True)
    factors = data.astype({"treatment": levels})
    factors.loc[3, "treatment"] = None
    source = opened(factors)
    assert source.sheet["treatment"].dtype == levels
    read = rows_of(source)
    assert read["treatment"].isna().sum() == 1
    pd.testing.assert_series_equal(read["treatment"], factors["treatment"], check_categorical=False)


def test_a_covariate_of_each_row_has_a_larger_sheet(data):
    noise = data.assign(depth=np.random.default_rng(1).normal(size=len(data)))
    source = opened(noise, "cbind(methylated, unmethylated) ~ treatment + depth + (1 | tank)")
    assert len(source.sheet) == len(data)
    np.testing.assert_array_equal(rows_of(source)["depth"], noise["depth"])


def test_numbers_among_texts_stay_numbers(data, tmp_path):
    texts = data.astype({"methylated": object})
    texts.loc[13, "methylated"] = "lots"
    texts.loc[14, "methylated"] = np.nan
    for table in (texts, _csv(texts, tmp_path)):
        values = rows_of(opened(table))["methylated"]
        assert values[13] == "lots"
        assert pd.isna(values[14])
        assert values.drop([13, 14]).tolist() == data["methylated"].drop([13, 14]).tolist()


def test_texts_are_typed_as_read_table_does(data, tmp_path):
    source = opened(_csv(data.assign(tank=[f"00{tank[1:]}" for tank in data["tank"]]), tmp_path))
    assert set(source.sheet["tank"]) == {"000", "001", "002"}


def test_the_digest_tells_data_and_columns_apart(data, tmp_path):
    path = _csv(data, tmp_path)
    digests = [opened(data).digest, opened(path).digest, opened(path, FORMULA.replace("*", "+")).digest]
    assert opened(data.copy()).digest == digests[0]
    assert opened(path).digest == digests[1]
    other = data.assign(methylated=data["methylated"].where(data.index != 50, 99))
    assert opened(other).digest != digests[0]


REFUSED = {
    "no file": (lambda *_: "nowhere.csv", {}, "There is no file 'nowhere.csv'"),
    "no column": (lambda data, _: data.drop(columns="tank"), {}, "tank"),
    "no locus": (lambda data, _: data, {"by": "loci"}, "Did you mean 'locus'"),
    "by is no text": (lambda data, _: data, {"by": 3}, "by is the name of the column of loci; got 3"),
    "by in the formula": (lambda data, _: data, {"by": "tank"}, "'tank' names the loci"),
    "no rows": (lambda data, _: data.iloc[:0], {}, "has no rows"),
    "all nameless": (lambda data, _: data.assign(locus=None), {}, "no rows with a locus"),
    "places": (lambda data, _: data, {"places": ["tank"]}, "places has 'tank', which the model uses"),
    "empty": (lambda _, folder: _text(folder, ""), {}, "is empty"),
    "ending": (lambda _, folder: _text(folder, "x", "a.xyz"), {}, "cannot be read by its ending"),
    "fields": (
        lambda _, folder: _text(folder, "locus,y,x\n1,2,3\n1,2\n"),
        {"formula": "y ~ x"},
        "line 3 has 2 fields",
    ),
    "doubled": (lambda _, folder: _text(folder, "locus,y,y\n1,2,3\n"), {"formula": "y ~ 1"}, "several columns 'y'"),
    "no table": (lambda *_: 7, {}, "int"),
    "no parquet": (lambda _, folder: _text(folder, "locus", "a.parquet"), {}, "a.parquet' cannot be read"),
}


def _text(folder, text, name="a.csv"):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line(case, data, tmp_path):
    make, settings, message = REFUSED[case]
    with pytest.raises((DataError, UnknownColumnError, ArgumentError), match=message) as refused:
        opened(make(data, tmp_path), **settings)
    assert "\n" not in str(refused.value)


def test_a_text_file_that_was_cut_short(data, tmp_path):
    path = _tsv_gz(pd.concat([data] * 5), tmp_path)
    with open(path, "rb+") as file:
        file.truncate(file.seek(0, 2) - 30)
    with pytest.raises(DataError, match="cannot be read"):
        opened(path)


def test_damaged_tables_are_read_or_refused_in_one_line(data, tmp_path):
    clean = data.head(12).to_csv(index=False).encode()
    rng, refused = np.random.default_rng(5), []
    for _ in range(30):
        text = bytearray(clean)
        for place in rng.integers(0, len(text), 3):
            text[place] = rng.choice(list(b'\t\n0-9.xX \x00\xff",'))
        (tmp_path / "damaged.csv").write_bytes(bytes(text))
        try:
            rows_of(opened(tmp_path / "damaged.csv"))
        except BayesmixError as error:
            refused.append(str(error))
    assert refused
    assert all("\n" not in text for text in refused)
