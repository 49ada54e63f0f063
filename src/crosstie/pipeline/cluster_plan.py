"""From a document and its table to a plan of grouping rows: as for a model, but that nothing is to be predicted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le

from crosstie.clustering.choose import Method
from crosstie.clustering.space import READS
from crosstie.config.document import Document
from crosstie.config.options import build
from crosstie.config.words import Elsewhere
from crosstie.data.profile import profile
from crosstie.errors import ConfigError, Problem
from crosstie.features.feature import feature_types
from crosstie.pipeline.check import cache_of, check_names, in_order, name_of
from crosstie.pipeline.columns import resolve
from crosstie.pipeline.components import assemble
from crosstie.pipeline.defaults import read_defaults
from crosstie.pipeline.doubts import doubts
from crosstie.pipeline.entries import Columns
from crosstie.pipeline.filled import as_written
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import OLD_TYPES, File
from crosstie.pipeline.own import check_own_types, own_components
from crosstie.pipeline.plan import Plan
from crosstie.pipeline.rowwise import make_rowwise
from crosstie.pipeline.sampling import Sampled
from crosstie.pipeline.sections import read_top, words
from crosstie.pipeline.splitting import read_preprocessing
from crosstie.pipeline.tables import read_tables

KEY = "cluster"
READ = (  # of the keys of a file
    "name",
    "version",
    "data",
    "exclude",
    "input_features",
    "preprocessing",
    "defaults",
    "backend",
    "private",
    "seed",
    "components",
    "features",
)
SAMPLING = ("sample_ratio", "sample_size")
MEDIA = ("image", "audio")


class Clustering:
    """How rows are grouped.

    Args:
        method: `kmeans`, round groups of about one size; `mixture`, clouds of their own shapes; `hdbscan`, dense places of
            any shape, and rows between them in no group.
        groups: How many. None finds out.
        most: How many at most, where that is found out.
    """

    def __init__(
        self,
        *,
        method: Annotated[Method, Elsewhere("algorithm")] = "kmeans",
        groups: Annotated[
            int, Ge(2), Le(100), Elsewhere("k", "n_clusters", "num_clusters", "n_components")
        ]
        | None = None,
        most: Annotated[int, Ge(2), Le(100), Elsewhere("max_clusters")] = 10,
    ) -> None:
        self.method = method
        self.groups = groups
        self.most = most


def make_cluster_plan(
    document: Document,
    *,
    source: Any = None,
    types: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
    said: Mapping[str, Any] | None = None,
) -> tuple[Plan, Clustering]:
    """Decide and check everything that grouping does.

    Args:
        document: The file; it stays as it is.
        source: A table in any form that `open_source` takes; goes before the one that `data:` names.
        types: Types of columns, where inference is wrong.
        overrides: `data.header=false` and the like, as `--set` has them.
        said: Options that are said beside the file: `name`, `seed`, `exclude`, and those of `Clustering`.

    Raises:
        ConfigError: All that is wrong with the file, the table, and the two together.
    """
    document = document.copy()
    for each in overrides:
        document.set(each)
    flags = _take(document, said or {})
    findings = Findings(document)
    own = own_components(findings)
    section = findings.section(Clustering, document.value.pop(KEY, None), document.at(KEY))
    for key in [each for each in document.value if words(File).get(each, "name") not in READ]:
        if document.value.pop(key) is not None:
            exclude = ". A column that is not to count is left out by `exclude:`"
            findings.wrong(
                document.at(key),
                f"groups are made without a target, and this is not read; leave it out{exclude if key == 'target' else ''}",
            )
    top = read_top(findings)
    tables = read_tables(top["data"], {} if source is None else {"train": source}, findings)
    findings.warnings += [note for each in tables.sources.values() for note in each.notes]
    seen = {**read_preprocessing(_sampled(top, findings), tables, findings), "split": None}
    made = make_rowwise(top, seen, tables, findings)
    private = [*dict.fromkeys([*top["private"], *made.private])]
    looks = profile(tables.train, private=private) if tables.train is not None else {}
    columns = resolve(
        top,
        looks,
        findings,
        table=tables.train.name if tables.train is not None else "the table",
        types=types or {},
        reserved=made.reserved,
        before={},
        purpose="group",
    )
    check_names(top, looks, findings, tables, raw=made.raw)
    check_own_types(columns, findings)
    _check_readable(columns, types or {}, findings)
    defaults = read_defaults(top, findings, learner=None, model_type=KEY)
    built = assemble(columns, top, findings, learner=None, model_type=KEY, defaults=defaults)
    if tables.train is not None:
        doubts(columns, tables, looks, None, findings)
    if findings.problems:
        raise ConfigError([_as_asked(each, flags) for each in in_order(findings)])
    asked = build(Clustering, **section)
    cache = cache_of(top, document)
    config = {
        "name": name_of(top, document, tables),
        "version": 1,
        **({"components": str(own)} if own is not None else {}),
        **({"features": str(made.path.resolve())} if made.path is not None else {}),
        **({"data": tables.written} if tables.written is not None else {}),
        "seed": top["seed"],
        **({"private": top["private"]} if top["private"] else {}),
        **({"backend": {"type": "local", "cache_dir": str(cache)}} if cache else {}),
        "input_features": built.input_sections,
        "preprocessing": {key: seen[key] for key in SAMPLING if seen[key] is not None},
        KEY: section,
    }
    plan = Plan(
        name=config["name"],
        config=as_written(config, columns, document),
        data=tables.specs,
        inputs=tuple(built.inputs),
        outputs=(),
        architecture=built.architecture,
        split=Sampled.around(None, seen),
        model_type=asked.method,
        trainer={},
        metrics={},
        thresholds={},
        coverages={},
        costs={},
        seed=top["seed"],
        private=tuple(private),
        cache=cache or Path(".crosstie"),
        inferred=tuple(columns.inferred),
        excluded=tuple(columns.excluded),
        warnings=tuple(findings.warnings),
        rowwise=made.rowwise,
        told=made.told,
        profile=looks,
        sources=tables.sources,
    )
    return plan, asked


def _take(document: Document, said: Mapping[str, Any]) -> dict[str, str]:
    """Set what is said beside the file; how errors call it, by how they call the same of a file."""
    flags = {}
    for key, value in said.items():
        if value is None:
            continue
        path = (key,) if key in ("name", "seed", "exclude") else (KEY, key)
        holder = document.value
        if len(path) > 1:
            holder = document.value[KEY] = dict(document.value.get(KEY) or {})
        holder[key] = value
        document.replaced.add(path)
        flags[f"--set {'.'.join(path)}"] = f"--{key}"
    return flags


def _as_asked(problem: Problem, flags: Mapping[str, str]) -> Problem:
    """A problem of something that was said beside the file, told of it."""
    for file, flag in flags.items():
        if problem.where == file or problem.where.startswith(f"{file}["):
            return Problem(flag, problem.what)
    return problem


def _sampled(top: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """The top level with no more of `preprocessing:` than is read here; what else stands in it is noted."""
    given = dict(top["preprocessing"] or {})
    types = {*feature_types.names(), *OLD_TYPES}
    for key in [each for each in given if each not in (*SAMPLING, *types)]:
        del given[key]
        findings.wrong(
            findings.document.at("preprocessing", key),
            f"is not read where rows are grouped; there are {' and '.join(SAMPLING)}",
        )
    return {**top, "preprocessing": given}


def _check_readable(columns: Columns, types: Mapping[str, str], findings: Findings) -> None:
    for entry in columns.inputs:
        if entry.type and entry.cls.acts_as() not in READS:
            instead = ", or make vectors of it first: crosstie embed" if entry.type in MEDIA else ""
            place = entry.place.at("type") if entry.section["type"] else entry.place
            findings.wrong(
                f"--type {entry.column}" if entry.column in types else place,
                f"rows cannot be grouped by the {entry.type} column {entry.column!r}; exclude it{instead}",
            )
