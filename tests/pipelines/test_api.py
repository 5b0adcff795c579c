"""The store for notebooks: views and SQL as Arrow and pandas, filtered while files are read."""

import re
from pathlib import Path

import pytest

import configs
from pipelines.api import AuditStore, open_store
from pipelines.errors import UsageError
from tests.pipelines.nights import Nights, failed, gone, place, ruling
from tests.s3_server import Bucket

SCORED = ("uri", "score")


def fill(nights: Nights) -> Nights:
    nights.scan([place("/s/a", title="it's"), place("/s/b"), failed("/s/c", "truncated")])
    nights.scan([gone("/s/b"), place("/s/қ")], [ruling("/s/қ", "not_disclosed", "trace_found")])
    return nights


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return fill(Nights(tmp_path / "store"))


@pytest.fixture
def store(nights: Nights) -> AuditStore:
    return open_store(nights.store.root)


def test_a_view_comes_as_arrow_as_pandas_and_as_python(store: AuditStore) -> None:
    answer = store.view("items_latest", ["uri", "outcome"], where="outcome = $outcome", outcome="examined")
    assert sorted(answer.rows()) == [("/s/a", "examined"), ("/s/қ", "examined")]
    assert answer.arrow().column_names == ["uri", "outcome"]
    assert sorted(answer.to_pandas()["uri"]) == ["/s/a", "/s/қ"]


def test_all_columns_of_all_rows_come_where_nothing_else_is_said(store: AuditStore) -> None:
    found = store.view("items_latest").arrow()
    assert (found.num_rows, found.column_names) == (4, [*store.columns("items_latest")])


def test_values_are_never_part_of_the_text(store: AuditStore) -> None:
    assert store.view("items", ["uri"], where="title = $title", title="it's").rows() == [("/s/a",)]
    assert store.sql("SELECT $text AS text", text="'; DROP VIEW items; --").rows() == [("'; DROP VIEW items; --",)]


def test_any_sql_is_asked(store: AuditStore) -> None:
    sql = "SELECT code, count(*) AS places FROM undisclosed WHERE policy = $policy GROUP BY ALL"
    assert store.sql(sql, policy="kz").rows() == [("trace_found", 1)]


def test_what_is_committed_later_is_seen_when_the_store_is_opened_again(nights: Nights, store: AuditStore) -> None:
    nights.scan([place("/s/late")])
    assert len(store.view("items_latest").rows()) == 4
    assert len(open_store(nights.store.root).view("items_latest").rows()) == 5


def test_every_view_is_named_and_has_columns(store: AuditStore) -> None:
    assert store.views() == sorted(configs.view_names())
    assert store.columns("levels") == {
        "detector": "VARCHAR",
        "detector_digest": "VARCHAR",
        "level": "VARCHAR",
        "items": "BIGINT",
    }


@pytest.mark.parametrize(
    ("view", "column", "where"),
    [
        ("items", "uri", "outcome = 'failed'"),
        ("marks", "kind", "content_sha256 = '/s/a'"),
        ("verdicts", "outcome", "policy = 'kz'"),
        ("items_latest", "score", "uri = '/s/a'"),
        ("items_judged", "score", "uri = '/s/a'"),
    ],
)
def test_of_files_only_what_is_asked_for_is_read(view: str, column: str, where: str, nights: Nights) -> None:
    """Filters by place also where a view looks for its last row: which row that is depends on no other place."""
    nights.write("marks", "marks", [{"segment_id": "scan 1", "content_sha256": one} for one in ("/s/0", "/s/b")])
    nights.judge("scan 1", [ruling("/s/a", "review", policy=name) for name in ("cn", "us-ca")])
    plan = open_store(nights.store.root).view(view, [column], where).explain()
    assert plan.count("READ_PARQUET") >= 2
    assert f"Filters: {where}" in plan
    assert not {"size_bytes", "title", "locator", "judged_with"} & set(re.findall(r"\w+", plan))


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda store: store.view("item_latest"), r"There is no view item_latest\. Name one of these: by_publisher, "),
        (lambda store: store.view("items", ["nothing"]).rows(), "The query did not run: .*nothing"),
        (lambda store: store.view("items", where="uri =").arrow(), "The query did not run: "),
        (lambda store: store.sql("SELECT $forgotten").to_pandas(), "The query did not run: .*forgotten"),
        (lambda store: open_store("/nowhere"), "There is no store at /nowhere"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(ask, sentence: str, store: AuditStore) -> None:
    with pytest.raises(UsageError, match=sentence):
        ask(store)


def test_a_notebook_shows_the_first_rows_and_no_markup_of_theirs(nights: Nights) -> None:
    nights.scan([place(f"/s/<script>{number}") for number in range(30)])
    shown = open_store(nights.store.root).view("items", ["uri"], where="uri LIKE '%script%'")._repr_html_()
    assert shown.count("&lt;script&gt;") == 20
    assert "<script>" not in shown


def test_a_store_on_s3_is_asked_likewise(bucket: Bucket) -> None:
    nights = fill(Nights(f"s3://{bucket.name}/audit"))
    store = open_store(nights.store.root)
    assert repr(store) == f"AuditStore('s3://{bucket.name}/audit')"
    assert store.view("undisclosed", ["uri", "code"]).rows() == [("/s/қ", "trace_found")]
