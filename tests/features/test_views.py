"""Pictures seen in other ways."""

import json

import numpy as np
import pytest

from crosstie.features.views import AT_ONCE, View, in_turn


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (3, 3, 9, 12), dtype=np.uint8)


def test_a_view_that_changes_nothing_gives_the_picture(pictures):
    assert np.array_equal(View().of(pictures), pictures)


def test_mirrors_change_sides(pictures):
    assert np.array_equal(View(mirror="horizontal").of(pictures), pictures[..., ::-1])
    assert np.array_equal(View(mirror="vertical").of(pictures), pictures[:, :, ::-1])


def test_moved_by_whole_pixels_the_edge_is_repeated(pictures):
    found = View(right=1 / 12, down=-2 / 9).of(pictures)
    padded = np.pad(pictures, ((0, 0), (0, 0), (0, 2), (1, 0)), mode="edge")
    assert np.array_equal(found, padded[:, :, 2:, :-1])


def test_a_quarter_turn_is_exact(pictures):
    square = pictures[..., :9]
    assert np.array_equal(View(degrees=90).of(square), np.rot90(square, 1, (2, 3)))


@pytest.mark.parametrize("degrees", [-25.0, 4.0, 10.0])
def test_turned_pictures_are_those_of_the_library_that_turns_them_in_training(pictures, degrees):
    torch = pytest.importorskip("torch")
    geometry = pytest.importorskip("kornia.geometry.transform")
    angle = torch.full((len(pictures),), degrees)
    turned = geometry.rotate(torch.from_numpy(pictures).float(), angle, padding_mode="border")
    assert np.abs(View(degrees=degrees).of(pictures) - turned.numpy()).max() < 0.51


def test_light_is_added_and_contrast_a_factor():
    grey = np.full((1, 1, 2, 2), 100, np.uint8)
    assert View(lighter=0.2).of(grey)[0, 0, 0, 0] == 151
    assert View(lighter=-0.5).of(grey)[0, 0, 0, 0] == 0
    assert View(contrast=1.5).of(grey)[0, 0, 0, 0] == 150


def test_more_pictures_than_go_at_once_are_changed_alike(pictures):
    many = np.concatenate([pictures] * AT_ONCE)
    view = View(degrees=7.0, right=0.1)
    assert np.array_equal(view.of(many)[-3:], view.of(pictures))


def test_a_view_survives_json():
    view = View(mirror="vertical", degrees=7.5)
    assert view.state() == {"mirror": "vertical", "degrees": 7.5}
    assert View.from_state(json.loads(json.dumps(view.state()))) == view


def test_kinds_take_turns_and_then_come_two_at_once():
    mirror, left, right = View(mirror="horizontal"), View(right=-0.1), View(right=0.1)
    assert in_turn([[mirror], [left, right]]) == [
        mirror,
        left,
        right,
        View(mirror="horizontal", right=-0.1),
        View(mirror="horizontal", right=0.1),
    ]
    assert in_turn([]) == []
