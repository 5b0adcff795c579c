import io

import pytest

from tests.transforms.marks import corpus
from transforms.examine.sniff import SNIFF_BYTES, sniff
from transforms.marks.pieces import Budget, Form
from transforms.marks.properties import read_properties
from transforms.marks.walk import WALKERS, walk

FILES = corpus.files()
PLUMBING = {"handler_name", "compressorname"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_marks_has_some_and_nothing_is_left_out(name):
    file = io.BytesIO(FILES[name])
    walked = walk(file, sniff(FILES[name][:SNIFF_BYTES]))
    budget = Budget()
    properties = [one for one in read_properties(walked.pieces, file, budget) if one.name not in PLUMBING]
    assert (walked.left_out, budget.left_out) == ((), [])
    has_marks = bool(properties) or any(piece.form is Form.C2PA for piece in walked.pieces)
    assert has_marks == (" none." not in name)


def test_every_walker_has_files():
    walkers = {WALKERS[media_type] for media_type in map(sniff, FILES.values())}
    assert walkers == set(WALKERS.values())
    assert len(FILES) > 100


def test_files_are_small_and_the_same_each_time():
    assert max(map(len, FILES.values())) < 16_384
    assert corpus.files() == FILES
