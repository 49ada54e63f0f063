"""A model as a wheel: put together, locked, and tried where nothing else is installed before anybody gets it."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crosstie.artifact.artifact import Artifact
from crosstie.artifact.loading import load
from crosstie.artifact.saving import amend
from crosstie.artifact.schema import row_schema
from crosstie.errors import ConfigError, Problem
from crosstie.shipping.audit import unlisted
from crosstie.shipping.clean import training_size
from crosstie.shipping.contents import code_of, contents
from crosstie.shipping.image import Image, build, write_context, wrong_tag
from crosstie.shipping.lock import Lock, lock
from crosstie.shipping.naming import Names, names_of, usable, wrong_version
from crosstie.shipping.needs import Needs, needs_of
from crosstie.shipping.offline import gather
from crosstie.shipping.proof import prove, prove_offline
from crosstie.shipping.wheel import Metadata, write_wheel

Rows = Sequence[dict[str, Any]]
Say = Callable[[str], None]
LOCKS = {"": "requirements.txt", "serve": "requirements-serve.txt"}  # by extra


@dataclass(frozen=True)
class Packaged:
    """What was packaged.

    Attributes:
        wheel: The file; None where it does not do what its model did, so that nobody takes it.
        names: Of the package.
        version: Of the package.
        size: Bytes of the wheel.
        requirements: What it needs.
        locked: Whether it holds a lock with hashes.
        rows: How many example rows were predicted where nothing else is installed.
        imports: Distributions that doing so imported.
        installed: Bytes of it and all it needs, installed.
        training: Bytes of what is installed where we run.
        wheels: The folder of `offline`.
        image: What `image` asked for.
        notes: What could not be done, a line each.
        problems: Why it must not be used, or is not known to work. None of a good package.
    """

    wheel: Path | None
    names: Names
    version: str
    size: int = 0
    requirements: Sequence[str] = ()
    locked: bool = False
    rows: int = 0
    imports: Sequence[str] = ()
    installed: int = 0
    training: int = 0
    wheels: Path | None = None
    image: Image | None = None
    notes: Sequence[str] = ()
    problems: Sequence[Problem] = field(default=())


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Attributes:
        names: Of the package.
        version: Of the package.
        output: The folder of what is written.
        tag: Of an image; None wants none.
        offline: Whether all wheels that it needs are wanted, too.
    """

    names: Names
    version: str
    output: Path
    tag: str | None = None
    offline: bool = False

    @classmethod
    def of(
        cls,
        model: Artifact,
        output: Path,
        *,
        name: str | None = None,
        version: str | None = None,
        image: str | None = None,
        offline: bool = False,
    ) -> "Order":
        """What was asked for, the rest as the model says.

        Raises:
            ConfigError: A name or the version cannot be; all that is wrong is told.
        """
        names = names_of(usable(str(model.manifest["name"])) if name is None else name)
        version = str(model.manifest["version"]) if version is None else version
        tag = image if image is None or ":" in image.rpartition("/")[2] else f"{image}:{version}"
        problems = [names] if isinstance(names, Problem) else []
        problems += [each for each in (wrong_version(version), tag and wrong_tag(tag)) if each]
        if problems or isinstance(names, Problem):
            raise ConfigError(problems)
        return cls(names, version, output, tag, offline)

    @property
    def stem(self) -> str:
        """How all that is written is called."""
        return f"{self.names.module}-{self.version}"


