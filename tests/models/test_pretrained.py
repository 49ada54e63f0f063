"""Published networks as encoders."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import SHAPE, published, tokenizer
from transformers import AutoConfig, AutoModel
from worlds import BINARY, architecture, check_graph_and_config, network

from crosstie.config.options import build
from crosstie.data.batch import Layout, Tokens
from crosstie.data.vectors import VectorStore
from crosstie.errors import ConfigError
from crosstie.models.encoders.encoder import Columns
from crosstie.models.encoders.pretrained import Pretrained
from crosstie.models.vectors import identity, vectors

LENGTH = 12
COLUMNS = Columns("text", ("a",), sizes=(SHAPE["vocab_size"] + 1,), length=LENGTH, rows=50)
TEXTS = ["free cash now", "hello", "how are you today thanks", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("tiny"), card="---\nlicense: mit\n---\nA card.")


def encoder(folder: Path, **options: Any) -> Pretrained:
    torch.manual_seed(0)
    return build(Pretrained, COLUMNS, model=str(folder), **options).eval()


def ids(texts: list[str] = TEXTS) -> torch.Tensor:
    found = torch.zeros(len(texts), LENGTH, dtype=torch.int32)
    for row, text in zip(found, texts, strict=True):
        own = [each + 1 for each in tokenizer().encode(text).ids]
        row[: len(own)] = torch.tensor(own)
    return found


def by_hand(folder: Path, text: str, pooling: str) -> np.ndarray:
    """Without padding, with nothing of ours."""
    theirs = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        found = theirs(torch.tensor([tokenizer().encode(text).ids]))
    rows = found.last_hidden_state[0]
    return {
        "mean": rows.mean(0),
        "cls": rows[0],
        "max": rows.amax(0),
        "cls_pooled": found.pooler_output[0],
    }[pooling].numpy()


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "cls_pooled"])
def test_a_vector_is_the_librarys_own(folder: Path, pooling: str) -> None:
    with torch.no_grad():
        found = encoder(folder, pooling=pooling)(ids()).numpy()
    for row, text in zip(found, TEXTS, strict=True):
        np.testing.assert_allclose(row, by_hand(folder, text, pooling), atol=1e-5)


def test_normalized_vectors_have_length_one(folder: Path) -> None:
    with torch.no_grad():
        found = encoder(folder, normalize=True)(ids())
    torch.testing.assert_close(found.norm(dim=1), torch.ones(4))


def test_left_alone_it_neither_learns_nor_drops(folder: Path) -> None:
    made = encoder(folder).train()
    assert made.once
    assert not any(each.requires_grad for each in made.parameters())
    assert torch.equal(made(ids()), made(ids()))


def test_the_last_layers_learn_and_the_others_do_not(folder: Path) -> None:
    made = encoder(folder, trainable="last_1")
    learning = {name for name, each in made.published.named_parameters() if each.requires_grad}
    assert learning
    assert all(name.startswith("encoder.layer.1.") for name in learning)
    assert all(each.requires_grad for each in encoder(folder, trainable=True).parameters())


def test_layers_learn_more_slowly_the_lower_they_are(folder: Path) -> None:
    made = encoder(folder, trainable="all", layer_decay=0.5)
    rates = made.rates()
    named = dict(made.published.named_parameters())
    assert rates[named["encoder.layer.1.output.dense.weight"]] == 0.5
    assert rates[named["encoder.layer.0.output.dense.weight"]] == 0.25
    assert rates[named["embeddings.word_embeddings.weight"]] == 0.125


def test_layers_begin_to_learn_one_after_the_other(folder: Path) -> None:
    made = encoder(folder, trainable="all", unfreeze_every=2)
    resting = [len(made.resting(epoch)) for epoch in (0, 1, 2, 4, 6)]
    assert resting[:2] == [len(list(made.parameters()))] * 2
    assert resting[1] > resting[2] > resting[3] > resting[4] == 0


def test_an_adapter_learns_alone_and_is_merged(folder: Path) -> None:
    made = encoder(folder, adapter={"type": "lora", "r": 2})
    assert {
        name.split(".")[-3] for name, each in made.named_parameters() if each.requires_grad
    } == {
        "lora_A",
        "lora_B",
    }
    with torch.no_grad():
        for name, each in made.named_parameters():
            if "lora_B" in name:
                each.normal_()
        before = made(ids())
        plain = encoder(folder)(ids())
        assert made.merge() == {"adapter": None}
        torch.testing.assert_close(made(ids()), before, atol=1e-5, rtol=0)
    assert (before - plain).abs().max() > 0.01
    assert set(made.state_dict()) == set(encoder(folder).state_dict())


def test_gradients_are_the_same_when_layers_are_computed_again(folder: Path) -> None:
    found = []
    for again in (False, True):
        made = encoder(folder, trainable="all", gradient_checkpointing=again).train()
        torch.manual_seed(1)  # of dropout
        made(ids()).square().sum().backward()
        found.append(made.get_parameter("published.encoder.layer.0.output.dense.weight").grad)
    torch.testing.assert_close(*found)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"trainable": "all", "pooling": "cls_pooled"}])
def test_the_graph_holds_the_whole_network(
    folder: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    tokens = Tokens("a", "tokens_0", "text", COLUMNS.sizes[0], LENGTH)
    layout = Layout(tokens=(tokens,), outputs=(BINARY,))
    section = {"type": "pretrained", "model": str(folder), **options}
    built = network(layout, architecture({"a": "text"}, (BINARY,), encoder=section)).eval()
    check_graph_and_config(built, layout, tmp_path)


def test_vectors_computed_before_are_those_computed_now(folder: Path, tmp_path: Path) -> None:
    made = encoder(folder)
    rows = np.concatenate([ids().numpy()] * 2)
    store = VectorStore(tmp_path, identity(made, {"pooling": "mean"}), 16)
    first = vectors(made, rows, store=store)
    with torch.no_grad():
        np.testing.assert_allclose(first, made(torch.from_numpy(rows)).numpy(), atol=1e-6)
        for each in made.parameters():
            each.zero_()
    assert np.array_equal(vectors(made, rows, store=store), first)
    seen = made(torch.from_numpy(first))
    assert np.array_equal(seen.numpy(), first)


def test_other_weights_are_another_model(folder: Path) -> None:
    one, two = encoder(folder), encoder(folder)
    assert identity(one, {}) == identity(two, {})
    with torch.no_grad():
        next(two.parameters())[0] += 1
    assert identity(one, {}) != identity(two, {})


def test_provenance_says_what_it_began_with(folder: Path) -> None:
    kept = encoder(folder).provenance
    assert kept is not None
    assert (kept["source"], kept["kind"], kept["licence"]) == (folder.name, "folder", "mit")
    assert kept["card"].endswith("A card.")
    assert len(kept["sha256"]) == 64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trainable": "last"}, "trainable: must be false, last_1, last_2 … or all, got 'last'"),
        ({"trainable": "last_3"}, "has 2 layers, got 'last_3'"),
        (
            {"trainable": "last_1", "adapter": "lora"},
            "trainable: an adapter trains in place of layers, got 'last_1'; leave it out",
        ),
        ({"adapter": {"type": "lora", "target_modules": ["qery"]}}, "linear layers end in 'dense'"),
        ({"revision": "main"}, "is a folder, which has no revisions; leave it out"),
    ],
)
def test_what_cannot_be_is_told(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        encoder(folder, **options)
    assert message in str(caught.value)


def test_a_model_must_be_named() -> None:
    with pytest.raises(ConfigError, match="say which: a folder, an installed package, or a name"):
        build(Pretrained, COLUMNS)


def test_spoiled_weights_are_told(folder: Path, tmp_path: Path) -> None:
    published(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ConfigError, match="cannot be read: "):
        encoder(tmp_path)


def family(folder: Path, kind: str, **shape: Any) -> Path:
    """Another kind of network behind the same tokenizer."""
    published(folder)
    torch.manual_seed(0)
    small = {"vocab_size": SHAPE["vocab_size"], "pad_token_id": 0, **shape}
    AutoModel.from_config(AutoConfig.for_model(kind, **small)).save_pretrained(folder)
    return folder


HALVES = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2}


def test_of_a_network_that_reads_and_writes_the_half_that_reads_is_taken(tmp_path: Path) -> None:
    made = encoder(family(tmp_path, "t5", **HALVES), trainable="last_1")
    assert made.pooling == "mean"
    theirs = AutoModel.from_pretrained(tmp_path).eval().get_encoder()
    with torch.no_grad():
        found = made(ids())
        for row, text in zip(found, TEXTS, strict=True):
            expected = theirs(torch.tensor([tokenizer().encode(text).ids])).last_hidden_state[0]
            torch.testing.assert_close(row, expected.mean(0), atol=1e-5, rtol=0)
    assert not any("decoder" in name for name in made.state_dict())
    again = build(Pretrained, COLUMNS, **made.decided).eval()
    again.load_state_dict(made.state_dict())
    with torch.no_grad():
        assert torch.equal(again(ids()), found)


def test_of_a_network_that_says_the_next_word_the_last_token_counts(tmp_path: Path) -> None:
    folder = family(tmp_path, "gpt2", n_embd=16, n_layer=2, n_head=2, n_positions=20)
    theirs = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        found = encoder(folder)(ids())
        for row, text in zip(found, TEXTS, strict=True):
            expected = theirs(torch.tensor([tokenizer().encode(text).ids])).last_hidden_state
            torch.testing.assert_close(row, expected[0, -1], atol=1e-5, rtol=0)


def test_one_that_reads_the_padding_too_is_refused(tmp_path: Path) -> None:
    own = {"hidden_size": 16, "num_hidden_layers": 1, "intermediate_size": 24}
    with pytest.raises(ConfigError, match=r"model: a 'fnet' also reads what stands behind a text"):
        encoder(family(tmp_path, "fnet", **own))


def test_one_whose_graph_cannot_be_written_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    own = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    with pytest.raises(ConfigError, match=r"its graph, which predicts, would not say the same"):
        encoder(family(tmp_path, "longformer", **own, intermediate_size=24, attention_window=4))
