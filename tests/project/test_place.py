"""Which folder is a project, seen from anywhere in it."""

import pytest

import crosstie
from crosstie.errors import ConfigError, ProjectError
from crosstie.project.place import Project


def test_the_nearest_folder_with_our_table_in_pyproject_is_the_project(tmp_path):
    inner = tmp_path / "churn" / "lib"
    (inner / "deep").mkdir(parents=True)
    (tmp_path / "churn" / "pyproject.toml").write_text(
        '[project]\nname = "customers"\n[tool.crosstie]\ndefaults = "0.1"\n'
    )
    (inner / "pyproject.toml").write_text('[project]\nname = "crosstie-notes"\n')

    found = Project.find(inner / "deep")

    assert (found, found.name) == (Project(tmp_path / "churn"), "customers")


def test_somebody_elses_broken_file_is_passed_over_and_ours_is_not(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project\n")
    assert Project.around(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.crosstie]\nname = \n")
    with pytest.raises(ProjectError) as caught:
        Project.find(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}: is no TOML: ")


def test_nowhere_says_how_to_make_one(tmp_path):
    with pytest.raises(ProjectError) as caught:
        Project.find(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: no project here nor above: no pyproject.toml has a [tool.crosstie]. "
        "Make one with crosstie new NAME"
    )


@pytest.mark.slow
def test_a_model_file_names_the_table_of_a_step_as_the_last_build_made_it(tmp_path, monkeypatch):
    monkeypatch.delenv("CROSSTIE_ENV", raising=False)
    root = tmp_path / "shop"
    (root / "data").mkdir(parents=True)
    (root / "steps").mkdir()
    rows = "".join(f"{i},{i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(60))
    (root / "data" / "raw.csv").write_text("id,visits,bought\n" + rows)
    (root / "steps" / "10_often.sql").write_text("SELECT visits, bought FROM raw WHERE visits > 1")
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\n\n[tool.crosstie]\n')
    (root / "model.yaml").write_text("data: often\ntarget: bought\n")
    unbuilt = "'often' is the table of a step, and is not built; crosstie build makes it"
    with pytest.raises(ConfigError, match=unbuilt):
        crosstie.check(root / "model.yaml")

    crosstie.build("often", folder=root)
    plan = crosstie.check(root / "model.yaml")
    assert (plan.sources["train"].rows, [each.column for each in plan.inputs]) == (42, ["visits"])
