import pytest
import torch
from torch import nn

from crosstie.data.batch import Image
from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.image_stacked_cnn import ImageStackedCNN
from crosstie.models.inputs import Pixels


def encoder(channels: int, side: int, **options: object) -> ImageStackedCNN:
    return ImageStackedCNN(Columns("image", ("photo",), shape=(channels, side, side)), **options)


@pytest.mark.parametrize(
    ("side", "filters"),
    [
        (8, [32]),
        (28, [32, 64]),
        (64, [32, 64, 128, 256]),
        (65, [16, 32, 64, 128]),
        (128, [16, 32, 64, 128, 256]),
    ],
)
def test_filters_double_and_large_pictures_begin_with_fewer(side: int, filters: list[int]) -> None:
    found = encoder(3, side).convolutions
    assert [each.conv.out_channels for each in found] == filters


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_lie_side_by_side_from_the_first_convolution_on(channels: int) -> None:
    image = Image("photo", "image_0", channels, 16, 16, (0.5,) * channels, (0.25,) * channels)
    pixels = torch.randint(0, 256, (4, channels, 16, 16), dtype=torch.uint8)
    values = Pixels(image)(pixels)
    torch.testing.assert_close(values, (pixels / 255 - 0.5) / 0.25)
    for layer in encoder(channels, 16).convolutions:
        values = layer(values)
        assert values.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_the_same_padding_is_zeros_on_both_sides_and_one_more_behind(kernel: int) -> None:
    layer = encoder(3, 9, num_conv_layers=1, kernel_size=kernel, pool_kernel_size=None)
    values = torch.randn(2, 3, 9, 9)
    before, behind = (kernel - 1) // 2, kernel // 2
    conv = layer.convolutions[0].conv
    padded = nn.functional.pad(values, (before, behind, before, behind))
    expected = nn.functional.conv2d(padded, conv.weight)
    found = layer.convolutions[0]
    torch.testing.assert_close(found.conv(found.pad(values)), expected)
