"""Writing a text with a fitted decoder: the likeliest token each time, or a beam of unfinished texts.

Both are one step, written in tensors alone, which torch repeats here and a graph's loop repeats where the model
is served (`models/writing_graph.py`): there is one search, and it is in the graph.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from crosstie.models.decoders.generator import UNKNOWN, Generator, Memory
from crosstie.models.layers.attention import FAR

END = 0


class Beam(NamedTuple):
    """Unfinished texts of every row, the likeliest first.

    Attributes:
        done: bool `[rows, beams]`: has come to its end.
        before: Ids written last, int64 `[rows, beams]`.
        total: Log-likelihoods `[rows, beams]`.
        tokens: What is written, int64 `[rows, beams, length]`, 0 from the end on.
        hidden: The decoder's states `[rows, beams, layers, state_size]`.
        best: The likeliest text by its length, int32 `[rows, length]`.
        score: Its log-likelihood `[rows]`.
    """

    done: Tensor
    before: Tensor
    total: Tensor
    tokens: Tensor
    hidden: Tensor
    best: Tensor
    score: Tensor


class Search(nn.Module):
    """The search of one output.

    Args:
        decoder: Fitted.
    """

    def __init__(self, decoder: Generator) -> None:
        super().__init__()
        self.decoder = decoder
        wide = decoder.size + decoder.copies
        forbidden = torch.zeros(wide)
        forbidden[UNKNOWN] = FAR  # it has no spelling
        ended = torch.full((wide,), FAR)
        ended[END] = 0.0
        self.forbidden = nn.Buffer(forbidden, persistent=False)
        self.ended = nn.Buffer(ended, persistent=False)
        self.places = nn.Buffer(torch.arange(decoder.length), persistent=False)
        first = torch.full((decoder.beam_width,), FAR)
        first[0] = 0.0
        self.first = nn.Buffer(first, persistent=False)

    def begin(self, states: Tensor, present: Tensor, copied: Tensor | None) -> tuple[Beam, Memory]:
        """Nothing written yet: all but one text of each row are impossible, for they are the same."""
        decoder = self.decoder
        memory = decoder.memory(states, present, copied)
        hidden = decoder.begin(states, present).unsqueeze(1).repeat(1, decoder.beam_width, 1, 1)
        rows = torch.zeros_like(hidden[:, 0, 0, 0])  # [rows], so that the graph's rows stay free
        total = rows.unsqueeze(1) + self.first
        before = torch.zeros_like(total, dtype=torch.int64)
        tokens = before.unsqueeze(-1) + torch.zeros_like(self.places)
        best = tokens[:, 0].to(torch.int32)
        return Beam(before > 0, before, total, tokens, hidden, best, rows), memory

    def step(self, place: Tensor, beam: Beam, memory: Memory) -> Beam:
        """One token more.

        Args:
            place: Its place, a scalar.
            beam: What is written.
            memory: Of the input.
        """
        width, wide = self.decoder.beam_width, self.forbidden.shape[0]
        scores, hidden = self.decoder.step(beam.before, beam.hidden, memory)
        scores = torch.where(beam.done.unsqueeze(-1), self.ended, scores + self.forbidden)
        total, chosen = (beam.total.unsqueeze(-1) + scores).flatten(1).topk(width)
        source = torch.div(chosen, wide, rounding_mode="floor")
        token = chosen - source * wide
        here = self.places == place
        tokens = torch.where(here, token.unsqueeze(-1), _taken(beam.tokens, source))
        done = beam.done.gather(1, source) | (token == END)
        lengths = (tokens != END).sum(-1) + 1
        fair = total / lengths.to(total.dtype) ** self.decoder.length_penalty
        winner = fair.argmax(1, keepdim=True)
        best = _taken(tokens, winner).squeeze(1).to(torch.int32)
        score = total.gather(1, winner).squeeze(1)
        hidden = _taken(hidden.flatten(2), source).view(*hidden.shape)
        return Beam(done, token, total, tokens, hidden, best, score)

    def forward(
        self, states: Tensor, present: Tensor, copied: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The texts as ids `[rows, length]`, and their log-likelihoods `[rows]`."""
        beam, memory = self.begin(states, present, copied)
        for place in range(self.decoder.most):
            beam = self.step(torch.tensor(place), beam, memory)
            if bool(beam.done.all()):
                break
        return beam.best, beam.score


def _taken(values: Tensor, source: Tensor) -> Tensor:
    """The texts that `source` `[rows, n]` names, of `[rows, texts, width]`."""
    return values.gather(1, source.unsqueeze(-1).expand(-1, -1, values.shape[2]))
