"""Encoders that do not learn run once, but for pictures that change while training."""

import numpy as np
import pytest

from crosstie.data.batch import Batch, Image, Layout, Output
from crosstie.data.scratch import Scratch
from crosstie.models.encoders.image_stacked_cnn import ImageStackedCNN
from crosstie.models.network import Network
from crosstie.models.once import run_once

LAYOUT = Layout(
    images=(Image("photo", "image_0", 1, 8, 8, (0.5,), (0.25,)),),
    outputs=(Output("y", "output_0", "binary", 1, (0.5,)),),
)


class Still(ImageStackedCNN):
    """One that does not learn."""

    once = True


def network(augmentation):
    encoder = {"type": "stacked_cnn", "out_channels": 2, "output_size": 4}
    section = {"type": "image", "encoder": encoder, "augmentation": augmentation}
    made = Network(
        LAYOUT,
        {
            "inputs": {"photo": section},
            "combiner": {"type": "concat", "members": 1, "output_size": 4},
            "outputs": {
                "y": {
                    "type": "binary",
                    "decoder": {"type": "regressor"},
                    "loss": {"type": "binary_weighted_cross_entropy"},
                }
            },
        },
        None,
    ).eval()
    for _, _, each in made.inputs.encoders():
        each.__class__ = Still
    return made


@pytest.mark.parametrize(
    ("augmentation", "cut", "kept"),
    [
        ([], False, "float32"),
        ([], True, "uint8"),
        ([{"type": "random_horizontal_flip"}], False, "uint8"),
    ],
)
def test_training_pictures_that_change_stay_pictures(augmentation, cut, kept):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8), dtype=np.uint8)
    batch = Batch({"image_0": pixels}, {"y": np.zeros(6, np.float32)})
    given = {"train": batch, "validation": batch}
    found = run_once(network(augmentation), given, None, Scratch(), cut=cut)
    kinds = {part: str(each.inputs["image_0"].dtype) for part, each in found.items()}
    assert kinds == {"train": kept, "validation": "float32"}
