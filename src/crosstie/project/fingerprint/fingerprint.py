"""What a step was made from, each component apart, so that a build can say which of them moved.

    code, sql   what it does
    params      its settings
    inputs      what its upstream tables and files hold
    env         what its code runs on: told, but no part of the key that the store knows its product by

The sources stay beside the digests. When the rules of what counts are bettered, both sides are worked out anew from
them, and nothing has to be made again.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from crosstie.errors import ProjectError
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.change import Change
from crosstie.project.fingerprint.environment import Environment
from crosstie.project.fingerprint.module import digest
from crosstie.project.fingerprint.params import Params
from crosstie.project.fingerprint.python import Code
from crosstie.project.fingerprint.sql import Sql

FORMAT = 1

Component = Literal["code", "sql", "params", "inputs", "env"]


@dataclass(frozen=True)
class Fingerprint:
    """What a step was made from.

    Attributes:
        code: Its Python; None if it has none.
        sql: Its SQL; None if it has none.
        params: Its settings, with the values of the parameters of its queries.
        inputs: The digest of what each upstream table and each file holds, by name.
        env: What it runs on; None if nothing of it is known to matter.
    """

    code: Code | None = None
    sql: Sql | None = None
    params: Params = field(default_factory=lambda: Params({}))
    inputs: Mapping[str, str] = field(default_factory=dict)
    env: Environment | None = None

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each component that it has."""
        return {
            **({"code": self.code.digest} if self.code else {}),
            **({"sql": self.sql.digest} if self.sql else {}),
            "params": self.params.digest,
            "inputs": digest(json.dumps(sorted(self.inputs.items()))),
            **({"env": digest(json.dumps(self.env.to_json()))} if self.env else {}),
        }

    @property
    def rules(self) -> str:
        """Under which rules code and SQL were read, in eight letters, which begin the key."""
        return digest(json.dumps([each.canon for each in (self.code, self.sql) if each]))[:8]

    @property
    def key(self) -> str:
        """What the store knows the product by: everything but the environment, which has a policy of its own."""
        return self.keyed()

    def keyed(self, *, with_env: bool = False) -> str:
        """The key, with the versions of libraries in it or not."""
        counted = sorted(
            (name, each) for name, each in self.digests.items() if with_env or name != "env"
        )
        return f"{self.rules}-{digest(json.dumps(counted))}"

    def moved(
        self, before: "Fingerprint", cache: Cache | None = None
    ) -> dict[Component, tuple[Change, ...]]:
        """What is not as it was: for each component that moved, what of it.

        Args:
            before: The fingerprint that a product was made from, under the rules of today or of any day before.
            cache: What is known of texts.
        """
        before, now = before.renewed(cache), self.renewed(cache)
        was, found = before.digests, now.digests
        changes: dict[Component, Iterator[Change]] = {
            "code": _code(before.code, now.code),
            "sql": _sql(before.sql, now.sql),
            "params": _values(before.params.values, now.params.values),
            "inputs": _values(before.inputs, now.inputs),
            "env": _values(_versions(before.env), _versions(now.env)),
        }
        return {
            name: tuple(each) for name, each in changes.items() if was.get(name) != found.get(name)
        }

    def renewed(self, cache: Cache | None = None) -> Self:
        """The same, with digests under the rules of today."""
        return replace(
            self,
            code=self.code.renewed() if self.code else None,
            sql=self.sql.renewed(cache) if self.sql else None,
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON. `texts` holds the sources by their digests: who keeps many fingerprints may keep those once for all."""
        texts = {path: digest(text) for path, text in self.code.texts.items()} if self.code else {}
        kept = {texts[path]: text for path, text in self.code.texts.items()} if self.code else {}
        if self.sql:
            kept[digest(self.sql.text)] = self.sql.text
        return {
            "format": FORMAT,
            "code": {**self.code.to_json(), "texts": texts} if self.code else None,
            "sql": {**self.sql.to_json(), "text": digest(self.sql.text)} if self.sql else None,
            "params": dict(self.params.values),
            "inputs": dict(self.inputs),
            "env": self.env.to_json() if self.env else None,
            "texts": kept,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Fingerprint":
        """Back from JSON, its `texts` among it.

        Raises:
            ProjectError: It is damaged, or written by a later Crosstie.
        """
        try:
            if value["format"] > FORMAT:
                raise ProjectError(
                    "a later Crosstie has written this fingerprint; upgrade to read it"
                )
            code, sql, env, texts = (value[name] for name in ("code", "sql", "env", "texts"))
            return cls(
                Code.from_json(code, {path: texts[each] for path, each in code["texts"].items()})
                if code
                else None,
                Sql.from_json(sql, texts[sql["text"]]) if sql else None,
                Params(dict(value["params"])),
                dict(value["inputs"]),
                Environment.from_json(env) if env else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ProjectError(f"a fingerprint is damaged: {error!r}") from None


def _code(before: Code | None, now: Code | None) -> Iterator[Change]:
    was, found = (each.parts if each else {} for each in (before, now))
    same = True
    for name in sorted({*was, *found}):
        old, new = was.get(name), found.get(name)
        if old is None or new is None or old.digest != new.digest:
            same = False
            yield Change(
                name,
                before.source(name) if before and old else None,
                now.source(name) if now and new else None,
                new.lines[0] if new else 0,
            )
    if same:
        yield Change("the order of statements", "\n".join(was), "\n".join(found))


def _sql(before: Sql | None, now: Sql | None) -> Iterator[Change]:
    was, found = (each.parts if each else {} for each in (before, now))
    where = now.where if now else before.where if before else ""
    for name in [*found, *(each for each in was if each not in found)]:
        old, new = was.get(name), found.get(name)
        if old is None or new is None or old[0] != new[0]:
            yield Change(
                f"{where}: {name}" if len({*was, *found}) > 1 else where,
                before.source(name) if before and old else None,
                now.source(name) if now and new else None,
                new[1] if new else 0,
            )


def _values(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            yield Change(name, before.get(name), now.get(name))


def _versions(env: Environment | None) -> dict[str, str]:
    return {"python": env.python, **env.versions} if env else {}
