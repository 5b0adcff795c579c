"""Who may import whom: the borders of the design, told from the code's own import statements."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Folder or file → packages that it must not import, at its top level or anywhere.
FORBIDDEN = [
    ("transforms", "pipelines"),
    ("transforms", "deltalake"),
    ("transforms", "duckdb"),
    ("transforms/examine", "torch"),
    ("transforms/examine/child.py", "apache_beam"),
    ("transforms/examine/content.py", "apache_beam"),
    ("transforms/examine/pictures.py", "apache_beam"),
    ("transforms/examine/videos.py", "apache_beam"),
    ("transforms/examine/views.py", "apache_beam"),
    ("transforms/examine/frame_messages.py", "apache_beam"),
    ("transforms/conclude.py", "apache_beam"),
    ("transforms/conclude.py", "torch"),
    ("transforms/detect/preprocess.py", "torch"),
    ("transforms/detect/preprocess.py", "apache_beam"),
    ("transforms/detect/calibration.py", "torch"),
    ("transforms/detect/package.py", "torch"),
    *(("transforms/policy", package) for package in ("apache_beam", "torch", "cv2", "numpy", "pandas", "pyarrow")),
    ("transforms/records.py", "apache_beam"),
    ("transforms/outcomes.py", "apache_beam"),
    ("configs", "pipelines"),
    ("configs", "transforms"),
]


def imports(path: Path) -> set[str]:
    """Top-level packages that a file imports, wherever the statement stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize(("place", "package"), FORBIDDEN)
def test_import_law(place: str, package: str) -> None:
    path = ROOT / place
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert files
    assert [str(file) for file in files if package in imports(file)] == []


def test_pickle_is_imported_nowhere() -> None:
    files = [file for package in ("pipelines", "transforms", "configs") for file in (ROOT / package).rglob("*.py")]
    assert [str(file) for file in files if imports(file) & {"pickle", "cloudpickle", "dill", "joblib"}] == []
