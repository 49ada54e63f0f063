"""Beginning with the weights of an earlier network: which of them fit, and taking them.

Weights are matched by what they are of: an encoder by the names of its columns, a row of an embedding by the word
it stands for, a row of a head by its class. Only so do they mean in the new network what they meant in the old one.
A saved network says of every weight what it is of (`describe`), so none of its own classes are needed to read it.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from crosstie.models.network import Network

SPECIAL = 2  # codes that stand for no word: unknown and missing, or padding and unknown
SHOWN = 5
Of = Mapping[str, Any]  # what a weight is of
Run = list[Any]  # [kind, owner, count]: so many neighbours on an axis that are of one owner
Words = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Known:
    """What both networks know of their columns.

    Attributes:
        kept: Inputs and outputs whose fitted features mean now what they meant then.
        before: By input, the words that its codes stood for, from the third code on.
        now: Likewise in the new network.
    """

    kept: frozenset[str] = frozenset()
    before: Words = field(default_factory=dict)
    now: Words = field(default_factory=dict)

    def tells(self, name: str) -> bool:
        """Whether what a column's weights mean can be told across the two networks."""
        return name in self.kept or bool(self.before.get(name) and self.now.get(name))


@dataclass
class Share:
    """How much of one part of the new network was taken.

    Attributes:
        name: `encoder of 'age', 'fare'`, `combiner`, `decoder of 'y'`.
        parts: The same as `Network.parts` calls it.
        taken: Of its weights, so many.
        total: All of them.
        rows: Labels of the longest axis that is told apart (words, classes, columns).
        lacking: Those of them that the earlier network has not.
    """

    name: str
    parts: tuple[str, ...] = ()
    taken: int = 0
    total: int = 0
    rows: int = 0
    lacking: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.taken in (0, self.total):
            return self.name
        if not self.lacking:
            return f"{self.name} ({self.taken / self.total:.0%} of its weights)"
        shown = ", ".join(map(repr, self.lacking[:SHOWN])) + ", …" * (len(self.lacking) > SHOWN)
        found = self.rows - len(self.lacking)
        return f"{self.name} ({found:,} of {self.rows:,}; new: {shown})"


@dataclass(frozen=True)
class Taken:
    """What a network began with.

    Attributes:
        shares: By part of the new network.
        tensors: Names of its weights that were taken, wholly or in part.
        new: Names of those that were not.
        unused: Parts of the earlier network of which nothing was taken.
    """

    shares: tuple[Share, ...]
    tensors: tuple[str, ...]
    new: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def begun(self) -> list[str]:
        """Encoders, by their columns, and the combiner, where something was taken."""
        shares = [each for each in self.shares if not each.name.startswith("decoder")]
        return [part for each in shares if each.taken for part in each.parts]

    def lines(self) -> list[str]:
        """What a person should know of it."""
        taken = [str(each) for each in self.shares if each.taken]
        other = " (the earlier one is of another type or shape)"
        new = [
            each.name + other * (each.name in self.unused) for each in self.shares if not each.taken
        ]
        unused = [each for each in self.unused if each + other not in new]
        lines = [f"weights taken: {'; '.join(taken) or 'none'}"]
        lines += [f"weights that are new: {'; '.join(new)}"] * bool(new)
        lines += [f"earlier weights not used: {'; '.join(unused)}"] * bool(unused)
        return lines


def describe(network: Network) -> dict[str, Any]:
    """What every weight of a network is of, as JSON.

    Returns:
        `reads`, the runs of what the combiner reads; and `of`: tensor name to `part` (`encoder`, `combiner`,
        `decoder`), `type`, `of` (columns, or the output), `name` within the part; where an axis tells owners
        apart `axis` and `runs`; and `bound`, whether it fits only a part that reads or says exactly the same.
    """
    reads = network.inputs.yields()
    found: dict[str, Any] = {}

    def add(prefix: str, part: nn.Module, about: Of, axes: Mapping[str, Any]) -> None:
        for name in part.state_dict():
            axis, runs = axes.get(name, (None, None))
            marked = {} if axis is None else {"axis": axis, "runs": runs}
            bound = runs is None if name in axes else about["bound"]
            found[f"{prefix}.{name}"] = {**about, "name": name, **marked, "bound": bound}

    for place, (names, kind, encoder) in enumerate(network.inputs.encoders()):
        about = {"part": "encoder", "type": kind, "of": list(names), "bound": False}
        add(f"inputs.groups.{place}.encoder", encoder, about, encoder.marked(names))
    section = network.to_config()["architecture"]
    combined = network.combiner is not None and bool(network.combiner.state_dict())
    if network.combiner is not None:
        axes = network.combiner.input_axes()
        kind = section["combiner"]["type"]
        about = {"part": "combiner", "type": kind, "of": [], "bound": not axes}
        marked: dict[str, Any] = {name: (axis, reads) for name, axis in axes.items()}
        add("combiner", network.combiner, about, marked)
    for output in network.outputs.values():
        decoder = network.decoder(output.name)
        classes = output.type not in ("number", "binary") and len(output.labels) == output.size
        runs = [["class", each, 1] for each in output.labels]
        axes = decoder.class_axes()
        about = {
            "part": "decoder",
            "type": section["outputs"][output.name]["decoder"]["type"],
            "of": [output.name],
            "labels": list(output.labels),
            "bound": not axes,
            "direct": output.name not in network.read
            and not combined,  # it reads the inputs itself
        }
        marked = {name: (axis, runs) if classes else (None, None) for name, axis in axes.items()}
        add(f"decoders.{output.array}", decoder, about, marked)
    return {"reads": reads, "of": found}


