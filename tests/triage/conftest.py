"""One ear for the whole folder: loading costs half a second and it never changes."""

import pytest

from texts.ear import Ear


@pytest.fixture(scope="session")
def ear() -> Ear:
    return Ear.load()
