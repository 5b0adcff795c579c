"""Evidence packages: all that is known of a content, whole, checkable, and recomputed from the original."""

import csv
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

import configs
from examples.media.pictures import generated_picture, photograph, png
from examples.media.videos import video
from pipelines.errors import ExitCode, UsageError
from pipelines.evidence.compare import differences
from pipelines.evidence.package import Order, package
from pipelines.evidence.verify import Means, verify
from pipelines.policy_config import load_policies
from pipelines.reviews import Decision, Review, record_reviews
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from tests.conftest import rows

sys.path.insert(0, str(Path(__file__).parents[1] / "transforms" / "marks"))
from c2pa_corpus import signed

ROOT = Path(__file__).parents[2]
MEANS = Means((configs.DEFAULT_DETECTOR,))
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202egpj.exe'


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A signed picture in two places, a film, a picture of no interest, a broken one, and captions."""
    folder = tmp_path_factory.mktemp("case") / "archive"
    folder.mkdir()
    made = signed(png(photograph("coffee", 320)), "image/png")
    (folder / "signed.png").write_bytes(made)
    (folder / "copy.png").write_bytes(made)
    video(folder / "film.mp4", seconds=1)
    generated_picture(1, (96, 64)).save(folder / "plain.png")
    (folder / "broken.png").write_bytes(png(generated_picture(2, (96, 64)))[:300])
    (folder / "described.png").write_bytes(png(generated_picture(3, (96, 64))))
    (folder / "described.txt").write_text("Сурет ЖИ көмегімен жасалған", "utf-8")
    table = folder.parent / "published.csv"
    with table.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["uri", "title", "published_at"], [folder / "plain.png", HOSTILE, "2026-03-01"]])
    return folder


@pytest.fixture(scope="module")
def store(archive, light, tmp_path_factory) -> Store:
    root = tmp_path_factory.mktemp("store") / "store"
    for policies in (["kz"], ["kz", "cn"]):  # the second one judges once more
        options = ScanOptions(
            [str(archive)],
            str(root),
            profile=str(light),
            context=archive.parent / "published.csv",
            policies=load_policies(policies),
        )
        Scan(options, Console(stderr=True, quiet=True)).run()
    found = Store.open(root)
    record_reviews(found, [Review(content_of(found, "signed.png"), "kz", Decision.NOT_DISCLOSED, "ann", HOSTILE)])
    return found


def content_of(store: Store, name: str) -> str:
    ((content,),) = rows(store.root, f"SELECT content_sha256 FROM items_latest WHERE uri LIKE '%/{name}'")
    return content


@pytest.fixture(scope="module")
def packages(store, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    names = ("signed.png", "film.mp4", "plain.png", "broken.png", "described.png")
    done = {name: package(store, Order(content_of(store, name)[:12]), folder / f"{name}.zip") for name in names}
    assert {name: one.missing for name, one in done.items() if one.missing and name != "broken.png"} == {}
    return {name: one.output for name, one in done.items()}


def held(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as found:
        return found.read(name)


def told(path: Path, name: str):
    return json.loads(held(path, name))


def test_a_package_holds_all_rows_of_the_content_and_no_others(packages, store) -> None:
    content = content_of(store, "signed.png")
    for table in ("items", "frames", "marks", "verdicts", "reviews"):
        found = told(packages["signed.png"], f"rows/{table}.json")
        ((count,),) = rows(store.root, f"SELECT count(*) FROM {table} WHERE content_sha256 = '{content}'")
        assert len(found) == count > 0
        assert {row["content_sha256"] for row in found} == {content}
    assert [Path(row["uri"]).name for row in told(packages["signed.png"], "rows/places.json")] == [
        "copy.png",
        "signed.png",
    ]


def test_frames_policies_and_the_manifest_store_are_in_it(packages, archive) -> None:
    names = zipfile.ZipFile(packages["film.mp4"]).namelist()
    frames = [name for name in names if name.startswith("frames/")]
    assert len(frames) == 16
    assert frames[0] == "frames/00-0ms.jpg"
    facts = told(packages["signed.png"], "package.json")
    assert sorted(path.partition("-")[0] for path in facts["policies"].values()) == ["policies/cn", "policies/kz"]
    store = told(packages["signed.png"], "c2pa/manifest-store.json")
    (label,) = store["data"]["manifests"]
    assert store["data"]["active_manifest"] == label
    assert store["status"] == "read"
    assert "c2pa/manifest-store.json" not in names


def test_the_custody_log_tells_what_happened_in_order(packages) -> None:
    events = told(packages["signed.png"], "custody.json")
    assert [event["what"] for event in events] == [*["recorded"] * 2, *["judged"] * 4, "decided", "packaged"]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert events[-2]["by"] == "ann"


def test_the_same_rows_give_the_same_files_but_for_the_time(packages, store, tmp_path) -> None:
    again = package(store, Order(content_of(store, "film.mp4")), tmp_path / "again.zip").output
    with zipfile.ZipFile(packages["film.mp4"]) as one, zipfile.ZipFile(again) as other:
        assert one.namelist() == other.namelist()
        differing = {name for name in one.namelist() if one.read(name) != other.read(name)}
    assert differing == {"package.json", "custody.json", "case.html", "SHA256SUMS"}


def test_sha256sum_accepts_it(packages, tmp_path) -> None:
    with zipfile.ZipFile(packages["signed.png"]) as found:
        found.extractall(tmp_path)
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["signed.png", "film.mp4", "plain.png"])
def test_the_original_gives_the_same_rows(name, packages, archive, light) -> None:
    found = verify(packages[name], archive / name, Means(MEANS.detectors, str(light)))
    assert (found.problems, found.differences, found.open) == ([], [], [])
    assert len(found.confirmed) == 3
    assert "1 items" in found.confirmed[-1]
    assert "2 verdicts" in found.confirmed[-1]


@pytest.mark.parametrize(
    ("name", "original", "profile", "refuted", "words"),
    [
        ("signed.png", None, None, False, "name it with --original"),
        ("signed.png", "plain.png", None, True, "is another file"),
        ("plain.png", "plain.png", "default", False, "other versions, detectors or settings"),
        ("described.png", "described.png", None, False, "rest on texts beside the file"),
        ("broken.png", "broken.png", None, False, "gives the same rows"),
    ],
)
def test_what_a_check_says(name, original, profile, refuted, words, packages, archive, light) -> None:
    means = Means(MEANS.detectors, profile or str(light))
    found = verify(packages[name], original and archive / original, means)
    assert found.is_refuted == refuted
    assert words in "\n".join([*found.problems, *found.open, *found.confirmed])


def rewritten(path: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """The package with other contents of some files; None: without them."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as out:
        kept = {name: source.read(name) for name in source.namelist()} | changes
        for name, data in kept.items():
            if data is not None:
                out.writestr(name, data)
    return target


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows/verdicts.json": b"[]"}, "rows/verdicts.json was changed"),
        ({"rows/marks.json": None}, "rows/marks.json is missing"),
        ({"rows/more.json": b"[]"}, "rows/more.json is not in SHA256SUMS: it was added"),
        ({"SHA256SUMS": None}, "SHA256SUMS, the list of its files, is missing"),
        ({"case.html": b"<h1>Innocent</h1>"}, "case.html was changed"),
    ],
)
def test_whatever_was_changed_is_found(changes, words, packages, tmp_path) -> None:
    found = verify(rewritten(packages["plain.png"], tmp_path / "other.zip", changes), None, MEANS)
    assert found.is_refuted
    assert words in "\n".join(found.problems)


