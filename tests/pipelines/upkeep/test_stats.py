"""``aiqyn store stats``: what a store holds, for people and for machines."""

import json
from pathlib import Path

from typer.testing import CliRunner

from pipelines.store import Store
from pipelines.upkeep.cli import app
from pipelines.upkeep.stats import store_stats
from transforms.schemas import TABLES


def test_every_table_is_counted(store: Store) -> None:
    facts = store_stats(store)
    tables = facts["tables"]
    assert list(tables) == [*TABLES]
    assert {table: (own["rows"], own["files"], own["versions"]) for table, own in tables.items()} == {
        "items": (6, 2, 3),
        "frames": (4, 2, 3),
        "marks": (4, 2, 3),
        "verdicts": (4, 1, 2),
        "near_duplicates": (1, 1, 2),
        "reviews": (1, 1, 2),
        "segments": (2, 2, 3),
        "scans": (4, 4, 5),
    }
    for table, own in tables.items():
        assert own["bytes"] == sum(Path(file).stat().st_size for file in store.files(table))
    assert tables["items"]["oldest"] == tables["scans"]["newest"] == "2026-11-01T12:00:00Z"
    assert tables["frames"]["newest"] == tables["segments"]["newest"]


def test_items_are_counted_as_they_are_known_now(store: Store) -> None:
    facts = store_stats(store)
    assert [(one["outcome"], one["reason"], one["items"]) for one in facts["outcomes"]] == [
        ("examined", None, 3),
        ("failed", "truncated", 1),
        ("not_checked", "container", 1),
    ]
    assert facts["scans"] == [{"status": "complete", "scans": 2}]
    assert facts["bytes_per_item"] == round(facts["bytes"] / 5, 1)


def test_an_empty_store_has_no_bytes_per_item(tmp_path: Path) -> None:
    facts = store_stats(Store.create(tmp_path / "store"))
    assert (facts["items"], facts["bytes"], facts["bytes_per_item"], facts["outcomes"]) == (0, 0, None, [])


def test_the_command_tells_both_ways(store: Store, tmp_path: Path) -> None:
    command = ["stats", "--store", str(store.root)]
    told = CliRunner().invoke(app, command).stdout
    assert "5 items as they are known now" in told
    assert "1  failed, truncated" in told
    assert json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout) == store_stats(store)
    empty = Store.create(tmp_path / "empty").root
    assert "Scans: none." in CliRunner().invoke(app, ["stats", "--store", str(empty)]).stdout
