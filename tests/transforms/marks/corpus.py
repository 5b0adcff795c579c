"""Small media files with every mark in every place where a format keeps it; the bytes are made here, at run time.

``by_hand`` needs Pillow for its plain pictures, ``by_libraries`` PyAV as well, ``by_exiftool`` the program; ``files``
is the first two.
"""

import hashlib
import io
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image

from examples.media.heif import heic
from tests.transforms.marks.containers import box_files as boxed
from tests.transforms.marks.containers import other_files as other
from tests.transforms.marks.containers import still_files as still
from tests.transforms.marks.corpus_values import (
    COMMENT,
    INVOKE,
    LABEL,
    NOVELAI,
    PARAMETERS,
    PROMPT,
    STORE,
    TERM,
    WORKFLOW,
    exif,
    exif_texts,
    iim,
    packet,
    packets,
)


def files() -> dict[str, bytes]:
    """Every file that needs no program: more than 100 of at most a few KiB, by name."""
    return by_hand() | by_libraries()


def by_hand() -> dict[str, bytes]:
    """Files put together byte by byte."""
    return _jpeg_files() | _png_files() | _other_stills() | _movies() | _films() | _other_formats()


def _jpeg_files() -> dict[str, bytes]:
    xmp_prefix = b"http://ns.adobe.com/xap/1.0/\0"
    made = {
        f"jpeg xmp {name}.jpg": _jpeg(still.jpeg_segment(0xE1, xmp_prefix + data)) for name, data in packets().items()
    }
    for byte_order, order in (("little", "<"), ("big", ">")):
        for name, data in exif(order).items():
            made[f"jpeg exif {name} {byte_order}.jpg"] = _jpeg(still.jpeg_segment(0xE1, b"Exif\0\0" + data))
    made["jpeg extended xmp.jpg"] = _jpeg(*_extended(packets()["term element"]))
    made["jpeg com.jpg"] = _jpeg(still.jpeg_segment(0xFE, COMMENT.encode()))
    datasets = iim({number: f"{COMMENT} {number}" for number in (5, 25, 40, 65, 70, 80, 105, 110, 115, 116, 120, 122)})
    made["jpeg iptc.jpg"] = _jpeg(still.jpeg_segment(0xED, b"Photoshop 3.0\0" + still.image_resource(0x0404, datasets)))
    made["jpeg c2pa.jpg"] = _jpeg(still.jpeg_segment(0xEB, b"JP\0\1\0\0\0\1" + STORE))
    made["jpeg none.jpg"] = _jpeg()
    return made


def _jpeg(*segments: bytes) -> bytes:
    return _plain("jpeg")[:2] + b"".join(segments) + _plain("jpeg")[2:]


