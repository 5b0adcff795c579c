"""Trust anchors: certificates and nothing else, from options or the profile, and named in the rows."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import configs
from pipelines.errors import UsageError
from pipelines.profile import load_profile
from pipelines.trust import load_trust
from tests.conftest import rows
from tests.transforms.marks import c2pa_corpus as corpus

ROOT = Path(__file__).parents[2]


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    path = tmp_path / "newsroom.pem"
    path.write_text(f"Test Newsroom, a comment\n{corpus.chain().root}", "utf-8")
    return path


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "signed.jpg").write_bytes(corpus.signed(corpus.media("image/jpeg"), "image/jpeg"))
    return folder


def test_without_files_nobody_is_trusted() -> None:
    assert load_trust([]).name == "none"


def test_a_list_is_named_with_what_is_in_it(anchor: Path, tmp_path: Path) -> None:
    other = tmp_path / "stampers.pem"
    other.write_text(corpus.chain("Stamper").root, "utf-8")
    trust = load_trust([anchor, other])
    assert trust.name.startswith("newsroom.pem+stampers.pem sha256:")
    assert trust.anchors.count("BEGIN CERTIFICATE") == 2
    assert "comment" not in trust.anchors
    assert load_trust([anchor]).name != load_trust([other]).name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"no certificate", "holds no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "Certificate 1 of 1"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key"),
    ],
)
def test_what_is_no_certificate_is_refused_with_the_file_s_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "list.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        load_trust([path])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("option", ["--trust-list", "--trust-anchor"])
def test_marks_take_anchors_on_the_command_line(signed: Path, anchor: Path, option: str) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "marks", "--json", str(signed / "signed.jpg")]
    plain, trusting = (
        subprocess.run([*command, *more], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for more in ((), (option, str(anchor)))
    )
    assert '"integrity": "valid"' in plain
    assert '"integrity": "trusted"' in trusting


def test_a_profile_names_anchors_from_its_own_folder(signed: Path, anchor: Path, scan, tmp_path: Path) -> None:
    profile = yaml.safe_load((configs.ROOT / "profiles" / "default.yaml").read_text("utf-8"))
    profile["trust"] = {"anchors": ["newsroom.pem"]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(profile), "utf-8")
    assert load_profile(str(tmp_path / "own.yaml")).trust.anchors == (anchor,)
    scan(signed, profile=str(tmp_path / "own.yaml"))
    asked = "SELECT DISTINCT integrity, signer_trust, class FROM marks"
    assert rows(tmp_path / "store", asked) == [("trusted", "trusted", "cryptographic")]


def test_another_list_makes_every_item_due_and_its_name_stands_in_the_rows(signed, anchor, scan, tmp_path) -> None:
    scan(signed)
    assert len(scan(signed, trust_lists=(anchor,)).plan.due) == 1
    asked = "SELECT DISTINCT integrity, split_part(facts['trust_list'], ' ', 1) FROM {} ORDER BY ALL"
    store = tmp_path / "store"
    assert rows(store, asked.format("marks")) == [("trusted", "newsroom.pem"), ("valid", "none")]
    assert rows(store, asked.format("marks_latest")) == [("trusted", "newsroom.pem")]
