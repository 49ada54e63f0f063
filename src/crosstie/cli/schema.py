"""`crosstie schema`: the JSON Schema of the model file."""

import json

from crosstie import api
from crosstie.cli.output import put


def schema() -> int:
    """Print the JSON Schema of the model file, for editors and other programs."""
    put(json.dumps(api.schema(), indent=2, ensure_ascii=False))
    return 0
