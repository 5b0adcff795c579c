"""Scores that are read back are those that would be computed, and of nothing else."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from pipelines.detector import remembered
from pipelines.detector.evaluate import predict
from pipelines.detector.remembered import predict_once
from transforms.detect.network import build
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules

SPEC = InputSpec(size=32, views=2, short_side=48)
TREATMENTS = ("as_is", "half")
SCOPE = ScopeRules(min_short_side=60)


def quiet(*_: Any) -> None:
    """No progress."""


def network(seed: int = 1) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build("compact", widths=[4, 8], dropout=0.0).eval()


@pytest.fixture
def pictures(rows, monkeypatch):
    """Rows of pictures, whose scores come in more than one part; their index is not 0, 1, 2 …"""
    monkeypatch.setattr(remembered, "_PICTURES_PER_PART", 8)
    return rows[~rows["is_video"]][5:]


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """How many pictures the network was asked about, call by call."""
    counts: list[int] = []

    def spy(net: Any, spec: Any, rows: pd.DataFrame, *rest: Any) -> pd.DataFrame:
        counts.append(len(rows))
        return predict(net, spec, rows, *rest)

    monkeypatch.setattr(remembered, "predict", spy)
    return counts


def ask(pictures, work, net=None, treatments=TREATMENTS, spec=SPEC, scope=SCOPE) -> pd.DataFrame:
    return predict_once(net or network(), spec, pictures, treatments, quiet, work, scope=scope)


def test_the_answer_is_that_of_predict_the_first_time_and_the_second(pictures, asked, tmp_path) -> None:
    wanted = predict(network(), SPEC, pictures, TREATMENTS, quiet, SCOPE)
    assert wanted["raw"].isna().any()
    for _ in range(2):
        pd.testing.assert_frame_equal(ask(pictures, tmp_path), wanted)
    assert sum(asked) == len(pictures)


def test_a_killed_run_goes_on_with_the_part_that_it_lacks(pictures, asked, tmp_path) -> None:
    wanted = ask(pictures, tmp_path)
    parts = sorted((tmp_path / "scores").iterdir())
    assert len(parts) == len(asked) > 2
    parts[1].unlink()
    asked.clear()
    pd.testing.assert_frame_equal(ask(pictures, tmp_path), wanted)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"net": network(2)},
        {"treatments": ("as_is", "jpeg90")},
        {"treatments": ("half", "as_is")},
        {"spec": InputSpec(size=32, views=1, short_side=48)},
        {"scope": None},
    ],
    ids=["weights", "treatments", "their order", "input", "scope"],
)
def test_another_question_is_asked_anew(change, pictures, asked, tmp_path) -> None:
    ask(pictures, tmp_path)
    asked.clear()
    ask(pictures, tmp_path, **change)
    assert sum(asked) == len(pictures)


def test_another_picture_under_the_same_name_is_scored_anew(pictures, asked, tmp_path) -> None:
    ask(pictures, tmp_path)
    asked.clear()
    first, second = (pictures["path"].iloc[i] for i in (0, 1))
    Path(first).write_bytes(Path(second).read_bytes())
    ask(pictures, tmp_path)
    assert len(asked) == 1


def test_no_picture_has_no_scores(pictures, asked, tmp_path) -> None:
    found = ask(pictures[:0], tmp_path)
    assert list(found.columns) == ["path", "label", "source", "generator", "treatment", "raw"]
    assert (len(found), asked) == (0, [])
