"""The file's top level and its `trainer:` section, and keys that stand in the wrong one of them."""

from collections.abc import Mapping
from typing import Any

from crosstie.config.options import options
from crosstie.config.words import answers
from crosstie.learners.learner import Learner, learners
from crosstie.pipeline.auto import Auto
from crosstie.pipeline.findings import Findings
from crosstie.pipeline.grammar import Backend, Fairness, File, Preprocessing


def read_top(findings: Findings) -> dict[str, Any]:
    """The file's top level, filled; sections that are wrong are as if not written."""
    document = findings.document
    written = {key: each for key, each in document.value.items() if not _misplaced(key, findings)}
    top = findings.section(File, written, document.at())
    wrong_free = findings.section(File, {}, document.at())
    top = {**wrong_free, **top}
    bad = [key for key in top if top[key] is None and wrong_free[key] is not None]
    top |= {key: wrong_free[key] for key in bad}
    top["backend"] = _backend(top["backend"], findings)
    return top


def _misplaced(key: str, findings: Findings) -> bool:
    """Whether a key of the top belongs into a section, which is noted."""
    if key in words(File):
        return False
    for section, classes in (
        ("preprocessing", [Preprocessing]),
        ("fairness", [Fairness]),
        ("trainer", (cls.trainer_options() for _, _, cls in learners.items())),
    ):
        known = [cls for cls in classes if key in words(cls)]
        for cls in sorted(known, key=lambda cls: words(cls)[key] != key):  # its own name first
            word = words(cls)[key]  # "" of a word that is no option
            told = f"belongs into '{section}', as in `{section}: {{{word}: …}}`"
            findings.wrong(findings.document.at(key), told if word else answers(cls)[key].what)
            return True
    return False


def words(cls: type[Any]) -> dict[str, str]:
    """Every word that stands for an option of a class, by which option that is."""
    known = {
        name: name for option in options(cls).values() for name in (option.name, *option.aliases)
    }
    return {
        **{word: option.name for option in options(cls).values() for word in option.elsewhere},
        **dict.fromkeys(answers(cls), ""),
        **known,
    }


def _backend(given: Any, findings: Findings) -> dict[str, Any]:
    place = findings.document.at("backend")
    section = given if isinstance(given, Mapping) else {"type": given or "local"}
    kind = section.get("type", "local")
    if kind != "local":
        findings.wrong(place, f"the backend {kind!r} is not part of this version; there is 'local'")
        return {}
    return findings.section(Backend, section, place)


def read_trainer(
    top: Mapping[str, Any], learner: type[Learner] | None, model_type: str, findings: Findings
) -> dict[str, Any]:
    """The trainer section, filled, that its learner reads; what stands in it and belongs elsewhere is noted."""
    place = findings.document.at("trainer")
    if learner is None:
        return _read_auto(top["trainer"] or {}, findings) if model_type else {}
    given = {
        key: each
        for key, each in (top["trainer"] or {}).items()
        if not _misplaced_in_trainer(key, learner, model_type, findings)
    }
    recipes = getattr(learner.trainer_options(), "recipes", {})
    given = {**recipes.get(str(given.get("recipe")), {}), **given}
    if given.get("train_steps") is not None and "epochs" in given:
        findings.warnings.append("trainer.epochs is not read: trainer.train_steps goes before it")
    return findings.section(learner.trainer_options(), given, place)


def _read_auto(given: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """The options of a search, filled; those of learners are noted, since it is open which learns."""
    place = findings.document.at("trainer")
    own = dict(given)
    for key in given.keys() - words(Auto).keys():
        readers = [
            name for _, name, cls in learners.items() if key in options(cls.trainer_options())
        ]
        if readers:
            del own[key]
            findings.wrong(
                place.at(key),
                f"is an option of {' and '.join(readers)}, and model_type auto leaves it open what learns; set "
                f"model_type: {readers[0]}",
            )
    return findings.section(Auto, own, place)


def _misplaced_in_trainer(
    key: str, learner: type[Learner], model_type: str, findings: Findings
) -> bool:
    """Whether a key of the trainer belongs elsewhere, or to another learner; which is noted."""
    if key in words(learner.trainer_options()):
        return False
    place = findings.document.at("trainer", key)
    if words(File).get(key):
        findings.wrong(place, f"belongs to the top of the file, as `{words(File)[key]}: …`")
        return True
    if words(Preprocessing).get(key):
        findings.wrong(place, f"belongs into 'preprocessing', as `{words(Preprocessing)[key]}: …`")
        return True
    others = [
        name
        for _, name, cls in learners.items()
        if key in options(cls.trainer_options()) and name != model_type
    ]
    if others:
        named = " and ".join(filter(None, [", ".join(others[:-1]), others[-1]]))
        findings.wrong(place, f"is an option of model_type {named}, and this is {model_type}")
    return bool(others)
