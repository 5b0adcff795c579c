"""ExifTool as the oracle: of what bears marks, the walkers and readers find all that it finds, and nothing else.

What bears marks is the table below: the fields that a rule about AI, a generator or a label for people reads.
"""

import io
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.transforms.marks import corpus
from transforms.examine.sniff import SNIFF_BYTES, sniff
from transforms.marks.iptc import NAMES as IPTC_NAMES
from transforms.marks.namespaces import WELL_KNOWN
from transforms.marks.pieces import Budget, Form
from transforms.marks.properties import read_properties
from transforms.marks.walk import walk

pytestmark = pytest.mark.skipif(
    corpus.exiftool() is None,
    reason="ExifTool is not installed: Debian has it as libimage-exiftool-perl; `make test` installs it where it may",
)

ORIGINALS = Path(__file__).resolve().parents[4] / "shared" / "data" / "originals"

# (namespace prefix, our name) by (group, tag) of ExifTool; a group stands for all of its instances.
XMP = {
    ("XMP-iptcExt", "DigitalSourceType"): ("Iptc4xmpExt", "DigitalSourceType"),
    ("XMP-iptcExt", "AISystemUsed"): ("Iptc4xmpExt", "AISystemUsed"),
    ("XMP-iptcExt", "AISystemVersionUsed"): ("Iptc4xmpExt", "AISystemVersionUsed"),
    ("XMP-iptcExt", "AIPromptInformation"): ("Iptc4xmpExt", "AIPromptInformation"),
    ("XMP-iptcExt", "AIPromptWriterName"): ("Iptc4xmpExt", "AIPromptWriterName"),
    ("XMP-TC260", "Aigc"): ("TC260", "AIGC"),
    ("XMP-cn", "Aigc"): ("TC260", "AIGC"),  # ExifTool does not know the namespace and shows the prefix of the file
    ("XMP-photoshop", "Credit"): ("photoshop", "Credit"),
    ("XMP-xmp", "CreatorTool"): ("xmp", "CreatorTool"),
    ("XMP-xmpMM", "HistorySoftwareAgent"): ("stEvt", "History/softwareAgent"),
    ("XMP-dc", "Title"): ("dc", "title"),
    ("XMP-dc", "Title-kk"): ("dc", "title"),
    ("XMP-dc", "Description"): ("dc", "description"),
    ("XMP-dc", "Subject"): ("dc", "subject"),
    ("XMP-dc", "Creator"): ("dc", "creator"),
    ("XMP-dc", "Rights"): ("dc", "rights"),
    ("XMP-dcterms", "Provenance"): ("dcterms", "provenance"),
}
EXIF = {
    *("UserComment", "ImageDescription", "Make", "Model", "Software", "Artist", "Copyright"),
    *("XPTitle", "XPComment", "XPAuthor", "XPKeywords", "XPSubject"),
}
EXIF_GROUPS = {"IFD0", "IFD1", "ExifIFD", "SubIFD"}
IPTC = {
    *("ObjectName", "Keywords", "SpecialInstructions", "OriginatingProgram", "ProgramVersion", "By-line", "Headline"),
    *("Credit", "Source", "CopyrightNotice", "Caption-Abstract", "Writer-Editor"),
}
PNG = {
    *("parameters", "prompt", "workflow", "invokeai_metadata", "invokeai_graph", "AIGC"),
    *("Title", "Description", "Software", "Source", "Comment", "Author"),
}
# Our key of a text in a container.
CONTAINER = {
    ("File", "Comment"): "",  # JPEG COM
    ("GIF", "Comment"): "",
    ("ItemList", "Title"): "©nam",
    ("ItemList", "Comment"): "©cmt",
    ("ItemList", "Encoder"): "©too",
    ("ItemList", "Description"): "desc",
    ("iTunes", "AIGC"): "AIGC",
    ("Keys", "AIGC"): "AIGC",
    ("Keys", "Software"): "com.apple.quicktime.software",
    ("Keys", "Prompt"): "prompt",
    ("Keys", "Workflow"): "workflow",
    ("Keys", "Title"): "title",
    ("Keys", "Comment"): "comment",
    ("Keys", "Description"): "description",
    ("UserData", "Title"): "©nam",
    ("UserData", "Comment"): "©cmt",
    ("UserData", "SoftwareVersion"): "©swr",
    ("UserData", "EncoderID"): "©enc",
    ("UserData", "UserData_des"): "©des",
    ("UserData", "Unknown_aigc"): "aigc",
    ("Track", "HandlerDescription"): "handler_name",
    ("Track", "CompressorName"): "compressorname",
    ("Matroska", "Aigc"): "AIGC",
    ("Matroska", "Comment"): "COMMENT",
    ("Matroska", "Description"): "DESCRIPTION",
    ("Matroska", "Title"): "Title",
    ("Matroska", "MuxingApp"): "MuxingApp",
    ("Matroska", "WritingApp"): "WritingApp",
    ("RIFF", "Comment"): "ICMT",
    ("RIFF", "Software"): "ISFT",
    ("RIFF", "Title"): "INAM",
    ("RIFF", "Unknown_AIGC"): "AIGC",
    ("Flash", "Title"): "title",
    ("Flash", "Comment"): "comment",
    ("Flash", "Description"): "description",
    ("Flash", "AIGC"): "AIGC",
    ("Theora", "Comment"): "COMMENT",
    ("Theora", "Aigc"): "AIGC",
    ("ASF", "Title"): "Title",
    ("ASF", "Description"): "Description",
}
# What ExifTool 12.57 does not read; a test of the walker tells what is there.
BEYOND_EXIFTOOL = {
    "heic items in idat.heic": "items of construction method 1",
    "mp4 c2pa behind the media.mp4": "the box of C2PA",
    "jp2 comment.jp2": "comments of a codestream in a box",
    "wmv texts.wmv": "names that Windows Media does not define",
    "ffmpeg.wmv": "names that Windows Media does not define",
    "ffmpeg.ogv": "comments of VP8",
}
DATA_HANDLER = "DataHandler"  # of QuickTime's own plumbing; the walker passes over it
ARGUMENTS = (
    *("-j", "-n", "-a", "-u", "-ee", "-b", "-G1:4"),
    *("-charset", "exif=UTF8", "-charset", "iptc=UTF8", "-charset", "riff=UTF8"),
)


