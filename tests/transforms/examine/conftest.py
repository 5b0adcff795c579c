import pytest
from examine_samples import place_of


@pytest.fixture
def write(tmp_path):
    """Writes bytes to a file of that name and returns its path."""

    def to_file(content, name="file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return to_file


@pytest.fixture
def scripts(write):
    """Writes files that tell the misbehaving child what to do; returns their places."""
    return lambda *commands: [
        place_of(write(command.encode() + b"\n", f"{number}.mp4")) for number, command in enumerate(commands)
    ]
