"""Which files lie beside which: by stem or by whole name, and never beside another sidecar."""

import os

import pytest

from transforms.beside.gather import gather
from transforms.beside.sidecars import MOST_BYTES, MOST_SIDECARS, Folder
from transforms.containers.entries import ContainerLimits
from transforms.containers.opener import Opener
from transforms.examine.settings import Limits
from transforms.records import Place

OPENER = Opener(Limits(), ContainerLimits())


@pytest.mark.parametrize(
    ("name", "others", "beside"),
    [
        ("clip.mp4", ["clip.txt", "clip.json", "clip.xmp", "clip.srt", "clip.vtt", "clip.md"],
         ["clip.txt", "clip.json", "clip.xmp", "clip.srt", "clip.vtt", "clip.md"]),
        ("clip.mp4", ["clip.mp4.json", "clip.mp4.txt", "o.txt", "clip 2.txt"], ["clip.mp4.txt", "clip.mp4.json"]),
        ("CLIP.MP4", ["CLIP.TXT", "clip.txt"], ["CLIP.TXT"]),
        ("clip.mp4", ["clip.ru.srt", "clip.kk-KZ.vtt", "clip.info.json", "clip.draft.txt"],
         ["clip.info.json", "clip.ru.srt", "clip.kk-KZ.vtt"]),
        ("clip.mp4", ["clip.ru.mp4", "clip.ru.srt"], []),
        ("clip.ru.mp4", ["clip.mp4", "clip.ru.srt"], ["clip.ru.srt"]),
        ("clip.mp4", ["clip.c2pa"], ["clip.c2pa"]),
        ("clip.txt", ["clip.json", "clip.txt.json"], []),
        ("clip", ["clip.txt"], ["clip.txt"]),
        ("a.b.mp4", ["a.b.txt", "a.txt"], ["a.b.txt"]),
        ("clip.mp4", [], []),
    ],
)  # fmt: skip
def test_what_lies_beside(name, others, beside):
    assert list(Folder([name, *others]).beside(name)) == beside


def place(path) -> Place:
    try:
        status = path.stat()
    except OSError as error:
        return Place("/", str(path), str(path), None, None, problem=error.strerror)
    return Place("/", str(path), str(path), status.st_size, status.st_mtime_ns)


def test_bytes_are_gathered_and_what_cannot_be_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "c.txt").mkdir()
    (tmp_path / "d.txt").write_bytes(b"a" * (MOST_BYTES + 1))
    (tmp_path / "e.c2pa").write_bytes(b"x")
    os.mkfifo(tmp_path / "f.txt")
    (tmp_path / "g.txt").write_bytes(b"a" * MOST_BYTES)
    vanished = Place("/", str(tmp_path / "h.txt"), str(tmp_path / "h.txt"), 1, 1)
    texts, notes = gather([*(place(path) for path in sorted(tmp_path.iterdir())), vanished], OPENER)
    assert [(name, len(data)) for name, data in texts] == [("a.txt", 4), ("g.txt", MOST_BYTES)]
    assert [(note.layer, note.status, note.detail.split(": ")[:2]) for note in notes] == [
        ("caption", "not_checked", ["unreadable", "b.txt"]),
        ("caption", "not_checked", ["unreadable", "c.txt"]),
        ("caption", "not_checked", ["over_size_limit", "d.txt"]),
        ("c2pa", "not_checked", ["sidecar_manifest", "e.c2pa"]),
        ("caption", "not_checked", ["unreadable", "f.txt"]),
        ("caption", "not_checked", ["vanished", "h.txt"]),
    ]


def test_more_sidecars_than_are_read_are_told(tmp_path):
    for number in range(MOST_SIDECARS + 3):
        (tmp_path / f"clip.{number:02}.txt").write_text("x")
    texts, [note] = gather([place(path) for path in sorted(tmp_path.iterdir())], OPENER)
    assert len(texts) == MOST_SIDECARS
    assert note.detail.startswith("over_limit: clip.16.txt: 19 files")


@pytest.mark.parametrize("change", ["none", "size", "time", "tag", "name", "more", "context"])
def test_the_digest_of_what_lies_beside(change):
    from dataclasses import replace

    from transforms.beside.context import Context

    one, other = Place("/s", "/s/a.txt", "/s/a.txt", 1, 2), Place("/s", "/s/a.json", "/s/a.json", 3, 4)
    item = Place("/s", "/s/a.png", "/s/a.png", 9, 9, beside=(one, other))
    changed = {
        "none": replace(item, beside=(other, one), size_bytes=10),
        "size": replace(item, beside=(replace(one, size_bytes=2), other)),
        "time": replace(item, beside=(replace(one, mtime_ns=3), other)),
        "tag": replace(item, beside=(replace(one, etag="x"), other)),
        "name": replace(item, beside=(replace(one, uri="/s/a.md"), other)),
        "more": replace(item, beside=(one,)),
        "context": replace(item, context=Context(title="x")),
    }[change]
    assert (item.beside_digest == changed.beside_digest) == (change == "none")
    assert replace(item, beside=()).beside_digest is None
