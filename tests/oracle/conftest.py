"""Numbers of independent formulas are compared in one order of sums."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def one_thread_each(one_thread: None) -> None:
    """Every file's tests here, see :func:`tests.conftest.one_thread`."""