def _extended(inner: bytes) -> list[bytes]:
    """A main packet that points to an extended one in two parts."""
    body = inner[inner.index(b"<x:xmpmeta") : inner.index(b"<?xpacket end")]
    guid = hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
    main = packet(attributes=f'xmpNote:HasExtendedXMP="{guid}"')
    parts = [
        b"http://ns.adobe.com/xmp/extension/\0" + guid.encode() + struct.pack(">II", len(body), start) + body[start:end]
        for start, end in ((0, len(body) // 2), (len(body) // 2, len(body)))
    ]
    return [still.jpeg_segment(0xE1, data) for data in (b"http://ns.adobe.com/xap/1.0/\0" + main, *parts)]


def _png_files() -> dict[str, bytes]:
    plain, packed = PARAMETERS.encode(), zlib.compress(PARAMETERS.encode())
    chunks = {
        "parameters": _text_chunk("parameters", PARAMETERS.replace("снег", "snow")),
        "parameters ztxt": still.png_chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"Steps: 20, Sampler: Euler")),
        "parameters itxt": still.png_chunk(b"iTXt", b"parameters\0\0\0\0\0" + plain),
        "parameters itxt compressed": still.png_chunk(b"iTXt", b"parameters\0\1\0\0\0" + packed),
        "comfyui": _text_chunk("prompt", PROMPT) + _text_chunk("workflow", WORKFLOW),
        "invokeai": _text_chunk("invokeai_metadata", INVOKE) + _text_chunk("invokeai_graph", WORKFLOW),
        "novelai": b"".join(
            _text_chunk(key, value)
            for key, value in {
                "Title": "NovelAI generated image",
                "Description": "a red fox",
                "Software": "NovelAI",
                "Source": "NovelAI Diffusion V4",
                "Comment": NOVELAI,
            }.items()
        ),
        "midjourney": _text_chunk("Description", "a red fox --v 7 Job ID: 0b7e5bd8") + _text_chunk("Author", "someone"),
        "label": _text_chunk("AIGC", LABEL),
        "xmp": still.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packets()["term element"]),
        "xmp compressed": still.png_chunk(
            b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packets()["label element"])
        ),
        "exif": still.png_chunk(b"eXIf", exif()["comment unicode"]),
        "c2pa": still.png_chunk(b"caBX", STORE),
        "none": b"",
    }
    made = {f"png {name}.png": _png(chunk) for name, chunk in chunks.items()}
    for name in ("parameters", "xmp", "label"):
        made[f"png {name} behind the picture.png"] = _png(b"", chunks[name])
    return made


def _text_chunk(key: str, text: str) -> bytes:
    return still.png_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1"))


def _png(before: bytes = b"", behind: bytes = b"") -> bytes:
    plain = _plain("png")
    end = plain.rindex(b"IEND") - 4
    return plain[:33] + before + plain[33:end] + behind + plain[end:]


def _other_stills() -> dict[str, bytes]:
    xmp, label, tiff = packets()["term attribute"], packets()["label element"], exif()["comment label"]
    webp = _plain("webp")[12:]
    frame = still.riff_chunk(b"VP8X", struct.pack("<I", 0x0C) + bytes((63, 0, 0, 63, 0, 0)))
    made = {
        "webp xmp.webp": still.riff(b"WEBP", frame, webp, still.riff_chunk(b"XMP ", xmp)),
        "webp exif.webp": still.riff(b"WEBP", frame, webp, still.riff_chunk(b"EXIF", tiff)),
        "webp exif after its marker.webp": still.riff(
            b"WEBP", frame, webp, still.riff_chunk(b"EXIF", b"Exif\0\0" + exif(">")["make"])
        ),
        "gif xmp.gif": still.gif(still.gif_application(b"XMP DataXMP", xmp + still.XMP_TRAILER)),
        "gif comment.gif": still.gif(still.gif_comment(COMMENT.encode())),
        "jxl xmp.jxl": boxed.jxl(boxed.box(b"xml ", label), _CODESTREAM),
        "jxl exif.jxl": boxed.jxl(boxed.box(b"Exif", boxed.exif_item(exif(">")["make"])), _CODESTREAM),
        "webp c2pa.webp": still.riff(b"WEBP", frame, webp, still.riff_chunk(b"C2PA", STORE)),
        "jxl c2pa.jxl": boxed.jxl(_CODESTREAM, STORE),
        "jxl behind the picture.jxl": boxed.jxl(_CODESTREAM, boxed.box(b"xml ", xmp)),
        "cr3 exif.cr3": boxed.ftyp(b"crx ")
        + boxed.movie(
            boxed.box(
                b"uuid",
                boxed.CANON_UUID,
                boxed.box(b"CMT1", exif_texts([(0x010F, "Canon"), (0x0110, "Canon EOS R5")])),
                boxed.box(b"CMT2", still.tiff([(0x9286, 7, 16, b"ASCII\0\0\0AI scene")])),
            )
        ),
    }
    image = [(256, 3, 1, b"\1\0"), (257, 3, 1, b"\1\0"), (258, 3, 1, b"\x08\0"), (259, 3, 1, b"\1\0")]
    image += [(262, 3, 1, b"\1\0"), (273, 4, 1, b"\x08\0\0\0"), (279, 4, 1, b"\1\0\0\0")]
    datasets = iim({40: COMMENT, 110: "Example AI"})
    for name, entry in {
        "xmp": (700, 1, len(xmp), xmp),
        "iptc": (33723, 7, len(datasets), datasets),
        "description": (0x010E, 2, len(PROMPT) + 1, PROMPT.encode() + b"\0"),
        "software": (0x0131, 2, 8, b"ComfyUI\0"),
    }.items():
        made[f"tiff {name}.tif"] = still.tiff(sorted([*image, entry]))
    items = [(b"Exif", b"", boxed.exif_item(tiff, b"Exif\0\0")), (b"mime", boxed.RDF_TYPE, xmp)]
    made["heif items.heif"] = boxed.heif(items, brand=b"mif1")
    made["heic items in idat.heic"] = boxed.heif([items[0], (*items[1][:2], label)], version=1, method=1)
    made["avif items in parts.avif"] = boxed.heif(items, version=2, parts=2, brand=b"avif")
    return made


