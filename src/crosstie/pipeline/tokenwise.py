"""Outputs that read an input token by token: which input, and what of it must then hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosstie.config.document import Place
from crosstie.errors import ConfigError, MissingExtra
from crosstie.evaluation.metrics.text import require
from crosstie.features.output_feature import OutputFeature
from crosstie.learners.learner import Learner
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.registries import registry

TOKENS = ("text", "sequence")
TOKENWISE = ("sequence", "text")  # outputs that may be read so; of others no decoder is looked at
USUAL = "rnn"
ROW_OPTIONS = (
    "reduce_output",
    "num_fc_layers",
    "fc_layers",
    "output_size",
    "fc_activation",
    "fc_dropout",
    "norm",
    "pooling",
    "normalize",
)
APART = ("bpe", "ngram", "pretrained")  # tokenizers whose tokens are no words of the table


@dataclass
class Sources:
    """Which input each of those outputs reads.

    Attributes:
        of: Input by output.
        aligned: Outputs that have a label for each token.
        written: Outputs that are texts, to whether they copy tokens.
    """

    of: dict[str, str] = field(default_factory=dict)
    aligned: set[str] = field(default_factory=set)
    written: dict[str, bool] = field(default_factory=dict)

    @property
    def tagged(self) -> set[str]:
        """Inputs that some output has a label for each token of."""
        return {self.of[output] for output in self.aligned}

    def connect(self, feature: OutputFeature) -> None:
        """Tell an output's feature what it reads."""
        if feature.name in self.of:
            feature.source = self.of[feature.name]
            feature.aligned = feature.name in self.aligned
            feature.copying = self.written.get(feature.name, False)

    def encoder(self, entry: Entry, defaults: Mapping[str, Mapping[str, Any]]) -> str | None:
        """The encoder of an input that is read token by token, where none is named: one that sees neighbours."""
        if entry.name not in self.of.values() or "encoder" in defaults.get(entry.type, {}):
            return None
        return USUAL

    def preprocessing(
        self, entry: Entry, findings: Findings, required: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Options that an input has unless the file says otherwise: words stand between spaces, as their tags do.

        Args:
            entry: The input.
            findings: Gets what is wrong.
            required: Options that its encoder cannot do without.
        """
        copying = [
            each for each, copies in self.written.items() if copies and self.of[each] == entry.name
        ]
        if copying and required.get("tokenizer") in APART:
            findings.wrong(
                entry.place.at("encoder"),
                f"reads pieces of words, and {copying[0]!r} copies words; take another, such as `rnn`, or write "
                "`decoder: {type: generator, copy: false}` there",
            )
        readers = [output for output in self.aligned if self.of[output] == entry.name]
        if not readers or entry.type != "text":
            return {}
        given, place = entry.section["preprocessing"] or {}, entry.place.at("preprocessing")
        wanted = f"{readers[0]!r} has a tag for each word of it; write `tokenizer: space`"
        if required.get("tokenizer") in APART:
            findings.wrong(
                entry.place.at("encoder"),
                f"reads pieces of words, and {readers[0]!r} has a tag for each word; take another, such as `rnn`",
            )
        elif given.get("tokenizer") in APART:
            findings.wrong(
                place.at("tokenizer"),
                f"{given['tokenizer']!r} makes tokens of its own, but {wanted}",
            )
        if (given.get("ngram_size") or 1) > 1:
            findings.wrong(
                place.at("ngram_size"), f"adds tokens that are no words, but {wanted} alone"
            )
        return {"tokenizer": "space"}


def read_tokens(
    columns: Columns,
    findings: Findings,
    *,
    learner: type[Learner] | None,
    model_type: str,
    defaults: Mapping[str, Mapping[str, Any]],
) -> Sources:
    """Find the input that each such output reads; note where that cannot be told.

    Args:
        columns: Which features there are.
        findings: Gets what is wrong.
        learner: As for `assemble`.
        model_type: What messages call it.
        defaults: Sections by feature type.
    """
    found = Sources()
    if (learner is not None and "decoder" not in learner.sections) or not model_type:
        return found
    for entry in columns.outputs:
        cls = _decoder(entry, defaults) if entry.type in TOKENWISE else None
        if cls is None or cls.reads != "states":
            continue
        source = _source(entry, columns, findings)
        if source is not None:
            found.of[entry.name] = source
            if cls.aligned:
                found.aligned.add(entry.name)
            if cls.writes:
                options = {**_given(defaults.get(entry.type, {})), **_given(entry.section)}
                found.written[entry.name] = options.get("copy") is not False
                read = next(each for each in columns.inputs if each.name == source)
                _check_written(entry, read, found.written[entry.name], findings)
        if entry.section["dependencies"]:
            findings.wrong(
                entry.place.at("dependencies"),
                f"{entry.name!r} is read token by token and sees no other output; leave it out",
            )
    if found.written and findings.document.value.get("folds"):
        findings.wrong(
            findings.document.at("folds"),
            f"texts of several models cannot be averaged, and {next(iter(found.written))!r} is a text; leave it out",
        )
    for entry in columns.outputs:
        for index, other in enumerate(entry.section["dependencies"]):
            if other in found.of and entry.name not in found.of:
                findings.wrong(
                    entry.place.at("dependencies", index),
                    f"{other!r} has a label for each token, which a row's vector cannot hold; leave it out",
                )
    if columns.outputs and len(found.of) == len(columns.outputs):
        _check_read(columns, found, findings)
        _check_row_options(columns, found, findings)
        if findings.document.value.get("combiner"):
            findings.warnings.append(
                "combiner is not read: every output is read from tokens, not from rows"
            )
    return found


def _given(section: Mapping[str, Any]) -> Mapping[str, Any]:
    """A decoder's options as they are written."""
    decoder = section.get("decoder")
    return decoder if isinstance(decoder, Mapping) else {}


def _check_written(entry: Entry, read: Entry, copying: bool, findings: Findings) -> None:
    """What a text needs: tokens that can be joined, an input whose tokens can be copied, and what judges it."""
    own, its = (each.section["preprocessing"] or {} for each in (entry, read))
    if own.get("tokenizer") in APART:
        findings.wrong(
            entry.place.at("preprocessing", "tokenizer"),
            f"the tokens of {own['tokenizer']!r} are not written in this version; take `word`, `space` or `characters`",
        )
    pieces = its.get("tokenizer") in APART or (its.get("ngram_size") or 1) > 1
    if copying and pieces:
        findings.wrong(
            read.place.at(
                "preprocessing", "tokenizer" if its.get("tokenizer") in APART else "ngram_size"
            ),
            f"{entry.name!r} copies words of it, and those tokens are no words; leave it out, or write "
            "`decoder: {type: generator, copy: false}` there",
        )
    for package, what in (("sacrebleu", "BLEU"), ("rouge_score", "ROUGE")):
        try:
            require(package, needed_for=f"judging a text by {what}")
        except MissingExtra as error:
            findings.wrong(entry.place, str(error))


def _decoder(entry: Entry, defaults: Mapping[str, Mapping[str, Any]]) -> Any:
    """The decoder's class; None where it is none, which is told elsewhere."""
    given = entry.section["decoder"] or defaults.get(entry.type, {}).get("decoder") or {}
    name = given if isinstance(given, str) else given.get("type")
    try:
        return registry("decoder").get(name or entry.cls.defaults.decoder, of=entry.type)
    except ConfigError:
        return None


def _source(entry: Entry, columns: Columns, findings: Findings) -> str | None:
    names = [each.name for each in columns.inputs if each.type in TOKENS]
    decoder = entry.section["decoder"]
    place: Place = entry.place.at("decoder")
    given = decoder.get("input") if isinstance(decoder, Mapping) else None
    if given is not None:
        known = findings.known(
            given, names, place.at("input"), "no text or sequence input is called"
        )
        return str(given) if known else None
    if len(names) == 1:
        return names[0]
    if names:
        which = ", ".join(map(repr, names))
        findings.wrong(
            place,
            f"reads one input token by token, and there are {which}; say which, as in "
            f"`decoder: {{type: {entry.cls.defaults.decoder}, input: {names[0]}}}`",
        )
    else:
        findings.wrong(
            place, "reads an input token by token, but none is a text or a sequence; give it one"
        )
    return None


def _check_read(columns: Columns, found: Sources, findings: Findings) -> None:
    """Inputs that no output reads would be learned from by nobody."""
    read = set(found.of.values())
    for entry in columns.inputs:
        if entry.name not in read:
            findings.wrong(
                entry.place,
                f"no output reads {entry.name!r}: {', '.join(map(repr, found.of))} "
                f"{'is' if len(found.of) == 1 else 'are'} read from {', '.join(map(repr, sorted(read)))} "
                "alone; leave it out",
            )


def _check_row_options(columns: Columns, found: Sources, findings: Findings) -> None:
    """What an encoder does to make one vector of a row, where nobody reads that."""
    for entry in columns.inputs:
        given = entry.section["encoder"]
        if not isinstance(given, Mapping) or entry.name not in found.of.values():
            continue
        if (
            "reduce_output" in given and given["reduce_output"] is None
        ):  # Ludwig's word for just that
            given = {key: each for key, each in given.items() if key != "reduce_output"}
            entry.section["encoder"] = given
        unread = [key for key in given if key in ROW_OPTIONS]
        if unread:
            findings.wrong(
                entry.place.at("encoder", unread[0]),
                f"makes one vector of a row, and {', '.join(map(repr, found.of))} reads the tokens' own; leave it out",
            )
