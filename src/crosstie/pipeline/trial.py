"""Building every part once, small, before anything is learned: options that contradict each other are told at once.

What a constructor refuses it refuses here, at the place of the file where the options stand, and not after the
table was read and its features fitted.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from crosstie.config.document import Place
from crosstie.config.options import options
from crosstie.data.batch import Output
from crosstie.data.profile import ColumnProfile
from crosstie.errors import CrosstieError, nearest
from crosstie.features.date import PARTS
from crosstie.features.levels import natural
from crosstie.features.preprocessor import Preprocessor
from crosstie.learners.learner import Learner
from crosstie.pipeline.components import Built
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.prepare import assign
from crosstie.pipeline.registries import registry

if TYPE_CHECKING:
    from crosstie.models.combiners.combiner import Part

MOST = 100_000  # rows of a table that is looked at whole
ROWS = 64
LAYERS = (
    ("fc_layers", "num_fc_layers"),
    ("fc_layers", "num_layers"),
    ("conv_layers", "num_conv_layers"),
)
SHARING = {"number", "binary", "category"}  # types whose columns share an encoder of equal options
LEVELS = 12  # of a category, where the data is not asked
LENGTH = 16  # of a text
SIDE = 512  # pixels of a picture
SURE = 10  # rows of a class from which on some of them are trained on


def try_network(
    columns: Columns, built: Built, profile: Mapping[str, ColumnProfile], findings: Findings
) -> None:
    """Build encoders, the combiner, decoders and losses of a plan, each alone; note what they refuse.

    Args:
        columns: The features as written.
        built: Filled sections of the network's parts.
        profile: The table's columns; empty when the table could not be read.
        findings: Gets what is wrong.
    """
    import torch  # 1.5 s; a network's options were read, so it is there

    from crosstie.models.combiners.combiner import Parts
    from crosstie.models.layers.initial import build_part

    with torch.random.fork_rng(devices=[]):
        parts, states = _encoders(columns, built, findings)
        section = dict(built.architecture["combiner"])
        if not section or not parts:
            return
        cls = registry("combiner").get(section.pop("type"))
        place = findings.document.at("combiner")
        combiner = None
        if place.path not in findings.broken:
            combiner = _tried(
                lambda: build_part(cls, Parts(parts, rows=ROWS), section=section), place, findings
            )
        if combiner is None:
            return
        for entry in columns.outputs:
            own = built.architecture["outputs"][entry.name]
            output = _output(entry, profile.get(entry.column))
            wiring = {"decoder": (combiner.width, combiner.members), "loss": ()}
            source = next((each.source for each in built.outputs if each.name == entry.name), "")
            if source in states:
                if states[source] is None:
                    _no_states(entry, source, columns, findings)
                    continue
                wiring["decoder"] = (states[source], 1)
            for part, rest in wiring.items():
                options = {
                    k: v for k, v in own.get(part, {}).items() if k not in {"type", "weight"}
                }
                broken = entry.place.at(part).path in findings.broken
                if (
                    broken
                    or not own.get(part)
                    or (isinstance(options.get("class_weights"), list | dict) and not output.labels)
                ):
                    continue
                made = registry(part).get(own[part]["type"], of=own["type"])
                _tried(
                    lambda made=made, rest=rest, options=options, output=output: build_part(
                        made, output, *rest, section=options
                    ),
                    entry.place.at(part),
                    findings,
                )


def _no_states(entry: Entry, source: str, columns: Columns, findings: Findings) -> None:
    """The input that an output reads token by token is pooled by its encoder."""
    owner = next(each for each in columns.inputs if each.name == source)
    findings.wrong(
        owner.place.at("encoder"),
        f"has no vector for each token, which {entry.name!r} reads; take `pool_size: null`, or another, such as `rnn`",
    )


def _encoders(
    columns: Columns, built: Built, findings: Findings
) -> "tuple[tuple[Part, ...], dict[str, int | None]]":
    """Each different encoder, tried: what the combiner is told of them, and inputs' `states_width`."""
    from crosstie.models.combiners.combiner import Part
    from crosstie.models.encoders import encoder as encoding
    from crosstie.models.layers.initial import build_part

    found: dict[str, Part | None] = {}
    widths: dict[str, int | None] = {}
    states: dict[str, int | None] = {}
    by_piece = {
        each["name"] for each in built.input_sections if each["preprocessing"].get("pieces")
    }
    values = np.random.default_rng(0).normal(size=(ROWS, 1)).astype(np.float32)
    for entry in columns.inputs:
        section = dict(built.architecture["inputs"][entry.name].get("encoder") or {})
        kind = built.architecture["inputs"][entry.name]["type"]
        key = json.dumps([kind, section, entry.name in by_piece], sort_keys=True)
        if key in widths:
            states[entry.name] = widths[key]
        if key in found or not section or entry.place.at("encoder").path in findings.broken:
            continue
        size = {"date": len(PARTS), "vector": 8}.get(kind, LEVELS)
        shape = encoding.Columns(
            type=kind,
            names=(entry.name,),
            sizes=(max(size, 2 + section.get("num_hash_buckets", 0)),),
            length=LENGTH,
            letters=LEVELS if kind in {"text", "sequence"} else 0,
            words=LENGTH if entry.name in by_piece else 0,
            rows=ROWS,
            values=np.repeat(values, size, axis=1) if kind in {"date", "vector"} else values,
            shape=_shape(kind, entry),
            trial=True,
        )
        cls = encoding.encoders.get(section.pop("type"), of=kind)
        made = _tried(
            lambda cls=cls, shape=shape, section=section: build_part(cls, shape, section=section),
            entry.place.at("encoder"),
            findings,
        )
        found[key] = None if made is None else Part(kind, made.widths)
        if made is not None:
            states[entry.name] = widths[key] = made.states_width
    return tuple(part for part in found.values() if part is not None), states


