"""What cameras and editors write: marks of their own, and never a mark of AI."""

import pytest
from meaning_samples import PHOTOSHOP, exif, key, prop, software, xmp

from transforms.marks.mark import MarkClass, Says
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Property

TIFF, AUX = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/aux/"


def camera(make: str, model: str, program: str, *more: Property) -> list[Property]:
    exposure = [exif("ExposureTime", "1/200"), exif("FNumber", "2.8"), exif("ISOSpeedRatings", "100")]
    return [exif("Make", make), exif("Model", model), exif("Software", program), *exposure, *more]


FILES: dict[str, list[Property]] = {
    "canon": camera("Canon", "Canon EOS R5", "Firmware Version 1.8.1", exif("LensModel", "RF24-70mm F2.8 L IS USM")),
    "nikon": camera("NIKON CORPORATION", "NIKON Z 8", "Ver.02.01", exif("UserComment", "")),
    "sony": camera("SONY", "ILCE-7M4", "ILCE-7M4 v3.00", exif("LensModel", "FE 85mm F1.4 GM")),
    "fujifilm": camera("FUJIFILM", "X-T5", "Digital Camera X-T5 Ver3.01"),
    "leica": camera("LEICA CAMERA AG", "LEICA Q3", "2.0.2"),
    "apple": camera("Apple", "iPhone 16 Pro", "18.1.1", exif("HostComputer", "iPhone 16 Pro")),
    "samsung": camera("samsung", "Galaxy S24 Ultra", "S928BXXU3AXH7"),
    "samsung_edit": [key("PhotoEditor_Re_Edit_Data", '{"isAIFilterReEditOnly":false,"genAIType":0}')],
    "huawei": camera("HUAWEI", "ALN-AL10", "ALN-AL10 4.2.0.130", exif("ImageDescription", "hdrpl")),
    "xiaomi": camera("Xiaomi", "2311DRK48G", "MIUI Camera AI scene"),
    "google": camera("Google", "Pixel 9 Pro", "HDR+ 1.0.649197679zd"),
    "dji": camera("DJI", "FC8482", "v01.00.0300", exif("ImageDescription", "DCIM/100MEDIA/DJI_0001.JPG")),
    "gopro": camera("GoPro", "HERO12 Black", "H23.01.02.32.00"),
    "firefly_camera": camera("Hawkeye", "Firefly 8SE", "Firefly 8SE 1.2"),
    "gopro_mp4": [key("Make", "GoPro"), key("encoder", "GoPro AVC encoder"), key("handler_name", "GoPro H.265")],
    "quicktime": [
        key("com.apple.quicktime.make", "Apple"),
        key("com.apple.quicktime.model", "iPhone 16 Pro"),
        key("com.apple.quicktime.software", "18.1.1"),
    ],
    "android_mp4": [key("com.android.version", "14"), key("com.android.capture.fps", "30")],
    "youtube": [key("handler_name", "ISO Media file produced by Google Inc."), key("encoder", "Google")],
    "ffmpeg": [key("encoder", "Lavf61.7.100"), key("comment", "Prompt delivery: see workflow sheet 4")],
    "mkv": [
        key("ENCODER", "Lavf61.7.100"),
        key("WritingApp", "mkvmerge v88.0"),
        key("TITLE", "Kandinsky and Leonardo"),
    ],
    "lightroom": [xmp("CreatorTool", "Adobe Photoshop Lightroom Classic 14.0 (Windows)"), xmp("Lens", "EF50mm", AUX)],
    "photoshop": [
        xmp("CreatorTool", "Adobe Photoshop 26.0 (Macintosh)"),
        xmp("History[1]/softwareAgent", "Adobe Photoshop 26.0 (Macintosh)"),
        xmp("History[2]/parameters", "from image/jpeg to image/png"),
        xmp("Credit", "Reuters", PHOTOSHOP),
    ],
    "gimp": [exif("Software", "GIMP 2.10.38"), prop("png_text", "Comment", "Created with GIMP")],
    "darktable": [exif("Software", "darktable 5.0.0"), xmp("history_end", "12", "http://darktable.sf.net/")],
    "capture_one": software("Capture One 23 Macintosh"),
    "luminar": software("Luminar AI 1.5.5"),
    "topaz": software("Topaz Photo AI 3.3.2"),
    "imagen_plugin": software("Imagen AI 5"),
    "on1": software("ON1 Photo RAW 2025 AI"),
    "scanner": [exif("Make", "EPSON"), exif("Model", "Perfection V600"), exif("Software", "VueScan 9 x64 (9.8.40)")],
    "silverfast": software("SilverFast 9.2.6"),
    "windows": software("Microsoft Windows Photo Viewer 10.0"),
    "people": [
        exif("Artist", "Leonardo Aiello"),
        xmp("creator", "Flux Veolia"),
        prop("iptc", "By-line", "Sora Luma", "2"),
    ],
    "spanish": [prop("iptc", "Caption-Abstract", "Imagen de archivo. Creado por AI Noticias.", "2")],
    "news_about_ai": [
        exif("ImageDescription", "Sam Altman, chief executive of OpenAI, speaks about ChatGPT and Midjourney"),
        xmp("Credit", "Courtesy of OpenAI", PHOTOSHOP),
        prop("iptc", "Keywords", "artificial intelligence", "2"),
    ],
    "license": [xmp("UsageTerms", "No AI training without permission", "http://ns.adobe.com/xap/1.0/rights/")],
}


