"""Films as cameras and phones write them: their maker is told, and nothing in them is taken for a mark of AI."""

import io

import pytest

from tests.transforms.marks.containers.box_files import (
    box,
    data,
    ftyp,
    handler,
    international,
    mdta,
    movie,
    video_track,
)
from tests.transforms.marks.containers.still_files import jpeg, jpeg_segment, tiff
from transforms.marks.mark import Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.read import read_marks
from transforms.marks.settings import MarkReading, Trust

MEDIA = box(b"mdat", b"media")


def film(*contents, brand=b"mp42"):
    return ftyp(brand) + movie(*contents) + MEDIA


def keys(*pairs):
    return mdta([(name.encode(), value.encode()) for name, value in pairs])


def user_data(*boxes):
    return box(b"udta", *boxes)


def thumbnail():
    texts = [(0x010F, 2, 6, b"Canon\0"), (0x0110, 2, 14, b"Canon EOS 70D\0")]
    return box(b"CNTH", box(b"CNDA", jpeg(jpeg_segment(0xE1, b"Exif\0\0" + tiff(texts)))))


def sony(device):
    xml = f'<?xml version="1.0"?><NonRealTimeMeta><Duration value="9"/>{device}</NonRealTimeMeta>'.encode()
    return box(b"meta", bytes(4), handler(b"nrtm"), box(b"xml ", xml))


FILMS = {
    "iphone": (
        film(
            video_track(name=b"Core Media Video"),
            keys(
                ("com.apple.quicktime.make", "Apple"),
                ("com.apple.quicktime.model", "iPhone 15 Pro"),
                ("com.apple.quicktime.software", "17.4.1"),
                ("com.apple.quicktime.location.ISO6709", "+43.2389+076.8897+800/"),
                ("com.apple.quicktime.creationdate", "2026-05-01T10:00:00+0500"),
            ),
            brand=b"qt  ",
        ),
        "Apple iPhone 15 Pro",
    ),
    "old iphone": (
        film(
            user_data(
                international(b"\xa9mak", b"Apple"),
                international(b"\xa9mod", b"iPhone 4"),
                international(b"\xa9swr", b"5.1.1"),
            ),
            brand=b"qt  ",
        ),
        "Apple iPhone 4",
    ),
    "pixel": (
        film(
            keys(
                ("com.android.version", "15"),
                ("com.android.manufacturer", "Google"),
                ("com.android.model", "Pixel 9 Pro"),
                ("com.android.capture.fps", "30.0"),
            )
        ),
        "Google Pixel 9 Pro",
    ),
    "other android": (film(keys(("com.android.version", "14")), video_track(name=b"VideoHandle")), None),
    "canon": (film(user_data(box(b"CNCV", b"CanonAVC0005"), thumbnail())), "Canon Canon EOS 70D"),
    "canon model": (film(user_data(box(b"CNMN", b"Canon EOS 550D\0" + bytes(20)))), "Canon EOS 550D"),
    "canon powershot": (
        film(
            user_data(
                box(b"manu", bytes(4), b"\x15\xc7Canon\0"),
                box(b"modl", bytes(4), b"\x15\xc7Canon PowerShot SX280 HS\0"),
            )
        ),
        "Canon Canon PowerShot SX280 HS",
    ),
    "nikon": (film(user_data(box(b"TAGS", b"NIKON DIGITAL CAMERA\0" + bytes(range(200))))), "NIKON DIGITAL CAMERA"),
    "panasonic": (film(user_data(box(b"PANA", bytes(4), b"DMC-GH4".ljust(16, b"\0"), bytes(200)))), "DMC-GH4"),
    "other panasonic": (film(user_data(box(b"PANA", bytes(12), b"DMC-FZ1000".ljust(16, b"\0")))), "DMC-FZ1000"),
    "leica": (
        film(user_data(box(b"LEIC", b"LEICA CAMERA AG".ljust(22, b"\0"), b"LEICA Q3".ljust(30, b"\0"), bytes(99)))),
        "LEICA CAMERA AG LEICA Q3",
    ),
    "other data under a camera's name": (
        film(user_data(box(b"PANA", bytes(range(128, 250))), box(b"TAGS", b"\1\2\3"), box(b"FIRM"))),
        None,
    ),
    "sony": (
        ftyp(b"XAVC")
        + sony('<Device manufacturer="Sony" modelName="ILCE-7M4" serialNo="4294967295"/>')
        + movie(video_track(name=b"Video Media Handler"))
        + MEDIA,
        "Sony ILCE-7M4",
    ),
    "gopro": (
        film(
            video_track(name=b"\tGoPro AVC  ", compressor=b"GoPro AVC encoder"),
            user_data(box(b"FIRM", b"HD9.01.01.60.00"), box(b"CAME", bytes(range(16)))),
        ),
        "HD9.01.01.60.00",
    ),
    "gopro without its user data": (film(video_track(name=b"GoPro H.265")), "GoPro H.265"),
    "dji": (
        film(
            video_track(name=b"DJI.AVC"),
            box(b"meta", handler(b"mdir"), box(b"ilst", box(b"\xa9too", data(b"DJIMini3Pro")))),
        ),
        "DJI.AVC",
    ),
    "blackmagic": (
        film(
            keys(
                ("com.apple.proapps.manufacturer", "Blackmagic Design"),
                ("com.apple.proapps.cameraname", "A"),
                ("com.apple.proapps.modelname", "Pocket Cinema Camera 6K"),
            ),
            brand=b"qt  ",
        ),
        "Blackmagic Design Pocket Cinema Camera 6K",
    ),
    "model of a generator": (film(keys(("model", "motion-2"), ("seed", "7"))), None),
    "transcoded": (film(video_track(name=b"VideoHandler"), keys(("encoder", "Lavf61.7.100"))), None),
}


def marks_of(data):
    return read_marks(io.BytesIO(data), "video/mp4", MarkReading(), Trust(), read_rules())


@pytest.mark.parametrize("name", FILMS)
def test_make_and_model_of_a_film(name):
    data, expected = FILMS[name]
    found = marks_of(data)
    assert [mark.value for mark in found.marks if mark.kind == "camera.make_model"] == ([expected] if expected else [])
    assert {mark.says for mark in found.marks} <= {Says.CAPTURE, Says.UNKNOWN}
    assert found.layers == ()


def test_no_serial_number_and_no_position_is_read():
    assert "4294967295" not in repr(marks_of(FILMS["sony"][0]))
    assert "43.2389" not in repr(marks_of(FILMS["iphone"][0]))


@pytest.mark.parametrize("device", ["", "<Device/>", '<Device modelName="x"/>', '<Device manufacturer="' + "x" * 99])
def test_other_xml_tells_no_camera(device):
    assert marks_of(ftyp() + sony(device) + movie() + MEDIA).marks == ()
