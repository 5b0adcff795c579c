"""``aiqyn labels``: what was read, in words, as JSON and as pictures with every line marked."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import ExitCode
from pipelines.labels import annotated, run_labels
from tests.transforms.labels.drawn import scenery, write
from transforms.labels.lines import Box, Line
from transforms.labels.look_messages import LookRead


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    labelled = write(write(scenery(), "Сгенерировано ИИ", (80, 660), 48), "painted by robots", (900, 60), 30)
    Image.fromarray(labelled).save(made / "labelled.png")
    Image.fromarray(scenery(seed=4)).save(made / "plain.png")
    (made / "plain.txt").write_text("Сурет ЖИ көмегімен жасалған", "utf-8")
    (made / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    return made


def test_labels_of_pixels_and_of_texts_beside_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = run_labels([folder / "labelled.png", folder / "plain.png"], [], output=None, as_json=False)
    printed = capsys.readouterr().out
    assert status is ExitCode.COMPLETE
    assert "Сгенерировано" in printed
    assert "ru, exact" in printed
    assert "of the short side" in printed
    assert "caption.sidecar" in printed


def test_json_holds_every_line_that_was_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_labels([folder / "labelled.png"], [], output=None, as_json=True)
    (told,) = json.loads(capsys.readouterr().out)
    (label,) = told["labels"]
    assert (label["layer"], label["says"], label["class"], label["language"]) == (
        "visible_label",
        "ai",
        "declared",
        "ru",
    )
    (picture,) = told["pictures"]
    assert (picture["width"], picture["height"], picture["source"]) == (1280, 720, "frame")
    texts = [line["text"] for line in picture["lines"]]
    assert any("ии" in text.lower() for text in texts)
    assert any("robots" in text for text in texts)


def test_pictures_are_written_with_labels_in_red(folder: Path, tmp_path: Path) -> None:
    run_labels([folder / "labelled.png"], [], output=tmp_path / "out", as_json=True)
    with Image.open(tmp_path / "out" / "labelled.png.1.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape == (720, 1280, 3)
    assert ((pixels == (255, 60, 60)).all(axis=-1)).sum() > 500
    assert ((pixels == (90, 200, 90)).all(axis=-1)).sum() > 500


def test_a_file_that_cannot_be_read_makes_the_answer_incomplete(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run_labels([folder / "broken.jpg", folder / "absent.jpg"], [], output=None, as_json=False)
    assert status is ExitCode.INCOMPLETE
    assert "truncated" in capsys.readouterr().out


def test_an_analyst_s_phrases_are_added(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = tmp_path / "own.yaml"
    words.write_text("language: en\nlabels: |\n  painted by robots\n", "utf-8")
    run_labels([folder / "labelled.png"], [words], output=None, as_json=True)
    (told,) = json.loads(capsys.readouterr().out)
    assert len(told["labels"]) == 2


def test_hostile_texts_are_drawn_as_they_are() -> None:
    line = Line(Box(0, 0, 60, 20), (("\x1b[31m\u202e<script>\n", 0.5),))
    look = LookRead(np.zeros((40, 80, 3), np.uint8), "frame", (0,), (line,), ((Box(0, 0, 60, 20), "x"),))
    assert annotated(look).startswith(b"\x89PNG")
