"""Text beside the file in a scan: read for every place, due again when it changes, and never decoded for.

In a folder, and on S3 behind faults.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

import configs
from examples.media.pictures import generated_picture
from tests.conftest import ScanCall, assert_same_rows, rows
from tests.places import source_at
from transforms.containers import opener
from transforms.examine.pool import ChildPool

pytestmark = pytest.mark.usefixtures("both_places")
LABEL, DENIAL, TRAP = "Создано с помощью ИИ", "Не сгенерировано ИИ", "Сгенерировано отчётов: 15"
PLACE_MARKS = """
SELECT regexp_extract(place_uri, '[^/]*$'), layer, kind, says, locator, language, exactness
FROM marks_latest WHERE place_uri IS NOT NULL ORDER BY ALL
"""
NOTES = """
SELECT regexp_extract(uri, '[^/]*$'), note.layer, note.status, note.detail
FROM (SELECT uri, unnest(layers) AS note FROM items_latest WHERE outcome <> 'gone')
WHERE note.layer IN ('caption', 'c2pa') ORDER BY ALL
"""


def light_profile(folder: Path, **marks: bool) -> str:
    """The default profile without what looks at pixels."""
    profile = yaml.safe_load((configs.ROOT / "profiles" / "default.yaml").read_text("utf-8"))
    profile["faces"]["enabled"] = profile["labels"]["enabled"] = False
    profile["marks"] |= marks
    file = folder / f"light{len(marks)}.yaml"
    file.write_text(yaml.safe_dump(profile), "utf-8")
    return str(file)


@pytest.fixture
def scan(scan: ScanCall, tmp_path: Path) -> ScanCall:
    profile = light_profile(tmp_path)
    return lambda *sources, **options: scan(*sources, **({"profile": profile} | options))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for seed in range(2):
        generated_picture(seed, (64, 48)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def examined_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that went to an examiner child to be decoded."""
    names: list[str] = []
    examine = ChildPool.examine

    def spy(self, place):
        names.append(Path(place.path).name)
        return examine(self, place)

    monkeypatch.setattr(ChildPool, "examine", spy)
    return names


def label(name: str, locator: str, says: str = "ai") -> tuple[str, ...]:
    return (name, "caption", "caption.sidecar", says, locator, "ru", "exact")


def test_a_caption_is_a_mark_of_its_place_and_keeps_a_row_of_its_own(source, scan: ScanCall, store):
    (source / "0.txt").write_text(LABEL, "cp1251")
    (source / "1.png.json").write_text(json.dumps({"meta": {"caption": DENIAL, "note": TRAP}}), "utf-16")
    scan(source)
    assert rows(store, PLACE_MARKS) == [
        label("0.png", "0.txt:1"),
        label("1.png", "1.png.json:$.meta.caption", "not_ai"),
    ]
    assert rows(store, "SELECT count(*), count(beside) FROM items") == [(4, 2)]
    of_texts = rows(store, "SELECT DISTINCT outcome, reason, beside FROM items WHERE NOT ends_with(uri, '.png')")
    assert of_texts == [("not_checked", "not_media", None)]
    joined = rows(store, "SELECT regexp_extract(uri, '[^/]*$'), says FROM item_marks WHERE beside ORDER BY 1")
    assert joined == [("0.png", "ai"), ("1.png", "not_ai")]


def test_the_same_bytes_in_two_places_have_the_captions_of_each(source, scan, store, examined_files):
    shutil.copy2(source / "0.png", source / "copy.png")
    (source / "0.txt").write_text(LABEL)
    (source / "copy.txt").write_text(DENIAL)
    scan(source)
    assert rows(store, PLACE_MARKS) == [label("0.png", "0.txt:1"), label("copy.png", "copy.txt:1", "not_ai")]
    assert len([name for name in examined_files if name.endswith(".png")]) == 2
    joined = rows(store, "SELECT regexp_extract(uri, '[^/]*$'), says FROM item_marks ORDER BY 1")
    assert joined == [("0.png", "ai"), ("copy.png", "not_ai")]


