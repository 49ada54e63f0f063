"""The hub of published models: what `hf://ORG/NAME@REVISION` names, fetching it, and writing to it.

All talk goes through huggingface_hub, with the token it finds (HF_TOKEN, or the one that `hf auth login` stored),
to HF_ENDPOINT where that is set. A token is never shown, whatever the hub answers.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosstie.errors import ConfigError, CrosstieError, HubError, MissingExtra

SCHEME = "hf://"
_NAME = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@([^@\s]+))?")
LOGIN = "type `hf auth login`, or set HF_TOKEN"


@dataclass(frozen=True)
class Place:
    """Where a model lies on the hub.

    Attributes:
        name: `org/name`.
        revision: A commit, branch or tag; None is the main branch.
    """

    name: str
    revision: str | None = None

    @classmethod
    def of(cls, reference: str) -> "Place":
        """What `hf://ORG/NAME` or `hf://ORG/NAME@REVISION` names.

        Raises:
            ConfigError: It is of another form.

        Examples:
            >>> Place.of("hf://acme/churn@v2")
            Place(name='acme/churn', revision='v2')
        """
        found = _NAME.fullmatch(reference)
        if found is None:
            raise ConfigError(
                f"{reference}: is not of the form hf://ORG/NAME or hf://ORG/NAME@REVISION"
            )
        return cls(found[1], found[2])

    def __str__(self) -> str:
        return f"{SCHEME}{self.name}" + (f"@{self.revision}" if self.revision else "")


@dataclass(frozen=True)
class Commit:
    """What was written.

    Attributes:
        revision: The commit; with it the place is pinned for good.
        url: Where a person looks at it.
    """

    revision: str
    url: str


def is_on_hub(reference: object) -> bool:
    """Whether a reference to a model is one of the hub."""
    return str(reference).startswith(SCHEME)


def fetch(place: Place, patterns: Sequence[str]) -> Path:
    """The folder of a commit in the hub's usual cache; what is there already is not fetched again.

    Args:
        place: A branch is asked for its newest commit; without a connection the last one known is taken.
        patterns: Which files, as `fnmatch` reads them.

    Raises:
        HubError: It is not there, not to be seen, or not to be reached.
        MissingExtra: huggingface_hub is not installed.
    """
    hub = _library(f"fetching {place}")
    with _told(place, writing=False), _bars(shown=True):
        found = hub.snapshot_download(
            place.name,
            revision=place.revision,
            allow_patterns=list(patterns),
            endpoint=_endpoint(),
        )
    return Path(found)


def upload(
    folder: Path,
    place: Place,
    *,
    private: bool,
    message: str,
    replaced: Sequence[str],
    progress: bool = True,
) -> Commit:
    """Write a folder to the hub in one commit.

    Args:
        folder: All its files are written.
        place: Made if it is not there; `revision` is a branch, likewise.
        private: Only its owners may see it.
        message: Of the commit.
        replaced: Folders of which nothing older is left.
        progress: Show bars while files go up, on a terminal.

    Raises:
        HubError: There is no token, it may not write there, or the hub is not to be reached.
        MissingExtra: huggingface_hub is not installed.
    """
    hub = _library(f"publishing to {place}")
    token = hub.get_token()
    if token is None:
        raise HubError(f"{place}: publishing needs a token that may write there: {LOGIN}")
    api = hub.HfApi(endpoint=_endpoint(), token=token)
    with _told(place, writing=True), _bars(shown=progress):
        api.create_repo(place.name, private=True if private else None, exist_ok=True)
        if private and not api.model_info(place.name).private:
            raise HubError(
                f"{place}: is there already and public, which --private does not change. Make it private in its "
                "settings first, or give another name"
            )
        if place.revision is not None:
            api.create_branch(place.name, branch=place.revision, exist_ok=True)
        names = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        there = api.list_repo_files(place.name, revision=place.revision)
        stale = [name for name in there if name.partition("/")[0] in replaced and name not in names]
        done = api.create_commit(
            place.name,
            operations=[
                *(hub.CommitOperationDelete(path_in_repo=name) for name in stale),
                *(
                    hub.CommitOperationAdd(path_in_repo=name, path_or_fileobj=folder / name)
                    for name in names
                ),
            ],
            commit_message=message,
            revision=place.revision,
        )
    return Commit(done.oid, done.commit_url)


def _library(needed_for: str) -> Any:
    try:
        import huggingface_hub  # 0.2 s
    except ImportError:
        raise MissingExtra("huggingface-hub", "hub", needed_for=needed_for) from None
    return huggingface_hub


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


@contextmanager
def _bars(*, shown: bool) -> Iterator[None]:
    """Without the library's bars where they are not wanted, or nobody sees them."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    hidden = are_progress_bars_disabled()
    if hidden or (shown and sys.stderr.isatty()):
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


