"""`read_table`: what it reads, and the line that a file which cannot be read gets."""

import bz2
import gzip
import io
import lzma
import os
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

from bayesmix.data import read_table
from bayesmix.errors import DataError

TABLE = pd.DataFrame({"y": [1.5, 2.5, 3.0], "n": [1, 2, 3], "g": ["a", "b", "c"]})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


NAMES = ["t.csv", "t.CSV", "t.csv.gz", "t.tsv", "t.tsv.gz", "t.txt", "t.parquet", "t.feather", "t.arrow", "t.xlsx"]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_the_same_table(folder, name):
    if name == "t.parquet":
        TABLE.to_parquet(name)
    elif name == "t.feather":
        TABLE.to_feather(name)
    elif name == "t.arrow":
        table = pa.Table.from_pandas(TABLE)
        with pa.ipc.new_stream(name, table.schema) as stream:
            stream.write_table(table)
    elif name == "t.xlsx":
        pytest.importorskip("openpyxl")
        TABLE.to_excel(name, index=False)
    else:
        TABLE.to_csv(name, index=False, sep="," if ".csv" in name.lower() else "\t")
    pd.testing.assert_frame_equal(read_table(name), TABLE)
    pd.testing.assert_frame_equal(read_table(folder / name), TABLE)


def test_text_stays_text_and_missing_values_are_pandas_own(folder):
    (folder / "t.csv").write_text("day,g,x\n2024-01-31,007a,1\n2024-02-01,NA,\n\n2024-02-02,none,nan\n")
    data = read_table("t.csv")
    assert data["day"].tolist() == ["2024-01-31", "2024-02-01", "2024-02-02"]
    assert data["g"].isna().tolist() == [False, True, False]
    assert data["x"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfy,g\n1,a\n2,b\n",  # byte order mark, as spreadsheets write it
        b"y,g\r\n1,a\r\n2,b\r\n",
        b"y,g\n1,a\n2,b",
        b"y,g\n1,a\n2,b\n\n  \n",
        b'"y","g"\n1,"a"\n2,b\n',
    ],
)
def test_spellings_of_the_same_table(folder, content):
    (folder / "t.csv").write_bytes(content)
    assert read_table("t.csv").to_dict("list") == {"y": [1, 2], "g": ["a", "b"]}


def test_quoted_separators_and_line_ends_are_part_of_the_field(folder):
    (folder / "t.csv").write_text('g,y\n"a, b",1\n"c\nd",2\n"e ""f""",3\n')
    assert read_table("t.csv")["g"].tolist() == ["a, b", "c\nd", 'e "f"']


def test_row_names_written_by_r_keep_pandas_name(folder):
    (folder / "t.csv").write_text('"","y"\n"1",5\n"2",6\n')
    assert read_table("t.csv").columns.tolist() == ["Unnamed: 0", "y"]


@pytest.mark.usefixtures("folder")
def test_named_index_of_a_parquet_file_becomes_a_column():
    pytest.importorskip("pyarrow")
    TABLE.set_index("g").to_parquet("named.parquet")
    TABLE.set_axis([5, 5, 7]).to_parquet("plain.parquet")
    assert read_table("named.parquet").columns.tolist() == ["g", "y", "n"]
    pd.testing.assert_frame_equal(read_table("plain.parquet"), TABLE)


def test_byte_order_mark_is_no_part_of_a_quoted_header(folder):
    content = b'\xef\xbb\xbf"y, mm",g\n1,a\n'
    (folder / "t.csv").write_bytes(content)
    (folder / "t.csv.gz").write_bytes(gzip.compress(content))
    assert read_table("t.csv").columns.tolist() == ["y, mm", "g"]
    assert read_table("t.csv.gz").columns.tolist() == ["y, mm", "g"]


def test_a_column_that_turns_to_text_late_is_text_from_its_first_row(folder):
    # So wide that pandas, left to itself, would take these rows in several chunks and type each alone.
    width, rows = 300, 5000
    lines = [",".join(f"x{i}" for i in range(width)), *[",".join(["7"] * width)] * rows, ",".join(["b"] * width)]
    (folder / "t.csv").write_text("\n".join(lines))
    column = read_table("t.csv")["x0"]
    assert column.tolist() == ["7"] * rows + ["b"]