def _shape(kind: str, entry: Entry) -> tuple[int, ...]:
    """Of an input that is an array; of a size that any layers fit where the data decides it."""
    given = entry.section["preprocessing"] or {}
    if kind in {"timeseries", "audio"}:
        return (LENGTH, 2)
    if kind != "image":
        return ()
    sides = [given.get(each) for each in ("height", "width")]
    return (3, *(each if isinstance(each, int) and each > 0 else SIDE for each in sides))


def try_trainer(learner: type[Learner], trainer: Mapping[str, Any], findings: Findings) -> None:
    """Let the learner look at its filled options; note what it refuses."""
    _tried(lambda: learner.check(trainer), findings.document.at("trainer"), findings)


def try_data(plan: Plan) -> list[str]:
    """Assign rows to parts and learn the features from the training rows, to see whether both can be done.

    What a person should know of the training rows is returned. Tables of more than `MOST` rows are left alone: a run tells as soon.

    Raises:
        DataError: What cannot be.
        ConfigError: Class weights that are not those of the classes.
    """
    source = plan.sources["train"]
    if source.rows > MOST:
        return []
    names = [*(each.column for each in (*plan.inputs, *plan.outputs)), plan.weight]
    table = source.table([name for name in source.columns if name in names])
    training = np.flatnonzero(assign(plan) == 0)
    styles = {name: each.style for name, each in plan.profile.items()}
    copies = copy.deepcopy((plan.inputs, plan.outputs))
    fitted = Preprocessor(*copies, styles=styles).fit(table.take(training))
    for output in fitted.layout.outputs:
        loss = plan.architecture["outputs"][output.name].get("loss") or {}
        given = loss.get("class_weights") or plan.trainer.get("class_weights")
        if isinstance(given, list | dict):
            output.in_order(given)
    return [
        note.partition(", for example ")[0] if feature.column in plan.private else note
        for feature in fitted.inputs
        for note in feature.notes
    ]


def check_class_weights(
    trainer: Mapping[str, Any],
    columns: Columns,
    profile: Mapping[str, ColumnProfile],
    findings: Findings,
) -> None:
    """Class weights of a learner without losses of its own, against the classes of its output."""
    given, place = trainer.get("class_weights"), findings.document.at("trainer", "class_weights")
    for entry in columns.outputs:
        if given is not None and entry.type not in {"binary", "category"}:
            findings.wrong(
                place, f"the {entry.type} output {entry.name!r} has no classes; leave it out"
            )
        elif isinstance(given, list | dict):
            output = _output(entry, profile.get(entry.column))
            if output.labels:
                _tried(lambda output=output: output.in_order(given), place, findings)


