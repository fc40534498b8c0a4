"""Tables read from files: ragged, of other encodings, with NUL and open quotes, damaged."""

from random import Random

GOOD = "y,x,f,g\n" + "".join(f"{i * 7 % 11}.5,{i * 5 % 13},{'abc'[i % 3]},g{i % 4}\n" for i in range(24))
PIECES = (
    b",", b",,", b"\n", b"\n\n", b"\r", b'"', b"'", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xe9", b"NA", b"None",
    b"nan", b"inf", b"1e999", b"12345678901234567", b"007", b"$1", b"=1+1", b"x" * 200000, b";", b"\t", b"#",
    b"\\", b" ", b"1,5", b"\xed\xa0\x80", b"\x1b[31m", b"true", b"0x10", b"9" * 400, b"-0", b"\x1a",
    b"\xc2\x85", b"\xe2\x80\xa8",
)  # fmt: skip
WHOLE = (
    "b''", "b'\\n'", "b'y,x'", "b'y,x\\n'", "b'y,y\\n1,2\\n'", "b',\\n1,2\\n'", "b'y x\\n1 2\\n'", "b'PAR1'",
    "b'\\x1f\\x8b'", "d.to_csv(sep=';').encode()", "d.to_csv().encode('utf-16')",
    "d.to_csv(index=False).encode('utf-32')", "gzip.compress(d.to_csv().encode())",
    "gzip.compress(d.to_csv().encode())[:200]", "d.to_parquet()", "d.to_parquet()[:500]",
    "d.to_parquet()[200:]", "flipped(d.to_parquet(), 5000, 9000)",
    "flipped(gzip.compress(d.to_csv().encode()), 500, 900)", "zeroed(d.to_parquet(), 100, 400)",
    "with_(g=[[1]] * 72).to_parquet()", "with_(g=[{'a': 1}] * 72).to_parquet()",
    "d.set_index(['g', 'h']).to_parquet()", "d.to_json().encode()", "b'a' * 10**6", "b'a,' * 20000",
    "b'\\n' * 10**5", "bytes(1000)",
)  # fmt: skip
FILES = ("t.csv", "t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz", "t.parquet", "t.xlsx", "t", "t.CSV", "t.csv.zip")


def make(seed: int) -> str:
    rng = Random(f"tables {seed}")
    if rng.random() < 0.4:
        whole = rng.choice(WHOLE)
        name = "t.parquet" if "parquet" in whole and rng.random() < 0.8 else rng.choice(FILES)
        if "gzip" in whole and rng.random() < 0.8:
            name = "t.csv.gz"
        return f"table({whole}, {name!r})"
    content = GOOD.encode()
    for _ in range(rng.choice([1, 1, 2, 5])):
        at, to = sorted(rng.randrange(len(content)) for _ in range(2))
        piece = rng.choice(PIECES)
        content = rng.choice(
            [content[:at] + piece + content[at:], content[:at] + content[at + 1 :], content[:at] + content[to:]]
        )
    content = rng.choice([content, content, content, content.replace(b"\n", b"\r\n"), content.replace(b"\n", b"\r")])
    code = repr(content).replace("x" * 200000, "' + b'x' * 200000 + b'")
    formula = ", formula='y ~ x + f'" if rng.random() < 0.5 else ""
    return f"table({code}, {rng.choice(['t.csv', 't.csv', 't.tsv'])!r}{formula})"
