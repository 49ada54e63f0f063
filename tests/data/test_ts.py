import pytest

from crosstie.data.read import open_source
from crosstie.errors import DataError

HEAD = "# a comment\n@problemName p\n@timeStamps false\n@classLabel true a b\n@data\n"


def table(tmp_path, text):
    path = tmp_path / "some.ts"
    path.write_text(text)
    return open_source(str(path)).table()


def test_channels_become_the_numbers_of_a_step_and_the_label_a_column(tmp_path):
    found = table(tmp_path, HEAD + "1,2,3:4,?,6:a\n7:8:b\n")
    assert found.columns == ("series", "label")
    assert found.cells("label") == ["a", "b"]
    assert found.cells("series") == ["[[1.0,4.0],[2.0,null],[3.0,6.0]]", "[[7.0,8.0]]"]


def test_a_file_without_labels_has_one_column(tmp_path):
    assert table(tmp_path, "@classLabel false\n@data\n1,2\n").columns == ("series",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "@classLabel true\n1,2:a\n",
            "some.ts: line 2 comes before @data and begins with no @: 1,2:a",
        ),
        ("@classLabel true\n", "some.ts: has no @data line, so it is no .ts file"),
        (
            "@timeStamps true\n@data\n(1,2):a\n",
            (
                "some.ts: has a time at each step, which this reader does not know. Give a table with a column of "
                "times in place of it."
            ),
        ),
        (HEAD + "1,two:a\n", "some.ts: line 6 holds something that is no number: 1,two:a"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(DataError) as caught:
        table(tmp_path, text)
    assert str(caught.value).endswith(said)


def test_the_vowels_have_twelve_channels_and_nine_speakers(shared_data):
    source = open_source(str(shared_data / "ts_japanese_vowels" / "JapaneseVowels_TRAIN.ts.gz"))
    found = source.table()
    series = found.column("series", "series")
    assert len(found) == 270
    assert {each.shape[1] for each in series.values} == {12}
    assert (min(map(len, series.values)), max(map(len, series.values))) == (7, 26)
    assert sorted(set(found.cells("label"))) == [str(speaker) for speaker in range(1, 10)]
