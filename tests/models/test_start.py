import numpy as np
import pytest
import torch
from tests.models.worlds import architecture

from crosstie.data.batch import Batch, Categories, Layout, Output, Tokens
from crosstie.models.network import Network
from crosstie.models.start import Known, describe, take

CLASSES = Output("y", "output_0", "category", 3, (0.5, 0.3, 0.2), ("ham", "spam", "other"))
TYPES = {"a": "number", "b": "number", "c": "category", "t": "text"}


def network(
    *, numbers=("a", "b"), levels=3, tokens=4, output=CLASSES, seed=0, types=TYPES, **parts
) -> Network:
    layout = Layout(
        numbers=tuple(numbers),
        categories=(Categories("c", 2 + levels),),
        tokens=(Tokens("t", "tokens_0", "text", 2 + tokens, 5),),
        outputs=(output,),
    )
    rng = np.random.default_rng(seed)
    train = Batch({"numbers": rng.normal(size=(64, len(numbers))).astype(np.float32)})
    torch.manual_seed(seed)
    kinds = {name: types.get(name, "number") for name in (*numbers, "c", "t")}
    options = {"combiner": {"type": "concat", "members": 2, "output_size": 6}, **parts}
    return Network(layout, architecture(kinds, (output,), **options), train)


def begin(new: Network, old: Network, known: Known):
    config = {**old.to_config(), "weights": describe(old)}
    return take(new, config, old.state_dict(), known)


ALL = frozenset({"a", "b", "c", "t"})


def weights(network: Network) -> dict[str, torch.Tensor]:
    return {name: each.clone() for name, each in network.state_dict().items()}


def test_an_equal_network_takes_everything():
    old, new = network(seed=1), network(seed=2)
    known = Known(ALL, {"c": "xyz", "t": "klmn"}, {"c": "xyz", "t": "klmn"})

    taken = begin(new, old, known)

    assert taken.new == ()
    assert taken.unused == ()
    for name in taken.tensors:
        assert torch.equal(new.state_dict()[name], old.state_dict()[name]), name
    assert taken.lines() == [
        "weights taken: encoder of 'a', 'b'; encoder of 'c'; encoder of 't'; combiner; decoder of 'y'"
    ]


def test_words_keep_their_vectors_wherever_they_stand_and_new_words_start_anew():
    old, new = network(seed=1, levels=3), network(seed=2, levels=4)
    before = weights(new)
    known = Known(
        frozenset({"a", "b"}),
        {"c": ("x", "y", "z"), "t": ("k", "l", "m", "n")},
        {"c": ("z", "w", "x", "v"), "t": ("n", "m", "l", "k")},
    )

    taken = begin(new, old, known)

    table = "inputs.groups.1.encoder.tables.0.weight"
    then, now = old.state_dict()[table], new.state_dict()[table]
    assert torch.equal(now[[0, 1, 2, 4]], then[[0, 1, 4, 2]])
    assert torch.equal(now[[3, 5]], before[table][[3, 5]])
    vectors = "inputs.groups.2.encoder.tokens.weight"
    assert torch.equal(new.state_dict()[vectors], old.state_dict()[vectors][[0, 1, 5, 4, 3, 2]])
    assert "encoder of 'c' (2 of 4; new: 'w', 'v')" in taken.lines()[0]


def test_columns_are_found_by_name_in_encoders_and_in_the_first_layer():
    old, new = network(seed=1, numbers=("a", "b")), network(seed=2, numbers=("b", "d"))
    before = weights(new)

    taken = begin(new, old, Known(ALL, {"c": "xyz", "t": "klmn"}, {"c": "xyz", "t": "klmn"}))

    ple = "inputs.groups.0.encoder.weight"
    assert torch.equal(new.state_dict()[ple][0], old.state_dict()[ple][1])
    assert torch.equal(new.state_dict()[ple][1], before[ple][1])
    width = new.state_dict()[ple].shape[2]
    first = "combiner.stack.blocks.0.weight"
    assert torch.equal(
        new.state_dict()[first][:, :width], old.state_dict()[first][:, width : 2 * width]
    )
    assert torch.equal(
        new.state_dict()[first][:, width : 2 * width], before[first][:, width : 2 * width]
    )
    assert torch.equal(
        new.state_dict()[first][:, 2 * width :], old.state_dict()[first][:, 2 * width :]
    )
    assert "encoder of 'b', 'd' (1 of 2; new: 'd')" in taken.lines()[0]