def test_rows_that_do_not_follow_from_the_original_are_found_though_the_sums_hold(
    packages, archive, light, tmp_path
) -> None:
    """Whoever forges a row can forge the sums; the original tells."""
    places = told(packages["plain.png"], "rows/places.json")
    places[0]["score"] = 0.999
    changes = {"rows/places.json": json.dumps(places).encode()}
    with zipfile.ZipFile(packages["plain.png"]) as source:
        kept = {name: source.read(name) for name in source.namelist() if name != "SHA256SUMS"} | changes
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in kept.items())
    forged = rewritten(packages["plain.png"], tmp_path / "forged.zip", changes | {"SHA256SUMS": sums.encode()})
    found = verify(forged, archive / "plain.png", Means(MEANS.detectors, str(light)))
    assert found.problems == []
    assert ["score" in line and "0.999" in line for line in found.differences] == [True]


@pytest.mark.parametrize(
    ("was", "now", "lines"),
    [
        ({}, {}, []),
        ({"items": [{"score": 0.5}]}, {"items": [{"score": 0.500_001}]}, []),
        ({"items": [{"score": 0.5}]}, {"items": [{"score": 0.51}]}, ["item, score"]),
        ({"items": [{"width": 3}]}, {"items": [{"width": 4}]}, ["item, width"]),
        ({"marks": [{"mark_id": "m"}]}, {}, ["mark m, row"]),
        ({}, {"frames": [{"detector": "a", "frame_index": 3}]}, ["frame a 3, row"]),
        (
            {"verdicts": [{"policy": "kz", "outcome": "x"}]},
            {"verdicts": [{"policy": "kz", "outcome": "y"}]},
            ["verdict kz, outcome"],
        ),
    ],
)
def test_what_differs(was, now, lines) -> None:
    from collections import defaultdict

    def filled(tables):
        return {
            name: [defaultdict(lambda: None, row) for row in tables.get(name, [])]
            for name in ("items", "frames", "marks", "verdicts")
        }

    assert [one.line.partition(":")[0] for one in differences(filled(was), filled(now))] == lines


