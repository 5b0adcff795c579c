import hashlib

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.detector.cli import app
from pipelines.detector.data import read_manifest
from pipelines.detector.folder import CALIBRATE, TEST, list_folder, split_of, write_listing
from transforms.detect.package import DetectorError


def quiet(what, done, total):
    pass


def picture(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8))


@pytest.fixture
def labelled(tmp_path):
    folder = tmp_path / "labelled"
    for i in range(20):
        picture(folder / "ai" / "one" / "deep" / f"{i}.png", i)
        picture(folder / "real" / 'Ünï, "source"' / f"{i}.png", 100 + i)
    return folder


def test_a_folder_becomes_a_manifest_that_reads(labelled, tmp_path):
    listing = list_folder(labelled, 0.5, quiet)
    assert listing.skipped.empty
    out = tmp_path / "elsewhere" / "manifest.csv"
    write_listing(listing, out)
    rows = read_manifest(out)
    assert len(rows) == 40
    assert set(rows["source"]) == {"one", 'Ünï, "source"'}
    assert set(rows["split"]) == {CALIBRATE, TEST}
    assert not pd.read_csv(out)["path"].str.startswith("/").any()
    digests = [hashlib.sha256(open(path, "rb").read()).hexdigest() for path in rows["path"]]  # noqa: PTH123, SIM115
    assert digests == pd.read_csv(out)["sha256"].tolist()


def test_the_split_follows_from_the_bytes_alone(labelled):
    before = list_folder(labelled, 0.5, quiet).rows.set_index("sha256")["split"]
    for path in sorted((labelled / "ai" / "one" / "deep").iterdir()):
        path.rename(path.with_name("z" + path.name))
    picture(labelled / "real" / "new" / "a.png", 999)
    after = list_folder(labelled, 0.5, quiet).rows.set_index("sha256")["split"]
    assert len(after) == len(before) + 1
    assert after[before.index].equals(before)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_is_kept(share):
    splits = [split_of(hashlib.sha256(str(i).encode()).hexdigest(), share) for i in range(4000)]
    assert abs(splits.count(CALIBRATE) / 4000 - share) < 0.03


def test_what_cannot_be_listed_is_told_with_its_reason(labelled, tmp_path):
    copy = (labelled / "ai" / "one" / "deep" / "3.png").read_bytes()
    (labelled / "ai" / "two").mkdir()
    (labelled / "ai" / "two" / "copy.png").write_bytes(copy)
    (labelled / "ai" / "two" / "both.png").write_bytes((labelled / "real" / 'Ünï, "source"' / "5.png").read_bytes())
    (labelled / "ai" / "loose.png").write_bytes(b"")
    (labelled / "real" / "x").mkdir()
    (labelled / "real" / "x" / "notes.txt").write_text("hello")
    (labelled / "real" / "x" / "empty.jpg").write_bytes(b"")
    (labelled / "real" / "x" / "clip.mp4").write_bytes(b"")
    (labelled / "real" / "x" / "gone.png").symlink_to(tmp_path / "nowhere")
    listing = list_folder(labelled, 0.5, quiet)
    reasons = {path.split("/")[-1]: reason for path, reason in listing.skipped.itertuples(index=False)}
    assert reasons.keys() == {
        "copy.png", "both.png", "5.png", "loose.png", "notes.txt", "empty.jpg", "clip.mp4", "gone.png",
    }  # fmt: skip
    assert "3.png" in reasons["copy.png"]
    assert "under 'ai' and under 'real'" in reasons["both.png"]
    assert "no source folder" in reasons["loose.png"]
    assert "cannot be decoded" in reasons["notes.txt"]
    assert "a video" in reasons["clip.mp4"]
    assert "No such file" in reasons["gone.png"]
    assert len(listing.rows) == 39
    assert listing.rows["sha256"].is_unique
    done = CliRunner().invoke(app, ["manifest", str(labelled), "--out", str(tmp_path / "m.csv")])
    assert done.exit_code == 0, done.output
    assert "8 files skipped" in done.stderr
    assert len(pd.read_csv(tmp_path / "m.csv.skipped.csv")) == 8


def test_names_that_are_no_text_are_told(labelled):
    name = b"\xff.png"
    target = labelled / "ai" / "one"
    (target / "a.png").write_bytes((target / "deep" / "0.png").read_bytes() + b"0")
    (target / "a.png").rename(target / name.decode("utf-8", "surrogateescape"))
    listing = list_folder(labelled, 0.5, quiet)
    assert listing.skipped["reason"].str.contains("UTF-8").tolist() == [True]


def test_a_folder_without_both_classes_is_refused(labelled, tmp_path):
    with pytest.raises(DetectorError, match="'ai'") as caught:
        list_folder(tmp_path, 0.5, quiet)
    assert caught.value.code == "invalid_folder"
    (tmp_path / "other" / "ai").mkdir(parents=True)
    (tmp_path / "other" / "real").mkdir()
    done = CliRunner().invoke(app, ["manifest", str(tmp_path / "other"), "--out", str(tmp_path / "m.csv")])
    assert done.exit_code == 2
    assert "invalid_folder" in done.stderr
    done = CliRunner().invoke(app, ["manifest", str(labelled), "--out", str(labelled / "ai")])
    assert done.exit_code == 2
    assert "cannot_write" in done.stderr
