"""Files as the world writes them: each reads as it was meant, or ends in one clear error."""

import gzip
import zipfile

import pytest
import zstandard

from crosstie.data.read import open_source
from crosstie.errors import DataError


@pytest.fixture
def file(tmp_path):
    def write(content, name="x.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path.name

    return write


@pytest.fixture
def read(tmp_path, file):
    def opened(content, name="x.csv", **options):
        spec = file(content, name)
        return open_source({"path": spec, **options} if options else spec, base=tmp_path)

    return opened


def cells(source):
    table = source.table()
    return {name: table.cells(name) for name in source.columns}


def message(call, *args, **options):
    with pytest.raises(DataError) as raised:
        call(*args, **options)
    return str(raised.value)


PLAIN = {"a": ["1", "2"], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a,b\n1,x\n2,y\n", "x.csv"),
        ("a,b\r\n1,x\r\n2,y", "x.csv"),
        ("a,b\r1,x\r2,y\r", "x.csv"),
        ("\ufeffa,b\n1,x\n2,y\n", "x.csv"),
        ("a;b\n1;x\n2;y\n", "x.csv"),
        ("a|b\n1|x\n2|y\n", "x.txt"),
        ("a\tb\n1\tx\n2\ty\n", "x.tsv"),
        ("a\tb\n1\tx\n2\ty\n", "x.csv"),
        ('"a", "b"\n1, "x"\n2, "y"\n', "x.csv"),
        ("a,b\n\n1,x\n\n2,y\n\n", "x.csv"),
        ("a,b\n 1 , x\n2,y \n", "x.data"),
        ("\n\na,b\n1,x\n2,y\n", "x.csv"),
        ("a,b\n1,x\r\n2,y\n", "x.csv"),
    ],
)
def test_line_ends_marks_and_separators_make_no_difference(read, content, name):
    source = read(content, name)
    assert (cells(source), source.rows, source.notes) == (PLAIN, 2, [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_encodings_are_noticed_and_said(read, encoding):
    source = read("a,b\n1,x\n2,y\n".encode(encoding))
    assert cells(source) == PLAIN
    shown = {
        "utf-16": "UTF-16, which its first bytes say",
        "utf-32": "UTF-32, which its first bytes say",
    }
    assert source.notes == [
        f"x.csv: read as {shown.get(encoding, 'UTF-16-LE, which its zero bytes show')}"
    ]


def test_latin_1_is_noticed_and_said(read):
    source = read("name,n\nMüller,1\nSørensen,2\n".encode("latin-1"))
    assert cells(source) == {"name": ["Müller", "Sørensen"], "n": ["1", "2"]}
    assert source.notes == [
        "x.csv: is not UTF-8 and was read as latin-1. Say `encoding:` if that is wrong."
    ]


def test_an_encoding_can_be_given(read):
    assert cells(read("name\nżuk\n".encode("cp1250"), encoding="cp1250")) == {"name": ["żuk"]}


def test_a_wrong_or_unknown_encoding_is_refused(read):
    assert message(read, "a\n1\n", encoding="utf-9") == (
        "x.csv: 'utf-9' is no encoding. Say utf-8, latin-1, utf-16 …"
    )
    assert "x.csv: is not ascii: " in message(read, "a\nü\n", encoding="ascii")


def test_quoted_cells_hold_separators_newlines_and_doubled_marks(read):
    source = read('text,label\n"one, two",a\n"first\nsecond",b\n"he said ""no""",c\n')
    assert cells(source) == {
        "text": ["one, two", "first\nsecond", 'he said "no"'],
        "label": ["a", "b", "c"],
    }
    assert source.notes == []


def test_quoted_newlines_at_the_end_of_a_line_are_one_cell(read):
    assert cells(read('label,text\na,"one\ntwo, three"\nb,x\n')) == {
        "label": ["a", "b"],
        "text": ["one\ntwo, three", "x"],
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("within", ["\n", "\r\n"])
def test_names_may_hold_line_breaks_of_either_kind(read, end, within):
    source = read(f'a,"b{within}c"{end}1,"x{within}y"{end}2,z{end}')
    assert (source.columns, source.rows, source.notes) == (("a", "b\nc"), 2, [])
    assert [each.splitlines() for each in cells(source)["b\nc"]] == [["x", "y"], ["z"]]


def test_stray_quotation_marks_are_kept_as_text(read):
    source = read(
        'label\ttext\nham\t"hi\nspam\tthe 5" screen\nham\tso "she" said"\nspam\tbye\n', "x.tsv"
    )
    assert cells(source) == {
        "label": ["ham", "spam", "ham", "spam"],
        "text": ['"hi', 'the 5" screen', 'so "she" said"', "bye"],
    }
    assert source.notes == ["x.tsv: kept stray quotation marks as text in 1 line (line 2)"]


def test_marks_that_would_swallow_whole_rows_are_stray(read):
    source = read('label\ttext\nham\t"hi\nspam\tyou"\nham\tx\n', "x.tsv")
    assert cells(source)["text"] == ['"hi', 'you"', "x"]


def test_short_rows_are_padded_and_long_ones_dropped_and_both_are_said(read):
    source = read("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,\n13\n")
    assert cells(source) == {
        "a": ["1", "4", "10", "13"],
        "b": ["2", "5", "11", None],
        "c": ["3", None, "12", None],
    }
    assert source.rows == 4
    assert source.notes == [
        "x.csv: filled up 2 lines with too few cells; what they lack counts as missing (lines 3, 6)",
        "x.csv: left out 1 line with more cells than there are columns (line 4)",
    ]


def test_names_that_are_empty_or_there_twice_are_changed_and_said(read):
    source = read("x,,x,x_2,\n1,2,3,4,5\n")
    assert source.columns == ("x", "column_2", "x_3", "x_2", "column_5")
    assert source.notes == [
        (
            "x.csv: column names that were empty or there twice: '' at place 2 is now 'column_2'; "
            "'x' at place 3 is now 'x_3'; '' at place 5 is now 'column_5'"
        )
    ]


@pytest.mark.parametrize(
    "content",
    [
        "39,State-gov,77516\n50,Private,83311\n38,Private,1\n",
        "ham,yes\nspam,no\nham,no\nham,maybe\n",
    ],
)
def test_a_first_line_that_looks_like_data_is_said(read, content):
    (note,) = read(content).notes
    assert note.startswith("x.csv: the first line looks like data, not like names of columns ('")
    assert note.endswith(
        "If there is no header line, say `data: {path: …, header: false, columns: […]}` in the file, or "
        "--set data.header=false"
    )


def test_a_name_that_is_a_level_too_is_a_name_if_another_stands_above_numbers(read):
    assert read("age,b,y\n1,a,yes\n2,b,no\n3,b,no\n").notes == []


def test_names_of_years_above_words_are_no_data(read):
    assert read("country,2019\nFrance,many\nItaly,few\n").notes == []


def test_a_file_without_a_header_line_gets_names(read):
    assert cells(read("1,x\n2,y\n", header=False)) == {
        "column_1": ["1", "2"],
        "column_2": ["x", "y"],
    }
    assert cells(read("1,x\n2,y\n", header=False, columns=["a", "b"])) == PLAIN


def test_names_given_take_the_place_of_a_header_line(read):
    assert cells(read("u,v\n1,x\n2,y\n", columns=["a", "b"])) == PLAIN


def test_too_few_names_are_refused(read):
    assert message(read, "1,x\n", header=False, columns=["a"]) == (
        "x.csv: `columns:` names 1 columns, the file has 2. Name every column, in order."
    )


def test_a_decimal_comma_in_a_semicolon_file_is_found_by_its_profile(read):
    from crosstie.data.profile import profile

    source = read("price;city\n1.234,50;Bonn\n12,00;Köln\n")
    style = profile(source)["price"].style
    assert source.table().column("price", "number", style=style).values.tolist() == [1234.5, 12.0]


def test_a_file_of_one_column_of_sentences_is_one_column(read):
    assert cells(read("text\nHello, you\nAnd you, and you\n")) == {
        "text": ["Hello, you", "And you, and you"]
    }


def test_other_missing_words_hold_for_the_file(read):
    assert cells(read("a,b\n-99,NA\n1,x\n", missing=["-99"])) == {
        "a": [None, "1"],
        "b": ["NA", "x"],
    }


def test_the_missing_words_can_be_asked_for_so_that_requests_are_read_alike(read):
    assert read("a,b\n-99,x\n", missing=["-99"]).missing == ["-99"]
    assert read("a,b\n-99,x\n").missing is None


def test_a_first_line_may_be_longer_than_the_sample(read):
    names = [f"{place}" * 100_000 for place in "abc"]
    source = read(",".join(names) + "\n1,2,3\n")
    assert (source.columns, source.rows) == (tuple(names), 1)


def test_a_separator_can_be_given(read):
    assert cells(read("a:b\n1:x\n2:y\n", separator=":")) == PLAIN


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "x.csv", "x.csv: is empty (0 bytes). Give a file with a header line and rows."),
        (b"\n \n", "x.csv", "x.csv: is empty. Give a file with a header line and rows."),
        (b"\n\na,b", "x.csv", "x.csv: has a header line but no rows. Give a file with rows."),
        (b"a,b\n", "x.csv", "x.csv: has a header line but no rows. Give a file with rows."),
        (b"\x89PNG\r\n\0\0\0\rIHDR", "x.csv", "x.csv: is no text: line 2 holds a zero byte. Give a table, or the file undamaged."),
        (b"PK\x03\x04rest", "x.csv", "x.csv: is a zip archive or a workbook, not text. Give it the name it should have (.zip or .xlsx)."),
        (b"PAR1rest", "x.csv", "x.csv: is a Parquet file, not text. Give it the name it should have (.parquet)."),
        (b"x", "x.docx", "x.docx: the suffix '.docx' is of no format that can be read."),
        (b"x", "x", "x: a name without a suffix is of no format that can be read."),
        (b"x", "x.csv.gz", "x.csv.gz: cannot be decompressed: "),
        (b"x", "x.csv.zst", "x.csv.zst: cannot be decompressed: "),
        (b"x", "x.zip", "x.zip: is no zip archive that can be read: "),
        (b"x", "x.parquet", "x.parquet: is no Parquet file that can be read: "),
        (b"x", "x.feather", "x.feather: is no Arrow file that can be read: "),
        (b"x", "x.xlsx", "x.xlsx: is no workbook that can be read: "),
        (b"{", "x.json", "x.json: is no JSON: "),
        (b'{"a": 1}', "x.json", "x.json: is no table. Give a list of objects, "),
        (b"[]", "x.json", "x.json: has no rows. Give a file with rows."),
        (b'{"a": 1}\n{"a"\n', "x.jsonl", "x.jsonl: line 2 is no JSON: "),
        (b'{"a": 1}\n5\n', "x.jsonl", "x.jsonl: line 2 holds 5, not an object."),
        (b"hello\n", "x.arff", "x.arff: line 1 is none of @relation, @attribute and @data: hello"),
        (b"@attribute a real\n", "x.arff", "x.arff: has no @data line, so it is no ARFF file"),
        (b"@attribute a real\n@data\n{0 1}\n", "x.arff", "x.arff: line 3 is a sparse row, {0 1}."),
        (b"@attribute a real\n@data\n1,2\n", "x.arff", "x.arff: line 3 has 2 values for 1 attributes: 1,2"),
    ],
)  # fmt: skip
def test_what_is_no_table_ends_in_one_clear_error(read, content, name, said):
    assert message(read, content, name).startswith(said)


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path, file):
    file("a\n1\n", "train.csv")
    assert message(open_source, "trian.csv", base=tmp_path) == (
        "trian.csv: there is no such file; did you mean 'train.csv'?"
    )
    assert message(open_source, "zzz.parquet", base=tmp_path) == (
        "zzz.parquet: there is no such file; that folder holds 'train.csv'"
    )
    assert message(open_source, "no/where.csv", base=tmp_path) == (
        f"no/where.csv: there is no such file; there is no folder '{tmp_path}/no' either"
    )


