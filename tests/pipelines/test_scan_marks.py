"""Marks in a scan: rows once for each content, whatever became of the file, and never lost by a second scan.

In a folder, and on S3 behind faults.
"""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, PngImagePlugin

import configs
from examples.media.pictures import generated_picture
from examples.media.watermarks import embed
from tests.conftest import rows
from transforms.marks.watermark import MESSAGES

pytestmark = pytest.mark.usefixtures("both_places")
PARAMETERS = "a secret garden\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: dream"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" e:DigitalSourceType="'
    b'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></rdf:RDF></x:xmpmeta>'
)
MARKS = "SELECT uri, layer, kind, says, class FROM marks_latest JOIN items_latest USING (content_sha256) ORDER BY ALL"


def jpeg(seed: int, **options: object) -> bytes:
    stream = io.BytesIO()
    generated_picture(seed, (256, 192)).save(stream, "JPEG", **options)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", PARAMETERS)
    generated_picture(1, (256, 192)).save(path / "traced.png", pnginfo=info)
    shutil.copy(path / "traced.png", path / "traced again.png")
    (path / "plain.jpg").write_bytes(jpeg(2))
    (path / "declared but cut off.jpg").write_bytes(jpeg(3, xmp=XMP)[:2000])
    marked = embed(np.asarray(generated_picture(4, (512, 512))), MESSAGES[2].bits)
    Image.fromarray(marked).save(path / "watermarked.png")
    return path


def found(store: Path) -> list[tuple[str, ...]]:
    return [(Path(uri).name, *rest) for uri, *rest in rows(store, MARKS)]


EXPECTED = [
    ("declared but cut off.jpg", "xmp", "iptc.digital_source_type", "ai", "declared"),
    ("traced again.png", "png_text", "generator.automatic1111", "ai", "implicit"),
    ("traced.png", "png_text", "generator.automatic1111", "ai", "implicit"),
    ("watermarked.png", "watermark", "watermark.sdxl", "ai", "heuristic"),
]


def test_each_content_has_its_marks_once_whatever_became_of_it(folder, scan, tmp_path):
    scan(folder)
    store = tmp_path / "store"
    assert found(store) == EXPECTED
    assert rows(store, "SELECT count(*) FROM marks") == [(3,)]
    ended = "SELECT outcome, reason FROM items WHERE uri LIKE '%cut off%'"
    assert rows(store, ended) == [("failed", "truncated")]


def test_a_second_scan_reads_nothing_anew_and_loses_nothing(folder, scan, tmp_path):
    scan(folder)
    assert not scan(folder).plan.due
    shutil.copy(folder / "traced.png", folder / "plain.jpg")  # due again, and known by its content
    shutil.copy(folder / "watermarked.png", folder / "watermarked too.png")
    scan(folder)
    store = tmp_path / "store"
    assert found(store) == sorted(
        [*EXPECTED, ("plain.jpg", *EXPECTED[2][1:]), ("watermarked too.png", *EXPECTED[-1][1:])]
    )
    assert rows(store, "SELECT count(*) FROM marks") == [(3,)]


def test_a_place_that_is_gone_keeps_its_rows_in_the_history_only(folder, scan, tmp_path):
    scan(folder)
    (folder / "watermarked.png").unlink()
    scan(folder)
    assert found(tmp_path / "store") == EXPECTED[:-1]
    assert rows(tmp_path / "store", "SELECT count(*) FROM marks") == [(3,)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"keep_prompts": True}, EXPECTED),
        ({"watermarks": False}, EXPECTED[:-1]),
        ({"enabled": False}, []),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_another_way_of_reading_makes_every_item_due(folder, scan, tmp_path, change, expected):
    scan(folder)
    profile = yaml.safe_load((configs.ROOT / "profiles" / "default.yaml").read_text("utf-8"))
    profile["marks"] |= change
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(profile), "utf-8")
    summary = scan(folder, profile=str(tmp_path / "other.yaml"))
    assert len(summary.plan.due) == 5
    store = tmp_path / "store"
    assert found(store) == expected
    stored = rows(store, "SELECT count(*) FROM marks_latest WHERE concat(value, facts) LIKE '%secret garden%'")
    assert stored == [(1 if change.get("keep_prompts") else 0,)]


def test_facts_can_be_asked_for_by_name(folder, scan, tmp_path):
    scan(folder)
    asked = "SELECT DISTINCT facts['seed'], facts['model'], tool FROM marks WHERE kind = 'generator.automatic1111'"
    assert rows(tmp_path / "store", asked) == [("42", "dream", "aiqyn-marks/1")]
