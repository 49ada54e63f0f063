"""mixup and cutmix, from the file on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import crosstie
from crosstie.errors import ConfigError

SMALL = ["input_features=[{name: image, encoder: {out_channels: 4}}]", "trainer.epochs=2"]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 pictures of 8x8: bright on the left, or above."""
    folder = tmp_path_factory.mktemp("data") / "shapes"
    rng = np.random.default_rng(0)
    for name, bright in {"left": np.s_[:, :4], "top": np.s_[:4]}.items():
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(0, 90, (8, 8), dtype=np.uint8)
            pixels[bright] += 150
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def refused(*arguments, **options):
    with pytest.raises(ConfigError) as caught:
        crosstie.check(*arguments, model_type="ecd", **options)
    return str(caught.value).splitlines()


def test_only_pictures_are_cut(few_customers):
    assert refused(few_customers, target="Churn", set=["trainer.cutmix=1.0"]) == [
        (
            "--set trainer.cutmix: cuts pictures, but the input 'gender' is a binary and 18 more; "
            "write `mixup: …`, which mixes inputs of all types"
        )
    ]


def test_outputs_with_places_are_not_mixed(tmp_path):
    table = tmp_path / "tags.csv"
    table.write_text("words,tags,class\n" + "a dog runs,D N V,x\na cat,D N,y\n" * 20)
    found = refused(
        {
            "data": str(table),
            "input_features": [{"name": "words", "type": "text", "encoder": "embed"}],
            "output_features": [
                {"name": "tags", "type": "sequence", "decoder": "tagger"},
                {"name": "class", "type": "category"},
            ],
            "trainer": {"mixup": 0.2},
        }
    )
    assert found == [
        (
            "trainer.mixup: mixes rows whose outputs are numbers, classes or sets of labels, "
            "but 'tags' is a sequence; leave it out"
        )
    ]


def test_a_share_below_nothing_and_other_tools_words_are_told(few_customers):
    options = ["trainer.mixup=-1", "trainer.cutmix_alpha=1"]
    assert refused(few_customers, target="Churn", set=options) == [
        "--set trainer.cutmix_alpha: is called 'cutmix' here",
        "--set trainer.mixup: must be at least 0, got -1",
    ]


@pytest.mark.parametrize("option", ["mixup", "cutmix"])
def test_pictures_are_learned_from_mixed_rows(shapes, tmp_path, option):
    run = crosstie.train(
        shapes,
        model_type="ecd",
        set=[*SMALL, f"trainer.{option}=1.0"],
        output=tmp_path / "run",
        seed=1,
    )
    assert run.manifest["exit"] == "done"
    assert crosstie.show(run.path)["trainer"][option] == 1.0
