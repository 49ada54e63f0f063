"""A text of its own length, written token by token while looking at an input's tokens."""

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Le, Lt
from torch import Tensor, nn
from torch.nn import functional

from crosstie.config.words import Answer
from crosstie.data.batch import Output
from crosstie.models.decoders.decoder import Decoder, decoders
from crosstie.models.layers.attention import FAR
from crosstie.models.layers.dropout import Dropout
from crosstie.models.layers.tokens import TokenVectors

TINY = 1e-9  # no token is impossible: its logarithm is a number
UNKNOWN = 1

Memory = tuple[Tensor, ...]


class Look(nn.Module):
    """Attention with one head (Luong et al., arXiv:1508.04025): which of an input's tokens matter now.

    Args:
        width: Of what looks.
        states: Width of a token's vector.
    """

    def __init__(self, width: int, states: int) -> None:
        super().__init__()
        self.keys = nn.Linear(states, width)
        self.scale = width**-0.5

    def forward(
        self, query: Tensor, keys: Tensor, states: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What is seen and how much of each token.

        Args:
            query: `[batch, n, width]`.
            keys: `self.keys` of the states `[batch, length, width]`.
            states: `[batch, length, states]`.
            mask: Added to the scores, `[batch, 1, length]`.

        Returns:
            (`[batch, n, states]`, `[batch, n, length]`, which is 1 in all).
        """
        weights = (query @ keys.transpose(1, 2) * self.scale + mask).softmax(-1)
        return weights @ states, weights


@decoders("generator", of=("text",), elsewhere=("seq2seq", "sequence_generator", "text_generator"))
class Generator(Decoder):
    """Recurrent layers that look at the input, write, and look again; what they see last can be copied.

    The first layer (GRU, arXiv:1406.1078) reads what has been written and looks at the input's tokens (attention,
    arXiv:1409.0473, with products, arXiv:1508.04025); the others see that too. What they look at then is added to
    the score of each token of the vocabulary, or copied (pointer-generator, arXiv:1704.04368), so that tokens that
    the vocabulary lacks can be written.

    Args:
        input: The input that is looked at; None is the only text or sequence input.
        embedding_size: Width of a written token's vector.
        state_size: Width of a layer's state.
        num_layers: Recurrent layers after the one that reads.
        dropout: Share of vectors' entries, and of what scores tokens, set to 0 in training.
        copy: Whether tokens of the input can be copied.
        beam_width: How many unfinished texts are followed when predicting; 1 takes the likeliest token each time.
        max_length: Write at most so many tokens; None is as many as the longest training text has.
        length_penalty: A text's log-likelihood is divided by its length to this power before texts are compared; 0
            likes short ones.
    """

    reads = "states"
    writes = True
    answers: ClassVar[dict[str, Answer]] = {
        "max_new_tokens": Answer("write `max_length: …`"),
        "max_sequence_length": Answer("write `max_length: …`", (None,)),
        "num_beams": Answer("write `beam_width: …`"),
        "tie_weights": Answer(
            "tokens are scored with weights of their own; leave it out", (False,)
        ),
        "use_attention": Answer("it always looks at the input; leave it out", (True,)),
        "attention": Answer("it always looks at the input; leave it out", ("bahdanau", "luong")),
        "vocab_size": Answer("tokens are counted in the training rows; leave it out", (None,)),
        "reduce_input": Answer("it looks at all tokens; leave it out", (None,)),
    }

    def __init__(
        self,
        output: Output,
        width: int,
        members: int,
        *,
        input: str | None = None,
        embedding_size: Annotated[int, Ge(1)] = 128,
        state_size: Annotated[int, Ge(1)] = 256,
        num_layers: Annotated[int, Ge(1)] = 1,
        dropout: Annotated[float, Ge(0), Lt(1)] = 0.2,
        copy: bool = True,
        beam_width: Annotated[int, Ge(1), Le(64)] = 1,
        max_length: Annotated[int, Ge(1)] | None = None,
        length_penalty: Annotated[float, Ge(0)] = 1.0,
    ) -> None:
        super().__init__()
        self.input = input
        self.size = output.size
        self.copies = output.copies if copy else 0
        self.beam_width = beam_width
        self.length = output.length
        self.most = min(output.length, max_length or output.length)
        self.length_penalty = length_penalty
        self.tokens = TokenVectors(output.size, embedding_size)
        self.reader = nn.GRU(embedding_size, state_size, batch_first=True)
        self.look = Look(state_size, width)
        self.writer = nn.GRU(state_size + width, state_size, num_layers, batch_first=True)
        self.look_again = Look(state_size, width)
        self.begin_with = nn.Linear(width, (1 + num_layers) * state_size)
        self.state_size = state_size
        self.mix = nn.Linear(state_size + width, embedding_size)
        self.score = nn.Linear(embedding_size, output.size)
        self.gate = nn.Linear(state_size + width + embedding_size, 1) if self.copies else None
        self.dropout = Dropout(dropout)

    def forward(  # type: ignore[override]
        self,
        combined: Tensor | None,
        states: Tensor,
        present: Tensor,
        copied: Tensor | None,
        target: Tensor,
    ) -> Tensor:
        """Log-probabilities of the token at each place, what was written before being true.

        Args:
            combined: Is not looked at.
            states: `[batch, tokens, width]`.
            present: bool `[batch, tokens]`: no padding.
            copied: As `Output.copied`, or None.
            target: As `Batch.targets` `[batch, length]`.

        Returns:
            `[batch, places, size + copies]`, no more places than the longest target has.
        """
        longest = int((target >= 0).sum(1).max())
        target = target[:, : max(longest, 1)].long()
        before = functional.pad(target[:, :-1], (1, 0)).clamp(min=0)
        memory = self.memory(states, present, copied)
        hidden = self.begin(states, present).transpose(0, 1)  # [layers, batch, state_size]
        vectors = self.embed(before)
        read = self.reader(vectors, hidden[:1].contiguous())[0]
        seen = self.see(read, memory)
        written = self.writer(seen, hidden[1:].contiguous())[0]
        return self.scores(vectors, written, memory)

    def step(self, before: Tensor, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """One more token of several texts a row.

        Args:
            before: The tokens written last `[batch, texts]`.
            hidden: `[batch, texts, layers, state_size]`.
            memory: Of `memory`.

        Returns:
            (log-probabilities `[batch, texts, size + copies]`, hidden).
        """
        batch, texts = before.shape
        flat = hidden.flatten(0, 1).transpose(0, 1)
        vectors = self.embed(before)
        read, first = self.reader(vectors.flatten(0, 1).unsqueeze(1), flat[:1].contiguous())
        seen = self.see(read.view(batch, texts, self.state_size), memory)
        written, rest = self.writer(seen.flatten(0, 1).unsqueeze(1), flat[1:].contiguous())
        scores = self.scores(vectors, written.view(batch, texts, self.state_size), memory)
        after = torch.cat([first, rest]).transpose(0, 1)
        return scores, after.view(batch, texts, -1, self.state_size)

    def memory(self, states: Tensor, present: Tensor, copied: Tensor | None) -> Memory:
        """What every step needs of the input: states, keys of both looks, a mask, and what copying means."""
        mask = torch.where(present, 0.0, FAR).to(states.dtype).unsqueeze(1)
        states = states * present.unsqueeze(-1)  # a row of padding alone looks at nothing else
        found = (states, self.look.keys(states), self.look_again.keys(states), mask)
        if not self.copies:
            return found
        assert copied is not None, "an output that copies has that input"
        return (*found, copied[:, : states.shape[1]].long(), present.to(states.dtype))

    def begin(self, states: Tensor, present: Tensor) -> Tensor:
        """The states to start with `[batch, layers, state_size]`, from the mean of the input's tokens."""
        there = present.unsqueeze(-1).to(states.dtype)
        mean = (states * there).sum(1) / there.sum(1).clamp(min=1)
        found: Tensor = self.begin_with(mean).tanh()
        return found.view(found.shape[0], -1, self.state_size)

    def embed(self, before: Tensor) -> Tensor:
        """Vectors of written tokens; a copied one is unknown."""
        known = torch.where(before < self.size, before, UNKNOWN)
        found: Tensor = self.dropout(self.tokens(known)[0])
        return found

    def see(self, read: Tensor, memory: Memory) -> Tensor:
        """What was read, and what of the input matters then."""
        states, keys, _, mask = memory[:4]
        return torch.cat([read, self.look(read, keys, states, mask)[0]], -1)

    def scores(self, vectors: Tensor, written: Tensor, memory: Memory) -> Tensor:
        """Log-probabilities of every token of the vocabulary, then of each place of the input."""
        states, _, keys, mask = memory[:4]
        context, weights = self.look_again(written, keys, states, mask)
        both = torch.cat([written, context], -1)
        logits: Tensor = self.score(self.dropout(self.mix(both).tanh()))
        probabilities = logits.float().softmax(-1)
        if self.gate is None:
            return (probabilities + TINY).log()
        copied, present = memory[4:]
        gate = self.gate(torch.cat([both, vectors], -1)).float()
        # not a sigmoid: where that is small, the runtime's is wrong by as much again
        write, copy = torch.cat([gate, torch.zeros_like(gate)], -1).softmax(-1).chunk(2, -1)
        places = functional.pad(probabilities * write, (0, self.copies))
        share = weights.float() * copy * present.unsqueeze(1)
        index = copied.unsqueeze(1).expand(-1, share.shape[1], -1)
        return (places.scatter_add(-1, index, share) + TINY).log()
