"""What a docstring says of parameters: the descriptions of options come from nowhere else."""

import inspect
import re


def describe_args(docstring: str) -> dict[str, str]:
    r"""Parameter to text, from a Google-style docstring's `Args:`.

    Examples:
        >>> describe_args("What it is.\n\nArgs:\n    hidden: Width\n        of the layer.\n")
        {'hidden': 'Width of the layer.'}
    """
    lines = inspect.cleandoc(docstring).splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in lines[lines.index("Args:") + 1 :]:
        if line and not line.startswith(" "):
            break
        match = re.match(r"^ {2,4}\*{0,2}(\w+)(?: \([^)]*\))?: *(.*)$", line)
        if match and not line.startswith(" " * 5):
            name = match[1]
            found[name] = match[2]
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}"
    return found


def first_line(docstring: str) -> str:
    """What it gives, in one line."""
    return inspect.cleandoc(docstring).partition("\n")[0]
