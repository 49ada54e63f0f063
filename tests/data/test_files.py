"""Writing whole files."""

from crosstie.data.files import atomic


def test_whoever_may_read_the_folder_may_read_the_file(tmp_path):
    with atomic(tmp_path / "arrays.bin") as temporary:
        temporary.touch(mode=0o600)
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "arrays.bin").stat().st_mode == plain.stat().st_mode