_CODESTREAM: Final = boxed.box(b"jxlc", b"\xff\x0a" + bytes(30))


def _movies() -> dict[str, bytes]:
    xmp, label = packets()["term element"], packets()["label element"]
    media = boxed.box(b"mdat", b"\0\1media" * 9)
    track = boxed.video_track(name=b"Example Video Handler", compressor=b"Lavc62 libx264")
    data, mdta = boxed.data, boxed.mdta
    text_items = [
        boxed.box(b"\xa9nam", data("Бейне".encode())),
        boxed.box(b"\xa9cmt", data(COMMENT.encode())),
        boxed.box(b"\xa9too", data(b"Lavf62.4.100")),
        boxed.box(b"desc", data(b"Made with AI")),
        boxed.free_form(b"com.apple.iTunes", b"AIGC", LABEL.encode()),
    ]
    pairs = [(b"AIGC", LABEL.encode()), (b"com.apple.quicktime.software", b"Runway Gen-4")]
    udta = {
        "itunes": boxed.itunes(*text_items),
        "keys": mdta(pairs, version=0),
        "comfyui": mdta([(b"prompt", PROMPT.encode()), (b"workflow", WORKFLOW.encode())], version=0),
        "utf-16": mdta([(b"comment", COMMENT.encode("utf-16-be"))], kind=2, version=0),
        "xmp": boxed.box(b"XMP_", xmp),
        "texts": boxed.international(b"\xa9cmt", COMMENT.encode())
        + boxed.international(b"\xa9swr", b"Runway")
        + boxed.international(b"\xa9enc", b"Veo"),
    }
    made = {}
    for brand, ending in ((b"isom", "mp4"), (b"qt  ", "mov")):
        head = boxed.ftyp(brand)
        for name, content in udta.items():
            behind = head + media + boxed.movie(track, boxed.box(b"udta", content))
            made[f"{ending} user data {name}.{ending}"] = behind
        made[f"{ending} uuid.{ending}"] = head + boxed.movie(track) + media + boxed.box(b"uuid", boxed.XMP_UUID, label)
        made[f"{ending} movie keys.{ending}"] = head + boxed.movie(track, mdta(pairs)) + media
        made[f"{ending} none.{ending}"] = head + boxed.movie(track) + media
    c2pa = boxed.box(b"uuid", boxed.C2PA_UUID, bytes(4), b"manifest\0", bytes(8), STORE)
    made["mp4 c2pa behind the media.mp4"] = boxed.ftyp() + boxed.movie(track) + media + c2pa
    label_box = boxed.box(b"udta", boxed.box(b"aigc", LABEL.encode()))
    made["mp4 label box.mp4"] = boxed.ftyp() + boxed.movie(track, label_box)
    return made


