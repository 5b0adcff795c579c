"""The data dictionary: complete, and about nothing that is not there."""

import pytest

from pipelines.dictionary import Column, Dictionary, columns_of_all, read_dictionary


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return read_dictionary()


@pytest.fixture(scope="module")
def columns(dictionary: Dictionary) -> dict[str, list[Column]]:
    return columns_of_all(dictionary)


def test_every_column_has_a_meaning_and_those_that_are_taken_over_their_type(
    dictionary: Dictionary, columns: dict[str, list[Column]]
) -> None:
    for name, own in columns.items():
        for column in own:
            origin, meaning = dictionary.find(name, column.path)
            assert meaning.says, column
            assert column in columns[origin], f"{name}.{column.path} is not what {origin} explains"


def test_nothing_is_explained_that_is_not_there(dictionary: Dictionary, columns: dict[str, list[Column]]) -> None:
    stored = {f"stored_{table}": described for table, described in dictionary.tables.items()}
    for name, described in (stored | dictionary.views | dictionary.macros).items():
        assert described.columns.keys() <= {column.path for column in columns[name]}, name
    named = {column.path for own in columns.values() for column in own}
    assert dictionary.shared.keys() <= named


@pytest.mark.parametrize("name", ["items", "scan_id.of_nothing"])
def test_a_column_without_a_meaning_is_told(name: str, dictionary: Dictionary) -> None:
    with pytest.raises(KeyError, match=rf"does not say what frames\.{name} means"):
        dictionary.find("frames", name)
