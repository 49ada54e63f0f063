"""A container image around a wheel: its build context, and whichever program builds it here."""

import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from crosstie.errors import Problem
from crosstie.shipping.naming import Names
from crosstie.shipping.programs import Ended, run

BUILDERS = {  # what each is asked to see whether it works
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("info",),
    "buildah": ("info",),
}
SECONDS = 20  # for a builder to say that it works
PATIENCE = 900  # for an image
_TAG = re.compile(
    r"[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
)

_DOCKERFILE = """\
# {about}
# docker run -e CROSSTIE_TOKEN=… -p 8000:8000 {tag}
FROM python:{python}-slim AS build
WORKDIR /package
COPY . .
RUN {install}

FROM python:{python}-slim
COPY --from=build /opt/model /opt/model
ENV PATH=/opt/model/bin:$PATH HOST=0.0.0.0 PORT=8000 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "{health}"]
ENTRYPOINT ["python", "-m", "{module}"]
CMD ["serve"]
"""
_HEALTH = (
    "import os, urllib.request as web; "
    "web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=3)"
)


@dataclass(frozen=True)
class Image:
    """An image, or what it can be built from.

    Attributes:
        tag: What it is called.
        context: The folder that it is built from.
        builder: What built it; "" where nothing here could.
        size: As people read it; "" where it was not built.
        note: Why it was not built, in one line.
    """

    tag: str
    context: Path
    builder: str = ""
    size: str = ""
    note: str = ""


def wrong_tag(tag: str) -> Problem | None:
    """Why an image cannot be called so.

    Examples:
        >>> wrong_tag("churn:1.2.0"), wrong_tag("ghcr.io/acme/churn")
        (None, None)
        >>> print(wrong_tag("Churn:1.2.0"))
        --image Churn:1.2.0: is no name of an image, which is like churn:1.2.0; did you mean 'churn:1.2.0'?
    """
    if _TAG.fullmatch(tag):
        return None
    name, colon, version = tag.rpartition(":")
    near = re.sub(r"[^a-z0-9./_-]+", "-", (name or version).lower()).strip("-._/")
    near = f"{near}:{re.sub(r'[^A-Za-z0-9_.-]+', '-', version)}" if colon else near
    hint = f"; did you mean {near!r}?" if _TAG.fullmatch(near) else ""
    return Problem(f"--image {tag}", f"is no name of an image, which is like churn:1.2.0{hint}")


def write_context(
    folder: Path, wheel: Path, lock: Path | None, names: Names, tag: str, *, offline: Path | None
) -> None:
    """Write all that an image is built from.

    Args:
        folder: Replaced if it is there.
        wheel: The package.
        lock: With the server's needs; None lets pip resolve what the wheel lists.
        names: Of the package.
        tag: Of the image.
        offline: Wheels to install from in place of an index.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copy(wheel, part)
    if lock is not None:
        shutil.copy(lock, part / "requirements.txt")
    if offline is not None:
        shutil.copytree(offline, part / "wheels")
    text = _DOCKERFILE.format(
        about=f"The model {names.distribution!r} behind an HTTP server that listens on $PORT.",
        tag=tag,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        install=" \\\n && ".join(
            install(wheel.name, locked=lock is not None, offline=offline is not None)
        ),
        health=_HEALTH,
        module=names.module,
    )
    (part / "Dockerfile").write_text(text, encoding="utf-8")
    (part / ".dockerignore").write_text("Dockerfile\n.dockerignore\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def install(wheel: str, *, locked: bool, offline: bool) -> list[str]:
    """The commands that install a package and its server where nothing is.

    Args:
        wheel: Its file.
        locked: Whether there is a lock beside it.
        offline: Whether there are wheels to install from beside it.
    """
    pip = "pip --python /opt/model/bin/python install --no-cache-dir"
    source = " --no-index --find-links wheels" if offline else ""
    made = "python -m venv --without-pip /opt/model"
    if not locked:
        return [made, f"{pip}{source} './{wheel}[serve]'"]
    lock = f"{pip}{source} --require-hashes -r requirements.txt"
    return [made, lock, f"{pip} --no-index --no-deps ./{wheel}"]


def build(image: Image, names: Names) -> Image | Problem:
    """Build an image with what works here, and let the package in it check itself.

    Returns:
        The image; with a `note` where nothing here builds one. A problem if the build, or what was built, fails.
    """
    builder, note = find_builder()
    if not builder:
        return replace(image, note=note)
    word = "bud" if builder == "buildah" else "build"
    made = run([builder, word, "-t", image.tag, image.context], seconds=PATIENCE)
    if made.code:
        return Problem(f"{builder} {word}", f"failed:\n{made.said}")
    tried = _check(builder, image.tag, names)
    if tried.code:
        return Problem(f"{image.tag}: check", f"failed inside the image:\n{tried.said}")
    return replace(image, builder=builder, size=_size(builder, image.tag))


def find_builder() -> tuple[str, str]:
    """What builds images here, and what is wrong with what does not; a client alone builds nothing."""
    why = []
    for each, asked in BUILDERS.items():
        if shutil.which(each) is None:
            why.append(f"{each} is not installed")
            continue
        ended = run([each, *asked], seconds=SECONDS)
        if ended.code == 0:
            return each, ""
        last = ended.said.splitlines()[-1] if ended.said else "it says nothing"
        why.append(f"{each} does not work: {last}")
    return "", "; ".join(why)


def _check(builder: str, tag: str, names: Names) -> Ended:
    if builder != "buildah":
        return run([builder, "run", "--rm", "--network", "none", tag, "check"], seconds=PATIENCE)
    made = run([builder, "from", tag])
    if made.code:
        return made
    container = made.out.strip()
    try:
        asked = ["python", "-m", names.module, "check"]  # it knows no entry point
        return run([builder, "run", container, "--", *asked], seconds=PATIENCE)
    finally:
        run([builder, "rm", container])


def _size(builder: str, tag: str) -> str:
    """As people read it."""
    if builder == "buildah":
        return run([builder, "images", "--format", "{{.Size}}", tag]).out.strip()
    said = run([builder, "inspect", "--type", "image", "--format", "{{.Size}}", tag]).out.strip()
    return megabytes(int(said)) if said.isdigit() else said


def megabytes(size: int) -> str:
    """Bytes as people read them.

    Examples:
        >>> megabytes(400), megabytes(1_234_000), megabytes(5_678_000_000)
        ('0.1 MB', '1.2 MB', '5,678 MB')
    """
    return f"{max(size / 1e6, 0.1):,.1f} MB" if size < 1e8 else f"{size / 1e6:,.0f} MB"
