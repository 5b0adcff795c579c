import pytest


@pytest.fixture
def write(tmp_path):
    """Writes bytes to a file of that name and returns its path."""

    def to_file(content, name="file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return to_file