@pytest.mark.also_on_s3
def test_a_caption_that_comes_changes_and_goes(source, scan, store, examined_files):
    scan(source)
    decoded = len(examined_files)
    (source / "0.txt").write_text(LABEL)
    [*due] = scan(source, dry_run=True).plan.due
    assert sorted((Path(one.place.uri).name, one.why) for one in due) == [
        ("0.png", "text beside it changed"),
        ("0.txt", "new"),
    ]
    scan(source)
    assert rows(store, PLACE_MARKS) == [label("0.png", "0.txt:1")]
    assert not scan(source, dry_run=True).plan.due

    (source / "0.txt").write_text(DENIAL)
    assert len(scan(source).plan.due) == 2
    assert rows(store, PLACE_MARKS) == [label("0.png", "0.txt:1", "not_ai")]

    assert rows(store, "SELECT count(*) FROM marks") == [(2,)], "the history has them all"

    (source / "0.txt").unlink()
    assert len(scan(source).plan.due) == 2
    assert rows(store, PLACE_MARKS) == []
    assert rows(store, "SELECT count(*) FROM items_latest WHERE beside IS NOT NULL") == [(0,)]
    assert not scan(source, dry_run=True).plan.due
    assert [name for name in examined_files[decoded:] if name.endswith(".png")] == [], "no picture is decoded for it"


@pytest.mark.folder_only("S3 has no time of modification that can be set")
def test_a_touched_picture_keeps_its_caption(source, scan, store):
    (source / "0.txt").write_text(LABEL)
    scan(source)
    os.utime(source / "0.png", ns=(1, 1))
    assert len(scan(source).plan.due) == 1
    assert rows(store, PLACE_MARKS) == [label("0.png", "0.txt:1")]


def test_a_place_that_is_gone_has_no_marks_any_more(source, scan, store):
    (source / "0.txt").write_text(LABEL)
    scan(source)
    (source / "0.png").unlink()
    scan(source)
    assert rows(store, PLACE_MARKS) == []


@pytest.mark.folder_only("S3 has no folders and no links that lie beside a file")
def test_what_cannot_be_read_beside_a_file_is_told(source, scan, store):
    (source / "0.json").write_text('{"caption": "Создано с пом')
    (source / "0.md").mkdir()
    (source / "0.srt").symlink_to(source / "nowhere.srt")
    (source / "0.txt").write_bytes(b"a" * (1 << 20) + b"b")
    (source / "0.vtt").write_bytes(b"\0\1\2")
    (source / "0.c2pa").write_bytes(b"manifest")
    scan(source)
    told = [(layer, status, detail.partition(":")[0]) for _, layer, status, detail in rows(store, NOTES)]
    assert told == [
        ("c2pa", "not_checked", "sidecar_manifest"),
        ("caption", "not_checked", "broken_json"),
        ("caption", "not_checked", "over_size_limit"),
        ("caption", "not_checked", "undecodable"),
        ("caption", "not_checked", "unreadable"),
        ("caption", "not_checked", "unreadable"),
    ]
    assert {name for name, *_ in rows(store, NOTES)} == {"0.png"}
    shutil.copy2(source / "0.png", source / "elsewhere.png")
    scan(source)
    assert {name for name, *_ in rows(store, NOTES)} == {"0.png"}, "notes of one place are not those of another"


def test_a_sidecar_that_could_not_be_read_is_tried_again_when_asked(source, scan, store, monkeypatch):
    (source / "0.txt").write_text(LABEL)
    open_place = opener.open_place

    def forbidden(place):
        if place.name == "0.txt":
            raise PermissionError(13, "Permission denied")
        return open_place(place)

    with monkeypatch.context() as patched:  # permissions do not bind root, under which tests may run
        patched.setattr(opener, "open_place", forbidden)
        scan(source)
    assert rows(store, NOTES) == [
        ("0.png", "caption", "not_checked", "unreadable: 0.txt: Permission denied"),
    ]
    assert not scan(source, dry_run=True).plan.due
    scan(source, retry_failed=True)
    assert rows(store, PLACE_MARKS) == [label("0.png", "0.txt:1")]
    assert rows(store, NOTES) == []


