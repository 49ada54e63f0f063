"""Training pictures a little changed."""

import numpy as np
import pytest
import torch

from crosstie.data.batch import Image, Layout
from crosstie.errors import ConfigError
from crosstie.features.views import View
from crosstie.training.augment import Augment, modules
from crosstie.training.augmentations.augmentation import augmentations, views
from crosstie.training.augmentations.random_blur import RandomBlur
from crosstie.training.augmentations.random_contrast import RandomContrast

LAYOUT = Layout(
    images=(
        Image("a", "image_0", 1, 8, 8, (0.5,), (0.2,)),
        Image("b", "image_1", 3, 8, 8, (0.5,) * 3, (0.2,) * 3),
    )
)


def pictures(channels=3, rows=40):
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 256, (rows, channels, 8, 8), dtype=np.uint8))


def changed(name, pixels, **options):
    torch.manual_seed(0)
    sections = {"a": {}, "b": {"augmentation": [{"type": name, **options}]}}
    given = {"image_0": pictures(1), "image_1": pixels}
    found = Augment(LAYOUT, sections)(given)
    assert found["image_0"] is given["image_0"]
    return found["image_1"]


@pytest.mark.parametrize("name", augmentations.names())
def test_some_pictures_change_and_all_stay_pictures(name):
    before = pictures()
    after = changed(name, before)
    assert after.dtype == torch.uint8  # a network takes floats for vectors of a published encoder
    assert after.shape == before.shape
    same = (after == before).flatten(1).all(1)
    assert 0 < same.sum() < len(before)


@pytest.mark.parametrize("name", augmentations.names())
def test_the_same_seed_changes_them_the_same_way(name):
    assert torch.equal(changed(name, pictures()), changed(name, pictures()))


@pytest.mark.parametrize("name", augmentations.names())
def test_none_changes_where_none_is_to(name):
    after = changed(name, pictures(), probability=0.0)
    assert torch.equal(after, pictures())


def test_flips_are_flips():
    before = pictures()
    sideways = changed("random_horizontal_flip", pictures(), probability=1.0)
    assert torch.equal(sideways, before.flip(3))
    upside = changed("random_vertical_flip", pictures(), probability=1.0)
    assert torch.equal(upside, before.flip(2))


def test_what_comes_in_at_an_edge_is_its_colour():
    grey = torch.full((20, 3, 8, 8), 100, dtype=torch.uint8)
    for name in ("random_rotate", "random_shift"):
        after = changed(name, grey, probability=1.0)
        assert torch.equal(after, grey)


@pytest.mark.slow
def test_brightness_is_added_and_contrast_a_factor():
    darker = changed("random_brightness", pictures(), min=0.8, max=0.8, probability=1.0)
    expected = (pictures().float() - 0.2 * 255).clamp(min=0)
    torch.testing.assert_close(darker.float(), expected, atol=0.51, rtol=0)
    weaker = changed("random_contrast", pictures(), min=0.5, max=0.5, probability=1.0)
    torch.testing.assert_close(weaker.float(), pictures().float() / 2, atol=0.51, rtol=0)


def test_several_come_one_after_the_other():
    both = modules(
        [
            {"type": "random_horizontal_flip", "probability": 1.0},
            {"type": "random_vertical_flip", "probability": 1.0},
        ]
    )
    before = pictures().float() / 255
    torch.testing.assert_close(both(before), before.flip(2, 3))


def test_nothing_is_done_where_nothing_is_asked():
    given = {"image_0": pictures(1), "image_1": pictures()}
    assert Augment(LAYOUT, {"a": {}, "b": {"augmentation": []}})(given) is given


def test_options_that_contradict_each_other_are_refused():
    with pytest.raises(ConfigError) as error:
        RandomContrast(min=2.0, max=1.0)
    assert str(error.value) == "min: must not be more than max 1, got 2. Change one of them"
    with pytest.raises(ConfigError) as error:
        RandomBlur(kernel_size=4)
    assert str(error.value) == "kernel_size: must be odd, got 4. Take 5"


def test_fixed_views_are_the_middle_of_what_is_drawn():
    sections = [
        {"type": "random_horizontal_flip"},
        {"type": "random_rotate", "degree": 10},
        {"type": "random_blur"},
        {"type": "random_shift", "probability": 0},
    ]
    assert views(sections) == [
        View(mirror="horizontal"),
        View(degrees=5.0),
        View(degrees=-5.0),
        View(mirror="horizontal", degrees=5.0),
        View(mirror="horizontal", degrees=-5.0),
    ]
    light = [{"type": "random_brightness", "min": 1}, {"type": "random_contrast", "max": 1}]
    assert views(light) == [
        View(lighter=pytest.approx(0.15)),
        View(contrast=0.75),
        View(lighter=pytest.approx(0.15), contrast=0.75),
    ]
    assert views([{"type": "random_shift", "share": 0.2}, {"type": "random_vertical_flip"}])[
        :3
    ] == [
        View(right=0.1),
        View(mirror="vertical"),
        View(right=-0.1),
    ]
