"""The context table of ``--context``: what its user knows of files and these do not say themselves."""

import csv
import functools
import itertools
import logging
import posixpath
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipelines.errors import UsageError
from pipelines.globs import composed
from transforms.beside.context import COLUMNS, Context
from transforms.beside.decoding import TextError, decode
from transforms.records import Place

_LOG = logging.getLogger("aiqyn.scan")
_KEY: Final = "uri"
_SEPARATORS: Final = ",;\t|"
_BATCH: Final = 50_000
_MOST_BLOCK_BYTES: Final = 64 << 20
_PARQUET_START: Final = b"PAR1"


class ContextTable:
    """The rows of a context table by the inputs they name.

    Args:
        file: Of the table, for messages and for paths that are relative to its folder.
        table: Column ``uri`` and those of ``COLUMNS`` that the file has, all of them texts.
    """

    def __init__(self, file: Path, table: pa.Table) -> None:
        self.file = file
        named = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(table[_KEY]), ""), False)
        self._table = table.filter(named)
        self._columns = [name for name in COLUMNS if name in table.column_names]
        self._folder = str(file.absolute().parent)
        # Arrow's memory, not Python's: a table may have millions of rows. The last of equal ones is found first.
        keys = (_normalised(name) for name in self.uris())
        self._last_first = pa.array(keys, pa.large_string())[::-1]
        self._inputs = pc.count_distinct(self._last_first).as_py()
        if doubled := len(self._table) - self._inputs:
            _LOG.warning("%s: rows that name an input once more: %s; the last one holds", file, f"{doubled:,}")
        if empty := len(table) - len(self._table):
            _LOG.warning("%s: rows without a uri: %s", file, f"{empty:,}")

    @property
    def says_something(self) -> bool:
        """Whether it has a column beside ``uri``."""
        return bool(self._columns)

    def uris(self) -> Iterator[str]:
        """The cells of ``uri`` that are not empty, in their order."""
        for chunk in self._table[_KEY].chunks:
            for start in range(0, len(chunk), _BATCH):
                yield from chunk.slice(start, _BATCH).to_pylist()

    def attach(self, places: Iterable[Place], *, tells_unused: bool = True) -> Iterator[Place]:
        """The places, each with its row; says how many rows name no place, and how many dates could not be read.

        A ``uri`` is the address of a place, or its path below the table's folder or below its source. Where several
        rows name one place so, the last one holds. A member of a container is named ``shard.tar!/path/in/it``. A place
        that no row names keeps the context it has.

        Args:
            places: In any order.
            tells_unused: Whether a row that names no place is worth a line.
        """
        used = np.zeros(len(self._table), bool)
        unread = 0
        waiting = iter(places)
        while batch := list(itertools.islice(waiting, _BATCH)):
            rows = self._rows(batch, used)
            contexts = self._contexts(sorted({row for row in rows if row is not None}))
            unread += sum(bool(context.notes) for context in contexts.values())
            for place, row in zip(batch, rows, strict=True):
                yield place if row is None else replace(place, context=contexts[row])
        unused = self._inputs - int(used.sum())
        if unused and tells_unused:
            _LOG.warning("%s: %s of %s context rows name no input", self.file, f"{unused:,}", f"{self._inputs:,}")
        if unread:
            _LOG.warning("%s: rows whose published_at is no date or time: %s", self.file, f"{unread:,}")

    def _rows(self, places: Sequence[Place], used: "np.ndarray[Any, np.dtype[np.bool_]]") -> list[int | None]:
        """The number of each place's row, or None; marks all rows that name one of the places as used."""
        keys: list[str] = []
        owners: list[int] = []
        for number, place in enumerate(places):
            found = list(self._keys(place))
            keys += found
            owners += [number] * len(found)
        rows: list[int | None] = [None] * len(places)
        from_behind = pc.index_in(pa.array(keys, pa.large_string()), self._last_first).to_pylist()
        for owner, place_from_behind in zip(owners, from_behind, strict=True):
            if place_from_behind is not None:
                row = len(self._table) - 1 - place_from_behind
                used[row] = True
                rows[owner] = max(row, rows[owner] or 0)
        return rows

    def _keys(self, place: Place) -> Iterator[str]:
        uri = composed(place.address)
        yield uri
        for start in self._roots(place.source):
            if uri.startswith(start):
                yield uri[len(start) :]

    @functools.lru_cache(maxsize=8)  # noqa: B019  (a table lives as long as its scan)
    def _roots(self, source: str) -> list[str]:
        """Beginnings of addresses that a row may leave out."""
        roots = {self._folder, source, source.rpartition("/")[0]}
        return [f"{composed(root).rstrip('/')}/" for root in sorted(roots)]

    def _contexts(self, rows: Sequence[int]) -> dict[int, Context]:
        """The rows of those numbers; a row that says nothing is one all the same."""
        chosen = self._table.select(self._columns).take(pa.array(rows, pa.int64()))
        cells = (
            zip(*(column.to_pylist() for column in chosen.columns), strict=True) if self._columns else [()] * len(rows)
        )
        return {
            row: Context.of(dict(zip(self._columns, row_cells, strict=True)))
            for row, row_cells in zip(rows, cells, strict=True)
        }


