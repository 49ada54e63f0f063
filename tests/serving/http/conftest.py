"""A small model, served, and what asks it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served import Served, serve

import crosstie

ROWS = [
    {
        "size": None if i % 10 == 0 else i / 8,
        "colour": ["red", "blue", "green"][i % 3],
        "paid": ["yes", "no"][i % 2],
        "when": f"2024-01-{i % 28 + 1:02}",
        "price": 10.25 * i / 8 + (1.5 if i % 2 else 0.25),
    }
    for i in range(120)
]


@pytest.fixture(scope="session")
def prices(tmp_path_factory) -> Path:
    """The folder of a model of prices."""
    return crosstie.train(
        ROWS,
        target="price",
        model_type="linear",
        types={"colour": "category"},
        name="prices",
        runs=tmp_path_factory.mktemp("runs"),
    ).model


@pytest.fixture(scope="session")
def served(prices) -> Iterator[Served]:
    """The model of prices, served."""
    found = serve(prices)
    yield found
    if found.process.poll() is None:
        found.end()


@pytest.fixture(scope="session")
def client(served) -> Iterator[httpx.Client]:
    """What asks it."""
    with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as found:
        yield found
