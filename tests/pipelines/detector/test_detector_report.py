import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.detector.evaluate import predict
from pipelines.detector.metrics import auc, wilson
from pipelines.detector.report import measure
from tests.pipelines.detector import predictions as made_up
from transforms.detect.calibration import level
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules

GOLDEN = Path(__file__).parents[2] / "golden" / "evaluation.json"


@pytest.fixture(scope="module")
def found():
    return measure(made_up.predictions(), made_up.package(), "made up", videos=made_up.videos(), skipped_videos=2)


def only(entries, **wanted):
    matching = [e for e in entries if all(getattr(e, key) == value for key, value in wanted.items())]
    assert len(matching) == 1, wanted
    return matching[0]


def test_the_json_is_as_documented(found):
    assert found.to_json() == GOLDEN.read_text("utf-8"), "if the change is meant, write the golden anew and say so"


def test_a_second_time_gives_the_same_bytes(found):
    again = measure(made_up.predictions(), made_up.package(), "made up", videos=made_up.videos(), skipped_videos=2)
    assert again.to_json() == found.to_json()
    assert list(json.loads(found.to_json()))[:3] == ["schema", "detector", "version"]


def test_unassessable_items_are_counted_and_left_out(found):
    ai = only(found.outcomes, treatment="as_is", label="ai")
    assert (ai.n, ai.assessed, ai.levels["not_assessable"]) == (20, 19, 1)
    for outcome in found.outcomes:
        assert sum(outcome.levels.values()) == outcome.n
    assert only(found.ranking, group="all", metric="auc", treatment="as_is").n_ai == 19
    assert only(found.rates, group="all", label="real", level="suspected", treatment="as_is").n == 29
    assert all(skill.n_ai in (0, 8, 7, 12, 19) for skill in found.skill)


def test_pictures_out_of_scope_get_no_score(rows):
    class Nothing(torch.nn.Module):
        def forward(self, frames):
            return torch.zeros(len(frames))

    dev = rows[(rows["split"] == "dev") & ~rows["is_video"]]
    spec, treatments = InputSpec(size=32, views=2, short_side=48), ("as_is", "half")
    # Of the 72 x 80 pixels that the pictures have, half is too small.
    found = predict(Nothing(), spec, dev, treatments, lambda *_: None, ScopeRules(min_short_side=64, flat_range=5))
    raws = found.groupby("treatment")["raw"]
    assert raws.apply(lambda own: own.isna().all())["half"]
    assert raws.apply(lambda own: own.notna().any())["as_is"]
    assert predict(Nothing(), spec, dev, treatments, lambda *_: None)["raw"].eq(0.0).all()


def test_a_detector_may_have_levels_of_its_own(monkeypatch):
    monkeypatch.setattr(
        "pipelines.detector.report.level", lambda score, config: "undecided" if score < 0.3 else "other"
    )
    found = measure(made_up.predictions(), made_up.package(), "made up")
    assert list(found.outcomes[0].levels) == ["other", "undecided", "elevated", "suspected", "not_assessable"]


def test_generators_need_five_pictures(found):
    assert {(r.name, r.n_ai) for r in found.ranking if r.group == "generator"} == {("Old GAN", 7), ("New diffusion", 9)}
    assert {r.name for r in found.rates if r.group == "generator"} == {"Old GAN", "New diffusion"}
    assert {(s.generator, s.n) for s in found.sample if s.label == "ai"} == {
        ("Old GAN", 8),
        ("New diffusion", 9),
        ("Rare", 3),
    }


def test_figures_are_those_of_the_pictures(found):
    rows, config = made_up.predictions(), made_up.package().config
    rows = rows[(rows["treatment"] == "screenshot") & rows["raw"].notna()]
    wanted = auc(rows["raw"].to_numpy(), rows["label"].to_numpy())
    assert only(found.ranking, group="all", metric="auc", treatment="screenshot").value == pytest.approx(
        wanted, abs=1e-4
    )
    phones = rows[rows["source"] == "phones"]
    hits = sum(level(1 / (1 + np.exp(-raw)), config) == "suspected" for raw in phones["raw"])
    rate = only(found.rates, name="phones", level="suspected", treatment="screenshot")
    assert (rate.hits, rate.n) == (hits, len(phones))
    assert rate.interval == pytest.approx(wilson(hits, len(phones)), abs=1e-4)


def test_figures_of_the_card_and_the_breakdown_agree(found):
    for skill in found.skill:
        if skill.metric == "auc" and " against " not in skill.source:
            group = "all" if skill.source == "all" else "source"
            same = only(found.ranking, group=group, name=skill.source, metric="auc", treatment=skill.treatment)
            assert (same.value, same.interval) == (skill.value, skill.interval)


def test_networks_of_different_folds_are_not_compared():
    rows = made_up.predictions()
    rows["fold"] = rows["source"].isin(["new", "cameras"]).astype(int)
    found = measure(rows, made_up.package(), "made up")
    own = only(found.ranking, name="old", metric="auc", treatment="as_is")
    assert (own.n_ai, own.n_real) == (7, 17)


def test_roc_curves_rise_from_corner_to_corner(found):
    for curve in found.roc:
        assert (curve.points[0], curve.points[-1]) == ((0.0, 0.0), (1.0, 1.0))
        assert curve.points == sorted(curve.points)
        assert sorted(y for _, y in curve.points) == [y for _, y in curve.points]


def test_nothing_assessed_is_counted_and_no_figure_is_made_up():
    rows = made_up.predictions().assign(raw=float("nan"))
    found = measure(rows, made_up.package(), "made up")
    assert all(outcome.assessed == 0 for outcome in found.outcomes)
    assert (found.ranking, found.rates, found.roc, found.skill, found.base_rates) == ([], [], [], [], [])


def test_videos_change_no_figure_of_pictures(found):
    without = measure(made_up.predictions(), made_up.package(), "made up", skipped_videos=2)
    assert without.videos is None
    assert found.model_copy(update={"videos": None}) == without


def test_videos_have_figures_of_their_own(found):
    rows = made_up.videos()
    assert (found.videos.videos, found.videos.treatments) == (13, ["as_is", "jpeg75"])
    assert found.videos.rollup == made_up.package().config.rollup
    real = only(found.videos.outcomes, treatment="as_is", label="real")
    assert (real.n, real.assessed, real.levels["not_assessable"]) == (7, 6, 1)
    scored = rows[(rows["treatment"] == "jpeg75") & rows["raw"].notna()]
    wanted = auc(scored["raw"].to_numpy(), scored["label"].to_numpy())
    for group, name in (("all", "all"), ("source", "films"), ("generator", "New diffusion")):
        own = only(found.videos.ranking, group=group, name=name, metric="auc", treatment="jpeg75")
        assert own.value == pytest.approx(wanted, abs=1e-4)
    assert {s.measured_on for s in found.videos.skill} == {"made up, videos"}


def test_a_report_of_videos_alone_has_no_figure_of_pictures():
    rows = made_up.predictions()
    found = measure(rows[:0], made_up.package(), "made up", videos=made_up.videos())
    assert (found.pictures, found.sample, found.treatments, found.rates, found.skill) == (0, [], [], [], [])
    assert found.videos.videos == 13