def package(folder: Path, order: Order, *, rows: Rows | None = None, say: Say) -> Packaged:
    """Write a wheel and what else is wanted; arguments as for `crosstie.package`.

    Args:
        folder: The artifact. Its own feature types must be in use.
        order: What is wanted.
        rows: Real ones for the example; None keeps the made-up ones.
        say: Called with a line before each step that takes time.

    Raises:
        ArtifactError: The model is damaged.
        ConfigError: A feature type of a user's own cannot go into a wheel.
        RunError: There is nothing to make an environment with.
    """
    with TemporaryDirectory(prefix="crosstie-") as scratch:
        copy = Path(scratch) / "model"
        shutil.copytree(folder, copy)
        names = order.names
        amend(
            copy,
            rows=rows,
            name=names.distribution,
            version=order.version,
            module=names.module,
        )
        artifact = load(copy)
        code = code_of(artifact)
        needs = needs_of(artifact.manifest["requirements"], code.modules.values())
        done = Packaged(None, order.names, order.version, requirements=[*needs.always.values()])
        problems = unlisted(code.modules, code.roots, needs, code.shown)
        try:
            files = contents(copy, code, order.names, order.version)
        except ConfigError as error:
            raise ConfigError([*error.problems, *problems]) from None
        if problems:
            return replace(done, problems=tuple(problems))
        say("locking what it needs")
        locks = _locks(needs)
        if isinstance(locks, Problem):
            return replace(done, problems=(locks,))
        files |= {
            f"{order.names.module}/{LOCKS[extra]}": each.text
            for extra, each in locks.items()
            if each.text
        }
        paths = _written(locks, Path(scratch))
        metadata = _metadata(artifact, order, needs)
        wheel = Path(scratch) / metadata.file
        write_wheel(wheel, metadata, files)
        say("trying it in an environment of its own")
        proof = prove(wheel, order.names, paths.get(""))
        notes = list(dict.fromkeys(each.note for each in locks.values() if each.note))
        done = replace(
            done,
            locked=bool(paths),
            rows=proof.rows,
            imports=proof.imports,
            installed=proof.size,
            training=training_size(),
            notes=notes,
            problems=proof.problems,
        )
        if proof.problems:
            return done
        if proof.unproved:
            what = f"is not known to work: {proof.unproved}. Package it again where that can be"
            done = replace(done, problems=(Problem(wheel.name, what),))
        return _delivered(done, wheel, order, paths.get("serve"), say)


def _locks(needs: Needs) -> dict[str, Lock] | Problem:
    """By extra, of the package alone and with its server."""
    found: dict[str, Lock] = {}
    server = needs.extras.get("serve", {})
    for extra, more in (("", {}), ("serve", server)):
        locked = lock([*needs.always.values(), *more.values()], python=needs.python)
        if isinstance(locked, Problem):
            return locked
        found[extra] = locked
    return found


def _written(locks: dict[str, Lock], folder: Path) -> dict[str, Path]:
    found = {}
    for extra, each in locks.items():
        if each.text:
            found[extra] = folder / LOCKS[extra]
            found[extra].write_text(each.text, encoding="utf-8")
    return found


def _metadata(artifact: Artifact, order: Order, needs: Needs) -> Metadata:
    outputs = ", ".join(f"{each.name} ({each.type})" for each in artifact.outputs)
    module = order.names.module
    columns = row_schema(artifact.members[0].preprocessor, artifact.rowwise)["columns"]["input"]
    rows = "\n".join(f"| {each['column']} | {each['type']} |" for each in columns)
    description = (
        f"# {order.names.distribution} {order.version}\n\n"
        f"A trained model that predicts {outputs}.\n\n"
        f"```python\nfrom {module} import Model\n\nModel().predict(rows)\n```\n\n"
        f"```sh\npython -m {module} predict DATA.csv -o predictions.csv\n"
        f"pip install '{order.names.distribution}[serve]' && python -m {module} serve\n```\n\n"
        f"| column | type |\n|---|---|\n{rows}\n"
    )
    return Metadata(
        order.names,
        order.version,
        f"A trained model that predicts {outputs}",
        needs.python,
        [*needs.always.values()],
        {extra: [*needed.values()] for extra, needed in needs.extras.items()},
        description,
    )


def _delivered(done: Packaged, wheel: Path, order: Order, lock: Path | None, say: Say) -> Packaged:
    """The wheel where it was wanted, and what goes with it."""
    order.output.mkdir(parents=True, exist_ok=True)
    path = order.output / wheel.name
    part = path.with_name(f".{path.name}.part")
    shutil.copy(wheel, part)
    part.replace(path)
    done = replace(done, wheel=path, size=path.stat().st_size)
    if order.offline:
        say("fetching all wheels that it needs")
        folder = order.output / f"{order.stem}-wheels"
        problem = gather(folder, path, lock)
        found = [problem] if problem else prove_offline(path, order.names, order.version, folder)
        done = replace(done, wheels=None if problem else folder, problems=(*done.problems, *found))
    if order.tag is not None:
        context = order.output / f"{order.stem}-image"
        wheels = done.wheels if sys.platform == "linux" else None  # those of another system
        write_context(context, path, lock, order.names, order.tag, offline=wheels)
        say(f"building {order.tag}")
        image = build(Image(order.tag, context), order.names)
        if isinstance(image, Problem):
            return replace(done, problems=(*done.problems, image), image=Image(order.tag, context))
        done = replace(done, image=image)
    return done
