import json
import re

import pytest
import torch

from crosstie.errors import RunError
from crosstie.training.checkpoint import Checkpoint, load_newest, save, surroundings


def checkpoint(value):
    return Checkpoint({"network.w": torch.tensor([value]), "best.w": torch.zeros(2)}, {"n": value})


def test_what_is_saved_comes_back(tmp_path):
    save(tmp_path, 3, checkpoint(1.5))
    found = load_newest(tmp_path)
    assert found.part("network") == {"w": torch.tensor([1.5])}
    assert found.values["n"] == 1.5


def test_it_is_safetensors_and_json_alone(tmp_path):
    path = save(tmp_path, 3, checkpoint(1.5))
    assert sorted(each.name for each in path.iterdir()) == ["tensors.safetensors", "values.json"]
    assert json.loads((path / "values.json").read_text())["surroundings"] == surroundings()


def test_the_newest_two_are_kept(tmp_path):
    for step in (3, 20, 100):
        save(tmp_path, step, checkpoint(float(step)))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["step-000000020", "step-000000100"]
    assert load_newest(tmp_path).values["n"] == 100


@pytest.mark.parametrize("name", ["tensors.safetensors", "values.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_one_gives_way_to_the_one_before_and_it_is_said(tmp_path, name, damage):
    save(tmp_path, 1, checkpoint(1.0))
    newest = save(tmp_path, 2, checkpoint(2.0))
    file = newest / name
    file.unlink() if damage == "gone" else file.write_bytes(file.read_bytes()[:-20])
    message = f"{newest}: is damaged; going on from what was kept before it"
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        assert load_newest(tmp_path).values["n"] == 1


def test_one_changed_bit_is_damage(tmp_path):
    path = save(tmp_path, 1, checkpoint(1.0)) / "tensors.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged"):
        assert load_newest(tmp_path) is None


def test_a_half_written_one_is_not_seen(tmp_path):
    save(tmp_path, 1, checkpoint(1.0)).rename(tmp_path / ".step-000000001.part")
    assert load_newest(tmp_path) is None


def test_another_host_is_refused_unless_allowed(tmp_path):
    path = save(tmp_path, 1, checkpoint(1.0))
    values = json.loads((path / "values.json").read_text())
    threads = values["surroundings"]["threads"]
    values["surroundings"]["threads"] = 64
    (path / "values.json").write_text(json.dumps(values))
    with pytest.raises(RunError) as error:
        load_newest(tmp_path)
    assert str(error.value) == (
        f"{path}: was written elsewhere (threads 64 then, {threads} now), so going on would not give the model "
        "of an uninterrupted run. Resume it there, say --allow-different-host, or train anew"
    )
    assert load_newest(tmp_path, anywhere=True).values["n"] == 1
