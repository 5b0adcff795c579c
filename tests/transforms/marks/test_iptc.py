"""IIM datasets, built in the test, and the properties read from them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.marks.iptc import read_iim
from transforms.marks.pieces import Budget, Limits, Property

UTF8_SET = b"\x1b%G"


def dataset(number: int, value: str | bytes, record: int = 2, encoding: str = "utf-8") -> bytes:
    """A dataset of up to 32,767 bytes."""
    data = value.encode(encoding) if isinstance(value, str) else value
    return bytes([0x1C, record, number]) + len(data).to_bytes(2, "big") + data


def extended(number: int, value: bytes, width: int = 4) -> bytes:
    """A dataset whose length has a length of its own."""
    return bytes([0x1C, 2, number]) + (0x8000 | width).to_bytes(2, "big") + len(value).to_bytes(width, "big") + value


def read(data: bytes, budget: Budget | None = None) -> list[Property]:
    """The properties of datasets in APP13 at byte 20."""
    return list(read_iim(data, budget or Budget(), where="APP13 IPTC", offset=20))


def named(data: bytes) -> list[tuple[str, str]]:
    """Names and values."""
    return [(found.name, found.value) for found in read(data)]


def test_a_property_in_full() -> None:
    assert read(dataset(110, "Made with Google AI")) == [
        Property("iptc", "2", "Credit", "Made with Google AI", "APP13 IPTC/Credit", 20)
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            dataset(5, "A") + dataset(25, "ai") + dataset(25, "lake") + dataset(120, "c"),
            [("ObjectName", "A"), ("Keywords", "ai"), ("Keywords", "lake"), ("Caption-Abstract", "c")],
            id="names, and keywords one by one",
        ),
        pytest.param(dataset(40, " a\0\n"), [("SpecialInstructions", "a")], id="white space"),
        pytest.param(
            dataset(65, "Firefly") + dataset(70, "3"),
            [("OriginatingProgram", "Firefly"), ("ProgramVersion", "3")],
            id="program",
        ),
        pytest.param(
            dataset(80, "Aru") + dataset(115, "MJ") + dataset(116, "©"),
            [("By-line", "Aru"), ("Source", "MJ"), ("CopyrightNotice", "©")],
            id="people",
        ),
        pytest.param(dataset(90, UTF8_SET, record=1) + dataset(105, "Көл"), [("Headline", "Көл")], id="UTF-8, stated"),
        pytest.param(
            dataset(90, UTF8_SET, 1) + dataset(105, b"a\xff"), [("Headline", "a\ufffd")], id="stated and wrong"
        ),
        pytest.param(dataset(105, "Көл"), [("Headline", "Көл")], id="UTF-8, not stated"),
        pytest.param(dataset(105, "Créé", encoding="latin-1"), [("Headline", "Créé")], id="Latin-1"),
        pytest.param(dataset(105, "Создано ИИ", encoding="cp1251"), [("Headline", "Создано ИИ")], id="Windows-1251"),
        pytest.param(extended(120, b"a" * 40_000), [("Caption-Abstract", "a" * 40_000)], id="extended length"),
        pytest.param(dataset(0, b"\0\4") + dataset(221, "x") + dataset(5, "y", record=3), [], id="others are not read"),
        pytest.param(dataset(105, "") + dataset(110, "  "), [], id="empty values"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_datasets(data: bytes, expected: list[tuple[str, str]]) -> None:
    budget = Budget()
    assert named(data) == expected
    assert read(data + bytes(3), budget) == read(data)  # Padding.
    assert budget.left_out == []


@pytest.mark.parametrize(
    ("data", "limits", "kept", "line"),
    [
        pytest.param(b"8BIM", Limits(), [], "APP13 IPTC: bytes after 0 are no dataset", id="no datasets"),
        pytest.param(
            dataset(5, "a") + b"junk, more junk", Limits(), ["a"], "APP13 IPTC: bytes after 6 are no dataset", id="junk"
        ),
        pytest.param(
            dataset(5, "a") + dataset(105, "long")[:-1],
            Limits(),
            ["a"],
            "APP13 IPTC: dataset 2:105 is longer than what is there",
            id="cut",
        ),
        pytest.param(
            dataset(5, "a") + b"\x1c\2\5", Limits(), ["a"], "APP13 IPTC: bytes after 6 are no dataset", id="cut head"
        ),
        pytest.param(
            dataset(5, "a") + extended(105, b"b", width=9),
            Limits(),
            ["a"],
            "APP13 IPTC: dataset 2:105 is longer than what is there",
            id="a length of nine bytes",
        ),
        pytest.param(
            dataset(5, "abc") + dataset(105, "b"),
            Limits(value_bytes=2),
            ["b"],
            "APP13 IPTC/ObjectName is larger than 2 bytes",
            id="large value",
        ),
        pytest.param(
            dataset(5, "a") + dataset(105, "b"), Limits(elements=1), ["a"], "elements after the first 1", id="datasets"
        ),
    ],
)
def test_bounds(data: bytes, limits: Limits, kept: list[str], line: str) -> None:
    budget = Budget(limits)
    assert [found.value for found in read(data, budget)] == kept
    assert budget.left_out == [line]


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 3), st.binary(max_size=30)), max_size=6),
    st.binary(max_size=60),
    st.integers(0, 200),
)
def test_any_bytes_are_read_without_an_error(rows: list[tuple[int, int, bytes]], rest: bytes, end: int) -> None:
    data = b"".join(dataset(number, value, record) for number, record, value in rows) + rest
    for found in read(data[:end]):
        assert found.value
        assert found.value == found.value.strip()
