"""What tests that decode in their own process share."""

import gc

import pytest


@pytest.fixture(scope="package", autouse=True)
def old_things_at_rest():
    """A decoder sweeps after every frame: in a process of its own there is little, here all that tests have made."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
