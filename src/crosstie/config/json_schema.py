"""JSON Schema of a class's options, generated: types, limits and defaults from its constructor, prose from its docstring."""

import inspect
from typing import Any

from crosstie.config.docstring import first_line
from crosstie.config.options import ComponentOf, Option, Section, options
from crosstie.config.validation import adapter
from crosstie.config.words import ANYTHING, Answer, answers

Schema = dict[str, Any]


def json_schema(
    cls: type[Any],
    *,
    wiring: tuple[str, ...] = (),
    key: str = "",
    name: str = "",
    also: type[Any] | None = None,
) -> Schema:
    """The schema (draft 2020-12) of a section that holds the options of `cls`.

    Args:
        cls: A component.
        wiring: Keyword-only parameters that are no options.
        key: What names the class in the section, if anything does.
        name: Its name there.
        also: A class whose options the section has too.
    """
    properties: Schema = {key: {"const": name}} if key else {}
    known = options(cls, wiring=wiring) | (options(also) if also else {})
    for option in known.values():
        properties[option.name] = option_schema(option)
        properties |= {
            alias: {**properties[option.name], "description": f"The same as {option.name}."}
            for alias in option.aliases
        }
    properties |= {
        word: {"description": answer.what, "deprecated": True, **_fine(answer)}
        for word, answer in answers(cls, also).items()
        if answer.fine and word not in properties
    }
    required = [key] * bool(key) + [option.name for option in known.values() if option.required]
    return {
        "type": "object",
        "description": first_line(inspect.getdoc(cls) or ""),
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def option_schema(option: Option) -> Schema:
    """The schema of one option's value."""
    schema = _value(option)
    if option.description:
        schema["description"] = option.description
    if not option.required:
        schema["default"] = option.default
    return schema


def component_schema(marker: ComponentOf) -> Schema:
    """The schema of a component's section: one of its registry's names, or a section with one's options."""
    found = {name: cls for of, name, cls in marker.registry.items() if of == marker.of}
    return {
        "anyOf": [
            {"enum": sorted([*found, *marker.registry.presets(of=marker.of)])},
            *(
                {
                    "type": "object",
                    "description": f"A published {marker.registry.kind}.",
                    "properties": {
                        marker.key: {"enum": presets, "description": "Which of those published."}
                    },
                    "required": [marker.key],
                }
                for presets in [marker.registry.presets(of=marker.of)]
                if presets
            ),
            *(
                json_schema(cls, key=marker.key, name=name, also=marker.also)
                for name, cls in sorted(found.items())
            ),
        ]
    }


def _value(option: Option) -> Schema:
    marker = option.component
    if marker is None:
        schema: Schema = adapter(option.annotation).json_schema()
        inlined: Schema = _inlined(schema, schema.pop("$defs", {}))
        return inlined
    if isinstance(marker, Section):
        schema = json_schema(marker.cls)
    elif marker.many:
        schema = {"type": "array", "items": component_schema(marker)}
    else:
        schema = component_schema(marker)
    plain = [
        {"type": name}
        for name, allowed in (("boolean", option.switch), ("null", option.optional))
        if allowed
    ]
    return {"anyOf": [schema, *plain]} if plain else schema


def _fine(answer: Answer) -> Schema:
    return {} if ANYTHING in answer.fine else {"enum": list(answer.fine)}


def _inlined(schema: Any, definitions: Schema) -> Any:
    """With every reference replaced by what it refers to: a part of a larger schema has no root of its own."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name in definitions:
        rest = {key: each for key, each in schema.items() if key != "$ref"}
        return {**_inlined(definitions[name], definitions), **rest}
    return {key: _inlined(each, definitions) for key, each in schema.items()}
