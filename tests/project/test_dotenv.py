"""`.env`: which variables it sets, and what is wrong with it."""

import os

import pytest

from crosstie.errors import ConfigError
from crosstie.project.dotenv import use_dotenv


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("PG_USER", "PG_WORD", "PG_NOTE", "PG_NONE"):
        monkeypatch.setenv(name, "")  # so that the end of the test takes away what it sets
        monkeypatch.delenv(name)


def test_what_is_set_already_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("PG_USER", "alice")
    (tmp_path / ".env").write_text(
        "# of this machine\nexport PG_USER=bob\nPG_WORD='p#a ${x}'  # a note\nPG_NONE=\n"
    )
    assert use_dotenv(tmp_path) == ["PG_WORD", "PG_NONE"]
    assert (os.environ["PG_USER"], os.environ["PG_WORD"], os.environ["PG_NONE"]) == (
        "alice",
        "p#a ${x}",
        "",
    )


def test_no_file_sets_nothing(tmp_path):
    assert use_dotenv(tmp_path) == []


def test_every_bad_line_is_told_without_what_it_holds(tmp_path):
    (tmp_path / ".env").write_text("PG_USER=bob\n\nhunter2\nPG_WORD hunter2\nPG_USER=eve\n")
    with pytest.raises(ConfigError) as caught:
        use_dotenv(tmp_path)
    assert [str(each) for each in caught.value.problems] == [
        ".env:3: is no NAME=VALUE; a line of notes begins with #",
        ".env:4: is no NAME=VALUE; a line of notes begins with #",
        ".env:5: sets 'PG_USER' a second time; keep one of them",
    ]
    assert "PG_USER" not in os.environ