def test_a_single_file_or_a_glob_has_the_sidecars_of_its_folder(source, scan, store, tmp_path):
    (source / "0.txt").write_text(LABEL)
    assert scan(source / "0.png").plan.inputs == 1
    assert rows(store, PLACE_MARKS) == [label("0.png", "0.txt:1")]
    assert scan(f"{source}/*.png", store=tmp_path / "globbed").plan.inputs == 2
    assert rows(tmp_path / "globbed", PLACE_MARKS) == [label("0.png", "0.txt:1")]


def test_a_broken_picture_has_its_caption_read_and_a_document_has_not(source, scan, store):
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture at all")
    (source / "named.jpg").write_bytes(b"no picture at all")
    (source / "report.docx").write_bytes(b"PK\3\4 a document")
    for stem in ("broken", "named", "report"):
        (source / f"{stem}.txt").write_text(LABEL)
    scan(source)
    assert [name for name, *_ in rows(store, PLACE_MARKS)] == ["broken.jpg", "named.jpg"]


def test_segments_of_any_size_give_the_same_rows(source, scan, tmp_path):
    shutil.copy2(source / "0.png", source / "copy.png")
    for name, text in (("0.txt", LABEL), ("copy.txt", DENIAL), ("1.md", f"---\nai_generated: true\n---\n{TRAP}")):
        (source / name).write_text(text)
    scan(source)
    scan(source, store=tmp_path / "small", segment_items=1)
    assert_same_rows(tmp_path / "small", tmp_path / "store")
    assert rows(tmp_path / "small", PLACE_MARKS) == rows(tmp_path / "store", PLACE_MARKS)


def test_without_marks_no_text_beside_is_read(source, scan, store, tmp_path):
    (source / "0.txt").write_text(LABEL)
    scan(source, profile=light_profile(tmp_path, enabled=False))
    assert rows(store, "SELECT count(*) FROM marks") == [(0,)]


CONTEXT_COLUMNS = """
SELECT regexp_extract(uri, '[^/]*$'), title, caption, description, published_at, publisher, url
FROM items_latest WHERE title IS NOT NULL OR caption IS NOT NULL ORDER BY 1
"""


def test_a_context_table_gives_columns_and_marks(source, scan, store, tmp_path, caplog):
    table = tmp_path / "context.csv"
    table.write_text(
        f"uri;title;caption;published_at;publisher;url;rights\n0.png;Заголовок;{LABEL};18.01.2026;Газета;https://e.kz/1;x\n"
        f"{source_at(source)}/1.png;{TRAP};;someday;;;\nnowhere.png;;;;;;\n",
        "cp1251",
    )
    scan(source, context=table)
    assert rows(store, CONTEXT_COLUMNS) == [
        ("0.png", "Заголовок", LABEL, None, "2026-01-18", "Газета", "https://e.kz/1"),
        ("1.png", TRAP, None, None, None, None, None),
    ]
    [mark] = rows(store, PLACE_MARKS)
    assert mark == ("0.png", "caption", "caption.context", "ai", "context:caption", "ru", "exact")
    assert rows(store, NOTES) == [
        (
            "1.png",
            "caption",
            "not_checked",
            "bad_published_at: context:published_at: 'someday' is no date or time.",
        )
    ]
    assert "1 of 3 context rows name no input" in caplog.text
    assert "columns that are not read: rights" in caplog.text
    table.write_text(table.read_text("cp1251").replace(LABEL, DENIAL), "utf-8")
    assert [(Path(due.place.uri).name, due.why) for due in scan(source, context=table, dry_run=True).plan.due] == [
        ("0.png", "text beside it changed")
    ]
    scan(source, context=table)
    assert [mark[3] for mark in rows(store, PLACE_MARKS)] == ["not_ai"]
    assert len(scan(source).plan.due) == 2, "without the table nothing is known of them any more"
    assert rows(store, PLACE_MARKS) == []
    assert rows(store, CONTEXT_COLUMNS) == []
