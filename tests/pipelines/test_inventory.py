"""Listing: every input once, whatever it is called and whether or not it can be read."""

import os
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.inventory import covers, list_inputs, list_places, normalise


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree [1] *"
    for name in ("a.jpg", "sub/b.jpg", "sub/deep/қазақша атау.png", "sub/.hidden.mp4", "empty/"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_bytes(b"12345")
    return root


def names(source: str | Path, root: Path) -> list[str]:
    return [os.path.relpath(place.uri, root) for place in list_places(normalise(str(source)))]


def test_a_tree_is_listed_whole_also_with_glob_characters_in_its_name(tree: Path) -> None:
    assert sorted(names(tree, tree)) == ["a.jpg", "sub/.hidden.mp4", "sub/b.jpg", "sub/deep/қазақша атау.png"]


def test_a_single_file_is_a_source(tree: Path) -> None:
    place = next(list_places(str(tree / "a.jpg")))
    assert (place.size_bytes, place.mtime_ns) == (5, (tree / "a.jpg").stat().st_mtime_ns)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("*.jpg", ["a.jpg"]), ("**.jpg", ["a.jpg", "sub/b.jpg"]), ("sub/?.jpg", ["sub/b.jpg"])],
)
def test_globs(pattern: str, found: list[str], tmp_path: Path) -> None:
    for name in ("a.jpg", "sub/b.jpg", "sub/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    assert names(tmp_path / pattern, tmp_path) == found
    assert all(covers(f"{tmp_path}/{pattern}", f"{tmp_path}/{name}") for name in found)
    assert not covers(f"{tmp_path}/{pattern}", f"{tmp_path}/sub/c.png")


def test_links_to_files_are_followed_and_links_to_folders_are_not(tree: Path) -> None:
    (tree / "link.jpg").symlink_to(tree / "a.jpg")
    (tree / "loop").symlink_to(tree)
    (tree / "dangling.jpg").symlink_to(tree / "nowhere")
    places = {Path(place.uri).name: place for place in list_places(str(tree))}
    assert places["link.jpg"].size_bytes == 5
    assert places["dangling.jpg"].problem == "No such file or directory"
    assert len(places) == 6


def test_a_folder_that_cannot_be_read_is_listed_as_such(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def forbidden(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidden)  # permissions do not bind root, under which tests may run
    problems = [place.problem for place in list_places(str(tree)) if place.problem]
    assert problems == ["Folder: Permission denied."]


def test_names_that_are_no_utf8_are_escaped_and_can_be_opened(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff\xfe.jpg"
    with open(raw, "wb") as file:  # noqa: PTH123
        file.write(b"1")
    place = next(list_places(str(tmp_path)))
    assert place.uri.endswith("\\xff\\xfe.jpg")
    place.uri.encode("utf-8")
    assert os.stat(place.path).st_size == 1  # noqa: PTH116


@pytest.mark.parametrize(
    ("source", "uri", "covered"),
    [
        ("/a", "/a/b/c", True),
        ("/a", "/a", True),
        ("/a", "/ab", False),
        ("/a/b", "/a", False),
        ("/", "/a", True),
        ("s3://bucket/x", "s3://bucket/x/y.jpg", True),
    ],
)
def test_covers(source: str, uri: str, covered: bool) -> None:
    assert covers(source, uri) is covered


def test_relative_sources_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert normalise("x/") == str(tmp_path / "x")
    assert normalise("gs://bucket/x/") == "gs://bucket/x"


def test_a_place_has_one_address_however_a_source_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "far" / "c").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "c")
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert normalise("../../x") == str(tmp_path / "x")
    assert normalise("../*.jpg") == str(tmp_path / "a" / "*.jpg")
    assert normalise(f"/{tmp_path}") == str(tmp_path)
    assert normalise(f"{tmp_path}/link") == f"{tmp_path}/link"
    assert normalise(f"{tmp_path}/link/../x") == f"{tmp_path}/far/x", "as the kernel reads it"


@pytest.mark.parametrize("pattern", ["", "/**.jpg"])
def test_the_store_is_no_input(pattern: str, tmp_path: Path) -> None:
    (tmp_path / "store" / "items").mkdir(parents=True)
    for name in ("a.jpg", "store.jpg", "store/items/b.jpg", "store/c.jpg"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path)
    for source in (tmp_path, tmp_path / "link"):
        places = list(list_inputs([f"{source}{pattern}"], tmp_path / "store"))
        assert sorted(Path(place.uri).name for place in places) in (
            ["a.jpg", "store.jpg"],
            ["a.jpg", "link", "store.jpg"],
        )


def test_a_scheme_without_its_extra_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Is the address right"):
        list(list_places("nonsense://bucket/x"))


def names_beside(places) -> dict[str, list[str]]:
    return {Path(place.uri).name: [Path(one.uri).name for one in place.beside] for place in places if place.beside}


def test_a_tree_gives_each_file_its_sidecars_as_they_are_listed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.png", "a.txt", "b.png", "deep/a.png", "deep/a.json", "deep/b.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "b.md").mkdir()
    (tmp_path / "b.srt").symlink_to(tmp_path / "nowhere")
    places = list(list_inputs([str(tmp_path)], tmp_path / "store"))
    assert names_beside(places) == {"a.png": ["a.json"], "b.png": ["b.srt", "b.md"]}, "of one name the deeper one"
    first = next(place for place in places if place.uri == f"{tmp_path}/a.png")
    assert first.beside == tuple(place for place in places if place.uri == f"{tmp_path}/a.txt")
    problems = [one.problem for place in places for one in place.beside if place.uri == f"{tmp_path}/b.png"]
    assert problems == ["No such file or directory", "This is no regular file."]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("fake://bucket", {"a.png": ["a.txt"], "b.png": ["b.json"]}),
        ("fake://bucket/a.png", {"a.png": ["a.txt"]}),
        ("fake://bucket/*.png", {"a.png": ["a.txt"]}),
    ],
)
def test_sidecars_of_remote_files(source: str, expected: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import fnmatch

    from apache_beam.io.filesystem import FileMetadata, MatchResult
    from apache_beam.io.filesystems import FileSystems

    files = [f"fake://bucket/{name}" for name in ("a.png", "a.txt", "c/b.json", "c/b.png", "z.txt")]

    def match(patterns):
        def fits(file: str, pattern: str) -> bool:
            return fnmatch.fnmatch(file, pattern) and ("**" in pattern or file.count("/") == pattern.count("/"))

        return [
            MatchResult(pattern, [FileMetadata(file, 3, 5.0) for file in files if fits(file, pattern)])
            for pattern in patterns
        ]

    monkeypatch.setattr(FileSystems, "match", match)
    places = list(list_inputs([source], tmp_path))
    assert names_beside(places) == expected
    assert {one.size_bytes for place in places for one in place.beside} == {3}
