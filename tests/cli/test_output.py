"""Tables as they are printed."""

from crosstie.cli.output import put_table
from crosstie.reports.numbers import figure


def test_a_piped_table_folds_nothing(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    long = "telco/" + "x" * 200
    put_table("", ["run", "seconds"], [[long, "1.5"]])
    first, _, last = capsys.readouterr().out.strip().splitlines()
    assert (first.split(), last.split()) == (["run", "seconds"], [long, "1.5"])


def test_figures_keep_four_digits_that_matter():
    given = (None, 0.0, 0.83211, 123.456, 4.0, 1234.5, 1234567.0, 0.0000234, -0.00002, -0.5)
    assert [figure(each) for each in given] == [
        "",
        "0.0000",
        "0.8321",
        "123.5",
        "4.000",
        "1,234",
        "1,234,567",
        "2.3e-05",
        "0.0000",
        "-0.5000",
    ]


def test_square_brackets_in_a_cell_are_printed_as_they_are(capsys):
    put_table("a [b]", ["cell"], [["[unknown] and [/bold]"]])
    printed = capsys.readouterr().out
    assert "a [b]" in printed
    assert "[unknown] and [/bold]" in printed