GZIPPED = gzip.compress(b"y,g\n1,a\n" * 200)
BAD_FILES = [
    # name, content, what the message says
    ("empty.csv", b"", "'empty.csv' is empty."),
    ("blank.csv", b"\n  \n\n", "'blank.csv' is empty."),
    ("empty.csv.gz", gzip.compress(b""), "'empty.csv.gz' is empty."),
    ("empty.parquet", b"", "'empty.parquet' is empty."),
    ("header.csv", b"y,g\n", "'header.csv' has 2 columns and no rows"),
    ("long.csv", b"y,g\n1,a\n2,b,c\n", "'long.csv', line 3: 3 fields, but the header has 2"),
    (
        "row_names.csv",
        b'"y" "g"\n'.replace(b" ", b",") + b'"1",5,"a"\n"2",6,"b"\n',
        "row names as R's write.table writes them ('1', '2')",
    ),
    ("short.csv", b"y,g\n1,a\n2\n3,c\n", "'short.csv', line 3: 1 field, but the header has 2"),
    ("all_long.csv", b"y,g\n1,a,x\n2,b,x\n", "'all_long.csv', line 2: 3 fields, but the header has 2"),
    ("after.csv", b'g,y\n"a\nb",1\n\nc\n', "'after.csv', line 5: 1 field,"),
    ("quote.csv", b'y,g\n1,a\n2,"b\n3,c\n', "'quote.csv', the record starting on line 3: unexpected end"),
    ("latin.csv", "y,g\n1,a\n2,Müller\n".encode("latin-1"), "not UTF-8 text (line 3, byte 0xfc)"),
    ("latin.csv.gz", gzip.compress("y,é\n1,a\n".encode("latin-1")), "not UTF-8 text (line 1, byte 0xe9)"),
    (
        "utf16.csv",
        "y,g\n1,a\n".encode("utf-16"),
        "'utf16.csv' is not UTF-8 text (line 1, byte 0xff). If it is of UTF-16, give encoding=\"utf-16\"",
    ),
    ("utf16le.csv", "y,g\n1,a\n".encode("utf-16-le"), "'utf16le.csv', line 1: a null character"),
    ("binary.csv", b"y,g\n1,a\n2,\x00\n", "'binary.csv', line 3: a null character"),
    ("plain.csv.gz", b"y,g\n1,a\n", "'plain.csv.gz' cannot be unpacked: Not a gzipped file"),
    ("cut.csv.gz", GZIPPED[:-12], "'cut.csv.gz' cannot be unpacked"),
    ("broken.csv.gz", GZIPPED[:12] + b"\xff\xff" + GZIPPED[14:], "'broken.csv.gz' cannot be unpacked"),
    ("twice.csv", b"y,g,y\n1,a,2\n", "'twice.csv' has more than one column called 'y'."),
    ("semicolon.csv", b"y;g\n1;a\n", 'separated by semicolons. Give sep=";" (at a shell: --sep ";").'),
    ("excel.csv", b"y;g\n1,5;a\n2,5;b\n", '--sep ";") and decimal="," (at a shell: --decimal ",").'),
    ("tabs.csv", b"y\tg\n1\ta\n", 'separated by tabs. Give sep="\\t"'),
    ("commas.tsv", b"y,g\n1,a\n", "is read with tabs between its fields, which seem to be separated by commas"),
    ("blanks.txt", b'"y" "g"\n"1" 5 "a"\n"2" 6 "b"\n', 'separated by blanks. Give sep=" "'),
    ("cp1252.csv", "y,g\n1,M\u00fcller\n".encode("cp1252"), 'encoding="cp1252" (at a shell: --encoding "cp1252")'),
    ("ends.csv", b"y,g\n1,a,\n2,b,\n", "Each line ends with a separator"),
    ("nameless.csv", b"y,g\n1,5,a\n1,6,b\n", "a name is missing in the header"),
    ("old.xls", b"\xd0\xcf", "Save the sheet as .xlsx or .csv."),
    ("empty.feather", b"", "'empty.feather' is empty."),
    ("text.feather", b"y,g\n1,a\n", "'text.feather' cannot be read as feather"),
    ("text.parquet", b"y,g\n1,a\n", "'text.parquet' cannot be read as parquet"),
    ("book.ods", b"PK", "'book.ods' cannot be read by its ending; known are .csv, .tsv and .txt (each also with .gz"),
    ("noending", b"y,g\n1,a\n", "'noending' cannot be read by its ending"),
    ("new\nline.csv", b"", "'new\\nline.csv' is empty."),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD_FILES, ids=[row[0] for row in BAD_FILES])
