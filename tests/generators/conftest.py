"""What tests of tasks share."""

import pytest

from tests import task_episodes


@pytest.fixture(scope="session")
def episode(tmp_path_factory: pytest.TempPathFactory) -> task_episodes.Maker:
    return task_episodes.maker(tmp_path_factory)
