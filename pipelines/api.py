"""A store for notebooks: any view, or SQL, as an Arrow table or a pandas frame, filtered before it is read.

>>> from pipelines.api import open_store
>>> store = open_store("audit")
>>> store.view("items_latest", ["uri", "score"], where="score > $least", least=0.9).to_pandas()
>>> store.sql("SELECT policy, outcome, count(*) AS places FROM verdicts_latest GROUP BY ALL").arrow()
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

import configs
from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import connect

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MOST_SHOWN = 20


def open_store(root: str | Path) -> "AuditStore":
    """Opens a store as it is committed now; what a scan commits later is seen when it is opened again.

    Args:
        root: Its folder, or ``s3://bucket/folder``; ``AWS_ENDPOINT_URL_S3`` names a server other than Amazon's.

    Raises:
        UsageError: There is none.
    """
    return AuditStore(Store.open(root).pinned())


@dataclass(frozen=True, slots=True)
class AuditStore:
    """What can be asked of a store, all of it at one moment. Nothing is read until an answer is asked for.

    Attributes:
        store: Where it lies.
    """

    store: Store = field(repr=False)

    def __repr__(self) -> str:
        return f"AuditStore({str(self.store.root)!r})"

    def views(self) -> list[str]:
        """Names of all views; ``docs/tables.md`` says what their columns mean."""
        return sorted(configs.view_names())

    def columns(self, view: str) -> dict[str, str]:
        """A view's columns with their types, as DuckDB names them.

        Raises:
            UsageError: There is no such view.
        """
        with self.view(view).asked() as relation:
            return dict(zip(relation.columns, map(str, relation.types), strict=True))

    def view(self, name: str, columns: Sequence[str] = (), where: str = "", **values: Any) -> "Answer":
        """Rows of a view. Of its files only these columns are read, and where it can be told, only what may fit.

        Args:
            name: One of ``views()``.
            columns: In this order; all of them where none is named.
            where: A condition in SQL.
            values: Of what the condition names with a dollar, such as ``$least``.

        Raises:
            UsageError: There is no such view.
        """
        if name not in configs.view_names():
            raise UsageError(f"There is no view {name}. Name one of these: {', '.join(self.views())}.")
        chosen = ", ".join(f'"{column.replace(chr(34), chr(34) * 2)}"' for column in columns) or "*"
        return self.sql(f"SELECT {chosen} FROM {name}" + (f" WHERE {where}" if where else ""), **values)

    def sql(self, sql: str, **values: Any) -> "Answer":
        """The answer to a query over the views, in DuckDB's dialect.

        Args:
            sql: One statement.
            values: Of what it names with a dollar, such as ``$publisher``; never put a value into the text yourself.
        """
        return Answer(self.store, sql, values)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query answers; it runs anew each time it is asked for.

    Attributes:
        store: That is asked.
        sql: The query.
        values: Of its parameters.
    """

    store: Store = field(repr=False)
    sql: str
    values: Mapping[str, Any]

    def arrow(self) -> "pa.Table":
        """All of it as an Arrow table.

        Raises:
            UsageError: The query does not run.
        """
        with self.asked() as relation:
            return relation.to_arrow_table()

    def to_pandas(self) -> "pd.DataFrame":
        """All of it as a pandas frame.

        Raises:
            UsageError: The query does not run.
        """
        with self.asked() as relation:
            return relation.df()

    def rows(self) -> list[tuple[Any, ...]]:
        """All of it as Python's values.

        Raises:
            UsageError: The query does not run.
        """
        with self.asked() as relation:
            return relation.fetchall()

    def explain(self) -> str:
        """DuckDB's plan: which columns of which files it reads, and by what it filters them while it reads.

        Raises:
            UsageError: The query does not run.
        """
        with self.asked() as relation:
            return relation.explain()

    def _repr_html_(self) -> str:
        """For notebooks: its first rows."""
        with self.asked() as relation:
            return str(relation.limit(_MOST_SHOWN).df().to_html(index=False, escape=True))

    @contextmanager
    def asked(self) -> "Iterator[duckdb.DuckDBPyRelation]":
        """The answer as a relation of DuckDB, to be read within the block, such as by ``to_arrow_reader``.

        Raises:
            UsageError: The query does not run.
        """
        try:
            with connect(self.store, with_later=True, asked=self.sql) as tables:
                yield tables.sql(self.sql, params=dict(self.values))
        except duckdb.Error as error:
            raise UsageError(f"The query did not run: {error}") from error
