"""The shipped networks are whole and the known ones; anything else is told in a sentence."""

import shutil
from pathlib import Path

import pytest

from transforms.labels.networks import DIGESTS, FOLDER, NetworkMissingError, read_networks


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in DIGESTS:
        shutil.copy(FOLDER / name, tmp_path)
    return tmp_path


def test_the_shipped_networks_are_read() -> None:
    networks = read_networks()
    assert len(networks.readers) == 2
    assert "生" in networks.readers[0].alphabet
    assert set("ӘәҒғҚқҢңӨөҰұҮүҺһІі") <= set(networks.readers[1].alphabet)


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(NetworkMissingError, match=f"{name} is missing"):
        read_networks(copy)


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_another_file_is_refused(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(NetworkMissingError, match=f"{name} is not the one"):
        read_networks(copy)
