"""Stores that tests may harm."""

import shutil
from pathlib import Path

import pytest

from pipelines.store import Store
from tests.pipelines.upkeep.hand_made import build_store


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound store, built once; not to be changed."""
    return build_store(tmp_path_factory.mktemp("upkeep") / "built").root


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Store:
    """A copy of it, in a folder whose name has spaces and letters of another script."""
    return Store(shutil.copytree(built, tmp_path / "audit 2026 қ"))
