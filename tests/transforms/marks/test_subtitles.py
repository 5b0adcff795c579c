"""Subtitles within videos: real muxers' files and hand-built tables; times, bounds, and what is of another form."""

import io
import struct
import zlib

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.beside.cases import srt
from tests.transforms.marks.containers.box_files import INFO, TRACKS, box, element, ftyp, full_box, handler, matroska
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Budget
from transforms.marks.read import read_marks
from transforms.marks.settings import MarkReading, Trust
from transforms.marks.subtitles import read_subtitles, subtitle_cues

LABEL = "Создано с помощью ИИ"
CUES = [("Создано с помощью ИИ", 1000.0, 1500.0), ("Привет!", 2000.0, 2500.0)]
MP4, MOV, MKV, WEBM = "video/mp4", "video/quicktime", "video/x-matroska", "video/webm"
ASS_HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


def cues(data: bytes, media_type: str, budget: Budget | None = None) -> list[tuple[str, float, float]]:
    found = subtitle_cues(io.BytesIO(data), media_type, len(data), budget or Budget())
    return [(cue.text, cue.first_ms, cue.last_ms) for cue in found]


def muxed(form: str, codec: str | None) -> bytes:
    """A video of half a second and two subtitles, as FFmpeg writes it; without a codec these are copied."""
    source = av.open(io.BytesIO(srt("Создано\nс помощью ИИ", "<i>Привет!</i>").encode()), format="srt")
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as out:
        video = out.add_stream("libvpx" if form == "webm" else "mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        texts = out.add_stream(codec) if codec else out.add_stream_from_template(source.streams[0])
        if codec:
            texts.codec_context.subtitle_header = ASS_HEADER
        for level in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")
            for packet in video.encode(frame):
                out.mux(packet)
        for packet in video.encode(None):
            out.mux(packet)
        for packet in source.demux():
            if packet.size:
                out.mux(coded(packet, codec, texts))
    return stream.getvalue()


def coded(packet: av.Packet, codec: str | None, stream) -> av.Packet:
    text = bytes(packet)
    forms = {
        "mov_text": struct.pack(">H", len(text)) + text,
        "ass": b"0,0,Default,,0,0,0,,{\\an8}" + text.replace(b"\n", b"\\N"),
    }
    made = av.Packet(forms.get(codec, text))
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.time_base, made.stream = packet.time_base, stream
    return made


@pytest.mark.parametrize(
    ("form", "codec", "media_type"),
    [
        ("mp4", "mov_text", MP4),
        ("mov", "mov_text", MOV),
        ("matroska", None, MKV),
        ("matroska", "ass", MKV),
        ("matroska", "webvtt", MKV),
        ("webm", "webvtt", WEBM),
    ],
)
def test_subtitles_as_ffmpeg_writes_them(form, codec, media_type):
    data = muxed(form, codec)
    assert cues(data, media_type) == CUES
    found = read_marks(io.BytesIO(data), media_type, MarkReading(), Trust(), read_rules())
    [mark] = [mark for mark in found.marks if mark.layer == "caption"]
    assert (mark.kind, mark.says, mark.value) == ("caption.subtitles", "ai", LABEL)
    assert (mark.shown.first_ms, mark.shown.last_ms, mark.shown.shown_ms) == (1000, 1500, 500)
    assert found.layers == ()


def text_track(
    entry: bytes, samples: list[bytes], *, kind=b"text", edits=b"", timescale=1000, wide=False, chunked=1, start=0
) -> bytes:
    """A track whose samples of a second each lie one after another from ``start`` on, ``chunked`` in a chunk."""
    sizes = [len(sample) for sample in samples]
    offsets = [start + sum(sizes[:number]) for number in range(0, len(samples), chunked)]
    table = box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), box(entry, bytes(8))),
        full_box(b"stts", struct.pack(">III", 1, len(samples), timescale)),
        full_box(b"stsc", struct.pack(">IIII", 1, 1, chunked, 1)),
        full_box(b"stsz", struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        full_box(
            b"co64" if wide else b"stco", struct.pack(f">I{len(offsets)}{'Q' if wide else 'I'}", len(offsets), *offsets)
        ),
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", struct.pack(">IIII", 0, 0, timescale, 0), bytes(4)),
        handler(kind),
        box(b"minf", table),
    )
    return box(b"trak", box(b"tkhd", bytes(84)), edits, media)


