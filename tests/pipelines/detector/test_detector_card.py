from pathlib import Path

import pytest

import configs
from pipelines.detector import card
from pipelines.detector.data import read_manifest
from pipelines.detector.report import split_report
from transforms.detect.package import Skill, load_package

MANIFEST = Path(__file__).parents[4] / "shared" / "data" / "manifest.csv"


def figure(metric, value, *, source="all", interval=(0.0, 1.0)):
    return Skill(
        source=source,
        measured_on="dev",
        treatment="as_is",
        metric=metric,
        value=value,
        interval=interval,
        n_ai=10,
        n_real=10,
    )


def test_the_shipped_card_is_what_the_configuration_says():
    package = load_package(configs.DEFAULT_DETECTOR)
    assert (package.directory / "CARD.md").read_text("utf-8") == card.render(package.config)


def test_unwelcome_figures_are_said_in_plain_words():
    config = load_package(configs.DEFAULT_DETECTOR).config
    skill = [
        figure("auc", 0.2, source="old", interval=(0.1, 0.3)),
        figure("auc", 0.52, source="new", interval=(0.4, 0.6)),
        figure("auc", 0.9, source="known", interval=(0.8, 0.95)),
        figure("recall_suspected", 0.03),
        figure("false_alarms_suspected", 0.01),
        figure("false_alarms_suspected", 0.2, source="faces"),
    ]
    text = " ".join(card.plain_words(config.model_copy(update={"skill": skill})))
    assert "worse than chance**, as AUC, on old (0.20)" in text
    assert "no better than chance, as AUC, on new (0.52)" in text
    assert "known" not in text
    assert "**it finds 3.0% [0.0%, 100.0%] of the AI pictures**" in text
    assert "3.0% of the AI pictures and 1.0% of the real ones" in text
    assert "faces, as_is: 20.0% of 10, **above the 1% aimed at**" in text


@pytest.mark.skipif(not MANIFEST.exists(), reason="needs the development media, which are not part of the project")
def test_the_card_states_what_is_measured_on_dev():
    package = load_package(configs.DEFAULT_DETECTOR)
    rows = read_manifest(MANIFEST)
    report = split_report(package, rows[~rows["is_video"]], "dev", lambda *_: None, ("as_is",))
    stated = [s for s in package.config.skill if s.measured_on == report.measured_on and s.treatment == "as_is"]
    assert stated
    for wanted, found in zip(stated, report.skill, strict=True):
        assert (found.source, found.metric, found.n_ai, found.n_real) == (
            wanted.source,
            wanted.metric,
            wanted.n_ai,
            wanted.n_real,
        )
        assert found.value == pytest.approx(wanted.value, abs=0.005)