@pytest.mark.parametrize("file", FILES)
def test_files_of_cameras_and_editors_give_no_mark_of_ai(file: str) -> None:
    marks = read_meaning(FILES[file], read_rules())
    assert [mark for mark in marks if mark.says not in {Says.CAPTURE, Says.UNKNOWN}] == []
    assert [mark for mark in marks if mark.kind.startswith("generator.")] == []


def test_marks_of_a_camera() -> None:
    notes = exif("MakerNote", "present, 8456 bytes, Nikon")
    file = camera("NIKON CORPORATION", "NIKON Z 8", "Ver.02.01", exif("LensModel", "NIKKOR Z 50mm"), notes)
    marks = {mark.kind: mark for mark in read_meaning(file, read_rules())}
    assert set(marks) == {"camera.make_model", "camera.lens", "camera.maker_notes", "camera.exposure"}
    assert {mark.says for mark in marks.values()} == {Says.CAPTURE}
    assert {mark.mark_class for mark in marks.values()} == {MarkClass.DECLARED}
    assert marks["camera.make_model"].value == "NIKON CORPORATION NIKON Z 8"
    assert marks["camera.exposure"].value == "ExposureTime=1/200; FNumber=2.8; ISOSpeedRatings=100"
    assert marks["camera.lens"].value == "NIKKOR Z 50mm"
    assert marks["camera.maker_notes"].facts == {"bytes": "8456", "maker": "Nikon"}


@pytest.mark.parametrize(
    "file",
    [
        [xmp("Make", "Canon", TIFF), xmp("Model", "Canon EOS R5", TIFF)],
        [key("com.apple.quicktime.make", "Apple"), key("com.apple.quicktime.model", "iPhone 16")],
        [key("©mak", "Canon"), key("©mod", "EOS R5")],
    ],
    ids=["xmp", "quicktime", "udta"],
)
def test_make_and_model_in_other_layers(file: list[Property]) -> None:
    (mark,) = read_meaning(file, read_rules())
    assert mark.kind == "camera.make_model"


@pytest.mark.parametrize("value", ["present, 7 bytes", "present", "A camera's notes"])
def test_what_is_too_little_for_maker_notes(value: str) -> None:
    assert read_meaning([exif("MakerNote", value)], read_rules()) == []


def test_one_exposure_value_alone_is_no_mark() -> None:
    assert read_meaning([exif("ExposureTime", "1/200")], read_rules()) == []


@pytest.mark.parametrize("make", ["Ideogram AI", "Midjourney", 'workflow:{"last_node_id": 1, "nodes": []}'])
def test_the_make_of_a_generator_is_no_camera(make: str) -> None:
    (mark,) = read_meaning([exif("Make", make), exif("Model", "Model 3")], read_rules())
    assert (mark.kind.split(".")[0], mark.says) == ("generator", Says.AI)


@pytest.mark.parametrize(
    ("file", "product"),
    [
        ("photoshop", "Adobe Photoshop"),
        ("gimp", "GIMP"),
        ("darktable", "darktable"),
        ("ffmpeg", "FFmpeg"),
        ("scanner", "Scanner software"),
    ],
)
def test_editors(file: str, product: str) -> None:
    editors = [mark for mark in read_meaning(FILES[file], read_rules()) if mark.kind == "software.editor"]
    assert {(mark.says, mark.facts["product"]) for mark in editors} == {(Says.UNKNOWN, product)}
