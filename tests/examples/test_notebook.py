"""The notebook and the recipes, run over a small store: no cell and no block fails, and all see the same rows."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.api import open_store
from tests.pipelines.nights import Nights, failed, gone, place, ruling

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text("utf-8")
RECIPES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Places that changed, went and came back, members of an archive, and rows that were never committed."""
    root = tmp_path_factory.mktemp("recipes") / "audit"
    nights = Nights(root)
    members = [place("/s/z.zip", name, member_path=name, score=0.75) for name in ("x", "y")]
    undisclosed = ruling("/s/a", "not_disclosed", "visible_not_found")
    nights.scan([place("/s/a", publisher="TV"), place("/s/b"), place("/s/c"), *members], [undisclosed])
    nights.scan([failed("/s/b", "truncated"), gone("/s/c"), place("/s/d", score=1.0)], [ruling("/s/d", "review")])
    nights.write("items", "lost", [place("/s/never") | {"segment_id": "lost"}])
    return root


@pytest.mark.parametrize("block", RECIPES)
def test_every_recipe_sees_the_rows_that_count(block: str, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(store.parent)
    names: dict[str, Any] = {}
    exec(compile(block, "docs/recipes.md", "exec"), names)  # noqa: S102  (it is our own text)
    wanted = open_store(store).view("items_latest", ["uri", "outcome"], where="outcome <> 'gone'").rows()
    assert sorted(zip(names["latest"]["uri"], names["latest"]["outcome"], strict=True)) == sorted(wanted)
    assert len(wanted) == 5


def test_only_the_recipe_for_spark_is_not_run() -> None:
    assert len(RECIPES) == 4
    assert PAGE.count("```python") - len(RECIPES) == PAGE.count("```python not-run") == 1


def run(store: Path) -> dict[str, Any]:
    """What the notebook's cells define; an error in any of them is raised."""
    from examples.notebook import app

    _, names = app.run(defs={"folder": str(store)})
    return dict(names)


def test_the_notebook_runs_without_an_error_in_any_cell(store: Path) -> None:
    names = run(store)
    assert dict(zip(names["outcomes"]["outcome"], names["outcomes"]["places"], strict=True)) == {
        "examined": 4,
        "failed": 1,
        "gone": 1,
    }
    assert names["by_policy"].loc["kz", "not_disclosed"] == 1
    assert [*names["missing"]["code"]] == ["visible_not_found"]
    assert [*names["queue"]["uri"]] == ["/s/a", "/s/d"]


def test_a_cell_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="There is no store at"):
        run(tmp_path / "nothing")


def test_an_empty_store_fills_the_notebook_too(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "store")
    assert len(run(Path(nights.store.root))["missing"]) == 0
