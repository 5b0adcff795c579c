"""The ignore file: what it may hold, which entry holds, and when it has expired."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.errors import UsageError
from pipelines.ignore import NOTHING_IGNORED, Entry, IgnoreList, read_ignore_file, tell_expired

DAY = date(2026, 11, 26)
HASH = "ab" * 32


def entry(**given: str) -> Entry:
    told = {"reason": "why", "owner": "who", "expires": "2026-12-31"} | given
    return Entry.model_validate(told)


def matched(*entries: Entry, policy: str = "kz", as_of: date = DAY) -> list[str | None]:
    """By whom three places are suppressed: a file, a member of an archive, and one whose bytes could not be read."""
    places = pa.record_batch(
        {
            "content_sha256": [HASH, "cd" * 32, None],
            "uri": ["/a/one.jpg", "/a/archive.tar", "/b/two.jpg"],
            "member_path": [None, "in/three.jpg", None],
        }
    )
    told = IgnoreList(entries).match(places, policy, as_of).to_pylist()
    return [None if one is None else one.partition(":")[0] for one in told]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], [None, None, None]),
        ([entry(content=HASH)], ["who", None, None]),
        ([entry(uri="/a/*")], ["who", "who", None]),
        ([entry(uri="*.jpg")], ["who", "who", "who"]),
        ([entry(uri="/a/archive.tar!/in/*")], [None, "who", None]),
        ([entry(uri="/a/archive.tar")], [None, None, None]),
        ([entry(uri="/a/*", policy="cn")], [None, None, None]),
        ([entry(uri="/a/*", policy="*")], ["who", "who", None]),
        ([entry(uri="/a/*", expires="2026-11-26")], ["who", "who", None]),
        ([entry(uri="/a/*", expires="2026-11-25")], [None, None, None]),
        ([entry(uri="*one*", owner="first"), entry(uri="*", owner="second")], ["first", "second", "second"]),
    ],
)
def test_what_an_entry_covers(entries: list[Entry], expected: list[str | None]) -> None:
    assert matched(*entries) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {uri: '*', reason: x, owner: y}", "ignore.yaml:1: 0.expires: Field required"),
        ("- {uri: '*', reason: x, owner: y, expires: soon}", "ignore.yaml:1: 0.expires"),
        ("- uri: '*'\n  reason: x\n  owner: ''\n  expires: 2026-12-31", "ignore.yaml:3: 0.owner"),
        ("- {reason: x, owner: y, expires: 2026-12-31}", "name either content or uri"),
        (f"- {{uri: '*', content: {HASH}, reason: x, owner: y, expires: 2026-12-31}}", "name either content or uri"),
        ("- {content: abc, reason: x, owner: y, expires: 2026-12-31}", "ignore.yaml:1: 0.content"),
        ("- {uri: '*', reason: x, owner: y, expires: 2026-12-31, forever: true}", "0.forever"),
        ("uri: '*'", "ignore.yaml:1"),
        ("- {", "no YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "ignore.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        read_ignore_file(file)
    assert problem in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_ignore_file(tmp_path / "none.yaml")
    assert read_ignore_file(None) is NOTHING_IGNORED


def test_the_digest_is_that_of_what_holds() -> None:
    one, old = entry(uri="*"), entry(uri="*", expires="2026-01-01")
    assert IgnoreList((old,)).digest(DAY) is None
    assert IgnoreList((one, old)).digest(DAY) == IgnoreList((one,)).digest(DAY)
    assert IgnoreList((one,)).digest(DAY) != IgnoreList((entry(uri="/a"),)).digest(DAY)


def test_what_has_expired_is_told(caplog: pytest.LogCaptureFixture) -> None:
    tell_expired(IgnoreList((entry(uri="/kept/*"), entry(content=HASH, expires="2026-01-01"))), DAY)
    (told,) = caplog.messages
    assert "content abababababab" in told
    assert "who: why (until 2026-01-01)" in told
