"""How packed arrays reach the encoders."""

import numpy as np
import torch

from crosstie.data.batch import Batch, Categories, Layout, Tokens
from crosstie.models.inputs import UNKNOWN_RATE, Inputs
from crosstie.models.layers.pick import Pick

PASS = {"type": "number", "encoder": {"type": "passthrough"}}
PLE = {"type": "number", "encoder": {"type": "ple", "n_bins": 2}}
BINARY = {"type": "binary", "encoder": {"type": "passthrough"}}


def numbers(*columns: list[float]) -> Batch:
    return Batch({"numbers": np.array(columns, np.float32).T.copy()})


def test_a_missing_number_is_the_mean_and_is_marked_where_training_had_missing_ones() -> None:
    train = numbers([1, float("nan"), 3], [1, 2, 3], [float("nan"), 2, 3])
    inputs = Inputs(Layout(numbers=("a", "b", "c")), dict.fromkeys("abc", PASS), train)
    gap = float("nan")
    values, marks = inputs({"numbers": torch.tensor([[gap, gap, gap], [5.0, 6.0, 7.0]])})
    assert values.tolist() == [[0, 0, 0], [5, 6, 7]]
    assert marks.tolist() == [[1, 1], [0, 0]]  # of a and c; b had none
    assert {name: section["indicator"] for name, section in inputs.sections.items()} == {
        "a": True,
        "b": False,
        "c": True,
    }


def test_the_callers_arrays_stay_as_they_are() -> None:
    given = {"numbers": torch.tensor([[float("nan")]])}
    Inputs(Layout(numbers=("a",)), {"a": PASS}, numbers([1]))(given)
    assert torch.isnan(given["numbers"]).all()


def test_columns_of_one_type_with_equal_options_share_an_encoder() -> None:
    layout = Layout(numbers=("a", "b", "c", "d"))
    sections = {"a": PLE, "b": PASS, "c": PLE, "d": BINARY}
    inputs = Inputs(layout, sections, numbers([1, 2], [3, 4], [5, 6], [0, 1]))
    assert [group.names for group in inputs.groups] == [("a", "c"), ("b",), ("d",)]
    assert [(part.type, part.widths) for part in inputs.parts] == [
        ("number", (16, 16)),
        ("number", (1,)),
        ("binary", (1,)),
    ]
    found = inputs({"numbers": torch.tensor([[1.0, 20.0, 3.0, 4.0]])})
    assert [each.shape for each in found] == [(1, 32), (1, 1), (1, 1)]
    assert found[1].item() == 20
    assert found[2].item() == 4


def test_neighbours_are_a_view_and_others_are_gathered() -> None:
    values = torch.arange(8.0).view(2, 4)
    assert Pick(4, [0, 1, 2, 3])(values) is values
    view = Pick(4, [1, 2])(values)
    assert view.tolist() == [[1, 2], [5, 6]]
    assert view.untyped_storage().data_ptr() == values.untyped_storage().data_ptr()
    assert Pick(4, [3, 0])(values).tolist() == [[3, 0], [7, 4]]


def test_unknown_is_trained_for_by_forgetting_a_few_codes_in_training_only() -> None:
    layout = Layout(
        categories=(Categories("c", 5),), tokens=(Tokens("t", "tokens_0", "text", 9, 4),)
    )
    sections = {
        "c": {"type": "category", "encoder": {"type": "onehot"}},
        "t": {"type": "text", "encoder": {"type": "embed", "embedding_size": 2}},
    }
    rows = 20_000
    arrays = {
        "categories": np.full((rows, 1), 3, np.int32),
        "tokens_0": np.tile(np.array([5, 5, 0, 0], np.int32), (rows, 1)),
    }
    inputs = Inputs(layout, sections, Batch(arrays))
    given = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.manual_seed(0)
    inputs._forget(given)
    codes, ids = given["categories"], given["tokens_0"]
    assert sorted(codes.unique().tolist()) == [0, 3]
    assert ids[:, :2].unique().tolist() == [1, 5]
    assert ids[:, 2:].unique().tolist() == [0]  # padding stays
    assert abs((codes == 0).float().mean().item() - UNKNOWN_RATE) < 0.003
    assert abs((ids[:, :2] == 1).float().mean().item() - UNKNOWN_RATE) < 0.003
    still = inputs.eval()({name: torch.from_numpy(array) for name, array in arrays.items()})
    assert still[0].unique(dim=0).tolist() == [[0, 0, 1, 0]]


def test_tied_inputs_share_one_encoder_and_its_weights() -> None:
    layout = Layout(
        categories=(Categories("k", 5), Categories("l", 5), Categories("m", 5)),
        tokens=(Tokens("a", "tokens_0", "text", 9, 4), Tokens("b", "tokens_1", "text", 9, 4)),
    )
    dense = {"type": "category", "encoder": {"type": "dense", "embedding_size": 3}}
    text = {"type": "text", "encoder": {"type": "embed", "embedding_size": 2}}
    sections = {
        "k": dense,
        "l": {**dense, "tied": "m"},
        "m": dense,
        "a": {**text, "tied": "b"},
        "b": text,
    }
    ids = np.array([[2, 3, 0, 0], [4, 0, 0, 0]], np.int32)
    batch = Batch(
        {
            "categories": np.array([[2, 3, 3], [4, 1, 1]], np.int32),
            "tokens_0": ids,
            "tokens_1": ids.copy(),
        }
    )
    inputs = Inputs(layout, sections, batch).eval()
    assert [group.names for group in inputs.groups] == [("k",), ("m",), ("b",)]
    with torch.no_grad():
        _, m, b, tied_l, tied_a = inputs(
            {name: torch.from_numpy(each) for name, each in batch.inputs.items()}
        )
    assert torch.equal(tied_l, m)
    assert torch.equal(tied_a, b)
    names = [name for name, _ in inputs.named_parameters()]
    assert len(names) == len(inputs.state_dict()) == len(set(names)) == 3
    assert [part.widths for part in inputs.parts] == [(3,), (3,), (2,), (3,), (2,)]