def mark(kind, name, value):
    return kind, name, " ".join(str(value).split())


def of_walk(data):
    """The marks that the walkers and readers find, as ``(kind, name, value)``; a walk leaves nothing out."""
    file = io.BytesIO(data)
    walked = walk(file, sniff(data[:SNIFF_BYTES]))
    budget = Budget()
    properties = read_properties(walked.pieces, file, budget)
    assert [*walked.left_out, *budget.left_out] == []
    found = {mark("c2pa", "store", "present") for piece in walked.pieces if piece.form is Form.C2PA}
    prefixes = {uri: prefix for prefix, uri in WELL_KNOWN.items()}
    for one in properties:
        if one.layer == "xmp":
            name = prefixes.get(one.namespace, ""), re.sub(r"\[\d+]", "", one.name)
            known = name in XMP.values()
            name = ":".join(name)
        else:
            name = one.name
            known = (
                name
                in {
                    "exif": EXIF,
                    "iptc": IPTC,
                    "png_text": PNG,
                    "container": set(CONTAINER.values()),
                }[one.layer]
            )
        if known:
            found.add(mark(one.layer, name, one.value))
    return found


def of_exiftool(tags):
    """The marks that ExifTool finds, in the same form."""
    found = set()
    for key, value in tags.items():
        group, _, tag = re.sub(r":Copy\d+:", ":", key).partition(":")
        group = re.sub(r"(?<=Track)\d+$|(?<=SubIFD)\d+$", "", group)
        kind_and_name = kind_of(group, tag)
        if kind_and_name == ("c2pa", "store"):
            found.add(mark("c2pa", "store", "present"))
        elif kind_and_name is not None:
            values = value if isinstance(value, list) else [value]
            found |= {mark(*kind_and_name, one) for one in values if one not in {"", DATA_HANDLER}}
    if "JUMBF:JUMDLabel" in tags:
        found.add(mark("c2pa", "store", "present"))
    return found


def kind_of(group, tag):
    if (group, tag) in XMP:
        return "xmp", ":".join(XMP[group, tag])
    if (group, tag) in CONTAINER:
        return "container", CONTAINER[group, tag]
    if group in EXIF_GROUPS and tag in EXIF:
        return "exif", tag
    if group == "IPTC" and tag in IPTC:
        return "iptc", tag
    if group == "PNG":  # ExifTool shows keys with a capital letter
        name = next((name for name in PNG if name.lower() == tag.lower()), None)
        return name and ("png_text", name)
    return ("c2pa", "store") if (group, tag) == ("RIFF", "Unknown_C2PA") else None


def asked(folder, names):
    """ExifTool's answer on each file of a folder, by name."""
    command = [corpus.exiftool(), *ARGUMENTS, *names]
    answer = subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=120).stdout
    rows = json.loads(answer, parse_int=str, parse_float=str)
    return {row["SourceFile"]: row for row in rows}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    written = tmp_path_factory.mktemp("written")
    return corpus.files() | corpus.by_exiftool(written)


@pytest.fixture(scope="module")
def answers(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: of_exiftool(tags) for name, tags in asked(folder, sorted(files)).items()}


@pytest.mark.parametrize("name", sorted([*corpus.files(), *corpus.WRITTEN_BY_EXIFTOOL]))
def test_the_same_marks_are_found(files, answers, name):
    found = of_walk(files[name])
    if name in BEYOND_EXIFTOOL:
        assert found
        assert found >= answers[name]
    else:
        assert found == answers[name]


def test_every_row_of_the_table_is_in_the_corpus(answers):
    told = {(kind, name) for marks in answers.values() for kind, name, _ in marks}
    wanted = {
        *(("xmp", ":".join(name)) for name in XMP.values()),
        *(("exif", name) for name in EXIF),
        *(("iptc", name) for name in IPTC),
        *(("png_text", name) for name in PNG),
        *(("container", name) for name in CONTAINER.values()),
        ("c2pa", "store"),
    }
    assert wanted - told == set()
    assert set(IPTC_NAMES.values()) >= IPTC


def test_files_without_marks_have_none(answers):
    plumbing = {"handler_name", "compressorname"}
    bare = {name: marks for name, marks in answers.items() if " none." in name}
    assert len(bare) == 9
    assert all(name in plumbing for marks in bare.values() for _, name, _ in marks)


def test_originals():
    if not ORIGINALS.is_dir():
        pytest.skip(f"The generators' own files are not here: {ORIGINALS}")
    names = sorted(str(path.relative_to(ORIGINALS)) for path in ORIGINALS.rglob("*") if path.is_file())
    for name, tags in asked(ORIGINALS, names).items():
        found = of_walk((ORIGINALS / name).read_bytes())
        told = of_exiftool(tags)
        # mflux writes IIM as hexadecimal text, which ExifTool shows and does not read.
        datasets = bytes.fromhex(str(tags.get("PNG:IPTC", "")))
        read = {one for one in found if one[0] == "iptc" and one[2].encode() in datasets}
        assert found - read == told, name
        assert told, name
        assert bool(read) == bool(datasets), name
