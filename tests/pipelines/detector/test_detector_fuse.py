"""A fusion: weights without labels, thresholds from held-out sources, a package that scans and cards know."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.detector.cli import app
from pipelines.detector.evaluate import figures
from pipelines.detector.fuse import FusionOrder, fuse_packages, fuse_predictions, weigh
from pipelines.detector.settings import Head
from pipelines.detector.train import DEV, HELD_OUT, Run, leave_one_source_out, train
from tests.pipelines.detector import predictions
from transforms.detect.calibration import calibrate, level
from transforms.detect.package import (
    Architecture,
    DetectorError,
    DetectorPackage,
    FusionPackage,
    Member,
    load_any,
    load_package,
)
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules

SETTINGS = Head(input=InputSpec(size=32, views=1, short_side=48), views_drawn=1, penalty=0.01)


def quiet(*_: Any) -> None:
    """No progress."""


@pytest.fixture
def members(rows, trunk, tmp_path, monkeypatch):
    """Two heads on one trunk that differ in what they look at, trained by recipes that can be had again."""
    recipes = {}
    for name, depth in (("early", 4), ("late", 7)):
        settings = replace(SETTINGS, params={"depth": depth, "pooled": 2})
        recipes[name] = settings
        train(Run(rows, tmp_path / name, tmp_path / "work" / name, settings, quiet, trunk, ("as_is", "jpeg90")))
    monkeypatch.setattr(
        "pipelines.detector.fuse.settings_of", lambda config, seed: replace(recipes[config.name], seed=seed)
    )
    return [load_package(str(tmp_path / name)) for name in recipes]


def order(members, rows, out, **fields: Any) -> FusionOrder:
    work = fields.pop("work", out.parent / "work")
    return FusionOrder(members, rows, out, work, quiet, treatments=("as_is", "jpeg90"), **fields)


def test_a_fusion_is_calibrated_and_measured_on_sums_of_held_out_logits(members, rows, tmp_path) -> None:
    config = fuse_packages(order(members, rows, tmp_path / "duo"))
    package = load_any(str(tmp_path / "duo"))
    assert isinstance(package, FusionPackage)
    assert package.config == config
    assert [(one.name, one.digest) for one in config.fuses] == [(one.config.name, one.digest) for one in members]

    held_out = []
    for one in members:
        settings = replace(SETTINGS, params=one.config.architecture.params)
        work = tmp_path / "again" / one.config.name
        run = Run(rows, one.directory, work, settings, quiet, one.weights_path, ("as_is", "jpeg90"))
        held_out.append(leave_one_source_out(run))
    weights = [1.0 / np.std(one["raw"]) for one in held_out]
    assert [one.weight for one in config.fuses] == pytest.approx(weights, rel=1e-5)
    by_hand = held_out[0].assign(
        raw=sum(one.weight * of["raw"] for one, of in zip(config.fuses, held_out, strict=True))
    )
    assert [one for one in config.skill if one.measured_on == HELD_OUT] == figures(by_hand, config, HELD_OUT)
    assert {"dev, final network"} < {one.measured_on for one in config.skill}
    assert level(calibrate(1e6, config), config) == "suspected"

    card = (tmp_path / "duo" / "CARD.md").read_text("utf-8")
    for member in config.fuses:
        assert f"{member.weight:g} × the logit of `{member.name}`" in card
        assert f"`{member.name}` {member.digest}" in card
    assert "A scan must name them, too." in card
    assert "Held out together" in card
    assert sorted(path.name for path in (tmp_path / "duo").iterdir()) == ["CARD.md", "detector.yaml"]


def test_what_training_scored_is_not_scored_again(members, rows, tmp_path, monkeypatch) -> None:
    """And a fusion of the same members is the same, byte for byte."""

    def refuse(*_: Any) -> None:
        raise AssertionError("scored again")

    monkeypatch.setattr("pipelines.detector.remembered.predict", refuse)
    fuse_packages(order(members, rows, tmp_path / "a" / "duo", work=tmp_path / "work"))
    fuse_packages(order(members, rows, tmp_path / "b" / "duo", work=tmp_path / "work"))
    assert load_any(str(tmp_path / "a" / "duo")).digest == load_any(str(tmp_path / "b" / "duo")).digest


MADE_UP = predictions.package()


def named(name: str, **fields: Any) -> DetectorPackage:
    return replace(MADE_UP, config=MADE_UP.config.model_copy(update={"name": name, **fields}))


@pytest.mark.parametrize(
    ("members", "out", "code"),
    [
        ([], "duo", "few_members"),
        ([named("a")], "duo", "few_members"),
        ([named("a"), named("a")], "duo", "few_members"),
        ([named("a"), named("b")], "Duo!", "invalid_name"),
        ([named("a", version="0.0.9"), named("b")], "duo", "other_recipe"),
        ([named("a", version="0.1.0", scope=ScopeRules()), named("b")], "duo", "other_recipe"),
        ([named("a", architecture=Architecture(name="exported")), named("b")], "duo", "unknown_architecture"),
    ],
    ids=["none", "one", "one twice", "name", "version", "scope", "not trained here"],
)
def test_what_cannot_be_fused_is_refused_before_anything_is_computed(members, out, code, tmp_path) -> None:
    nothing = pd.DataFrame()
    with pytest.raises(DetectorError) as caught:
        fuse_packages(order(members, nothing, tmp_path / out))
    assert caught.value.code == code
    assert not (tmp_path / out).exists()


def scores(*raws: float, path: str = "p") -> pd.DataFrame:
    return pd.DataFrame({"path": [f"{path}{i}" for i in range(len(raws))], "label": 1, "raw": raws})


MEMBERS = [Member(name="a", digest="0" * 64, weight=0.5), Member(name="b", digest="1" * 64, weight=2.0)]


def test_sums_of_predictions_are_null_where_a_member_s_are() -> None:
    found = fuse_predictions(MEMBERS, [scores(1.0, 2.0, np.nan), scores(-1.0, np.nan, 3.0)])
    assert found["raw"].tolist() == pytest.approx([-1.5, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize("other", [scores(1.0), scores(1.0, 2.0, path="q")], ids=["fewer", "others"])
def test_predictions_of_different_pictures_are_not_added(other) -> None:
    with pytest.raises(ValueError, match="other pictures"):
        fuse_predictions(MEMBERS, [scores(1.0, 2.0), other])


@pytest.mark.parametrize("raws", [(1.5, 1.5), (np.nan, np.nan), ()], ids=["one answer", "no answer", "no picture"])
def test_a_member_that_tells_nothing_apart_is_refused(raws) -> None:
    with pytest.raises(DetectorError, match="leave it out") as caught:
        weigh([named("a"), named("b")], [scores(1.0, 3.0), scores(*raws)])
    assert caught.value.code == "no_spread"


def test_weights_give_every_member_the_same_spread() -> None:
    found = weigh([named("a"), named("b")], [scores(1.0, 3.0, np.nan), scores(-8.0, 8.0, 0.0)])
    assert [one.weight for one in found] == pytest.approx([1.0, 1 / np.std([-8, 8, 0])], rel=1e-5)


def test_a_fusion_is_evaluated_with_its_members(members, rows, media, tmp_path) -> None:
    """The command finds on a split what the card says of it."""
    config = fuse_packages(order(members, rows, tmp_path / "duo"))
    output = tmp_path / "report.json"
    named = [f"--member={one.directory}" for one in members[::-1]]
    told = ["--data", str(media), "--treatment=as_is", "--treatment=jpeg90", "--output", str(output)]
    ran = CliRunner().invoke(app, ["evaluate", str(tmp_path / "duo"), *named, *told])
    assert ran.exit_code == 0, ran.output
    report = json.loads(output.read_text("utf-8"))
    assert report["digest"] == load_any(str(tmp_path / "duo")).digest
    stated = [one.model_dump(mode="json") for one in config.skill if one.measured_on == DEV]
    assert report["skill"] == stated
    assert report["skipped_videos"] == len(rows[rows["is_video"] & (rows["split"] == "dev")])

    ran = CliRunner().invoke(app, ["evaluate", str(tmp_path / "duo"), named[0], *told])
    assert ran.exit_code == 2
    assert "duo fuses early and late, and early is not named here. Add --member DIR" in ran.output