def read_context_table(file: Path, what: str = "context table") -> ContextTable:
    """Reads a context table or a manifest: Parquet, or CSV in UTF-8, UTF-16 or Windows-1251 with any usual separator.

    Columns that are not known are left out, and one line says so. Names of columns count without case.

    Args:
        file: Where it lies.
        what: What people call it, for messages.

    Raises:
        UsageError: It cannot be read, is no table, or has no column ``uri``; the message names file, row and column.
    """
    named = f"The {what} {file}"
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(len(_PARQUET_START)) == _PARQUET_START
        table = _read_parquet(file, named) if is_parquet else _read_csv(file, named)
    except OSError as error:
        raise UsageError(f"{named} cannot be read: {error.strerror or error}.") from error
    return ContextTable(file, table)


def _read_parquet(file: Path, named: str) -> pa.Table:
    try:
        opened = pq.ParquetFile(file)
        known = _known_columns(file, named, opened.schema_arrow.names)
        table = opened.read(columns=list(known))
    except (pa.ArrowException, ValueError) as error:
        raise UsageError(f"{named} is no Parquet that can be read: {_line(error)}.") from error
    columns = {}
    for name, known_name in known.items():
        try:
            columns[known_name] = table[name].cast(pa.string())
        except pa.ArrowException as error:
            sentence = f"its column {name} is of type {table[name].type}, which is no text"
            raise UsageError(f"{named} cannot be read: {sentence}.") from error
    return pa.table(columns)


def _read_csv(file: Path, named: str) -> pa.Table:
    data = file.read_bytes()
    try:
        text = decode(data)
    except TextError as error:
        raise UsageError(f"{named} is no text that can be read: {error.sentence}") from error
    head, separator = _header(text)
    known = _known_columns(file, named, head)
    raw = text.encode("utf-8", "replace")
    block = max(1 << 20, min(_MOST_BLOCK_BYTES, len(raw)))
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(raw),
            pa_csv.ReadOptions(use_threads=False, block_size=block),  # with threads errors have no row
            pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            pa_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(known, pa.string()),
                include_columns=list(known),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, ValueError) as error:
        raise UsageError(f"{named} cannot be read: {_line(error)}.") from error
    return table.rename_columns(list(known.values()))


def _header(text: str) -> tuple[list[str], str]:
    """Names of the columns, and the separator: that which parts the first line into the most."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=line.count)
    return next(csv.reader([line], delimiter=separator), []), separator


def _known_columns(file: Path, named: str, names: Sequence[str]) -> dict[str, str]:
    """Columns that are read, by the name that the file gives them.

    Raises:
        UsageError: ``uri`` is missing, or a column is there twice.
    """
    wanted = {_KEY, *COLUMNS}
    known: dict[str, str] = {}
    for name in names:
        plain = name.strip().casefold()
        if plain in known.values():
            raise UsageError(f"{named} has two columns '{plain}'. Rename one of them.")
        if plain in wanted:
            known[name] = plain
    if _KEY not in known.values():
        listed = ", ".join(f"'{name[:40]}'" for name in names[:10]) or "none"
        raise UsageError(f"{named} has no column 'uri'; its columns are: {listed}.")
    unknown = [name for name in names if name not in known]
    if unknown:
        listed = ", ".join(name[:40] for name in unknown[:10])
        _LOG.warning("%s: columns that are not read: %s", file, listed)
    return known


def _normalised(uri: str) -> str:
    """A ``uri`` cell as places are looked up."""
    text = uri.strip()
    if text.startswith("file://"):
        text = urllib.parse.unquote(text.removeprefix("file://").removeprefix("localhost"))
    if "://" not in text:
        text = posixpath.normpath(text.replace("\\", "/") if "/" not in text else text)
    return composed(text)


def _line(error: Any) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300]