def test_a_folder_is_refused_with_a_pattern_that_would_do(tmp_path, file):
    file("a\n1\n", "train.csv")
    assert message(open_source, tmp_path) == (
        f"{tmp_path}: is a folder. Name a file in it, or a pattern such as '{tmp_path}/*.csv'."
    )


def test_an_option_that_the_format_has_no_use_for_is_refused(read):
    assert message(read, b'{"a": 1}\n', "x.jsonl", header=False) == (
        "x.jsonl: this format has no use for the option 'header'. Take it out."
    )


def test_an_unknown_option_is_refused_with_the_nearest(tmp_path):
    assert message(open_source, {"path": "x.csv", "seperator": ";"}, base=tmp_path) == (
        "data.seperator: unknown option; did you mean 'separator'?"
    )


def test_compressed_files_are_read(read, tmp_path):
    assert cells(read(gzip.compress(b"a,b\n1,x\n2,y\n"), "x.csv.gz")) == PLAIN
    assert cells(read(zstandard.compress(b"a,b\n1,x\n2,y\n"), "x.csv.zst")) == PLAIN
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("folder/metadata.json", "{}")
        archive.writestr("folder/x.csv", "a,b\n1,x\n2,y\n")
    assert cells(open_source("x.zip", base=tmp_path)) == PLAIN


