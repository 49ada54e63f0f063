"""Which columns are inputs and outputs, and of what type: what the file says, and the data where it is silent."""

from collections.abc import Mapping
from typing import Any, Literal

from crosstie.config.document import Place
from crosstie.config.options import options
from crosstie.config.words import answers
from crosstie.data.profile import ColumnProfile
from crosstie.errors import ConfigError
from crosstie.features.feature import feature_types
from crosstie.features.infer import infer
from crosstie.pipeline.entries import Columns, Entry
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import OLD_TYPES, Input, Output
from crosstie.pipeline.letters import read_letters, spelled
from crosstie.pipeline.plan import Excluded, Inferred
from crosstie.pipeline.registries import registry

WORDS = ("tokens", "words", "form", "forms", "text", "sentence")  # what tokens' columns are called
PURPOSES = {"predict": "predict from", "group": "group by"}
UNBUILT_TYPES = ("h3", "category_distribution")


def resolve(
    top: Mapping[str, Any],
    profile: Mapping[str, ColumnProfile],
    findings: Findings,
    *,
    table: str,
    types: Mapping[str, str],
    reserved: Mapping[str, str],
    before: Mapping[str, str],
    purpose: Literal["predict", "group"] = "predict",
) -> Columns:
    """The features of a file.

    Args:
        top: The file's filled top level.
        profile: The table's columns; empty when the table could not be read.
        findings: Gets what is wrong.
        table: What messages call the table.
        types: Types given beside the file, by column.
        reserved: Columns with another job, by what it is: no inputs unless listed.
        before: Types of features in the run that this one starts from: those of columns that nobody wrote.
        purpose: What the inputs are for; nothing has to be predicted to group rows by them.
    """
    found = Columns()
    document = findings.document
    found.outputs = _listed(top, "output_features", Output, findings)
    _add_targets(found, top, findings)
    found.inputs = _listed(top, "input_features", Input, findings)
    if not found.outputs and purpose == "predict":
        which = f" The table has {_some(profile)}." if profile else ""
        findings.wrong(
            document.at(), f"no column is to be predicted. Write `target: COLUMN`.{which}"
        )
    targets = {entry.column for entry in found.outputs}
    listed = "output_features" if purpose == "predict" else "input_features"
    rest = document.at("target" if top.get("target") else listed)
    _check_exclude(found, top, profile, findings, table)
    for column in types:
        findings.known(
            column, profile, f"--type {column}", f"{table} has no column"
        ) if profile else None
    whole = bool(top.get("input_features")) and not top.get("target")
    if not whole:
        _add_others(
            found,
            top,
            profile,
            findings,
            types=types,
            reserved={**reserved, **dict.fromkeys(targets, "")},
            before=before,
            place=rest,
        )
    for entry in found.inputs:
        if entry.column in targets and not _past(entry):
            findings.wrong(
                entry.place.at("name"),
                f"{entry.column!r} is the target, so it cannot be an input too",
            )
    found.inputs = [entry for entry in found.inputs if entry.column not in targets or _past(entry)]
    for entry in (*found.inputs, *found.outputs):
        _set_type(
            entry,
            found,
            profile,
            findings,
            table=table,
            types=types,
            output=entry in found.outputs,
            before=before,
        )
    leave_annotations(found, profile)
    if not whole and profile:
        read_letters(found, profile, findings, rest)
    for entry in (*found.inputs, *found.outputs):
        entry.spelled = entry.column in profile and spelled(profile[entry.column])
    _check_names(found, findings)
    if not found.inputs and profile:
        out = "; ".join(f"{each.column!r} is left out: {each.why}" for each in found.excluded[:8])
        findings.wrong(
            document.at("input_features"),
            f"no column is left to {PURPOSES[purpose]}{'. ' if out else ''}{out}",
        )
    found.inputs = [entry for entry in found.inputs if entry.type]
    found.outputs = [entry for entry in found.outputs if entry.type]
    return found