def _films() -> dict[str, bytes]:
    info = boxed.element(
        boxed.INFO, boxed.element(boxed.MUXING_APP, b"Lavf62"), boxed.element(boxed.WRITING_APP, b"Veo")
    )
    tags = boxed.tags(boxed.simple_tag("AIGC", LABEL), boxed.simple_tag("COMMENT", COMMENT))
    made = {}
    for ending, doc_type in (("mkv", b"matroska"), ("webm", b"webm")):
        made[f"{ending} tags.{ending}"] = boxed.matroska(info, tags, boxed.cluster(), doc_type=doc_type)
        made[f"{ending} tags behind.{ending}"] = boxed.matroska(info, boxed.cluster(), tags, doc_type=doc_type)
    texts = [still.riff_chunk(key, f"{text}\0".encode()) for key, text in _INFO_TEXTS.items()]
    header = still.riff_list(b"hdrl", still.riff_chunk(b"avih", bytes(56)))
    media = still.riff_list(b"movi", still.riff_chunk(b"00dc", b"media"))
    made["avi info.avi"] = still.riff(b"AVI ", header, still.riff_list(b"INFO", *texts), media)
    made["avi xmp.avi"] = still.riff(b"AVI ", header, media, still.riff_chunk(b"_PMX", packets()["term attribute"]))
    return made


_INFO_TEXTS: Final = {b"ICMT": "Made with AI", b"ISFT": "Lavf62", b"INAM": "Fox", b"AIGC": LABEL}


def _other_formats() -> dict[str, bytes]:
    xmp, label, tiff, datasets = (
        packets()["term attribute"],
        packets()["label element"],
        exif()["comment label"],
        iim({40: COMMENT, 110: "Example AI"}),
    )
    stream = boxed.box(b"jp2c", other.codestream())
    script = other.amf_text(b"onMetaData") + other.amf_object([(b"comment", other.amf_text(b"Made with AI"))])
    media = other.flv_tag(9, b"media")
    return {
        "jp2 xmp.jp2": other.jp2(stream, boxed.box(b"uuid", boxed.XMP_UUID, xmp)),
        "jp2 exif.jp2": other.jp2(boxed.box(b"uuid", other.EXIF_UUID, tiff), stream),
        "jp2 iptc.jp2": other.jp2(boxed.box(b"uuid", other.IPTC_UUID, datasets), stream),
        "jp2 comment.jp2": other.jp2(boxed.box(b"jp2c", other.codestream(COMMENT.encode()))),
        "j2k comment.j2k": other.codestream(b"Made with AI"),
        "jp2 none.jp2": other.jp2(stream),
        "psd xmp.psd": other.psd(still.image_resource(0x0424, xmp)),
        "psd exif.psd": other.psd(still.image_resource(0x0422, tiff)),
        "psd iptc.psd": other.psd(still.image_resource(0x03ED, bytes(16)), still.image_resource(0x0404, datasets)),
        "psd none.psd": other.psd(),
        "raf exif.raf": other.raf(_jpeg(still.jpeg_segment(0xE1, b"Exif\0\0" + exif(">")["make"]))),
        "flv comment.flv": other.flv(other.flv_tag(18, script), media),
        "flv none.flv": other.flv(media),
        "ogv comment.ogv": other.ogv(f"COMMENT={COMMENT}".encode(), f"AIGC={LABEL}".encode()),
        "wmv texts.wmv": other.asf(
            other.content_description(title="Бейне", description=COMMENT), other.extended_content(("AIGC", LABEL))
        ),
        "wmv xmp.wmv": other.asf(behind=other.asf_object("be7acfcb-97a9-42e8-9c71-999491e3afac", label)),
        "wmv none.wmv": other.asf(),
    }


