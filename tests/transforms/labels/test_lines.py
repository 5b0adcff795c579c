"""Lines stand together as rows, and rows as the blocks that a wrapped label may be."""

import pytest

from transforms.labels.lines import Box, Line, beyond, box_of, to_blocks, to_rows


def line(text: str, x: int, y: int, width: int = 100, height: int = 20) -> Line:
    return Line(Box(x, y, width, height), ((text, 0.9),))


def texts(rows: list[list[Line]]) -> list[list[str]]:
    return [[one.text for one in row] for row in rows]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        pytest.param([line("b", 115, 1), line("a", 0, 0)], [["a", "b"]], id="beside each other"),
        pytest.param([line("a", 0, 0), line("b", 0, 40)], [["a"], ["b"]], id="under each other"),
        pytest.param([line("a", 0, 0), line("b", 400, 0)], [["a"], ["b"]], id="far apart"),
        pytest.param([line("a", 0, 0), line("b", 110, 0, height=60)], [["a"], ["b"]], id="another size"),
        pytest.param([line("a", 0, 5), line("b", 95, 0)], [["a", "b"]], id="overlapping a little"),
    ],
)
def test_rows(lines: list[Line], rows: list[list[str]]) -> None:
    assert texts(to_rows(lines)) == rows


def test_a_wrapped_label_is_one_of_the_blocks() -> None:
    rows = to_rows([line("Создано", 10, 0), line("с помощью", 0, 26), line("ИИ", 30, 52, 40), line("news", 600, 26)])
    blocks = [[one.text for row in block for one in row] for block in to_blocks(rows)]
    assert ["Создано", "с помощью", "ИИ"] in blocks
    assert ["Создано", "с помощью"] in blocks
    assert all("news" not in block for block in blocks)


def test_no_block_leaves_out_a_row_between_its_rows() -> None:
    rows = to_rows([line("Нарисовано", 10, 0), line("человеком, а не", 0, 16, height=20), line("нейросетью", 9, 36)])
    blocks = [[one.text for row in block for one in row] for block in to_blocks(rows)]
    assert ["Нарисовано", "человеком, а не", "нейросетью"] in blocks
    assert ["Нарисовано", "нейросетью"] not in blocks


@pytest.mark.parametrize(
    "second",
    [line("b", 0, 80), line("b", 0, 22, height=60), line("b", 500, 22), line("b", 50, 22, 300)],
    ids=["far", "larger", "aside", "out of line"],
)
def test_rows_that_do_not_belong_together_make_no_block(second: Line) -> None:
    assert to_blocks(to_rows([line("a", 0, 0), second])) == []


def test_many_rows_make_few_blocks() -> None:
    rows = to_rows([line(str(number), 0, 24 * number) for number in range(40)])
    assert len(to_blocks(rows)) == 39 + 38 + 37


def test_the_box_of_lines_holds_them_all() -> None:
    assert box_of([line("a", 10, 10), line("b", 60, 5, 100, 50)]) == Box(10, 5, 150, 50)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param(
            [[line("a", 50, 100)]], [(Box(30, 120, 140, 20), False), (Box(30, 80, 140, 20), True)], id="a row"
        ),
        pytest.param(
            [[line("a", 50, 100)], [line("b", 50, 130)]],
            [(Box(30, 160, 140, 20), False), (Box(30, 70, 140, 20), True)],
            id="two rows and the distance between them",
        ),
        pytest.param([[line("a", 0, 0)]], [(Box(0, 20, 120, 20), False)], id="nothing above the frame"),
    ],
)
def test_a_further_line_would_stand_above_or_below(block: list[list[Line]], expected: list[tuple[Box, bool]]) -> None:
    assert list(beyond(block, (200, 300))) == expected