def test_a_column_whose_scale_changed_is_begun_anew():
    old, new = network(seed=1), network(seed=2)
    before = weights(new)

    begin(new, old, Known(frozenset({"a", "c", "t"})))

    ple = "inputs.groups.0.encoder.weight"
    assert torch.equal(new.state_dict()[ple][0], old.state_dict()[ple][0])
    assert torch.equal(new.state_dict()[ple][1], before[ple][1])


@pytest.mark.parametrize("members", [1, 2])
def test_classes_keep_their_rows_of_the_head_and_a_new_class_gets_one(members):
    combiner = {"type": "concat", "members": members, "output_size": 6}
    more = Output("y", "output_0", "category", 4, (0.25,) * 4, ("eggs", "ham", "other", "spam"))
    old = network(seed=1, combiner=combiner)
    new = network(seed=2, combiner=combiner, output=more)
    before = weights(new)

    taken = begin(new, old, Known(ALL))

    axis = 0 if members == 1 else 2
    for name in ("decoders.output_0.head.weight", "decoders.output_0.head.bias"):
        then, now = old.state_dict()[name], new.state_dict()[name]
        assert torch.equal(now.movedim(axis, 0)[[1, 3, 2]], then.movedim(axis, 0)[[0, 1, 2]])
        assert torch.equal(now.movedim(axis, 0)[0], before[name].movedim(axis, 0)[0])
    assert "decoder of 'y' (3 of 4; new: 'eggs')" in taken.lines()[0]


def test_another_output_gets_a_decoder_of_its_own():
    other = Output("z", "output_0", "number", 1)
    old, new = network(seed=1), network(seed=2, output=other)

    taken = begin(new, old, Known(ALL))

    assert taken.lines()[1:] == [
        "weights that are new: decoder of 'z'",
        "earlier weights not used: decoder of 'y'",
    ]


@pytest.mark.parametrize("kept", [True, False])
def test_the_head_of_a_number_is_taken_only_in_the_unit_it_was_learned_in(kept):
    number = Output("y", "output_0", "number", 1)
    old, new = network(seed=1, output=number), network(seed=2, output=number)

    taken = begin(new, old, Known(ALL | {"y"} if kept else ALL))

    assert ("decoders.output_0.head.weight" in taken.tensors) == kept


@pytest.mark.parametrize("style", ["tabm", "packed"])
def test_every_style_of_members_finds_its_columns(style):
    combiner = {"type": "concat", "members": 2, "members_style": style, "output_size": 6}
    old = network(seed=1, numbers=("a", "b"), combiner=combiner)
    new = network(seed=2, numbers=("b",), combiner=combiner)

    taken = begin(new, old, Known(ALL))

    assert "combiner; " in taken.lines()[0]
    assert not [name for name in taken.new if name.startswith("combiner")]


def test_a_combiner_that_does_not_say_where_it_reads_is_taken_only_whole():
    combiner = {"type": "tabnet", "size": 4, "output_size": 4}
    same, other = (
        network(seed=2, combiner=combiner),
        network(seed=2, numbers=("b", "a"), combiner=combiner),
    )
    old = network(seed=1, combiner=combiner)

    assert "combiner" in begin(same, old, Known(ALL)).lines()[0]
    assert "combiner" in begin(other, old, Known(ALL)).lines()[1]
