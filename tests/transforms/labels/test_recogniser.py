"""What a network says of the columns of a line becomes text: the likeliest characters, and spaces that it half sees."""

from types import SimpleNamespace

import numpy as np
import pytest

from transforms.labels.recogniser import LineRecogniser, to_tensor

ALPHABET = "НИ"
BLANK, EN, II, SPACE = range(4)


def recogniser_of(*columns: dict[int, float]) -> LineRecogniser:
    """A recogniser whose network gives each column these probabilities, the blank what is left of one."""
    probabilities = np.zeros((1, len(columns), len(ALPHABET) + 2), np.float32)
    for at, column in enumerate(columns):
        for character, probability in column.items():
            probabilities[0, at, character] = probability
        probabilities[0, at, BLANK] += 1 - probabilities[0, at].sum()
    session = SimpleNamespace(get_inputs=lambda: [SimpleNamespace(name="x")], run=lambda *_: [probabilities])
    return LineRecogniser(session, ALPHABET)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ([], ""),
        ([{}, {}], ""),
        ([{EN: 0.9}, {EN: 0.9}, {II: 0.9}], "НИ"),
        ([{II: 0.9}, {}, {II: 0.9}], "ИИ"),
        ([{EN: 0.9}, {SPACE: 0.8}, {II: 0.9}], "Н И"),
        ([{EN: 0.9}, {SPACE: 0.2}, {II: 0.9}], "Н И"),
        ([{EN: 0.9}, {SPACE: 0.03}, {II: 0.9}], "НИ"),
        ([{SPACE: 0.2}, {EN: 0.9}, {SPACE: 0.3}], "Н"),
    ],
)
def test_text(columns, text):
    assert recogniser_of(*columns).read(np.zeros((1, 3, 48, 32), np.float32))[0] == text


def test_the_confidence_is_the_mean_of_the_characters():
    columns = [{EN: 0.9}, {SPACE: 0.2}, {II: 0.7}]
    assert recogniser_of(*columns).read(np.zeros((1, 3, 48, 32), np.float32))[1] == pytest.approx(0.8)
    assert recogniser_of({}).read(np.zeros((1, 3, 48, 32), np.float32))[1] == 0


@pytest.mark.parametrize(("size", "width"), [((48, 100), 112), ((96, 200), 112), ((24, 8), 32), ((48, 9000), 1600)])
def test_a_line_is_made_48_rows_high_and_padded(size, width):
    tensor = to_tensor(np.full((*size, 3), 255, np.uint8))
    assert tensor.shape == (1, 3, 48, width)
    assert tensor.dtype == np.float32
    assert tensor.max() == 1
    assert abs(tensor[..., -1]).max() <= 1
