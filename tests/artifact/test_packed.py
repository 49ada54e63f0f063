import stat
import zipfile

import pytest

import crosstie
from crosstie.artifact.packed import unpacked
from crosstie.errors import ArtifactError
from crosstie.serving.model import Model


def wheel_of(folder, path, home="birds/model", more=()):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("birds/__init__.py", "raise SystemExit('this was run')")
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, f"{home}/{file.relative_to(folder).as_posix()}")
        for name, content in more:
            archive.writestr(name, content)
    return path


def test_a_wheel_predicts_as_the_model_in_it_and_runs_nothing(penguins, tmp_path):
    row = {"island": "Biscoe", "flipper_length_mm": 217, "body_mass_g": 5200, "year": 2008}
    row |= {"bill_length_mm": 47.5, "bill_depth_mm": 14.2, "sex": "male"}
    wheel = wheel_of(penguins, tmp_path / "birds-1.0-py3-none-any.whl")

    model = crosstie.load(wheel)

    assert model.predict(row) == Model.load(penguins).predict(row)
    assert model.path == wheel


def test_a_wheel_is_unpacked_once_for_a_process(penguins, tmp_path):
    wheel = wheel_of(penguins, tmp_path / "birds-1.0-py3-none-any.whl")
    assert unpacked(wheel) == unpacked(wheel)


@pytest.mark.parametrize(
    "odd", ["birds/model/../../evil", "birds/model/a\\b", "birds/model/../../../../etc/passwd"]
)
def test_a_file_that_would_leave_the_folder_is_refused(penguins, tmp_path, odd):
    wheel = wheel_of(penguins, tmp_path / "odd.whl", more=[(odd, "x")])
    with pytest.raises(ArtifactError, match="is no file that a model has"):
        unpacked(wheel)
    assert not (tmp_path / "evil").exists()


def test_a_link_is_refused(penguins, tmp_path):
    link = zipfile.ZipInfo("birds/model/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    wheel = wheel_of(penguins, tmp_path / "odd.whl", more=[(link, "/etc/passwd")])
    with pytest.raises(ArtifactError, match="'birds/model/link' is no file that a model has"):
        unpacked(wheel)


def test_what_was_made_to_fill_a_disk_is_refused(penguins, tmp_path):
    path = tmp_path / "bomb.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("birds/model/manifest.json", "{}")
        archive.writestr("birds/model/zeros", bytes(20_000_000))
    with pytest.raises(
        ArtifactError, match="would take 20,000,002 bytes, which no model packs so small"
    ):
        unpacked(path)


def test_a_wheel_that_is_not_whole_is_told(penguins, tmp_path):
    whole = wheel_of(penguins, tmp_path / "whole.whl").read_bytes()
    cut = tmp_path / "cut.whl"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ArtifactError, match=r"cut.whl: not a whole wheel \(File is not a zip file\); copy it again"
    ):
        crosstie.load(cut)


def test_a_wheel_whose_model_was_changed_is_told(copy, tmp_path):
    (copy / "inference.json").write_text("{}")
    wheel = wheel_of(copy, tmp_path / "changed.whl")
    with pytest.raises(ArtifactError) as error:
        crosstie.load(wheel)
    assert str(error.value) == (
        f"{wheel}/inference.json: not the file this model was saved with (its hash differs); copy it again"
    )


def test_a_wheel_without_a_model_is_told(penguins, tmp_path):
    wheel = wheel_of(penguins, tmp_path / "other.whl", home="birds/data/model")
    with pytest.raises(
        ArtifactError, match=r"other.whl: holds no model that `crosstie package` put there"
    ):
        crosstie.load(wheel)


def test_a_wheel_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ArtifactError, match=r"nothing.whl: there is no such wheel"):
        crosstie.load(tmp_path / "nothing.whl")
