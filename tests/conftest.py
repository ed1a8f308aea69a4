"""What tests share."""

import numpy as np
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one task run in one process: they share its episodes."""
    for item in items:
        params = getattr(item, "callspec", None)
        if params is not None and "task" in params.params:
            item.add_marker(pytest.mark.xdist_group(f"task {params.params['task']}"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