def test_a_file_that_cannot_be_read_gets_one_line(folder, name, content, said):
    if name == "text.parquet":
        pytest.importorskip("pyarrow")
    (folder / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("yeild.csv", "There is no file 'yeild.csv'. Did you mean 'yield.csv'?"),
        ("Yield.csv.gz", "Did you mean 'yield.csv'?"),
        ("x.csv", "There is no file 'x.csv'."),
        ("nowhere/yield.csv", "There is no file 'nowhere/yield.csv'. Neither is there a folder 'nowhere'."),
        ("yield.csv/yield.csv", "Neither is there a folder 'yield.csv'."),
        ("tables", "'tables' is a folder, not a file. Name a file in it: a.tsv, b.csv."),
        ("bare", "'bare' is a folder, not a file. It holds no file that can be read."),
        ("", "is a folder"),
        ("dangling.csv", "There is no file 'dangling.csv'."),
        ("pipe.csv", "'pipe.csv' is not a regular file."),
        ("long" * 2000, "There is no file"),
        ("a\0b.csv", "There is no file"),
        (3, "A data file is named by its path, a text; got int."),
        (None, "got NoneType."),
    ],
)
def test_a_path_that_is_no_file_gets_one_line(folder, path, said):
    TABLE.to_csv("yield.csv", index=False)
    for name in ("bare", "tables"):
        (folder / name).mkdir()
    for name in ("b.csv", "a.tsv", "notes.md"):
        (folder / "tables" / name).touch()
    (folder / "dangling.csv").symlink_to("gone.csv")
    os.mkfifo("pipe.csv")
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ("Did you mean" in str(caught.value)) == ("Did you mean" in said)


def test_a_file_that_may_not_be_read_gets_one_line(folder):
    TABLE.to_csv("t.csv", index=False)
    (folder / "t.csv").chmod(0)
    if os.access("t.csv", os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(DataError, match=r"'t.csv' cannot be read: Permission denied\."):
        read_table("t.csv")


@pytest.mark.usefixtures("folder")
def test_a_file_that_fails_while_it_is_read_gets_one_line(monkeypatch):
    TABLE.to_csv("t.csv", index=False)

    def failing(*_args, **_kwargs):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(pd, "read_csv", failing)
    with pytest.raises(DataError, match=r"^'t.csv' cannot be read: Input/output error\.$"):
        read_table("t.csv")


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in members.items():
            archive.writestr(name.replace("__dot__", "."), inside)
    return content.getvalue()


COMPRESSED = {
    "t.csv.gz": gzip.compress,
    "t.csv.bz2": bz2.compress,
    "t.csv.xz": lzma.compress,
    "t.CSV.ZIP": lambda content: zipped(t__dot__csv=content),
    "mac.csv.zip": lambda content: zipped(**{"folder/": b"", "folder/t.csv": content, "__MACOSX/._t.csv": b"\0"}),
}


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_compressed_texts_are_the_same_table(folder, name, encoding):
    (folder / name).write_bytes(COMPRESSED[name]('y;g\r\n1,5;ä\r\n2,5;"b\nc"\r\n'.encode(encoding)))
    data = read_table(name, sep=";", decimal=",", encoding=None if encoding == "utf-8-sig" else encoding)
    assert data.to_dict("list") == {"y": [1.5, 2.5], "g": ["ä", "b\nc"]}


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.csv.zip"])
@pytest.mark.parametrize("damage", ["plain", "cut", "broken", "empty"])
def test_what_cannot_be_unpacked_gets_one_line(folder, name, damage):
    whole = COMPRESSED.get(name, COMPRESSED["t.CSV.ZIP"])(b"y,g\n" + b"1,a\n2,b\n" * 2000)
    middle = len(whole) // 2
    content = {
        "plain": b"y,g\n1,a\n",
        "cut": whole[:middle],
        "broken": whole[: middle - 4] + b"\xff" * 8 + whole[middle + 4 :],
        "empty": b"",
    }[damage]
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"^'{name}' (cannot be unpacked: |is empty)"):
        read_table(name)


def test_an_archive_of_several_files_is_refused(folder):
    (folder / "two.csv.zip").write_bytes(zipped(a=b"y\n1\n", b=b"y\n1\n"))
    with pytest.raises(DataError, match=r"'two.csv.zip' holds 2 files \(a, b\), where one is expected; unpack it\."):
        read_table("two.csv.zip")
    (folder / "t.zip").write_bytes(zipped(a=b"y\n1\n"))
    with pytest.raises(DataError, match=r"known are .csv, .*Name it by what it holds too, such as data.csv.gz\."):
        read_table("t.zip")


def test_a_home_that_is_nobodys_is_one_line():
    with pytest.raises(DataError, match=r"'~nosuchuser/t.csv' cannot be read: Could not determine home directory\.$"):
        read_table("~nosuchuser/t.csv")
