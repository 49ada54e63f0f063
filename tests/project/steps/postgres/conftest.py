"""The PostgreSQL server of the tests, for steps."""

import pytest


@pytest.fixture(scope="session")
def server(postgres_server):
    """Its address, with a user that has a password."""
    return postgres_server
