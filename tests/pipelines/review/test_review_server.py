"""The review page over HTTP: what it answers, and to whom it does not."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.review.command import listening
from pipelines.store import Store
from pipelines.tables import connect
from tests.pipelines.review.served import Served, served
from tests.pipelines.review.shelf import Shelf

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"' \u202etxt.exe"


@pytest.fixture(scope="module")
def contents() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def root(tmp_path_factory, contents) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    shelf = Shelf(folder / "archive")
    for name, score in (("a.png", 0.9), ("film.png", 0.8), ("gone.png", 0.7)):
        contents[name] = shelf.add(name, score=score, caption=HOSTILE)
    shelf.mark(contents["a.png"], HOSTILE)
    shelf.mark(contents["film.png"], "made by AI", first_ms=500.0, last_ms=2500.0)
    shelf.film(contents["film.png"], [0.1, 0.9, None, 0.4])
    shelf.store(folder / "store")
    return folder / "store"


@pytest.fixture(scope="module")
def running(root):
    with served(Store(root)) as opened:
        opened.enter()
        yield opened


@pytest.fixture
def page(running) -> Served:
    return running


def decisions(root: Path) -> list[tuple]:
    with connect(Store(root)) as tables:
        sql = "SELECT content_sha256, reviewer, decision, note FROM reviews_latest ORDER BY ALL"
        return tables.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"cookie": None}, "Open the address"),
        ({"cookie": "aiqyn-review-{port}=wrong"}, "Open the address"),
        ({"cookie": "aiqyn-review-{port}="}, "Open the address"),
        ({"cookie": 'a="b; \x7f=;;'}, "Open the address"),
        ({"host": "evil.example"}, "no other name"),
        ({"host": "127.0.0.1.evil.example:{port}"}, "no other name"),
        ({"host": "127.0.0.1"}, "no other name"),
        ({"host": "127.0.0.1:{port}@evil.example"}, "no other name"),
        ({"host": None}, "no other name"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/static/review.js", "/item/{content}", "/item/{content}/frame/0"])
def test_who_is_not_let_in_sees_nothing(path, headers, why, page, contents) -> None:
    told = {name: value and value.format(port=page.port) for name, value in headers.items()}
    answer = page.ask("GET", path.format(content=contents["a.png"]), **told)
    assert answer.status in {400, 403}  # the server itself refuses a request without a host
    assert answer.status == 400 or why in answer.text
    assert "a.png" not in answer.text
    assert "csrf" not in answer.text


@pytest.mark.parametrize("token", ["", "wrong", "%00", "%D0%BA%FF", "{right}x", "{right}&token=wrong"])
def test_only_the_token_opens_and_it_leaves_the_address(token, page) -> None:
    answer = page.ask("GET", f"/?token={token.format(right=page.guard.token)}", cookie=None)
    is_right = token.startswith("{right}&")  # the first one counts
    assert answer.status == (303 if is_right else 403)
    assert ("set-cookie" in answer.headers) is is_right
    if is_right:
        assert answer.headers["location"] == "/"
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "samesite=strict" in answer.headers["set-cookie"].lower()
        assert page.guard.token not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"csrf": "wrong"}, {}),
        ({"csrf": "{csrf}"}, {"origin": None}),
        ({"csrf": "{csrf}"}, {"origin": "null"}),
        ({"csrf": "{csrf}"}, {"origin": "http://evil.example"}),
        ({"csrf": "{csrf}"}, {"origin": "https://127.0.0.1:{port}"}),
        ({"csrf": "{csrf}"}, {"origin": "http://localhost:{port}"}),
        ({"csrf": "{csrf}"}, {"cookie": None}),
    ],
)
@pytest.mark.parametrize("path", ["/item/{content}/decision", "/item/{content}/withdrawal", "/reload"])
def test_no_other_site_can_decide(path, form, headers, page, contents, root) -> None:
    filled = {name: value.format(csrf=page.csrf) for name, value in form.items()} | {"decision": "not_ai"}
    told = {name: value and value.format(port=page.port) for name, value in headers.items()}
    answer = page.ask("POST", path.format(content=contents["a.png"]), filled, **told)
    assert answer.status == 403
    assert decisions(root) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_but_a_post_decides(method, page, contents, root) -> None:
    path = f"/item/{contents['a.png']}/decision?csrf={page.csrf}&decision=not_ai"
    assert page.ask(method, path).status == 405
    assert decisions(root) == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/../guard.py",
        "/static/..%2fguard.py",
        "/static/%2e%2e/desk.py",
        "/static//etc/passwd",
        "/static/base.html.j2",
        "/item/..%2f..%2fetc/passwd",
        "/item/{content}/frame/-1",
        "/item/{content}/frame/99",
        "/item/{content}/frame/1e9",
        "/item/{upper}",
        "/item/' OR 1=1 --",
        "/item/" + "0" * 64,
        "/item/" + "0" * 64 + "/scene",
        "/nothing",
        "//evil.example/",
    ],
)
def test_what_is_not_there_is_not_found(path, page, contents) -> None:
    content = contents["a.png"]
    asked = path.format(content=content, upper=content.upper()).replace(" ", "%20")
    answer = page.ask("GET", asked)
    assert answer.status == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "withdrawn"},
        {"decision": "disputed"},
        {"decision": ""},
        {"decision": "not_ai", "note": "x" * 4001},
        {"decision": "not_ai", "note": "x" * 70_000},
    ],
)
def test_an_odd_form_is_refused_with_a_page(form, page, contents, root) -> None:
    answer = page.ask("POST", f"/item/{contents['a.png']}/decision", {"csrf": page.csrf} | form)
    assert answer.status in {400, 409, 413}
    assert "That could not be done" in answer.text
    assert decisions(root) == []


def test_what_breaks_is_told_and_recorded_nothing(page, contents, root, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr("pipelines.review.desk.record_reviews", refused)
    error: Exception = OSError(28, "No space left on device")
    answer = page.decide(contents["a.png"], "not_ai")
    assert (answer.status, "The disk is full" in answer.text) == (409, True)
    error = ZeroDivisionError("secret")
    answer = page.decide(contents["a.png"], "not_ai")
    assert (answer.status, "an error of its own" in answer.text, "secret" in answer.text) == (500, True, False)
    assert page.desk.progress().decided == 0
    assert decisions(root) == []


@pytest.mark.parametrize("query", ["show=evil", "outcome=evil", "from=-1", "from=9999999999", "done=x", "frame=99"])
def test_an_odd_choice_is_none(query, page) -> None:
    assert page.ask("GET", f"/?{query}").status == 200


@pytest.mark.parametrize("path", ["/", "/item/{content}", "/static/style.css", "/nothing", "/?token=wrong"])
def test_every_answer_forbids_what_the_page_does_not_need(path, page, contents) -> None:
    headers = page.ask("GET", path.format(content=contents["a.png"])).headers
    policy = dict(one.strip().split(" ", 1) for one in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert set(policy.values()) <= {"'none'", "'self'"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_texts_of_files_are_texts(page, contents) -> None:
    text = page.ask("GET", f"/item/{contents['a.png']}").text + page.ask("GET", f"/item/{contents['a.png']}/scene").text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "\u202e" not in text


def test_a_film_has_frames_with_times_their_labels_and_its_curve(page, contents) -> None:
    content = contents["film.png"]
    scene = page.ask("GET", f"/item/{content}/scene?frame=2").text
    assert re.findall(r'data-frame="(\d)"( hidden)?', scene) == [
        ("0", " hidden"),
        ("1", " hidden"),
        ("2", ""),
        ("3", " hidden"),
    ]
    assert scene.count("made by AI") == 2 * 2  # the box and what is read, in the two frames within its time
    assert "0:03" in scene
    item = page.ask("GET", f"/item/{content}").text
    assert 'id="curve0-title"' in item
    frame = page.ask("GET", f"/item/{content}/frame/3")
    assert (frame.status, frame.headers["content-type"]) == (200, "image/jpeg")


def test_faces_are_shown_on_demand_only(page, contents) -> None:
    content = contents["a.png"]
    assert "Faces blurred: 1" in page.ask("GET", f"/item/{content}/scene").text
    assert "Faces are shown" in page.ask("GET", f"/item/{content}/scene?faces=shown").text
    assert ("a.png", True) in page.stills.asked


def test_where_there_is_no_picture_the_page_says_why(page, contents) -> None:
    assert "No such file" in page.ask("GET", f"/item/{contents['gone.png']}/scene").text
    assert page.ask("GET", f"/item/{contents['gone.png']}/frame/0").status == 404


def test_from_a_decision_to_the_next_item_and_back_and_nothing_else_of_the_store_is_written(root, contents) -> None:
    before = files_of(root)
    with served(Store(root)) as page:
        page.enter()
        a, film, gone = contents["a.png"], contents["film.png"], contents["gone.png"]
        answer = page.decide(a, "not_ai", " a drawing\r\nby hand ")
        assert (answer.status, answer.headers["location"]) == (303, f"/item/{film}?show=open&done={a}")
        assert "Recorded: Not AI" in page.ask("GET", answer.headers["location"]).text
        assert decisions(root) == [(a, "ann", "not_ai", "a drawing\nby hand")]
        assert page.decide(gone, "unsure").headers["location"] == f"/item/{film}?show=open&done={gone}", "round again"
        assert page.decide(film, "disclosed").headers["location"] == f"/?show=open&done={film}"
        assert "Nothing is left here" in page.ask("GET", "/").text
        for content in (film, gone, a):
            undone = page.ask("POST", f"/item/{content}/withdrawal", {"csrf": page.csrf})
            assert undone.headers["location"] == f"/item/{content}?show=open&done={content}"
            assert "Taken back" in page.ask("GET", undone.headers["location"]).text
    assert decisions(root) == []
    after = files_of(root)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {path.split("/")[0] for path in changed} == {"reviews", "_claims"}, "rows, and who writes them"


def files_of(root: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listening(0) as taken, pytest.raises(UsageError, match="Name another: --port"):
        listening(taken.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_address_and_ends_well(number, root, tmp_path) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "review", "--store", str(root), "--reviewer", "ann"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "40"}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        told = [running.stdout.readline() for _ in range(2)]
        assert told[0] == "3 items wait for a person or were decided, 0 by ann.\n"
        assert re.fullmatch(r"Open http://127\.0\.0\.1:\d+/\?token=[\w-]{43}\n", told[1])
        time.sleep(1)
        running.send_signal(number)
        _, errors = running.communicate(timeout=60)
    finally:
        running.kill()
    assert (running.returncode, errors) == (0, "")