def check_layers(
    columns: Columns, built: Built, top: Mapping[str, Any], findings: Findings
) -> None:
    """Lists of layers, against a number of layers that stands beside them and is not the usual one."""
    network = built.architecture
    sections = [
        ("combiner", "", network["combiner"], top.get("combiner"), findings.document.at("combiner"))
    ]
    for part, role, entries in (
        ("encoder", "inputs", columns.inputs),
        ("decoder", "outputs", columns.outputs),
    ):
        for entry in entries:
            own = network[role][entry.name]
            place = entry.place.at(part)
            sections.append((part, own["type"], own.get(part), entry.section.get(part), place))
    for part, kind, filled, given, place in sections:
        if not filled or not isinstance(given, Mapping):
            continue
        known = options(registry(part).get(filled["type"], of=kind))
        for layers, count in LAYERS:
            listed, said = given.get(layers), given.get(count)
            if not isinstance(listed, list) or count not in known:
                continue
            if isinstance(said, int) and said not in {len(listed), known[count].default}:
                findings.wrong(
                    place.at(count),
                    f"is {said}, but {layers} lists {len(listed)}; leave one of them out",
                )


def check_freeze(
    trainer: Mapping[str, Any], columns: Columns, built: Built, findings: Findings
) -> None:
    """Parts that keep their weights, against those there are; an encoder of several columns is frozen for all."""
    inputs = {entry.name for entry in columns.inputs}
    outputs = {entry.name for entry in columns.outputs}
    frozen = trainer.get("freeze") or []
    place = findings.document.at("trainer", "freeze")
    for index, name in enumerate(frozen):
        findings.known(
            name,
            ["encoders", "combiner", "decoders", *inputs, *outputs],
            place.at(index),
            "no part of the network is called",
        )
    shared: dict[str, list[str]] = {}
    for name, section in built.architecture["inputs"].items():
        if section["type"] in SHARING and section.get("encoder"):
            key = json.dumps([section["type"], section["encoder"]], sort_keys=True)
            shared.setdefault(key, []).append(name)
    for names in shared.values():
        left = [name for name in names if name not in frozen]
        named = [name for name in names if name in frozen]
        if named and left and "encoders" not in frozen:
            findings.wrong(
                place.at(frozen.index(named[0])),
                f"{named[0]!r} shares its encoder with {', '.join(map(repr, left))}; name them too, or give it "
                "encoder options of its own",
            )
    everything = [*inputs, "combiner", *outputs]
    whole = {"encoders": inputs, "decoders": outputs}
    said = {each for name in frozen for each in whole.get(name, {name})}
    if frozen and said >= set(everything):
        findings.wrong(place, "leaves nothing to learn; take a part out")


def check_monotone(trainer: Mapping[str, Any], columns: Columns, findings: Findings) -> None:
    """Constraints on the effect of inputs, against the numbers among them."""
    place = findings.document.at("trainer", "monotone_constraints")
    numbers = [entry.name for entry in columns.inputs if entry.type in {"number", "binary"}]
    for name in trainer.get("monotone_constraints") or ():
        if name not in numbers:
            findings.wrong(
                place.at(name),
                f"only a number can rise or fall, and no number input has this name; {nearest(name, numbers)}",
            )


def _tried(make: Any, place: Place, findings: Findings) -> Any:
    """What `make` gives; None if it refuses, which is noted at `place`, or at the option it names."""
    try:
        return make()
    except CrosstieError as error:
        for problem in error.problems:
            way = problem.where.split(".") if problem.where else []
            way = way[1:] if way[:1] == [*place.path[-1:]] else way[-1:]
            inside = [*place.path[-1:]] != way
            findings.wrong(place.at(*way) if inside else place, problem.what)
        return None


def _output(entry: Entry, looks: ColumnProfile | None) -> Output:
    """An output as its layout will have it, its labels where the profile knows that training rows have them all."""
    labels: Sequence[str] = ()
    usual = {"most_common", "min_frequency", "lowercase", "missing_value_strategy"}
    if (
        looks is not None
        and not looks.private
        and entry.type in {"binary", "category"}
        and looks.rows == looks.total_rows
        and 1 < looks.distinct <= len(looks.top)
        and looks.top[-1][1] >= SURE
        and not usual & set(entry.section["preprocessing"] or {})
    ):
        labels = natural(text for text, _ in looks.top)
    size = len(labels) or LEVELS
    return Output(
        entry.name,
        "output_0",
        entry.type,
        size if entry.type in {"category", "set", "sequence", "timeseries", "text"} else 1,
        (1 / size,) * size if entry.type in {"category", "set", "sequence"} else (0.5,),
        tuple(labels),
        LENGTH if entry.type in {"sequence", "text"} else 0,
        copies=LENGTH if entry.type == "text" else 0,
    )