@contextmanager
def _told(place: Place, *, writing: bool) -> Iterator[None]:
    """What goes wrong on the hub, as one sentence that says what to do."""
    try:
        yield
    except CrosstieError:
        raise
    except Exception as error:
        said = _sentence(error, place, writing=writing)
        if said is None:
            raise
        raise HubError(_without_token(f"{place}: {said}")) from None


def _sentence(error: BaseException, place: Place, *, writing: bool) -> str | None:
    """None for what the hub has no part in."""
    from huggingface_hub import errors

    if isinstance(error, errors.HFValidationError):
        return f"the hub takes no such name ({_first(error)})"
    if isinstance(error, errors.GatedRepoError):
        return f"its owner asks you to accept terms first, on its page. Then {LOGIN}"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"has no revision {place.revision!r}; leave it out for the newest"
    status = _status(error)
    if status is not None:
        said = _refusal(status, place) if writing else _hidden(status)
        return said.format(said=_server(error))
    cause = error.__cause__ or error.__context__
    if isinstance(error, RuntimeError) and cause is not None:  # of one file among many
        return _sentence(cause, place, writing=writing)
    if isinstance(error, ValueError) and "README.md" in str(error):
        return f"the hub does not take the head of README.md: {_first(error)}"
    if isinstance(error, errors.OfflineModeIsEnabled | errors.LocalEntryNotFoundError) or (
        type(error).__module__.partition(".")[0] in {"httpx", "httpx2", "requests", "hf_xet"}
    ):
        return (
            f"the hub cannot be reached ({_first(cause or error)}). Try again with a connection"
            + ("; meanwhile publish to a folder: crosstie push RUN DIR" if writing else "")
        )
    return None


_LATER = {429: "the hub asks for a pause (too many requests); try again in some minutes"}
_OTHER = "the hub answers {status}: {{said}}. Try again later"


def _refusal(status: int, place: Place) -> str:
    """What a status means to one who writes."""
    org = place.name.partition("/")[0]
    known = {
        401: f"the hub does not know this token. With a new one {LOGIN}",
        403: f"the hub refuses: {{said}}. With a token that may write to {org!r} {LOGIN}",
        404: f"there is no organisation or user {org!r} that this token can write to",
    }
    return (known | _LATER).get(status, _OTHER.format(status=status))


def _hidden(status: int) -> str:
    """What a status means to one who reads."""
    absent = f"there is no such model, or it is private. Check the name, or {LOGIN}"
    refused = f"the hub refuses: {{said}}. With a token that may read it {LOGIN}"
    known = {401: absent, 403: refused, 404: absent}
    return (known | _LATER).get(status, _OTHER.format(status=status))


def _status(error: BaseException) -> int | None:
    found = getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else None


def _server(error: BaseException) -> str:
    """What the server said, in one line."""
    said = getattr(error, "server_message", None) or _first(error)
    return str(said).strip().splitlines()[0].rstrip(".")


def _first(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _without_token(text: str) -> str:
    token = _library("publishing").get_token()
    return text.replace(token, "…") if token and len(token) >= 8 else text  # none is shorter
