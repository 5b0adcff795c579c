"""The context table of ``--context``: what its user knows of files and these do not say themselves."""

import csv
import functools
import logging
import posixpath
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipelines.errors import UsageError
from transforms.beside.context import COLUMNS, Context
from transforms.beside.decoding import TextError, decode
from transforms.records import Place

_LOG = logging.getLogger("aiqyn.scan")
_KEY: Final = "uri"
_SEPARATORS: Final = ",;\t|"
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
        self._table = table
        self._columns = [name for name in COLUMNS if name in table.column_names]
        self._folder = str(file.absolute().parent)
        names = table[_KEY].to_pylist()
        self._rows = {_normalised(name): row for row, name in enumerate(names) if name and name.strip()}
        doubled = sum(1 for name in names if name and name.strip()) - len(self._rows)
        if doubled:
            _LOG.warning("%s: rows that name an input once more: %s; the last one holds", file, f"{doubled:,}")
        if empty := len(names) - doubled - len(self._rows):
            _LOG.warning("%s: rows without a uri: %s", file, f"{empty:,}")

    def attach(self, places: Iterable[Place]) -> list[Place]:
        """The places, each with its row; says how many rows name no place, and how many dates could not be read.

        A ``uri`` is the address of a place, or its path below the table's folder or below its source. Where several
        rows name one place so, the last one holds. A member of a container is named ``shard.tar!/path/in/it``.
        """
        found: list[Place] = []
        rows: list[int | None] = []
        used: set[int] = set()
        for place in places:
            matching = [row for key in self._keys(place) if (row := self._rows.get(key)) is not None]
            used.update(matching)
            found.append(place)
            rows.append(max(matching, default=None))
        contexts = self._contexts(sorted({row for row in rows if row is not None}))
        unused = len(self._rows) - len(used)
        if unused:
            _LOG.warning("%s: %s of %s context rows name no input", self.file, f"{unused:,}", f"{len(self._rows):,}")
        if unread := sum(bool(context.notes) for context in contexts.values()):
            _LOG.warning("%s: rows whose published_at is no date or time: %s", self.file, f"{unread:,}")
        return [
            place if row is None else replace(place, context=contexts[row])
            for place, row in zip(found, rows, strict=True)
        ]

    def _keys(self, place: Place) -> Iterator[str]:
        uri = _composed(place.address)
        yield uri
        for start in self._roots(place.source):
            if uri.startswith(start):
                yield uri[len(start) :]

    @functools.lru_cache(maxsize=8)  # noqa: B019  (a table lives as long as its scan)
    def _roots(self, source: str) -> list[str]:
        """Beginnings of addresses that a row may leave out."""
        roots = {self._folder, source, source.rpartition("/")[0]}
        return [f"{_composed(root).rstrip('/')}/" for root in sorted(roots)]

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


def read_context_table(file: Path) -> ContextTable:
    """Reads a context table: CSV in UTF-8, UTF-16 or Windows-1251 and with any usual separator, or Parquet.

    Columns that are not known are left out, and one line says so. Names of columns count without case.

    Raises:
        UsageError: It cannot be read, is no table, or has no column ``uri``; the message names file, row and column.
    """
    try:
        with file.open("rb") as opened:
            is_parquet = opened.read(len(_PARQUET_START)) == _PARQUET_START
        table = _read_parquet(file) if is_parquet else _read_csv(file)
    except OSError as error:
        raise UsageError(f"The context table {file} cannot be read: {error.strerror or error}.") from error
    return ContextTable(file, table)


def _read_parquet(file: Path) -> pa.Table:
    try:
        opened = pq.ParquetFile(file)
        known = _known_columns(file, opened.schema_arrow.names)
        table = opened.read(columns=list(known))
    except (pa.ArrowException, ValueError) as error:
        raise UsageError(f"The context table {file} is no Parquet that can be read: {_line(error)}.") from error
    columns = {}
    for name, known_name in known.items():
        try:
            columns[known_name] = table[name].cast(pa.string())
        except pa.ArrowException as error:
            sentence = f"its column {name} is of type {table[name].type}, which is no text"
            raise UsageError(f"The context table {file} cannot be read: {sentence}.") from error
    return pa.table(columns)


def _read_csv(file: Path) -> pa.Table:
    data = file.read_bytes()
    try:
        text = decode(data)
    except TextError as error:
        raise UsageError(f"The context table {file} is no text that can be read: {error.sentence}") from error
    head, separator = _header(text)
    known = _known_columns(file, head)
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
        raise UsageError(f"The context table {file} cannot be read: {_line(error)}.") from error
    return table.rename_columns(list(known.values()))


def _header(text: str) -> tuple[list[str], str]:
    """Names of the columns, and the separator: that which parts the first line into the most."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=line.count)
    return next(csv.reader([line], delimiter=separator), []), separator


def _known_columns(file: Path, names: Sequence[str]) -> dict[str, str]:
    """Columns that are read, by the name that the file gives them.

    Raises:
        UsageError: ``uri`` is missing, or a column is there twice.
    """
    wanted = {_KEY, *COLUMNS}
    known: dict[str, str] = {}
    for name in names:
        plain = name.strip().casefold()
        if plain in known.values():
            raise UsageError(f"The context table {file} has two columns '{plain}'. Rename one of them.")
        if plain in wanted:
            known[name] = plain
    if _KEY not in known.values():
        listed = ", ".join(f"'{name[:40]}'" for name in names[:10]) or "none"
        raise UsageError(f"The context table {file} has no column 'uri'; its columns are: {listed}.")
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
    return _composed(text)


def _composed(text: str) -> str:
    """One form for letters such as «й», which file systems and tables write in two."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _line(error: Any) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300]