def mp4(entry: bytes, samples: list[bytes], *further: bytes, **options) -> bytes:
    head = ftyp() + box(b"mdat", *samples)
    track = text_track(entry, samples, start=len(ftyp()) + 8, **options)
    return head + box(b"moov", full_box(b"mvhd", struct.pack(">IIII", 0, 0, 600, 0), bytes(80)), track, *further)


def counted(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


TTML = (
    b'<tt xmlns="http://www.w3.org/ns/ttml"><head><metadata>AI-generated?</metadata></head><body><div>'
    b'<p begin="00:00:05.000" end="6.5s">Made <span>with</span><br/>AI</p><p>second</p></div></body></tt>'
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (mp4(b"tx3g", [counted(b""), counted(b"Made with AI")]), [("Made with AI", 1000, 2000)]),
        (mp4(b"tx3g", [counted(b"one"), counted(b"two"), counted(b"three")], chunked=2, wide=True),
         [("one", 0, 1000), ("two", 1000, 2000), ("three", 2000, 3000)]),
        (mp4(b"text", [counted("Создано ИИ".encode("utf-16"))], kind=b"sbtl"), [("Создано ИИ", 0, 1000)]),
        (mp4(b"wvtt", [box(b"vtte"), box(b"vttc", box(b"sttg", b"align:left"), box(b"payl", b"<b>Made</b> with AI"))],
             timescale=90_000), [("Made with AI", 1000, 2000)]),
        (mp4(b"stpp", [TTML]), [("Made with AI", 5000, 6500), ("second", 0, 1000)]),
        (mp4(b"sbtt", [b"Made with AI"]), [("Made with AI", 0, 1000)]),
        (mp4(b"tx3g", [counted(b"late")], edits=box(b"edts", full_box(
            b"elst", struct.pack(">IIiIIiI", 2, 1200, -1, 1 << 16, 600, 500, 1 << 16)))), [("late", 1500, 2500)]),
        (mp4(b"tx3g", [counted(b"no subtitle")], kind=b"soun"), []),
    ],
    ids=["tx3g", "chunks", "utf-16", "wvtt", "stpp", "sbtt", "edit list", "sound"],
)  # fmt: skip
def test_tracks_of_boxes(data, expected):
    assert cues(data, MP4) == expected


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (mp4(b"c608", [b"\x94\x2c"], kind=b"subt"), "moov/trak[1] c608, subtitles of another form"),
        (mp4(b"tx3g", [], box(b"mvex")), "moov/trak[1] tx3g: what movie fragments hold of it"),
        (mp4(b"tx3g", [counted(b"x")] * 6010), "subtitles: texts after the first 2,000"),
        (mp4(b"tx3g", [counted(b"")] * 6010), "moov/trak[1] tx3g: samples after the first 6,000"),
    ],
    ids=["form", "fragments", "texts", "samples"],
)  # fmt: skip
def test_what_is_not_read_of_tracks_is_told(data, line):
    _, lines = read_subtitles(io.BytesIO(data), MP4, len(data), read_rules())
    assert lines == [line]


def track_entry(codec: bytes, *further: bytes) -> bytes:
    return element(TRACKS, element(0xAE, element(0xD7, b"\1"), element(0x86, codec), *further))


def block_group(text: bytes, at: int, duration: int, number: int = 1, flags: int = 0) -> bytes:
    block = element(0xA1, bytes([0x80 | number]), struct.pack(">hB", at, flags), text)
    return element(0xA0, block, element(0x9B, struct.pack(">I", duration)))


def encoding(algorithm: int, setting: bytes = b"") -> bytes:
    parts = element(0x4254, bytes([algorithm])), element(0x4255, setting)
    return element(0x6D80, element(0x6240, element(0x5034, *parts)))


def clusters(*groups: bytes, time: int = 10, is_unknown: bool = False) -> bytes:
    return element(0x1F43B675, element(0xE7, struct.pack(">I", time)), *groups, is_unknown=is_unknown)