def leave_annotations(found: Columns, profile: Mapping[str, ColumnProfile]) -> None:
    """Where all that is predicted are tags of tokens, one column of tokens is the input, and nobody listed others.

    A file of tagged sentences has a column for each kind of annotation; which of them are known of a new sentence
    nobody can tell, so none is.
    """
    kinds = {entry.type for entry in found.outputs}
    if kinds == {"text"}:
        _leave_facts(found)
    if kinds != {"sequence"}:
        return
    listed = [entry for entry in found.inputs if entry.index is not None]
    others = [entry for entry in found.inputs if entry.index is None and entry.type]
    if any(entry.type in ("text", "sequence") for entry in listed):
        kept = None
    else:
        named = [entry for entry in others if entry.column.lower() in WORDS]
        likely = [entry for entry in others if entry.type in ("sequence", "text", "set")]
        kept = next(iter([*named, *likely]), None)
    if kept is None and not listed:
        return
    read = kept.column if kept is not None else listed[0].column
    for entry in others:
        if entry is not kept:
            found.inputs.remove(entry)
            found.inferred = [each for each in found.inferred if each.column != entry.column]
            found.excluded.append(
                Excluded(entry.column, f"tags are read from {read!r} alone, token by token")
            )
    if kept is not None and kept.type not in ("text", "sequence") and kept.column in profile:
        kept.type = "sequence" if profile[kept.column].lists > 0.5 else "text"
        found.inferred = [each for each in found.inferred if each.column != kept.column]
        found.inferred.append(Inferred(kept.column, kept.type, "tags are read from its tokens"))


def _leave_facts(found: Columns) -> None:
    """Where all that is predicted are texts, and one input has words to look at, leave out those that nobody listed.

    A text is written from words alone: another column would be read by no one.
    """
    words = [entry for entry in found.inputs if entry.type in ("text", "sequence")]
    if len(words) != 1:
        return
    for entry in [each for each in found.inputs if each.index is None and each not in words]:
        found.inputs.remove(entry)
        found.inferred = [each for each in found.inferred if each.column != entry.column]
        why = f"a text is written from {words[0].column!r} alone"
        found.excluded.append(Excluded(entry.column, why))


def _listed(top: Mapping[str, Any], key: str, grammar: type, findings: Findings) -> list[Entry]:
    entries = []
    for index, given in enumerate(top.get(key) or []):
        place = findings.document.at(key, index)
        written = {"name": given} if isinstance(given, str) else given
        section = findings.section(
            grammar,
            _nested(written, grammar, place, findings),
            place,
        )
        if isinstance(section.get("name"), str):
            column = section.get("column") or section["name"]
            entries.append(Entry(section["name"], column, place, section, written, index=index))
    return entries


def _nested(
    written: Mapping[str, Any], grammar: type, place: Place, findings: Findings
) -> Mapping[str, Any]:
    """Options written flat in an entry, as Ludwig before 0.6 had them, are told where they belong."""
    kind = OLD_TYPES.get(str(written.get("type")), written.get("type"))
    kinds = [each for each in feature_types.names() if kind in (None, each)]
    known = {*options(grammar), *answers(grammar)}
    flat = [key for key in written if key not in known]
    found: dict[str, str] = {}
    if flat and kinds == [kind]:
        for part in ("encoder", "decoder", "loss"):
            if part in options(grammar):
                found |= _of_part(part, written.get(part), str(kind))
    for each in kinds:
        said = "belongs into 'preprocessing', as in `preprocessing: {{{key}: …}}`"
        found |= dict.fromkeys(options(feature_types.get(each), wiring=("column",)), said)
    for key in flat:
        if key in found:
            findings.wrong(place.at(key), found[key].format(key=key))
    return {key: each for key, each in written.items() if key in known or key not in found}


def _of_part(part: str, given: Any, kind: str) -> dict[str, str]:
    """What is said of the options of an entry's encoder, decoder or loss."""
    usual = getattr(feature_types.get(kind).defaults, part)
    name = given.get("type", usual) if isinstance(given, Mapping) else given or usual
    try:
        cls = registry(part).get(name, of=kind)
    except ConfigError:  # which is told elsewhere
        return {}
    said = f"belongs into '{part}', as in `{part}: {{{{type: {name}, {{key}}: …}}}}`"
    return dict.fromkeys(options(cls), said)


def _add_targets(found: Columns, top: Mapping[str, Any], findings: Findings) -> None:
    target = top.get("target")
    names = [target] if isinstance(target, str) else target or []
    for index, name in enumerate(names):
        place = (
            findings.document.at("target")
            if isinstance(target, str)
            else findings.document.at("target", index)
        )
        if name not in {entry.column for entry in found.outputs}:
            filled = findings.section(Output, {"name": name}, place)
            found.outputs.append(Entry(name, name, place, filled))