def test_a_zip_of_nothing_that_is_a_table_by_its_name_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x", "a,b\n1,x\n2,y\n")
    assert message(open_source, "x.zip", base=tmp_path) == (
        "x.zip: must hold one table, holds none by the suffix of 'x'. Unpack it and name one file."
    )


def test_a_zip_of_two_tables_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("u.csv", "a\n1\n")
        archive.writestr("v.csv", "a\n1\n")
    assert message(open_source, "x.zip", base=tmp_path) == (
        "x.zip: must hold one table, holds 'u.csv', 'v.csv'. Unpack it and name one file."
    )


def test_nothing_is_written_beside_the_data(read, tmp_path):
    read("a,b\n1\n2,3,4\n").table()
    read(gzip.compress("a\nü\n".encode("latin-1")), "y.csv.gz").table()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.csv", "y.csv.gz"]


def test_readable_copies_vanish_with_the_source(read):
    source = read(gzip.compress(b"a\n1\n"), "x.csv.gz")
    copy = source._parts[0].path
    assert copy.is_file()
    del source
    assert not copy.parent.exists()


def test_remarks_above_the_table_are_left_out_and_said(read):
    source = read("\n# exported 2020-01-01\n#  by hand, at night\n\na,b,c\n1,2,3\n4,5,6,7\n8,9,0\n")
    assert cells(source) == {"a": ["1", "8"], "b": ["2", "9"], "c": ["3", "0"]}
    assert source.notes == [
        "x.csv: left out the first 2 lines, remarks above the table ('# exported 2020-01-01', …)",
        "x.csv: left out 1 line with more cells than there are columns (line 7)",
    ]


@pytest.mark.parametrize("names", ["#a,b", "# note\n#a,b"])
def test_names_that_begin_with_a_hash_are_names(read, names):
    assert cells(read(f"{names}\n1,2\n")) == {"#a": ["1"], "b": ["2"]}


def test_words_that_begin_with_a_hash_are_words(read):
    assert cells(read("#tag\n#one\ntwo\n")) == {"#tag": ["#one", "two"]}


def test_a_title_above_the_table_is_told(read):
    assert read("Sales of 2020\nday,amount\n1,2\n3,4\n").notes == [
        (
            "x.csv: the first line holds a single cell ('Sales of 2020'), above lines of 2 cells. If it is a title, take "
            "it out: the line with the columns' names comes first"
        )
    ]
