"""A search for texts as a loop inside a graph: what begins it stands before the loop, one step is its body.

The body is a graph of its own, traced from `Search.step`. What does not change from step to step (the input's
states, keys, weights) is not carried around: the body reads it from the graph that it stands in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from crosstie.data.batch import Array, Layout
from crosstie.models.network import Network
from crosstie.models.search import Beam, Search

Axes = Mapping[str, Mapping[int, str]]  # of an array: which axes beside the rows' are free, by name
Export = Callable[..., onnx.ModelProto]

TYPES = {
    torch.bool: TensorProto.BOOL,
    torch.int64: TensorProto.INT64,
    torch.int32: TensorProto.INT32,
    torch.float32: TensorProto.FLOAT,
}
UNREAD = ("best", "score")  # what a step replaces without looking at it


class Opening(nn.Module):
    """The network up to where texts begin: predictions of other outputs, then the beams and memories of texts.

    Args:
        network: Fitted.
        searches: Of its texts, by output.
        names: Of the input arrays, in their order.
    """

    def __init__(
        self, network: Network, searches: Mapping[str, Search], names: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.network = network
        self.searches = searches
        self.names = names

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        """As `outputs` names them."""
        return tuple(each for _, each in self.found(dict(zip(self.names, arrays, strict=True))))

    def found(self, inputs: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        """Every result with its name in the graph."""
        logits, states = self.network.answer(inputs)
        yield from self.network.predict(logits).items()
        for name, search in self.searches.items():
            output = self.network.outputs[name]
            beam, memory = search.begin(*states[self.network.read[name]], inputs.get(output.copied))
            for field, value in zip(Beam._fields, beam, strict=True):
                yield f"{output.array}_begin_{field}", value
            for place, value in enumerate(memory):
                yield f"{output.array}_memory_{place}", value


class Step(nn.Module):
    """`Search.step` with everything by position, and whether to go on."""

    def __init__(self, search: Search) -> None:
        super().__init__()
        self.search = search

    def forward(self, place: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        """Go on or not, then the beam."""
        carried = len(Beam._fields) - len(UNREAD)
        done, before, total, tokens, hidden = values[:carried]
        beam = Beam(
            done, before, total, tokens, hidden, best=tokens, score=total
        )  # those are unread
        beam = self.search.step(place, beam, values[carried:])
        return ((~beam.done).to(torch.int64).sum() > 0, *beam)


def searches(network: Network) -> dict[str, Search]:
    """The search of every text, by output."""
    found = {}
    for name in network.outputs:
        if name in network.written:
            decoder = network.decoder(name)
            found[name] = Search(decoder).eval()  # type: ignore[arg-type]
    return found


def scored(array: str) -> str:
    """The graph's output for the log-likelihoods of a text's output."""
    return f"{array}_score"


def written_graph(
    network: Network,
    layout: Layout,
    rows: Mapping[str, Array],
    axes: Axes,
    export: Export,
    trace: Export,
) -> onnx.ModelProto:
    """The network as a graph that writes its texts, `Output.array`, beside their log-likelihoods, `scored`.

    Args:
        network: With at least one output that is written.
        layout: Its inputs and outputs.
        rows: Some, to trace with.
        axes: Of the inputs' arrays, those that are free.
        export: Writes a module as a graph: `export(module, tensors, inputs, outputs)`, names with free axes.
        trace: Likewise, knows `fixed`: names without an axis for the rows.
    """
    found = searches(network)
    opening = Opening(network, found, tuple(layout.inputs)).eval()
    tensors = {name: torch.from_numpy(array) for name, array in rows.items()}
    with torch.no_grad():
        values = dict(opening.found(tensors))
        shorter = dict(opening.found({name: _cut(tensors[name], axes[name]) for name in tensors}))
    within = {
        name: {
            axis: f"{name}_{axis}"
            for axis, size in enumerate(shorter[name].shape)
            if size < value.shape[axis]
        }
        for name, value in values.items()
    }
    model = export(opening, tuple(tensors.values()), axes, within)
    for name, search in found.items():
        array = network.outputs[name].array
        read = [each for each in Beam._fields if each not in UNREAD]
        memory = [each for each in values if each.startswith(f"{array}_memory_")]
        inputs = [*(f"{array}_begin_{each}" for each in read), *memory]
        step = trace(
            Step(search).eval(),
            (torch.tensor(0), *(values[each] for each in inputs)),
            {each: within.get(each, {}) for each in ["place", *read, *memory]},
            {each: {} for each in ("go", *(f"{each}_after" for each in Beam._fields))},
            fixed=("place", "go"),
        )
        _add_loop(model, step, array, values, memory, search.decoder.most)
    begun = {each for each in values if "_begin_" in each or "_memory_" in each}
    kept = [each for each in model.graph.output if each.name not in begun]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    return model


def _cut(values: Tensor, axes: Mapping[int, str]) -> Tensor:
    """Without the last place along free axes."""
    for axis in axes:
        values = values.narrow(axis, 0, max(values.shape[axis] - 1, 1))
    return values


def _add_loop(
    model: onnx.ModelProto,
    step: onnx.ModelProto,
    array: str,
    values: Mapping[str, Tensor],
    memory: Sequence[str],
    most: int,
) -> None:
    """Repeat the step until every text has ended, at most `most` times."""
    prefix = f"{array}.step."
    renamed = _renamed(step.graph, prefix, keep=set(memory))
    types = {field: TYPES[values[f"{array}_begin_{field}"].dtype] for field in Beam._fields}
    body = helper.make_graph(
        list(step.graph.node),
        f"{array}.body",
        inputs=[
            helper.make_tensor_value_info(renamed["place"], TensorProto.INT64, []),
            helper.make_tensor_value_info(f"{prefix}on", TensorProto.BOOL, []),
            *(
                helper.make_tensor_value_info(f"{prefix}{field}.before", types[field], None)
                if field in UNREAD
                else helper.make_tensor_value_info(renamed[field], types[field], None)
                for field in Beam._fields
            ),
        ],
        outputs=[
            helper.make_tensor_value_info(each.name, each.type.tensor_type.elem_type, None)
            for each in step.graph.output
        ],
        initializer=list(step.graph.initializer),
    )
    graph = model.graph
    most_name, go_name = f"{array}.most", f"{array}.go"
    graph.initializer.extend(
        [
            helper.make_tensor(most_name, TensorProto.INT64, [], [most]),
            helper.make_tensor(go_name, TensorProto.BOOL, [], [True]),
        ]
    )
    results = {"best": array, "score": scored(array)}
    graph.node.append(
        helper.make_node(
            "Loop",
            [most_name, go_name, *(f"{array}_begin_{field}" for field in Beam._fields)],
            [results.get(field, f"{array}.end.{field}") for field in Beam._fields],
            body=body,
        )
    )
    for field, name in results.items():
        shape = ["rows", *values[f"{array}_begin_{field}"].shape[1:]]
        graph.output.append(helper.make_tensor_value_info(name, types[field], shape))


def _renamed(graph: onnx.GraphProto, prefix: str, *, keep: set[str]) -> dict[str, str]:
    """Give every value of a graph a prefix, so that none is called as one outside; the inputs' new names."""

    def new(name: str) -> str:
        return name if not name or name in keep else prefix + name

    for node in graph.node:
        node.input[:] = [new(each) for each in node.input]
        node.output[:] = [new(each) for each in node.output]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _renamed(attribute.g, prefix, keep=keep)
    for tensor in graph.initializer:
        tensor.name = new(tensor.name)
    inputs = {each.name: new(each.name) for each in graph.input}
    for value in graph.output:
        value.name = new(value.name)
    return inputs
