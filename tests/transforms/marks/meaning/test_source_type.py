"""IPTC digital source types: every spelling of a term, and what each term says."""

import pytest
from meaning_samples import IPTC_EXT, png, xmp

from transforms.marks.mark import MarkClass, Says
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.meaning.source_type import classify

BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SAYS = {
    "trainedAlgorithmicMedia": Says.AI,
    "compositeWithTrainedAlgorithmicMedia": Says.AI_PART,
    "algorithmicMedia": Says.UNKNOWN,
    "compositeSynthetic": Says.UNKNOWN,
    "virtualRecording": Says.UNKNOWN,
    "dataDrivenMedia": Says.UNKNOWN,
    "algorithmicallyEnhanced": Says.UNKNOWN,
    "digitalCreation": Says.UNKNOWN,
    "humanEdits": Says.UNKNOWN,
    "composite": Says.UNKNOWN,
    "compositeCapture": Says.UNKNOWN,
    "screenCapture": Says.UNKNOWN,
    "digitalArt": Says.UNKNOWN,
    "minorHumanEdits": Says.UNKNOWN,
    "softwareImage": Says.UNKNOWN,
    "digitalCapture": Says.CAPTURE,
    "computationalCapture": Says.CAPTURE,
    "negativeFilm": Says.CAPTURE,
    "positiveFilm": Says.CAPTURE,
    "print": Says.CAPTURE,
}


@pytest.mark.parametrize("term", SAYS)
def test_what_a_term_says(term: str) -> None:
    found = classify(BASE + term)
    assert found is not None
    assert (found.term, found.says) == (term, SAYS[term])


@pytest.mark.parametrize("term", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "digitalCapture"])
@pytest.mark.parametrize(
    "spelling",
    [
        "{base}{term}",
        "https://cv.iptc.org/newscodes/digitalsourcetype/{term}",
        "{base}{term}/",
        "{term}",
        "digsrctype:{term}",
        "c2pa.{term}",
        "https://schema.org/{term}DigitalSource",
        " {term}\n",
    ],
)
@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_spellings(term: str, spelling: str, case: type[str]) -> None:
    found = classify(case(spelling.format(base=BASE, term=term)))
    assert found is not None
    assert found.term == term


@pytest.mark.parametrize(
    "value", ["", "AI", "notTrainedAlgorithmicMedia", "trainedAlgorithmicMedia2", BASE, "x" * 5000, "http://c2pa.org/"]
)
def test_what_is_no_term(value: str) -> None:
    assert classify(value) is None


def test_c2pa_terms() -> None:
    data, empty = classify("http://c2pa.org/digitalsourcetype/trainedAlgorithmicData"), classify("c2pa.empty")
    assert data is not None
    assert empty is not None
    assert (data.says, empty.says) == (Says.AI, Says.UNKNOWN)


@pytest.mark.parametrize("name", ["DigitalSourceType", "digitalSourceType", "DigitalSourcefileType"])
def test_mark(name: str) -> None:
    (mark,) = read_meaning([xmp(name, BASE + "trainedAlgorithmicMedia", IPTC_EXT)], read_rules())
    assert (mark.layer, mark.kind, mark.says, mark.mark_class) == (
        "xmp",
        "iptc.digital_source_type",
        Says.AI,
        MarkClass.DECLARED,
    )
    assert mark.facts["term"] == "trainedAlgorithmicMedia"
    assert mark.value == BASE + "trainedAlgorithmicMedia"


def test_mark_in_another_namespace_and_layer() -> None:
    marks = read_meaning(
        [xmp("DigitalSourceType", "trainedAlgorithmicMedia"), png("DigitalSourceType", "print")], read_rules()
    )
    assert [mark.says for mark in marks] == [Says.AI, Says.CAPTURE]


def test_a_value_outside_the_vocabulary_is_a_mark_that_tells_nothing() -> None:
    (mark,) = read_meaning([xmp("DigitalSourceType", "made by magic", IPTC_EXT)], read_rules())
    assert (mark.says, mark.facts) == (Says.UNKNOWN, {"ai_class": "not_in_vocabulary"})
