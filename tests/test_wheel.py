"""The wheel: a worker that installed it has the configuration, the detector and the self-test samples."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return set(zipfile.ZipFile(next(out.glob("*.whl"))).namelist())


@pytest.mark.parametrize("folder", ["configs", "pipelines", "transforms"])
def test_everything_that_is_under_version_control_is_in_the_wheel(folder: str, names: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git checkout, so nothing says which files belong to the project")
    assert set(listed.stdout.splitlines()) <= names


def test_nothing_else_is(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"configs", "pipelines", "transforms"}
    assert not [name for name in names if name.endswith((".pyc", ".pkl", ".pt", ".pth"))]
