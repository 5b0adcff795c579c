"""OpenMetrics text: what a strict reader accepts, whatever stands in labels and values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.openmetrics import Family, render
from tests.pipelines.open_metrics import parse

TEXT = """\
# TYPE a_seconds gauge
# UNIT a_seconds seconds
# HELP a_seconds How long.
a_seconds 1.5
# TYPE b counter
# HELP b How many.
b_total{kind="x",store="s"} 3
# EOF
"""


def test_the_text_is_exactly_this() -> None:
    gauge = Family("a_seconds", "gauge", "How long.", [({}, 1.5)], "seconds")
    counter = Family("b", "counter", "How many.", [({"store": "s", "kind": "x"}, 3)])
    assert render([gauge, counter, Family("c", "gauge", "Nothing to say.", [])]) == TEXT
    assert parse(TEXT) == (
        {("a_seconds", ()): 1.5, ("b_total", (("kind", "x"), ("store", "s"))): 3},
        {"a_seconds": "gauge", "b": "counter"},
    )


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.text()), st.floats())
def test_labels_and_values_come_back(labels: dict[str, str], value: float) -> None:
    samples, _ = parse(render([Family("a", "gauge", 'It has "quotes", \\ and \n.', [(labels, value)])]))
    (((name, found), number),) = samples.items()
    assert name == "a"
    written = {key: text.encode("utf-8", "backslashreplace").decode() for key, text in labels.items()}
    assert dict(found) == written
    assert number == value or math.isnan(value)


@pytest.mark.parametrize(
    ("family", "sentence"),
    [
        (Family("a b", "gauge", "", [({}, 1)]), "no name of a metric"),
        (Family("a_total", "counter", "", [({}, 1)]), "no name of a metric"),
        (Family("a", "gauge", "", [({}, 1)], "seconds"), "unit"),
        (Family("a", "gauge", "", [({"b-c": "x"}, 1)]), "no name of a label"),
        (Family("a", "gauge", "", [({"__b": "x"}, 1)]), "no name of a label"),
        (Family("a", "gauge", "", [({"b": "x"}, 1), ({"b": "x"}, 2)]), "same labels"),
        (Family("twice", "gauge", "", [({}, 1)]), "two metrics"),
    ],
)
def test_what_is_against_the_format_is_not_written(family: Family, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        render([Family("twice", "gauge", "", [({}, 1)]), family])


@pytest.mark.parametrize(
    "text",
    [
        "a 1\n# EOF\n",
        "# TYPE a gauge\na 1\n",
        "# TYPE a gauge\na  1\n# EOF\n",
        "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a info\na 1\n# EOF\n",
        '# TYPE a gauge\na{b="\\x"} 1\n# EOF\n',
        '# TYPE a gauge\na{b="x",} 1\n# EOF\n',
        "# TYPE a gauge\na 1\na 2\n# EOF\n",
        "# TYPE a gauge\na 1 1700000000\n# EOF\n",
        "# TYPE a gauge\n\na 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# HELP a late\n# EOF\n",
    ],
)
def test_the_reader_of_these_tests_is_strict(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)
