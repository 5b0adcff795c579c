"""Globs of --include and --exclude: a table of what they mean, and the same from a matcher that is written plainly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.globs import Glob, composed

MEANINGS = [
    ("*.jpg", ["a.jpg", ".jpg"], ["sub/a.jpg", "a.JPG", "a.jpg2"]),
    ("**.jpg", ["a.jpg", "sub/a.jpg", "x.tar!/a.jpg"], ["a.png"]),
    ("**/*.jpg", ["a.jpg", "sub/a.jpg", "sub/deep/a.jpg", "x.tar!/a.jpg"], ["a.png"]),
    ("sub/**/a.jpg", ["sub/a.jpg", "sub/x/y/a.jpg"], ["a.jpg", "subs/a.jpg", "sub/xa.jpg"]),
    ("sub/**", ["sub/a", "sub/x/y"], ["sub", "other/sub/a"]),
    ("sub/", ["sub/a", "sub/x/y"], ["sub", "other/sub/a"]),
    ("sub", ["sub"], ["sub/a"]),
    ("?.jpg", ["a.jpg", "й.jpg", "и\u0306.jpg"], ["ab.jpg", "/.jpg"]),
    ("[a-c]*.jpg", ["b1.jpg"], ["d.jpg", "/.jpg"]),
    ("[!a-c].jpg", ["d.jpg"], ["a.jpg", "/.jpg"]),
    ("[]x].jpg", ["].jpg", "x.jpg"], ["y.jpg"]),
    ("[!].jpg", ["!.jpg"], ["a.jpg"]),
    ("a[1.jpg", ["a[1.jpg"], ["a1.jpg"]),
    ("a[*]b", ["a*b"], ["aXb"]),
    ("a\\b+(c).jpg", ["a\\b+(c).jpg"], ["ab+(c).jpg"]),
    ("Фото/*", ["Фото/й.jpg"], ["фото/й.jpg"]),
    ("x.tar", ["x.tar", "x.tar!/a.jpg", "x.tar!/deep/a.jpg"], ["y/x.tar", "x.tar.gz"]),
    ("x.tar!/*.jpg", ["x.tar!/a.jpg"], ["x.tar", "x.tar!/deep/a.jpg"]),
    ("x.tar!/w.zip", ["x.tar!/w.zip", "x.tar!/w.zip!/a.jpg"], ["x.tar!/a.jpg"]),
]


@pytest.mark.parametrize(("glob", "matched", "other"), MEANINGS)
def test_what_globs_mean(glob: str, matched: list[str], other: list[str]) -> None:
    told = Glob(glob)
    assert [path for path in matched if not told.matches(composed(path))] == []
    assert [path for path in other if told.matches(path)] == []


@pytest.mark.parametrize(("glob", "sentence"), [("", "matches nothing"), ("/a", "matches nothing"), ("[z-a]", "z-a")])
def test_globs_that_can_match_nothing_are_refused(glob: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Glob(glob)


@pytest.mark.parametrize(
    ("glob", "folder", "all_below", "some_below"),
    [
        ("mnt/**", "mnt", True, True),
        ("mnt/", "mnt", True, True),
        ("**/mnt/**", "x/mnt", True, True),
        ("mnt/*", "mnt", False, True),
        ("*.jpg", "mnt", False, False),
        ("**.jpg", "mnt", False, True),
        ("2026/**", "2025", False, False),
        ("2026/*/a.jpg", "2026/01", False, True),
        ("2026/*/a.jpg", "2026/01/02", False, False),
    ],
)
def test_what_a_glob_says_of_a_folder_that_is_not_opened(glob, folder, all_below, some_below) -> None:
    told = Glob(glob)
    assert (told.matches_all_below(folder), told.may_match_below(f"{folder}/")) == (all_below, some_below)


def plainly(glob: str, path: str) -> bool:
    """The meaning of a glob, letter by letter; slow, and without classes."""
    return _plainly(glob, path, at_start=True)


def _plainly(glob: str, path: str, *, at_start: bool) -> bool:
    if not glob:
        return not path
    if glob.startswith("**/") and at_start:
        rests = [path, *(path[cut + 1 :] for cut, letter in enumerate(path) if letter == "/")]
        return any(_plainly(glob[3:], rest, at_start=True) for rest in rests)
    if glob.startswith("**"):
        return any(_plainly(glob.lstrip("*"), path[cut:], at_start=False) for cut in range(len(path) + 1))
    if glob[0] == "*":
        end = path.find("/") if "/" in path else len(path)
        return any(_plainly(glob[1:], path[cut:], at_start=False) for cut in range(end + 1))
    if not path or (glob[0] == "?" and path[0] == "/") or (glob[0] not in ("?", path[0])):
        return False
    return _plainly(glob[1:], path[1:], at_start=glob[0] == "/")


GLOBS = st.lists(st.sampled_from(["a", "b", "/", "*", "?", "**", "**/", "."]), min_size=1, max_size=6).map("".join)
PATHS = st.text("ab/.", max_size=7)


@given(GLOBS.filter(lambda glob: glob[0] != "/" and glob[-1] != "/"), PATHS)
def test_globs_match_what_they_plainly_mean(glob: str, path: str) -> None:
    assert Glob(glob).matches(path) is plainly(glob, path)


@given(GLOBS.filter(lambda glob: glob[0] != "/"), PATHS, PATHS)
def test_a_glob_may_match_below_whatever_it_matches_below(glob: str, beginning: str, rest: str) -> None:
    told = Glob(glob)
    if told.matches(beginning + rest):
        assert told.may_match_below(beginning)
    if told.matches_all_below(beginning):
        assert told.matches(f"{beginning}/{rest}")
