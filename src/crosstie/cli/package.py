"""`crosstie package`: a model as a wheel, and as an image."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crosstie import api
from crosstie.cli.output import put, put_json, tell


def package(
    model: str | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("dist"),
    name: str | None = None,
    version: str | None = None,
    image: str | None = None,
    offline: Annotated[bool, Parameter(negative="")] = False,
    with_sample: Annotated[bool, Parameter(negative="")] = False,
    components: Path | None = None,
    runs: Path = Path("runs"),
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Make a wheel of a model, with all that predicts and nothing that trains; try it where nothing else is.

    Args:
        model: A run, its model/, NAME/latest, a wheel; if not given, the newest run of the only model in runs/.
        output: The folder to write into.
        name: What `pip` and `import` call it; the model's name if not given.
        version: Its version, as 1.2.0.
        image: Build a container image of this name, too, or leave what one is built from.
        offline: Write a folder with every wheel that it needs, too, for a host without a network.
        with_sample: Show real training rows in its example in place of made-up ones; never private columns.
        components: The folder of your own feature types, if the model has one and its run does not say where.
        runs: The folder of all runs, for NAME/latest.
        quiet: Print nothing.
        json: Print one line of JSON on standard output.
    """
    from crosstie.shipping.image import megabytes

    done = api.package(
        model,
        output,
        name=name,
        version=version,
        image=image,
        offline=offline,
        with_sample=with_sample,
        components=components,
        runs=runs,
        say=None if quiet or json else lambda line: tell(f"{line} …"),
    )
    for problem in done.problems:
        tell(f"error: {problem}")
    code = 1 if done.problems else 0
    if json:
        built = done.image
        put_json(
            {
                "wheel": done.wheel and str(done.wheel.resolve()),
                "name": done.names.distribution,
                "module": done.names.module,
                "version": done.version,
                "bytes": done.size,
                "requirements": done.requirements,
                "locked": done.locked,
                "rows": done.rows,
                "imports": done.imports,
                "installed_bytes": done.installed,
                "training_bytes": done.training,
                "wheels": done.wheels and str(done.wheels.resolve()),
                "image": built
                and {
                    "tag": built.tag,
                    "context": str(built.context.resolve()),
                    "builder": built.builder,
                    "size": built.size,
                    "note": built.note,
                },
                "notes": done.notes,
                "problems": [str(each) for each in done.problems],
            }
        )
        return code
    if quiet or done.wheel is None:
        return code
    put(f"{done.wheel}: {megabytes(done.size)}")
    if done.installed:
        put(
            f"Alone in an environment: {done.rows} example rows are predicted as where it was trained. Installed "
            f"{megabytes(done.installed)}; here {megabytes(done.training)} are"
        )
    for note in done.notes:
        put(note)
    if done.wheels is not None:
        put(
            f"{done.wheels}: all that it needs on a host without a network; installed from there, too"
        )
    if done.image is not None and done.image.builder:
        put(
            f"{done.image.tag}: {done.image.size}, built with {done.image.builder}; it checked itself"
        )
    elif done.image is not None and done.image.note:
        put(
            f"No image was built: {done.image.note}. What it is built from lies in {done.image.context}"
        )
    if code == 0:
        put("Next:")
        put(f"  pip install {done.wheel}")
        put(f"  python -m {done.names.module} predict DATA.csv -o predictions.csv")
    return code