@pytest.mark.parametrize(
    ("content", "words"),
    [("zz", "no hash"), ("0" * 64, "no content whose hash"), ("not a hash!", "no hash")],
)
def test_what_is_no_content_is_refused(content, words, store, tmp_path) -> None:
    with pytest.raises(UsageError, match=words):
        package(store, Order(content), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_evidence_is_not_overwritten(store, packages) -> None:
    with pytest.raises(UsageError, match="not overwritten"):
        package(store, Order(content_of(store, "plain.png")), packages["plain.png"])


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", b"no zip"])
def test_what_is_no_package_is_refused(data, tmp_path) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UsageError, match="no package of evidence"):
        verify(tmp_path / "a.zip", None, MEANS)


def test_a_file_that_is_gone_leaves_its_rows(store, archive, tmp_path) -> None:
    content = content_of(store, "described.png")
    away = archive / "described.png"
    kept = away.read_bytes()
    away.unlink()
    try:
        done = package(store, Order(content), tmp_path / "gone.zip")
    finally:
        away.write_bytes(kept)
    assert "No such file" in done.missing[0]
    assert told(done.output, "package.json")["missing"] == list(done.missing)
    assert "No such file" in held(done.output, "case.html").decode()


def test_a_content_that_is_gone_everywhere_still_has_all_that_was_known(light_scan, light, tmp_path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in (1, 2):
        generated_picture(number, (96, 64)).save(source / f"{number}.png")
    light_scan(source)
    store = Store.open(tmp_path / "store")
    content = content_of(store, "1.png")
    (source / "1.png").rename(tmp_path / "kept.png")
    light_scan(source)
    done = package(store, Order(content), tmp_path / "gone.zip")
    assert "lies nowhere any more" in done.missing[0]
    assert [row["outcome"] for row in told(done.output, "rows/items.json")] == ["examined", "gone"]
    assert len(told(done.output, "rows/verdicts.json")) == 1
    assert [event["what"] for event in told(done.output, "custody.json")].count("recorded") == 2
    found = verify(done.output, tmp_path / "kept.png", Means(MEANS.detectors, str(light)))
    assert not found.is_refuted
    assert "1 items, 1 frames" in found.confirmed[-1]


def test_the_command_with_the_original_and_its_check(store, archive, light, tmp_path) -> None:
    aiqyn = [sys.executable, "-m", "pipelines.cli"]
    output = tmp_path / "case.zip"
    command = [*aiqyn, "evidence", content_of(store, "signed.png"), "--store", str(store.root), "--output", str(output)]
    made = subprocess.run([*command, "--with-original"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == ExitCode.COMPLETE, made.stderr
    assert held(output, "original/copy.png") == (archive / "signed.png").read_bytes()
    number = made.stdout.splitlines()[-1]
    assert hashlib.sha256(held(output, "SHA256SUMS")).hexdigest() == number
    checked = subprocess.run([*aiqyn, "verify", str(output)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == ExitCode.INCOMPLETE
    assert f"Its number: {number}" in checked.stdout


def test_the_page_shows_the_case_and_hostile_texts_do_nothing(window, packages, tmp_path) -> None:
    for name in ("plain.png", "signed.png"):
        page = tmp_path / f"{name}.html"
        page.write_bytes(held(packages[name], "case.html"))
        window.page.goto(page.as_uri())
        assert window.requests == [page.as_uri()]
        window.requests.clear()
        assert (window.errors, window.dialogs) == ([], [])
        assert window.page.locator("script").count() == 0
        assert window.grave_findings() == []
        assert window.page.locator("figure img").count() == 1
    assert "alert(1)" in window.page.content(), "the reviewer's note is shown as text"
