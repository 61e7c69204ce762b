"""What the tests of explanations share."""

import pytest

from tests import tiny


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()