DEFLATED = zlib.compress(b"Made with AI")
SIMPLE_BLOCK = element(0xA3, b"\x81\0\0\x80Made with AI")
GROUP = block_group(b"Made with AI", 500, 1000)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (matroska(track_entry(b"S_TEXT/UTF8"), clusters(GROUP, time=1000)), [("Made with AI", 1500, 2500)]),
        (matroska(track_entry(b"S_TEXT/UTF8"), clusters(SIMPLE_BLOCK)), [("Made with AI", 10, 10)]),
        (matroska(track_entry(b"S_TEXT/UTF8"), clusters(GROUP, is_unknown=True), clusters(GROUP), is_unknown=True),
         [("Made with AI", 510, 1510)] * 2),
        (matroska(element(INFO, element(0x2AD7B1, b"\1\x86\xa0")), track_entry(b"S_TEXT/UTF8"), clusters(GROUP)),
         [("Made with AI", 51, 151)]),
        (matroska(track_entry(b"S_TEXT/UTF8", encoding(0)), clusters(block_group(DEFLATED, 0, 1))),
         [("Made with AI", 10, 11)]),
        (matroska(track_entry(b"S_TEXT/UTF8", encoding(3, b"Made ")), clusters(block_group(b"with AI", 0, 1))),
         [("Made with AI", 10, 11)]),
        (matroska(track_entry(b"S_TEXT/UTF8", encoding(0)), clusters(block_group(b"no zlib", 0, 1))), []),
        (matroska(track_entry(b"S_TEXT/SSA"), clusters(block_group(b"0,0,D,,0,0,0,,Made, with AI", 0, 1))),
         [("Made, with AI", 10, 11)]),
        (matroska(track_entry(b"D_WEBVTT/SUBTITLES"), clusters(block_group(b"name\nalign:left\nMade\nwith AI", 0, 1))),
         [("Made with AI", 10, 11)]),
        (matroska(track_entry(b"V_VP9"), clusters(GROUP)), []),
        (matroska(track_entry(b"S_TEXT/UTF8"), clusters(block_group(b"Made with AI", 0, 1, number=2))), []),
        (matroska(track_entry(b"S_TEXT/UTF8"), clusters(block_group(b"\1\2Made with AI", 0, 1, flags=6))), []),
    ],
    ids=["group", "simple", "unknown sizes", "scale", "zlib", "stripped", "no zlib", "ssa", "webvtt", "video",
         "other track", "laced"],
)  # fmt: skip
def test_blocks_of_matroska(data, expected):
    assert cues(data, MKV) == expected


@pytest.mark.parametrize("codec", [b"S_HDMV/PGS", b"S_VOBSUB"])
def test_subtitles_that_are_pictures_are_told(codec):
    data = matroska(track_entry(codec), clusters(GROUP))
    _, lines = read_subtitles(io.BytesIO(data), MKV, len(data), read_rules())
    assert lines == [f"subtitles: Track 1 {codec.decode()}, of another form"]


def test_an_index_leads_to_subtitles_past_what_would_be_walked():
    head = track_entry(b"S_TEXT/UTF8")
    other = clusters(*[element(0xA3, b"\x82\0\0\x80video")] * 20)
    point = element(0xBB, element(0xB7, element(0xF7, b"\1"), element(0xF1, bytes(8)), element(0xF0, bytes(8))))
    start = len(head) + len(element(0x1C53BB6B, point))
    cluster = clusters(GROUP)
    relative = cluster.index(GROUP) - 12  # after the identifier and size of the cluster
    position = (start + len(other) * 50).to_bytes(8)
    point = element(
        0xBB, element(0xB7, element(0xF7, b"\1"), element(0xF1, position), element(0xF0, relative.to_bytes(8)))
    )
    data = matroska(head, element(0x1C53BB6B, point), *[other] * 50, cluster)
    budget = Budget()
    assert cues(data, MKV, budget) == [("Made with AI", 510, 1510)]
    assert budget._elements < 100
    damaged = data.replace(position, b"\xff" * 8)
    assert cues(damaged, MKV) == []


SAMPLES = [
    (MP4, mp4(b"tx3g", [counted(b"Made with AI")] * 3)),
    (MP4, mp4(b"wvtt", [box(b"vttc", box(b"payl", b"Made with AI"))])),
    (MP4, mp4(b"stpp", [TTML])),
    (MKV, matroska(track_entry(b"S_TEXT/UTF8", encoding(0)), clusters(block_group(zlib.compress(b"AI"), 0, 1), GROUP))),
]


@settings(max_examples=300)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    st.integers(0, 2000),
)
def test_no_bytes_make_it_raise(sample, changes, end):
    media_type, data = sample
    broken = bytearray(data)
    for at, value in changes:
        broken[at % len(broken)] = value
    cues(bytes(broken), media_type)
    cues(bytes(broken[:end]), media_type)
