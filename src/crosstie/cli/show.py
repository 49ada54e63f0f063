"""`crosstie show`: the file, or an environment of the project, with every default filled in."""

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.asked import USUAL, Asked
from crosstie.cli.output import put, put_json, put_table, tell
from crosstie.cli.types import TablePath
from crosstie.config.document import dump
from crosstie.errors import ConfigError

if TYPE_CHECKING:
    from crosstie.pipeline.first_batch import FirstBatch

ROWS = 3  # shown in the terminal


def show(
    file: TablePath | None = None,
    /,
    *,
    asked: Asked = USUAL,
    env: str | None = None,
    explain: Annotated[bool, Parameter(negative="")] = False,
    batch: Annotated[bool, Parameter(negative="")] = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Print a model file with every default filled in; a run saves exactly that. Without one, an environment.

    Args:
        file: A model file, a run, or a table with --target.
        asked: See `Asked`.
        env: The environment of this project to print: development, test, production. Without it that of CROSSTIE_ENV.
        explain: Print where each value of the environment is from, too.
        batch: Show the first training batch in place of the file: raw cells beside what the network sees of them.
        output: With --batch, draw it into this file, too: .png or .svg.
        json: Print one line of JSON instead of YAML.
    """
    if file is None:
        if batch or output is not None or asked != USUAL:
            raise ConfigError("no model file is given: crosstie show FILE")
        _put_environment(env, explain=explain, json=json)
        return 0
    if env is not None or explain:
        raise ConfigError(
            f"{'--explain' if env is None else '--env'} prints an environment, {file} is a model, which is the same "
            "in all of them; give one of the two"
        )
    if batch:
        found = api.first_batch(file, **asked.arguments(), output=output)
        if json:
            put_json(found.as_dict())
        else:
            _put_batch(found)
        if output is not None:
            tell(f"drawn in {output}")
        return 0
    if output is not None:
        raise ConfigError(
            f"-o {output}: is where --batch draws to; add --batch, or write > {output}"
        )
    filled = api.show(file, **asked.arguments())
    if json:
        put_json(filled)
    else:
        put(dump(filled).rstrip())
    return 0


def _put_environment(env: str | None, *, explain: bool, json: bool) -> None:
    """The environment's values as they were written, so without what `${NAME}` stands for."""
    from crosstie.project.environment import load
    from crosstie.project.place import Project

    project = Project.around()
    if project is None:
        raise ConfigError(
            f"{Path.cwd()}: is in no project, so there is no environment to show; give a model file: crosstie show FILE"
        )
    environment = load(project.root, env)
    if explain and json:
        put_json(
            {each.key: {"value": each.value, "from": each.origin} for each in environment.explain()}
        )
    elif explain:
        rows = [[key, _text(value), origin] for key, value, origin in environment.explain()]
        put_table(f"environment {environment.name}", ["key", "value", "from"], rows)
    elif json:
        put_json(environment.written)
    else:
        put(dump(environment.written).rstrip())


def _text(value: object) -> str:
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _put_batch(batch: "FirstBatch") -> None:
    """Which arrays there are, and a few rows of them."""
    columns = (*batch.inputs, *batch.outputs)
    put(batch.title)
    put_table(
        "",
        ["column", "type", "array", "dtype", "shape"],
        [
            [each.name, each.type, each.array, each.dtype, " x ".join(map(str, each.shape))]
            for each in columns
        ],
    )
    for place, row in enumerate(batch.rows[:ROWS]):
        mixed = f", mixed with {batch.mixed[place]}" if batch.mixed else ""
        put_table(
            f"row {row}{mixed}",
            ["column", "cell", "what the network sees"],
            [[each.name, each.cells[place], each.encoded[place]] for each in columns],
        )
