"""The table: every hostile file, how it is made, and what a scan must say of it and of its members."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from examples.media import broken
from tests.hostile import archives, media
from tests.hostile.outside import Outside
from tests.hostile.quine import NAME as AGAIN
from tests.hostile.quine import quine
from tests.transforms.containers.archives import PACKED, linked_zip, overlapping_zip, sparse_tar, tarred, warc, zipped
from tests.transforms.examine.examine_samples import with_external_media
from transforms.outcomes import Reason

EXAMINED = None
MEMBERS = 300
"""Of one container: the limit in the test's profile."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that a scan must survive.

    Attributes:
        name: Within the source; with surrogates where its bytes are no UTF-8.
        build: Makes its bytes.
        reason: Of its row, or ``EXAMINED``.
        members: By path those that have rows, each with its reason.
    """

    name: str
    build: Callable[[Outside], bytes]
    reason: Reason | None
    members: Mapping[str, Reason | None] = field(default_factory=dict)


def _made(build: Callable[[], bytes]) -> Callable[[Outside], bytes]:
    return lambda _: build()


def _bytes(data: bytes) -> Callable[[Outside], bytes]:
    return lambda _: data


def _nested_members(depth: int, prefix: str = "", level: int = 2) -> Iterator[tuple[str, Reason]]:
    for number in range(3):
        path = f"{prefix}{number}.zip"
        yield path, Reason.CONTAINER if level <= depth else Reason.NESTED
        if level <= depth:
            yield from _nested_members(depth, f"{path}!/", level + 1)


_LIED = {"lie.png": Reason.CORRUPT}
_ONE = {"a.jpg": Reason.NAMED_AS_MEDIA}
_ONE_ANSWER = {"http:a.jpg": Reason.NAMED_AS_MEDIA}
ARCHIVES = (
    Hostile("bomb.zip", _made(archives.bomb), Reason.CONTAINER, {"bomb.png": Reason.OVER_CONTAINER_LIMIT}),
    Hostile("nested bomb.zip", _made(partial(archives.nested_bomb, 5)), Reason.CONTAINER, dict(_nested_members(3))),
    Hostile(
        "holds itself.zip",
        _made(quine),
        Reason.CONTAINER,
        {AGAIN: Reason.CONTAINER, f"{AGAIN}!/{AGAIN}": Reason.CONTAINER, f"{AGAIN}!/{AGAIN}!/{AGAIN}": Reason.NESTED},
    ),
    Hostile(
        "very many.zip",
        _made(partial(archives.many_entries, 20_000)),
        Reason.OVER_CONTAINER_LIMIT,
        {f"{number}.jpg": Reason.NAMED_AS_MEDIA for number in range(MEMBERS)},
    ),
    Hostile(
        "overlapping.zip",
        _made(partial(overlapping_zip, 20)),
        Reason.CONTAINER,
        {f"{number:05}": Reason.CORRUPT for number in range(20)},
    ),
    Hostile("lying size.zip", _made(partial(archives.lying_size, zipfile.ZIP_DEFLATED)), Reason.CONTAINER, _LIED),
    Hostile(
        "lying size, bzip2.zip",
        _made(partial(archives.lying_size, zipfile.ZIP_BZIP2)),
        Reason.CONTAINER,
        _LIED,
    ),
    Hostile("lying size, lzma.zip", _made(partial(archives.lying_size, zipfile.ZIP_LZMA)), Reason.CONTAINER, _LIED),
    Hostile("lying name.zip", _made(archives.lying_name), Reason.CONTAINER, {"a.jpg": Reason.CORRUPT}),
    Hostile("lying offset.zip", _made(archives.lying_offset), Reason.CONTAINER, {"a.jpg": Reason.CORRUPT}),
    Hostile("lying count.zip", _made(archives.lying_count), Reason.CONTAINER, _ONE),
    Hostile("no directory.zip", _made(lambda: zipped([("a.jpg", b"x")])[:-30]), Reason.CORRUPT),
    Hostile(
        "same names.zip",
        _made(archives.same_names),
        Reason.CONTAINER,
        dict.fromkeys(["a.jpg", "a.jpg#2", "a.jpg#3"], Reason.NAMED_AS_MEDIA),
    ),
    Hostile(
        "link.zip",
        lambda out: linked_zip("link.jpg", str(out.text)),
        Reason.CONTAINER,
        {"link.jpg": Reason.NOT_A_FILE},
    ),
    Hostile("zip without a suffix", _made(lambda: zipped([("a.jpg", b"x")])), Reason.CONTAINER, _ONE),
    Hostile("zip.jpg", _made(lambda: zipped([("a.jpg", b"x")])), Reason.NAMED_AS_MEDIA),
    Hostile("zip.docx", _made(lambda: zipped([("a.jpg", b"x")])), Reason.CONTAINER, _ONE),
    Hostile(
        "crawl.warc",
        lambda out: archives.hostile_answers(out.address),
        Reason.CONTAINER,
        {
            "http://a.kz/bomb.png": Reason.OVER_CONTAINER_LIMIT,
            "http://a.kz/chunks.png": Reason.TRUNCATED,
            "http://a.kz/header.png": Reason.OVER_CONTAINER_LIMIT,
            "../../up.jpg": Reason.NAMED_AS_MEDIA,
            "again.jpg": Reason.NOT_A_FILE,
        },
    ),
    Hostile(
        "cut.warc",
        _made(lambda: warc([("http://a.kz/a.jpg", b"x")] * 2)[:-9]),
        Reason.TRUNCATED,
        {"http://a.kz/a.jpg": Reason.NAMED_AS_MEDIA},
    ),
    Hostile("endless header.warc.gz", _made(archives.endless_record_header), Reason.OVER_CONTAINER_LIMIT),
    Hostile("endless request.warc.gz", _made(archives.endless_request), Reason.OVER_CONTAINER_LIMIT),
    Hostile("cut.tar", _made(lambda: tarred([("a.jpg", b"x"), ("b.jpg", b"x" * 600)])[:-9600]), Reason.TRUNCATED, _ONE),
    Hostile("endless.tar.gz", _made(archives.endless_gzip), Reason.OVER_CONTAINER_LIMIT),
    Hostile("endless name.tgz", _made(archives.endless_header), Reason.OVER_CONTAINER_LIMIT),
    Hostile(
        "zeros.tar.xz",
        _made(lambda: PACKED["tar.xz"](tarred([("a.jpg", bytes(100 << 20))]))),
        Reason.OVER_CONTAINER_LIMIT,
    ),
    Hostile(
        "hole.tar",
        _made(partial(sparse_tar, 512 << 20)),
        Reason.CONTAINER,
        {"hole.png": Reason.OVER_CONTAINER_LIMIT},
    ),
    Hostile(
        "special.tar",
        lambda out: archives.special_members(str(out.text)),
        Reason.CONTAINER,
        {
            "../../up.jpg": Reason.NAMED_AS_MEDIA,
            "/root.jpg": Reason.NAMED_AS_MEDIA,
            **{f"{kind}.jpg": Reason.NOT_A_FILE for kind in ("symlink", "hardlink", "pipe", "character", "block")},
        },
    ),
    Hostile(
        "through a link.tar",
        lambda out: archives.through_a_link(str(out.folder)),
        Reason.CONTAINER,
        {"in": Reason.NOT_A_FILE, "in/planted.jpg": Reason.EMPTY_FILE},
    ),
    Hostile(
        "undecodable.tar",
        _made(archives.undecodable_names),
        Reason.CONTAINER,
        dict.fromkeys(["\\xff\\xfe.jpg", "a\nb.jpg", "\u202egpj.exe", "a\x1b[31m.jpg", "x" * 1000], Reason.EMPTY_FILE),
    ),
)

_PLAYLISTS = (
    Hostile("list.m3u8", lambda out: broken.hls_playlist(str(out.film), out.address), Reason.NOT_MEDIA),
    Hostile("list.mp4", lambda out: broken.hls_playlist(str(out.film), out.address), Reason.NAMED_AS_MEDIA),
    Hostile("list.mkv", lambda out: broken.concat_script(str(out.film), str(out.pipe)), Reason.NAMED_AS_MEDIA),
    Hostile("list.ffconcat", lambda out: broken.concat_script(str(out.film), out.address), Reason.NOT_MEDIA),
    Hostile(
        "list.ts",
        lambda out: broken.stream_description(out.listener.getsockname()[1]),
        Reason.NAMED_AS_MEDIA,
    ),
    Hostile("elsewhere.mov", lambda out: with_external_media(media.film(), out.film), Reason.NO_FRAMES),
)

_POSING = (
    Hostile("drawing.png", _bytes(broken.SVG), Reason.NAMED_AS_MEDIA),
    Hostile("paper.jpg", _bytes(broken.PDF), Reason.NAMED_AS_MEDIA),
    Hostile("page.jpg", _bytes(broken.HTML), Reason.NAMED_AS_MEDIA),
    Hostile("script.png", _bytes(b"#!/bin/sh\ntouch /tmp/planted\n"), Reason.NAMED_AS_MEDIA),
    Hostile("photo and zip.jpg", _made(lambda: media.photo() + zipped([("a.jpg", b"x")])), EXAMINED),
    Hostile("photo and zip.zip", _made(lambda: media.photo() + zipped([("a.jpg", b"x")])), Reason.CORRUPT),
    Hostile("picture and zip.png", _made(lambda: media.png() + zipped([("a.jpg", b"x")])), EXAMINED),
    Hostile("picture and script.gif", _made(media.gif_and_script), EXAMINED),
)

_PICTURES = (
    Hostile("hundred thousand frames.gif", _made(partial(media.many_frames, 100_000)), EXAMINED),
    Hostile("tall.png", _made(partial(media.strip, "PNG", (1, 65_535))), EXAMINED),
    Hostile("wide.png", _made(partial(media.strip, "PNG", (65_535, 1))), EXAMINED),
    Hostile("tall.jpg", _made(partial(media.strip, "JPEG", (1, 65_500))), EXAMINED),
    Hostile("wide.jpg", _made(partial(media.strip, "JPEG", (65_500, 1))), EXAMINED),
    Hostile("huge.png", _made(broken.huge_png), Reason.OVER_PIXEL_LIMIT),
    Hostile("huge.jpg", _made(lambda: broken.huge_jpeg(media.photo())), Reason.OVER_PIXEL_LIMIT),
    Hostile("as large as it says.png", _made(media.within_the_limit), EXAMINED),
    Hostile("text bomb.png", _made(media.text_bomb), Reason.CORRUPT),
)

_FILMS = (
    Hostile("deep.mp4", _made(partial(media.deep_film, 1000)), Reason.CORRUPT),
    Hostile(
        "deep without a film.mp4",
        _made(lambda: media.top_box_of_size(0) + media.nested_boxes(1000)),
        Reason.NO_FRAMES,
    ),
    *(Hostile(f"box of {size}.mp4", _made(partial(media.film_with_size, size)), EXAMINED) for size in (0, 4, 1 << 63)),
    Hostile("index to the end.mp4", _made(partial(media.top_box_of_size, 0)), Reason.NO_FRAMES),
    *(
        Hostile(f"index of {size}.mp4", _made(partial(media.top_box_of_size, size)), Reason.TRUNCATED)
        for size in (4, 1 << 63)
    ),
)

_TEXTS = (
    Hostile("laughing.jpg", _made(lambda: media.photo_with(media.laughing())), EXAMINED),
    Hostile("reading.jpg", lambda out: media.photo_with(media.reading(out.text)), EXAMINED),
    Hostile("waiting.jpg", lambda out: media.photo_with(media.reading(out.pipe)), EXAMINED),
    Hostile("calling.jpg", lambda out: media.photo_with(media.calling(out.address)), EXAMINED),
    Hostile("beside.jpg", _made(media.photo), EXAMINED),
    Hostile("beside.txt", _made(media.laughing), Reason.NOT_MEDIA),
    Hostile("beside.xmp", lambda out: media.reading(out.text), Reason.NOT_MEDIA),
    Hostile("beside.json", _made(media.deep_json), Reason.NOT_MEDIA),
    Hostile("beside.srt", _bytes(b"1\n00:00:00,000 --> 99999999:00:00,000\n" + b"<b>" * 100_000), Reason.NOT_MEDIA),
    Hostile("beside.vtt", _bytes(b"WEBVTT\n\n" + b"00:00.000 --> 00:01.000\nx\n\n" * 20_000), Reason.NOT_MEDIA),
    Hostile("beside.md", _bytes(b"\xff\xfe\0\xd8" * 1000), Reason.NOT_MEDIA),
)

_NAMES = (
    Hostile("empty.jpg", _bytes(b""), Reason.EMPTY_FILE),
    Hostile("one byte.jpg", _bytes(b"\xff"), Reason.NAMED_AS_MEDIA),
    *(
        Hostile(f"{name}.jpg", _made(media.photo), EXAMINED)
        for name in (
            "new\nline",
            "'quotes\" `and` $(touch planted)",
            "\u202egpj",
            "-rf",
            "a\x1b[31m",
            "%s{0}\\",
            "x" * 251,
            "broken \udcff\udcfe",
        )
    ),
)


def cut_photographs() -> tuple[Hostile, ...]:
    """A JPEG cut off at every thirtieth byte of it; what ends within a marker of its header is taken for broken."""
    whole = media.photo()
    markers = media.marker_bytes(whole)
    return tuple(
        Hostile(
            f"cut/{length:05}.jpg", _bytes(whole[:length]), Reason.CORRUPT if length in markers else Reason.TRUNCATED
        )
        for length in range(30, len(whole), 30)
    )


FILES = (*ARCHIVES, *_PLAYLISTS, *_POSING, *_PICTURES, *_FILMS, *_TEXTS, *_NAMES, *cut_photographs())
