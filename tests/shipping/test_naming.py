import sys

import pytest

from crosstie.shipping.naming import Names, names_of, usable, wrong_version


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Churn", "is no name of a package, which has a-z, 0-9 and _; did you mean 'churn'?"),
        ("2024", "is no name of a package, which has a-z, 0-9 and _; did you mean 'model_2024'?"),
        ("a__b", "is no name of a package, which has a-z, 0-9 and _; did you mean 'a_b'?"),
        ("../x", "is no name of a package, which has a-z, 0-9 and _; did you mean 'x'?"),
        ("", "is no name of a package, which has a-z, 0-9 and _; did you mean 'model'?"),
        ("class", "is a word of Python itself; did you mean 'class_model'?"),
        ("email", "is a module of Python itself; did you mean 'email_model'?"),
        ("numpy", "would hide numpy, which is installed here; did you mean 'numpy_model'?"),
        ("yaml", "would hide PyYAML, which is installed here; did you mean 'yaml_model'?"),
        (
            "crosstie",
            "would hide crosstie, which is installed here; did you mean 'crosstie_model'?",
        ),
    ],
)
def test_a_name_that_cannot_be_is_told_with_one_that_can(name, message):
    assert str(names_of(name)) == f"--name {name}: {message}"


def test_hyphens_are_underscores_where_python_imports():
    assert names_of("churn-eu-2") == Names("churn-eu-2", "churn_eu_2")


def test_a_packaged_model_that_is_installed_may_be_packaged_again(tmp_path, monkeypatch):
    info = tmp_path / "ferry_times-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.3\nName: ferry-times\nVersion: 1.0\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: somebody\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    before = names_of("ferry-times")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: crosstie\n")

    assert str(before) == (
        "--name ferry-times: would hide ferry-times, which is installed here; did you mean 'ferry_times_model'?"
    )
    assert names_of("ferry-times") == Names("ferry-times", "ferry_times")


@pytest.mark.parametrize("name", ["Rotten Tomatoes", "naïve", "2024 sales!", "def", "json", "…"])
def test_what_is_offered_can_be_taken(name):
    assert isinstance(names_of(usable(name)), Names)


@pytest.mark.parametrize(
    "version",
    ["0", "1.2", "1.2.0", "1!2.0", "1.0a1", "1.0rc12", "1.0.post3", "1.0.dev4", "1.0+eu.1"],
)
def test_versions_of_packages_are_taken(version):
    assert wrong_version(version) is None


@pytest.mark.parametrize(
    ("version", "near"),
    [
        ("v1.2", "did you mean '1.2'?"),
        ("1.2.0-beta.2", "did you mean '1.2.0b2'?"),
        ("1.02", "did you mean '1.2'?"),
        ("1.0-rev3-dev", "did you mean '1.0.post3.dev0'?"),
        ("1.0c1", "did you mean '1.0rc1'?"),
        ("latest", "write it like 1.2.0, or 1.2.0rc1"),
        ("1.0\n", "did you mean '1.0'?"),
    ],
)
def test_other_versions_are_told_with_the_one_that_is_meant(version, near):
    said = f"--version {version}: is no version as Python's packages have it; {near}"
    assert str(wrong_version(version)) == said
