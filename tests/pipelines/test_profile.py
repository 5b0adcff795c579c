"""Profiles: the shipped one is valid, and mistakes are named."""

from pathlib import Path

import pytest

import configs
from pipelines.errors import UsageError
from pipelines.profile import load_profile

TEXT = (configs.ROOT / "profiles" / "default.yaml").read_text("utf-8")


def test_the_default_profile_samples_sixteen_frames() -> None:
    assert load_profile("default").sampling.frames == 16


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("frames: 16", "frame: 16"), "sampling.frame"),
        (("max_items: 2000", "max_items: 0"), "segments.max_items"),
        (("pixels: 200000000", "pixels: many"), "limits.pixels"),
        (("frames: 16", "frames: 0"), "sampling.frames"),
        (("enabled: true", "enabled: perhaps"), "faces.enabled"),
        (("scored: 1", "scored: -1"), "faces.scored"),
        (("scored: 1", "score: 1"), "faces.score"),
        (("memory_bytes: 3221225472", "memory_bytes: 1"), "limits.memory_bytes"),
    ],
)
def test_mistakes_are_named(change: tuple[str, str], named: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT.replace(*change))
    with pytest.raises(UsageError, match=named):
        load_profile(str(file))


def test_profiles_that_say_nothing_of_faces_look_for_them(tmp_path: Path) -> None:
    file = tmp_path / "older.yaml"
    head, _, tail = TEXT.partition("faces:")
    file.write_text(head + tail[tail.index("segments:") :])
    assert load_profile(str(file)).faces == load_profile("default").faces


def test_comments_do_not_change_the_digest(tmp_path: Path) -> None:
    file = tmp_path / "same.yaml"
    file.write_text(f"# more words\n{TEXT}")
    assert load_profile(str(file)).digest == load_profile("default").digest
