"""Encoders that give a vector for each token, and outputs that read them."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from worlds import BINARY, CATEGORY, architecture, batch, network, tensors

from crosstie.data.batch import Layout, Output, Tokens
from crosstie.errors import ConfigError
from crosstie.models.decoders.decoder import Decoder, decoders
from crosstie.models.encoders.encoder import Columns, Encoder, encoders

TEXT = Columns(type="text", names=("t",), sizes=(40,), length=9)
WHOLE: dict[str, dict[str, Any]] = {
    "embed": {"reduce_output": "sqrtn"},
    "rnn": {"num_layers": 2, "num_fc_layers": 1},
    "cnnrnn": {"pool_size": None},
    "stacked_cnn": {"pool_size": None},
    "parallel_cnn": {},
    "transformer": {"reduce_output": "attention"},
}


def made(name: str, **options: Any) -> Encoder:
    torch.manual_seed(0)
    return encoders.get(name, of="text")(TEXT, **options).eval()


@pytest.mark.parametrize("name", WHOLE)
def test_a_row_is_what_its_tokens_vectors_make(name: str) -> None:
    encoder = made(name, **WHOLE[name])
    ids = torch.randint(1, 40, (5, 9)) * (torch.arange(9) < torch.tensor([[9], [4], [1], [0], [7]]))
    states, present = encoder.states(ids)
    assert states.shape == (5, 9, encoder.states_width)
    assert torch.equal(present, ids != 0)
    torch.testing.assert_close(encoder.row(states, present), encoder(ids))


@pytest.mark.parametrize("name", WHOLE)
def test_a_tokens_vector_does_not_depend_on_padding(name: str) -> None:
    encoder = made(name, **WHOLE[name])
    ids = torch.randint(1, 40, (3, 5))
    short, _ = encoder.states(ids)
    padded, present = encoder.states(nn.functional.pad(ids, (0, 4)))
    torch.testing.assert_close(padded[:, :5], short)
    assert present.tolist() == [[True] * 5 + [False] * 4] * 3


@pytest.mark.parametrize("name", ["cnnrnn", "stacked_cnn", "parallel_cnn"])
def test_an_encoder_that_pools_has_no_vector_for_each_token(name: str) -> None:
    assert made(name, pool_size=2).states_width is None


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that reads states, registered for one test."""

    class Longest(Decoder):
        """The largest number in a token's vector, over the row.

        Args:
            input: The input that it reads.
        """

        reads = "states"

        def __init__(
            self, output: Output, width: int, members: int, *, input: str | None = None
        ) -> None:
            super().__init__()
            assert members == 1
            self.scale = nn.Parameter(torch.ones(width))

        def forward(self, combined: Tensor | None, states: Tensor, present: Tensor) -> Tensor:  # type: ignore[override]
            return ((states * self.scale).amax(2) * present).amax(1)

    monkeypatch.setattr(decoders, "_classes", dict(decoders._classes))
    decoders("longest", of=("binary",))(Longest)


def layout(*outputs: Output, inputs: tuple[str, ...] = ("t",)) -> Layout:
    found = tuple(Tokens(name, f"tokens_{i}", "text", 40, 9) for i, name in enumerate(inputs))
    return Layout(tokens=found, outputs=outputs)


def parts(shape: Layout, **decoder: Any) -> dict[str, Any]:
    types = {each.name: "text" for each in shape.tokens}
    found = architecture(types, shape.outputs, encoder={"type": "rnn", "state_size": 4})
    found["outputs"]["y"]["decoder"] = {"type": "longest", **decoder}
    return found


@pytest.mark.usefixtures("counting")
def test_a_network_whose_outputs_all_read_tokens_has_no_combiner() -> None:
    built = network(layout(BINARY), parts(layout(BINARY)))
    assert (built.combiner, built.members, built.read) == (None, 1, {"y": "t"})
    rows = batch(built.layout, 6)
    logits = built(tensors(rows.inputs))
    assert logits["y"].shape == (6,)
    built.loss(logits, tensors(rows.targets)).backward()


@pytest.mark.usefixtures("counting")
def test_an_encoder_runs_once_whoever_reads_it() -> None:
    other = Output("z", "output_1", CATEGORY.type, CATEGORY.size, CATEGORY.prior)
    shape = layout(BINARY, other)
    built = network(shape, parts(shape)).eval()
    runs = []
    built.inputs.groups[0].encoder.recurrent.register_forward_hook(lambda *_: runs.append(1))
    rows = tensors(batch(shape, 6).inputs)
    found = built(rows)
    assert len(runs) == 1
    assert found["z"].shape == (6, 3)
    assert built.combiner is not None
    combined = built.combiner(built.inputs(rows))
    torch.testing.assert_close(found["z"], built.decoders["output_1"](combined))


@pytest.mark.usefixtures("counting")
def test_one_of_several_inputs_has_to_be_named() -> None:
    shape = layout(BINARY, inputs=("s", "t"))
    with pytest.raises(ConfigError) as told:
        network(shape, parts(shape))
    assert str(told.value) == (
        "y.decoder.input: 'longest' reads one text or sequence input: one of 's', 't'"
    )
    assert network(shape, parts(shape, input="t")).read == {"y": "t"}
