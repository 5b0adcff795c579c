"""``aiqyn explain``: one item's story, for people in three languages and for programs."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from examples.media.declared import with_source_type
from examples.media.pictures import generated_picture
from pipelines.case import Answer, Case, FoundMark, Opinion, PolicyCase, Ruling, find_case
from pipelines.errors import ExitCode, UsageError
from pipelines.explain import print_story, run_explain, story_facts
from pipelines.policy_config import load_policy
from pipelines.ruling_story import policy_sections
from pipelines.story import fact_sections, per_thousand
from pipelines.words import LANGUAGES, read_voice
from transforms.detect.config import Abstention, OperatingPoint, Skill
from transforms.detect.package import load_any
from transforms.marks.meaning.rule_files import read_rules
from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome
from transforms.policy.facts import MarkFact
from transforms.policy.verdict import Reason, Verdict
from transforms.records import LayerNote

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden"
DAY = date(2026, 11, 26)
KZ = load_policy("kz")
DETECTORS = ("aiqyn-lite",)


def judged(verdict: Verdict, *places: str) -> PolicyCase:
    return PolicyCase("kz", KZ.policy, is_changed=False, sha256=KZ.sha256, rulings=(Ruling(verdict, places),))


def decided(case: PolicyCase) -> PolicyCase:
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    opinions = (Opinion("Aru", "not_ai", noon, "a drawing"), Opinion("Bek", "not_disclosed", noon))
    return replace(case, decision="disputed", opinions=opinions)


def measured(level: str, **figures: float) -> list[Skill]:
    shared = {"source": "all", "measured_on": "leave one source out", "treatment": "as_is", "interval": None}
    return [
        Skill(metric=f"{name}_{level}", value=value, n_ai=600, n_real=500, **shared) for name, value in figures.items()
    ]


CONFIG = load_any("aiqyn-lite").config.model_copy(
    update={
        "operating_points": [
            OperatingPoint(
                level=level,
                threshold=threshold,
                target_false_alarm_rate=rate,
                false_alarm_rate=rate,
                interval=(rate / 20, rate * 2),
                n=800,
                measured_on="photographs",
            )
            for level, threshold, rate in (("elevated", 0.8, 0.05), ("suspected", 0.9, 0.01))
        ],
        "skill": [
            *measured("elevated", recall=0.31, false_alarms=0.04),
            *measured("suspected", recall=0.1, false_alarms=0.0004),
        ],
        "abstention": Abstention(
            from_score=0.1, target_miss_rate=0.05, miss_rate=0.02, interval=(0.01, 0.04), n=640, measured_on="AI"
        ),
    }
)

FILM = Case(
    places=("/archive/film.mp4",),
    content_sha256="ab" * 32,
    outcome="examined",
    media_type="video/mp4",
    width=1920,
    height=1080,
    duration_ms=12_480.0,
    frames_examined=16,
    depicts_person=True,
    faces_max=2,
    layers=(LayerNote("detector:aiqyn-lite", "not_assessable", "3 of 16 frames: flat"),),
    answers=(Answer("aiqyn-lite", "d" * 64, "none", 0.02, CONFIG),),
    marks=(
        FoundMark(
            MarkFact("m1", "c2pa", "c2pa.source_type", "ai", "cryptographic", "valid", "untrusted", value="trained"),
            "uuid/jumb",
        ),
        FoundMark(
            MarkFact(
                "m2",
                "visible_label",
                "label.text",
                "ai",
                "declared",
                language="kk",
                exactness="fuzzy",
                height_ratio=0.014,
                first_ms=0.0,
                shown_ms=1580.0,
                value="ЖИ арқылы жасалған",
            ),
            "0.00–1.58 s",
        ),
    ),
    policies=(
        judged(
            Verdict(
                DAY,
                date(2026, 6, 1),
                DateBasis.PUBLISHED,
                Synthesis.DECLARED,
                Scope.IN,
                Status.FOUND,
                Status.WEAK,
                VerdictOutcome.DISCLOSED,
                (
                    Reason(Code.DECLARED_BY_MARK, "1(4)", ("m1",)),
                    Reason(Code.DECLARED_BY_LABEL, "1(4)", ("m2",)),
                    Reason(Code.MACHINE_MARK_FOUND, "21(2)", ("m1",)),
                    Reason(Code.VISIBLE_FOUND, "21(2)", ("m2",)),
                    Reason(Code.VISIBLE_SMALL, "21(2)", ("m2",), "1.4% / 2.0%"),
                    Reason(Code.VISIBLE_OTHER_LANGUAGE, "21(2)", detail="ru"),
                    Reason(Code.SHOWS_PERSON, "1(4)"),
                ),
            ),
            "/archive/film.mp4",
        ),
    ),
)
SUSPECTED = Case(
    places=("/archive/a.jpg", "/archive/b.jpg"),
    content_sha256="cd" * 32,
    outcome="examined",
    media_type="image/jpeg",
    width=640,
    height=480,
    frames_examined=1,
    depicts_person=False,
    faces_max=0,
    answers=(
        Answer("aiqyn-lite", "d" * 64, "suspected", 0.97, CONFIG),
        Answer("our-own", "e" * 64, "elevated", 0.71),
    ),
    policies=(
        decided(
            judged(
                Verdict(
                    DAY,
                    DAY,
                    DateBasis.AS_OF,
                    Synthesis.SUSPECTED,
                    Scope.UNKNOWN,
                    Status.NOT_FOUND,
                    Status.NOT_FOUND,
                    VerdictOutcome.REVIEW,
                    (
                        Reason(Code.DETECTOR_SUSPECTS, "1(4)"),
                        Reason(Code.MACHINE_MARK_NOT_FOUND, "21(2)"),
                        Reason(Code.VISIBLE_NOT_FOUND, "21(2)"),
                        Reason(Code.SCOPE_UNKNOWN, "1(4)"),
                        Reason(Code.DATE_UNKNOWN, "in force", detail="2026-11-26"),
                    ),
                ),
                "/archive/a.jpg",
                "/archive/b.jpg",
            )
        ),
    ),
)
BROKEN = Case(
    places=("/archive/cut.png",),
    content_sha256=None,
    outcome="failed",
    reason="truncated",
    detail="image file is truncated",
    media_type="image/png",
    layers=(LayerNote("marks", "incomplete", "IDAT: cut off"),),
    policies=(
        judged(
            Verdict(
                DAY,
                date(2026, 3, 2),
                DateBasis.CAPTURED,
                Synthesis.UNDETERMINED,
                Scope.UNKNOWN,
                Status.NOT_ASSESSABLE,
                Status.NOT_ASSESSABLE,
                VerdictOutcome.NOT_ASSESSABLE,
                (
                    Reason(Code.NOT_EXAMINED, "1(4)", detail="truncated"),
                    Reason(Code.LAYER_INCOMPLETE, "1(4)", detail="marks"),
                    Reason(Code.MACHINE_MARK_NOT_ASSESSABLE, "21(2)", detail="marks"),
                    Reason(Code.VISIBLE_NOT_ASSESSABLE, "21(2)", detail="truncated"),
                    Reason(Code.SCOPE_UNKNOWN, "1(4)"),
                    Reason(Code.DATE_FROM_CAPTURE, "in force", detail="2026-03-02"),
                ),
            ),
            "/archive/cut.png",
        ),
    ),
)


def sections(case: Case, language: str = "en"):
    voice = read_voice(language)
    return [*fact_sections(case, voice, read_rules()), *policy_sections(case, voice)]


def printed(case: Case, language: str = "en", width: int = 100) -> str:
    stream = io.StringIO()
    print_story(Console(file=stream, width=width, highlight=False), case, sections(case, language))
    return stream.getvalue()


def codes(case: Case) -> list[str]:
    return [line.code for section in sections(case) for line in section.lines]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_stories_are_as_they_were(language):
    told = "\n\n".join(printed(case, language) for case in (FILM, SUSPECTED, BROKEN))
    assert told == (GOLDEN / f"explain.{language}.txt").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", Code)
def test_every_reason_can_be_told_with_its_article(language, code):
    (policy,) = FILM.policies
    for detail in (None, "something odd, marks"):
        verdict = replace(policy.rulings[0].verdict, reasons=(Reason(code, "21(2)", ("m1", "gone"), detail),))
        case = replace(FILM, policies=(replace(policy, rulings=(Ruling(verdict, FILM.places),)),))
        told = [line.text for one in policy_sections(case, read_voice(language)) for line in one.lines]
        is_of_the_day = code in {Code.DATE_FROM_CAPTURE, Code.DATE_UNKNOWN}
        assert any(text.endswith("[21(2); #1]") for text in told) is not is_of_the_day
        assert not [text for text in told if "{" in text or "None" in text]


def test_texts_of_a_file_cannot_rewrite_the_terminal():
    hostile = "[red]evil[/red]\x1b[2J\x9b2J\u202e.jpg"
    mark = FoundMark(MarkFact("m1", "xmp", "adhoc.label_text", "ai", "declared", value=hostile), hostile)
    told = printed(replace(SUSPECTED, places=(hostile,), marks=(mark,), detail=hostile, reason="corrupt"), width=400)
    assert all(character.isprintable() or character == "\n" for character in told)
    assert told.count("[red]evil[/red]") == 5  # title, place, detail, value and locator: as texts, not as markup


def test_lines_fit_the_terminal():
    assert max(len(line) for line in printed(FILM, width=60).splitlines()) <= 60


def test_how_often_a_detector_errs_is_told_at_the_level_that_it_reached():
    told = " ".join(printed(SUSPECTED).split())
    assert "of 1,000 pictures that AI did not make, about 10 reach this level (less than 1 to 20" in told
    assert 'of 1,000 AI-made pictures 100 reach the level "suspected" (600 measured), of 1,000 others less than' in told
    assert codes(SUSPECTED).count("rates_unknown") == 1


def test_a_low_score_comes_with_what_the_detector_misses():
    told = " ".join(printed(FILM).split())
    assert "of 1,000 AI-made pictures, about 20 score so low" in told.replace("Of 1,000", "of 1,000")
    assert 'of 1,000 AI-made pictures 310 reach the level "elevated"' in told
    assert "how often it errs on videos they do not say" in told


@pytest.mark.parametrize(("share", "told"), [(0.0, "0"), (0.0004, "less than 1"), (0.0037, "4"), (0.315, "315")])
def test_shares_are_counts_among_a_thousand(share, told):
    assert per_thousand(share, read_voice("en")) == told


def test_a_policy_that_is_not_at_hand_and_one_that_changed_are_said_to_be():
    (policy,) = SUSPECTED.policies
    unknown = replace(SUSPECTED, policies=(replace(policy, policy=None),))
    changed = replace(SUSPECTED, policies=(replace(policy, is_changed=True),))
    assert {"policy_missing", "outcome_review", "visible_not_found"} <= set(codes(unknown))
    assert "policy_changed" in codes(changed)
    assert "policy_changed" not in codes(SUSPECTED)


def test_places_whose_verdicts_differ_are_told_apart():
    (policy,) = SUSPECTED.policies
    other = replace(policy.rulings[0].verdict, outcome=VerdictOutcome.NOT_ASSESSABLE)
    rulings = (replace(policy.rulings[0], places=("/archive/a.jpg",)), Ruling(other, ("/archive/b.jpg",), "Aru: known"))
    case = replace(SUSPECTED, policies=(replace(policy, rulings=rulings),))
    told = [line.text for one in sections(case) if one.policy for line in one.lines]
    assert [text for text in told if text.startswith("Place:")] == ["Place: /archive/a.jpg", "Place: /archive/b.jpg"]
    assert "An ignore file covers this verdict: Aru: known" in told


def test_the_answer_for_programs_has_the_codes_beside_the_sentences():
    facts = json.loads(json.dumps(story_facts(FILM, sections(FILM, "ru"), read_voice("ru"))))
    assert set(facts) == {"language", "item", "layers", "marks", "detectors", "verdicts", "story"}
    assert facts["item"]["places"] == ["/archive/film.mp4"]
    assert [mark["class"] for mark in facts["marks"]] == ["cryptographic", "declared"]
    (detector,) = facts["detectors"]
    assert detector["false_alarms"][1] == {"level": "suspected", "rate": 0.01, "interval": [0.0005, 0.02], "n": 800}
    assert {one["level"]: one["recall"] for one in detector["measured"]} == {"elevated": 0.31, "suspected": 0.1}
    (verdict,) = facts["verdicts"]
    assert (verdict["policy"], verdict["outcome"], verdict["decided_on"]) == ("kz", "disclosed", "2026-06-01")
    assert verdict["reasons"][4] == {
        "code": "visible_small",
        "article": "21(2)",
        "marks": ["m2"],
        "detail": "1.4% / 2.0%",
    }
    named = [section["section"] for section in facts["story"]]
    assert named == ["examined", "declared", "detector", "asks", "found", "outcome", "not_meant", "next"]
    (outcome,) = facts["story"][5]["lines"]
    assert outcome["code"] == "outcome_disclosed"
    assert outcome["text"].startswith("Раскрыто")


def test_what_people_decided_is_told_to_programs_too():
    (verdict,) = story_facts(SUSPECTED, sections(SUSPECTED), read_voice("en"))["verdicts"]
    assert verdict["review"] == "disputed"
    first, second = json.loads(json.dumps(verdict["opinions"]))
    assert first == {
        "reviewer": "Aru",
        "decision": "not_ai",
        "decided_at": "2026-11-27T12:00:00+00:00",
        "note": "a drawing",
    }
    assert second["decision"] == "not_disclosed"
    assert [section.name for section in sections(SUSPECTED)][-1] == "people"
    assert codes(SUSPECTED)[-4:] == ["decision_disputed", "decided", "note", "decided"]
    assert "decision" not in " ".join(codes(FILM)), "where nobody decided, nothing is said"


def test_an_ambiguous_hash_asks_for_more_digits():
    with duckdb.connect() as tables:
        tables.execute("CREATE TABLE items_latest (uri TEXT, member_path TEXT, content_sha256 TEXT, outcome TEXT)")
        for place, digit in (("/a.png", "1"), ("/b.png", "2")):
            row = [place, "0123abcd" + digit * 56]
            tables.execute("INSERT INTO items_latest VALUES ($1, NULL, $2, 'examined')", row)
        with pytest.raises(UsageError, match="0123abcd11111111, 0123abcd22222222"):
            find_case(tables, "0123ABCD", (), ())
        with pytest.raises(UsageError, match="knows nothing of 0123abc"):  # seven digits are no hash
            find_case(tables, "0123abc", (), ())


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    path = tmp_path / "archive" / "declared.jpg"
    path.parent.mkdir()
    path.write_bytes(with_source_type(generated_picture(3), "trainedAlgorithmicMedia"))
    return path


def explained(capsys, item: object, store: Path, **options) -> dict:
    capsys.readouterr()
    policies = options.pop("policies", None)
    run_explain(str(item), str(store), policies, DETECTORS, options.pop("language", "en"), as_json=True)
    return json.loads(capsys.readouterr().out)


def test_an_item_of_a_store_is_found_by_its_address_and_by_its_hash(declared, light_scan, tmp_path, capsys):
    copy = declared.with_name("copy.jpg")
    copy.write_bytes(declared.read_bytes())
    copy.with_suffix(".txt").write_text("Создано с помощью ИИ", "utf-8")
    (declared.parent / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    light_scan(declared.parent)
    store = tmp_path / "store"

    facts = explained(capsys, declared, store)
    assert facts["item"]["places"] == [str(declared), str(copy)]
    assert "iptc.digital_source_type" in [mark["kind"] for mark in facts["marks"]]
    by_place = {tuple(one["places"]): one["visible_warning"] for one in facts["verdicts"]}
    assert by_place == {(str(declared),): "not_found", (str(copy),): "found"}
    sha256 = facts["item"]["content_sha256"]
    assert explained(capsys, sha256[:8], store)["item"]["content_sha256"] == sha256

    (verdict,) = explained(capsys, sha256, store, policies=["us-ca"])["verdicts"]
    assert (verdict["policy"], verdict["outcome"]) == ("us-ca", None)  # nobody judged under it yet

    assert run_explain(str(declared.parent / "cut.png"), str(store), None, DETECTORS, "kk", as_json=False) == 3
    (declared.parent / "cut.png").unlink()
    light_scan(declared.parent)
    facts = explained(capsys, declared.parent / "cut.png", store)
    assert (facts["item"]["outcome"], facts["item"]["reason"], facts["verdicts"]) == ("gone", "vanished", [])

    with pytest.raises(UsageError, match=r"items_latest\.uri"):
        run_explain("/elsewhere.png", str(store), None, DETECTORS, "en", as_json=False)
    with pytest.raises(UsageError, match="There is no store"):
        run_explain(sha256, str(tmp_path / "none"), None, DETECTORS, "en", as_json=False)


def aiqyn(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", "explain", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COLUMNS": "100", "LANG": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)


def test_a_file_is_examined_judged_and_explained_without_a_store(declared):
    before = sorted(declared.parent.iterdir())
    done = aiqyn(declared.name, "--language", "ru", "--policy", "kz,eu-provider", cwd=declared.parent)
    assert done.returncode == ExitCode.COMPLETE, done.stderr
    told = " ".join(done.stdout.split())
    assert "Говорит, что материал создан ИИ: iptc.digital_source_type" in told
    assert "Раскрыто частично: найдена часть того, чего требует норма." in told
    assert told.index("Казахстан: Закон") < told.index("Европейский союз: Регламент")
    assert sorted(declared.parent.iterdir()) == before


def test_a_file_that_is_not_there_ends_in_one_line(tmp_path):
    done = aiqyn("missing.jpg", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "There is no file missing.jpg" in done.stderr
    assert "Traceback" not in done.stderr
