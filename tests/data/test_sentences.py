"""CoNLL and CoNLL-U files as tables of sentences."""

import json
from pathlib import Path

import pytest

from crosstie.data.read import open_source
from crosstie.errors import DataError

CONLL = "Ann\tB-per\r\nmet\tO\r\n\t\r\n# a comment\n#\tO\n1\tO\n\n\n-DOCSTART-\tO\n\nBob\tB-per"
CONLLU = """\
# sent_id = 1
# text = I don't
1\tI\tI\tPRON\tPRP\tCase=Nom\t3\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\t_\t3\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t0\troot\t_\tSpaceAfter=No
3.1\tgo\tgo\tVERB\t_\t_\t_\t_\t_\t_

1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_"""


def table(folder: Path, name: str, text: str | bytes):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    source = open_source(name, base=folder)
    return {name: [*map(json.loads, source.table().cells(name))] for name in source.columns}


@pytest.mark.parametrize("name", ["x.conll", "x.iob", "x.bio", "x.annotated", "x"])
def test_a_conll_file_is_a_row_a_sentence(tmp_path, name):
    text = CONLL if "." in name and "ann" not in name else CONLL.replace("-DOCSTART-\tO\n\n", "")
    assert table(tmp_path, name, text) == {
        "tokens": [["Ann", "met"], ["#", "1"], ["Bob"]],
        "tags": [["B-per", "O"], ["O", "O"], ["B-per"]],
    }


def test_cells_between_the_token_and_its_tag_are_columns(tmp_path):
    text = "Ann NNP I-NP I-PER\nsang VBD I-VP O\n\nHi UH O O\n"
    found = table(tmp_path, "x.conll", text)
    assert list(found) == ["tokens", "column_2", "column_3", "tags"]
    assert found["column_3"] == [["I-NP", "I-VP"], ["O"]]
    assert found["tags"] == [["I-PER", "O"], ["O"]]


@pytest.mark.parametrize("name", ["x.conllu", "x.ud"])
def test_a_conllu_file_has_its_words_and_not_what_stands_for_several(tmp_path, name):
    found = table(tmp_path, name, CONLLU)
    assert list(found) == [
        *("tokens", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
    ]
    assert found["tokens"] == [["I", "do", "n't"], ["Go"]]
    assert found["upos"] == [["PRON", "AUX", "PART"], ["VERB"]]
    assert found["deprel"] == [["nsubj", "aux", "root"], ["root"]]


@pytest.mark.slow
def test_files_of_everyday_are_whole(shared_data):
    found = {
        "seq_wnut17/wnut17train.conll": 3394,
        "seq_wnut17/emerging.dev.conll": 1009,
        "seq_wnut17/emerging.test.annotated": 1287,
        "seq_ud_ewt/en_ewt-ud-dev.conllu.gz": 2001,
        "seq_ud_ewt/en_ewt-ud-test.conllu.gz": 2077,
    }
    for name, rows in found.items():
        assert open_source(name, base=shared_data).rows == rows


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "x.conll",
            "Ann\tB-per\nmet\n\nBob\tO\n",
            "x.conll: line 2 has 1 cell, 'met', where line 1 has 2. Give every token its 2 cells, parted by a tab, and a blank line after each sentence.",
        ),
        (
            "x.conllu",
            "1\tGo\tgo\n\n",
            "x.conllu: line 1 has 3 cells, '1\\tGo\\tgo', where the format has 10. Give every token its 10 cells, parted by a tab, and a blank line after each sentence.",
        ),
        (
            "x.conll",
            "# nothing\n\n",
            "x.conll: holds no sentence. Give a token and its tag a line, and a blank line between sentences.",
        ),
        (
            "x.conllu",
            "# nothing\n\n",
            "x.conllu: holds no sentence. Give ten cells a word, parted by tabs, and a blank line between sentences.",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_message(tmp_path, name, text, message):
    with pytest.raises(DataError) as told:
        table(tmp_path, name, text)
    assert str(told.value) == message


def test_words_in_another_encoding_are_read(tmp_path):
    found = table(tmp_path, "x.conll", "Zoë\tB-per\n\nAnn\tO\n".encode("latin-1"))
    assert found["tokens"] == [["Zoë"], ["Ann"]]


def test_a_table_of_other_cells_is_not_taken_for_sentences(tmp_path):
    with pytest.raises(DataError, match=r"^x\.dat: the suffix '\.dat' is of no format"):
        table(tmp_path, "x.dat", "a b\n1 2\n\n3 4\n")