@torch.no_grad()
def take(
    network: Network, config: Mapping[str, Any], tensors: Mapping[str, Tensor], known: Known
) -> Taken:
    """Overwrite a network's weights with those of an earlier one that mean the same.

    Args:
        network: The new one, changed in place.
        config: The earlier one's, with what `describe` said of it under `weights`.
        tensors: The earlier one's weights.
        known: What both know of their columns.
    """
    now, before = describe(network), config["weights"]
    alike = now["reads"] == before["reads"]
    own = network.state_dict()
    learned = {name for name, _ in network.named_parameters()}
    shares: dict[str, Share] = {}
    taken: list[str] = []
    used: set[str] = set()
    for name, of in now["of"].items():
        parts = tuple(of["of"]) or ("combiner",)
        share = shares.setdefault(_called(of), Share(_called(of), parts))
        filled = torch.zeros(own[name].shape, dtype=torch.bool)
        for other, its in before["of"].items():
            if (
                other in tensors
                and _fits(of, its, own[name], tensors[other], known, reads=alike)
                and _copy(own[name], tensors[other], of, its, known, filled)
            ):
                used.add(_called(its))
        if bool(filled.any()):
            taken.append(name)
        if name in learned:
            share.taken += int(filled.sum())
            share.total += filled.numel()
        if "axis" in of and name in learned:
            _note(share, of, filled, known)
    earlier = dict.fromkeys(_called(each) for each in before["of"].values())
    return Taken(
        tuple(each for each in shares.values() if each.total),
        tuple(taken),
        tuple(name for name in now["of"] if name not in taken),
        tuple(name for name in earlier if name not in used),
    )


def _fits(of: Of, its: Of, new: Tensor, old: Tensor, known: Known, *, reads: bool) -> bool:
    """Whether something of an earlier weight may be of use in a new one."""
    if any(of[key] != its.get(key) for key in ("part", "type", "name")) or new.dtype != old.dtype:
        return False
    free = of.get("axis")
    if free != its.get("axis") or new.dim() != old.dim():
        return False
    if any(a != b for i, (a, b) in enumerate(zip(new.shape, old.shape, strict=True)) if i != free):
        return False
    if of["part"] == "combiner":
        return reads or not of["bound"]
    if free is not None and of["part"] == "encoder":
        return True
    if of["of"] != its["of"] or (of.get("direct") and not reads):
        return False
    if of["part"] == "decoder":
        same = of["labels"] == its["labels"] and (bool(of["labels"]) or of["of"][0] in known.kept)
        return same or not of["bound"]
    kept = all(name in known.kept for name in of["of"])
    sized = any(len(known.now.get(name, ())) + SPECIAL in new.shape for name in of["of"])
    return kept or (all(map(known.tells, of["of"])) and not sized)


def _copy(new: Tensor, old: Tensor, of: Of, its: Of, known: Known, filled: Tensor) -> bool:
    """Copy what has the same label, note it in `filled`; whether there was anything."""
    if "axis" not in of:
        new.copy_(old)
        filled.fill_(value=True)
        return True
    axis = of["axis"]
    there = {
        label: place
        for place, label in enumerate(_labels(its["runs"], known.before, known))
        if label is not None
    }
    pairs = [
        (place, there[label])
        for place, label in enumerate(_labels(of["runs"], known.now, known))
        if label in there
    ]
    if not pairs:
        return False
    places, others = torch.tensor(pairs).T
    new.movedim(axis, 0)[places] = old.movedim(axis, 0)[others]
    filled.movedim(axis, 0)[places] = True
    return True


def _labels(runs: Sequence[Run], words: Words, known: Known) -> Iterator[Hashable]:
    """What each place of an axis is of; None where that cannot be told across networks."""
    for kind, owner, count in runs:
        if kind in ("place", "class", "missing"):
            yield from ((kind, owner, place) for place in range(count))
        elif not known.tells(owner):
            yield from [None] * count
        elif kind in ("code", "level"):  # of a level there is none for code 0
            first = 1 if kind == "level" else 0
            own = words.get(owner) or ()
            for code in range(first, first + count):
                place = code - SPECIAL
                yield (owner, own[place] if 0 <= place < len(own) else code)
        else:
            yield from ((kind, owner, place) for place in range(count))


def _called(of: Of) -> str:
    """A part as a person calls it."""
    if of["part"] == "combiner":
        return "combiner"
    return f"{of['part']} of {', '.join(map(repr, of['of']))}"


def _note(share: Share, of: Of, filled: Tensor, known: Known) -> None:
    """Keep which words, classes or columns were not found, of the longest axis."""
    first = filled.movedim(of["axis"], 0)
    there = first.reshape(len(first), -1).all(1).tolist()
    names: dict[str, bool] = {}
    places = iter(there)
    for kind, owner, count in of["runs"]:
        words = known.now.get(owner) or ()
        for code in range(count):
            found, spelled = next(places), kind == "code" and 0 <= code - SPECIAL < len(words)
            if words and kind == "code" and not spelled:
                continue  # unknown and the like are no words
            name = words[code - SPECIAL] if spelled else owner if kind != "place" else str(code)
            names[name] = names.get(name, True) and found
    if len(names) > share.rows:
        share.rows = len(names)
        share.lacking = tuple(name for name, yes in names.items() if not yes)