def by_libraries() -> dict[str, bytes]:
    """Files as Pillow and FFmpeg write them."""
    made = {"pillow heic none.heic": heic(Image.new("RGB", (64, 64)))}
    details = Image.Exif()
    details[0x0131] = "Midjourney"
    details[0x010E] = "Made with AI"
    for ending in ("avif", "webp", "jpeg", "png", "tiff"):
        options = {} if ending in {"tiff", "png"} else {"xmp": packets()["term attribute"]}
        made[f"pillow.{ending}"] = _saved(ending, exif=details, **options)
    for ending, codec, flags in _FILMS:
        made[f"ffmpeg{' keys' if flags else ''}.{ending}"] = _film(ending, codec, flags)
    return made


_FILMS: Final = (
    ("mp4", "mpeg4", ""),
    ("mp4", "mpeg4", "use_metadata_tags"),
    ("mov", "mpeg4", ""),
    ("mov", "mpeg4", "use_metadata_tags"),
    ("mkv", "mpeg4", ""),
    ("webm", "libvpx", ""),
    ("avi", "mpeg4", ""),
    ("flv", "flv", ""),
    ("ogv", "libvpx", ""),
    ("wmv", "wmv2", ""),
)
_MUXERS: Final = {"mkv": "matroska", "wmv": "asf"}


def _film(ending: str, codec: str, flags: str) -> bytes:
    stream = io.BytesIO()
    options = {"fflags": "+bitexact"} | ({"movflags": flags} if flags else {})
    with av.open(stream, "w", format=_MUXERS.get(ending, ending), options=options) as container:
        container.metadata.update({"title": "Fox", "comment": COMMENT, "AIGC": LABEL, "description": "Made with AI"})
        track = container.add_stream(codec, rate=5, options={"flags": "+bitexact", "threads": "1"})
        track.width, track.height, track.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.full((48, 32), 128, np.uint8), format="yuv420p")
        container.mux([*track.encode(frame), *track.encode()])
    return stream.getvalue()


def _plain(kind: str) -> bytes:
    """A grey picture without metadata."""
    return _saved(kind)


def _saved(kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 120, 140)).save(stream, kind, **options)
    return stream.getvalue()


def exiftool() -> str | None:
    """Path of the program, or None."""
    return shutil.which("exiftool")


def by_exiftool(folder: Path) -> dict[str, bytes]:
    """Files that ExifTool writes marks into: every form that it writes, in every format that it can write.

    Args:
        folder: Where it works; empty.
    """
    program = exiftool()
    if program is None:
        raise FileNotFoundError("ExifTool is not installed; ask exiftool() first.")
    plain = {f"exiftool.{ending}": _plain(kind) for ending, kind in _WRITABLE.items()}
    plain["exiftool.heic"] = heic(Image.new("RGB", (64, 64)))
    plain["exiftool.mp4"], plain["exiftool.mov"] = _film("mp4", "mpeg4", ""), _film("mov", "mpeg4", "")
    for name, data in plain.items():
        (folder / name).write_bytes(data)
    arguments = [f"-{tag}={value}" for tag, value in _WRITTEN.items()]
    command = [program, "-overwrite_original", "-m", "-q", "-q", *arguments, *sorted(plain)]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    return {name: (folder / name).read_bytes() for name in plain}


_WRITABLE: Final = {"jpg": "jpeg", "png": "png", "webp": "webp", "tif": "tiff", "gif": "gif", "avif": "avif"}
WRITTEN_BY_EXIFTOOL: Final = tuple(f"exiftool.{ending}" for ending in (*_WRITABLE, "heic", "mp4", "mov"))
"""Names of the files of ``by_exiftool``."""

_WRITTEN: Final = {
    "XMP-iptcExt:DigitalSourceType": TERM,
    "XMP-photoshop:Credit": "Made with Google AI",
    "XMP-dc:Description": COMMENT,
    "EXIF:UserComment": COMMENT,
    "EXIF:Software": "Midjourney",
    "EXIF:Make": "Ideogram AI",
    "IPTC:Credit": "Example AI",
    "IPTC:Caption-Abstract": "Made with AI",
    "ItemList:Comment": "Made with AI",
    "Keys:Software": "Runway",
    "UserData:Comment": "Made with AI",
}
