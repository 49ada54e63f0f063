import dataclasses
from importlib.metadata import version

import pytest

from crosstie.shipping.audit import unlisted
from crosstie.shipping.contents import ROOTS
from crosstie.shipping.modules import Module, reached
from crosstie.shipping.needs import SERVER, needs_of, own_extras

PINNED = {
    "annotated-types": "0.7.0",
    "numpy": "2.1.0",
    "onnxruntime": "1.20.0",
    "safetensors": "0.5",
}
ROOMS = reached([*ROOTS, f"{SERVER}.serve"])


@pytest.mark.slow
def test_all_that_our_code_imports_is_listed():
    needs = needs_of(PINNED, ROOMS.values())
    assert unlisted(ROOMS, ROOTS, needs, {}) == []
    assert [*needs.always.values()] == [f"{name}=={number}" for name, number in PINNED.items()]


def test_what_predicting_imports_at_once_must_be_installed_always():
    needs = needs_of(
        {name: each for name, each in PINNED.items() if name != "safetensors"}, ROOMS.values()
    )
    found = unlisted(ROOMS, ROOTS, needs, {})
    assert [each.what for each in found if each.where.startswith("crosstie.artifact.loading:")] == [
        "imports safetensors.numpy, which the package does not list"
    ]


def test_what_a_function_imports_may_be_of_an_extra():
    needs = needs_of(PINNED, ROOMS.values())
    bare = dataclasses.replace(needs, extras={})
    found = {
        each.what.split()[1].rstrip(",").partition(".")[0]
        for each in unlisted(ROOMS, ROOTS, bare, {})
    }
    assert {"pyarrow", "duckdb", "PIL", "tokenizers", "starlette", "uvicorn"} <= found
    assert found.isdisjoint({"numpy", "onnxruntime", "annotated_types"})


def test_a_users_own_file_is_told_what_to_do():
    own = Module.of("ipv4", "import torch\nfrom crosstie.features.feature import Feature\n")
    needs = needs_of(PINNED, ROOMS.values())
    found = unlisted(
        {**ROOMS, "ipv4": own}, [*ROOTS, "ipv4"], needs, {"ipv4": "components/ipv4.py"}
    )
    assert str(*found) == (
        "components/ipv4.py:1: imports torch, which the package does not list. Let the feature type's `requires` name "
        "'torch', or keep what predicting does not need in another file"
    )


def test_extras_are_ours_as_far_as_the_code_imports_them():
    extras = needs_of(PINNED, ROOMS.values()).extras
    assert "pyarrow" in extras["arrow"]
    assert "torch" not in extras["train"]
    assert {"starlette", "uvicorn"} <= {*extras["serve"]}
    assert "==" in extras["serve"]["starlette"]


def test_what_is_not_for_every_system_says_for_which():
    found = own_extras()["serve"]["uvloop"], needs_of(PINNED, ROOMS.values()).extras["serve"]
    assert found[0] == "uvloop>=0.19 ; (sys_platform != 'win32')"
    assert found[1]["uvloop"] == f"uvloop=={version('uvloop')} ; (sys_platform != 'win32')"
    assert found[1]["httptools"] == f"httptools=={version('httptools')}"


def test_what_a_model_pins_is_in_no_extra():
    needs = needs_of({**PINNED, "pillow": "11.0.0"}, ROOMS.values())
    assert needs.always["pillow"] == "pillow==11.0.0"
    assert "image" not in needs.extras