def _check_exclude(
    found: Columns,
    top: Mapping[str, Any],
    profile: Mapping[str, ColumnProfile],
    findings: Findings,
    table: str,
) -> None:
    given = top.get("exclude") or []
    single = isinstance(given, str)
    used = {entry.column: "an input" for entry in found.inputs} | {
        entry.column: "to be predicted" for entry in found.outputs
    }
    for index, name in enumerate([given] if single else given):
        place = (
            findings.document.at("exclude") if single else findings.document.at("exclude", index)
        )
        if profile and not findings.known(name, profile, place, f"{table} has no column"):
            continue
        if name in used:
            findings.wrong(place, f"{name!r} is {used[name]} and cannot be excluded too")


def _add_others(
    found: Columns,
    top: Mapping[str, Any],
    profile: Mapping[str, ColumnProfile],
    findings: Findings,
    *,
    types: Mapping[str, str],
    reserved: Mapping[str, str],
    before: Mapping[str, str],
    place: Place,
) -> None:
    """Every other column in, in the table's order; a listed one keeps what is written of it.

    What is wrong with the others is told at `place`.
    """
    given = top.get("exclude") or []
    exclude = {given} if isinstance(given, str) else set(given)
    listed = {entry.column: entry for entry in found.inputs}
    entries = []
    for column, looks in profile.items():
        if column in listed:
            entries += [entry for entry in found.inputs if entry.column == column]
        elif column in reserved:
            if reserved[column]:
                found.excluded.append(Excluded(column, reserved[column]))
        elif column not in exclude:
            vote = infer(looks, output=False)
            if column not in types and column not in before and vote.exclude:
                found.excluded.append(Excluded(column, vote.why))
            else:
                filled = findings.section(Input, {"name": column}, place)
                entries.append(Entry(column, column, place, filled))
    found.inputs = entries + [entry for entry in found.inputs if entry.column not in profile]


def _set_type(
    entry: Entry,
    found: Columns,
    profile: Mapping[str, ColumnProfile],
    findings: Findings,
    *,
    table: str,
    types: Mapping[str, str],
    output: bool,
    before: Mapping[str, str],
) -> None:
    place = (
        entry.place.at("column" if entry.section.get("column") else "name")
        if entry.index is not None
        else entry.place
    )
    if profile and not findings.known(entry.column, profile, place, f"{table} has no column"):
        entry.type = _named(entry, findings, types) if entry.section["type"] else ""
        return
    if entry.column in types or entry.section["type"]:
        entry.type = _named(entry, findings, types)
    elif entry.name in before and (not output or feature_types.get(before[entry.name]).output):
        entry.type = before[entry.name]
        found.inferred.append(Inferred(entry.column, entry.type, "as in the run it starts from"))
    elif profile:
        vote = infer(profile[entry.column], output=output)
        entry.type = vote.type
        found.inferred.append(Inferred(entry.column, vote.type, vote.why))
    if output and entry.type and not entry.cls.output:
        possible = [name for _, name, cls in feature_types.items() if cls.output]
        findings.wrong(place, f"a {entry.type} cannot be predicted, only {', '.join(possible)}")
        entry.type = ""


def _named(entry: Entry, findings: Findings, types: Mapping[str, str]) -> str:
    """The type that is written, if it is one."""
    name = types.get(entry.column, entry.section["type"])
    place = f"--type {entry.column}" if entry.column in types else entry.place.at("type")
    names = feature_types.names()
    if name in names:
        return str(name)
    if name in OLD_TYPES:
        findings.wrong(place, f"{name!r} is the old word; write {OLD_TYPES[name]!r}")
        return OLD_TYPES[name]
    if name in UNBUILT_TYPES:
        findings.wrong(
            place, f"the type {name!r} is not part of this version; there are {', '.join(names)}"
        )
        return ""
    findings.known(name, names, place, "unknown type")
    return ""


def _past(entry: Entry) -> bool:
    """Whether an input sees windows of its column, which is what came before."""
    return (entry.section["preprocessing"] or {}).get("window_size") is not None


def _check_names(found: Columns, findings: Findings) -> None:
    seen: set[str] = set()
    for entry in (*found.inputs, *found.outputs):
        if entry.name in seen:
            where = entry.place.at("name") if entry.index is not None else entry.place
            findings.wrong(
                where,
                f"two features are called {entry.name!r}; give one another name and say `column:`",
            )
        seen.add(entry.name)


def _some(profile: Mapping[str, ColumnProfile]) -> str:
    names = list(profile)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more columns" if len(names) > 8 else "")
