"""How fast the review page answers over a large store.

    python benchmarks/review.py [--items 100000] [--pages 100]

The store is drawn by chance as in ``judge.py``, with films among the items and with decisions of two other reviewers;
``aiqyn review`` runs as a process of its own. Pages are asked for over HTTP, one by one, from all over the queue; the
files themselves do not exist, so that no picture is decoded meanwhile. Prints seconds of starting, and milliseconds of
item pages, of pages of the queue and of decisions.
"""

import argparse
import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.judge import OUT, build_store  # noqa: E402
from pipelines.judge import judge_store  # noqa: E402
from pipelines.policy_config import load_policy  # noqa: E402
from pipelines.store import Store  # noqa: E402
from pipelines.tables import connect  # noqa: E402
from transforms.part_files import write_part  # noqa: E402

_FRAMES: Final = 16
_DECISIONS: Final = ("disclosed", "not_disclosed", "not_ai", "unsure")


def prepare(root: Path, count: int) -> list[str]:
    """Makes the store; contents of its queue."""
    build_store(root, count)
    store, rng = Store.open(root), np.random.default_rng(7)
    judge_store(store, [load_policy("kz")], date(2026, 11, 27))
    with connect(store) as tables:
        sql = """
            SELECT content_sha256, segment_id FROM verdicts_latest
            WHERE outcome IN ('review', 'not_disclosed', 'partly_disclosed') ORDER BY content_sha256
        """
        queue = tables.execute(sql).fetchall()
    frames = [
        {"content_sha256": content, "segment_id": segment, "frame_index": i, "timestamp_ms": 400.0 * i}
        | {"detector": "drawn", "detector_digest": "d", "score": float(rng.random())}
        for content, segment in queue[::2]
        for i in range(_FRAMES)
    ]
    shared = {"policy": "kz", "decided_at": datetime.now(UTC)}
    reviews = [
        shared
        | {
            "content_sha256": str(content),
            "reviewer": reviewer,
            "decision": str(rng.choice(_DECISIONS)),
            "sequence": number,
        }
        | {"review_id": f"{reviewer}-{number}"}
        for reviewer in ("ann", "bob")
        for number, content in enumerate(rng.choice([content for content, _ in queue], len(queue) // 5, replace=False))
    ]
    for table, rows in (("frames", frames), ("reviews", reviews)):
        store.commit_parts(table, "drawn", [asdict(write_part(str(root), table, "drawn", rows))])
    return [content for content, _ in queue]


@dataclass
class Visitor:
    """Somebody who was let in.

    Attributes:
        port: Of the page.
        cookie: Of the visit.
    """

    port: int
    cookie: str = ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[float, int, str, dict[str, str]]:
        """Milliseconds until all of the answer is here, its status, its text, its headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        started = time.perf_counter()
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        took = 1000 * (time.perf_counter() - started)
        connection.close()
        return took, answer.status, text, dict(answer.getheaders())

    def timed(self, ask: Callable[[int], tuple[str, str, dict[str, str] | None]], count: int) -> dict[str, float]:
        """Of several questions, the median and the longest, in milliseconds."""
        took = []
        for number in range(count):
            one, status, _, _ = self.ask(*ask(number))
            if status >= 400:
                raise SystemExit(f"{ask(number)} was answered with {status}")
            took.append(one)
        return {"median_ms": round(statistics.median(took), 1), "max_ms": round(max(took), 1)}


@contextmanager
def reviewing(store: Path) -> Iterator[tuple[float, Visitor]]:
    """Seconds until ``aiqyn review`` printed its address, and a visitor."""
    started = time.perf_counter()
    command = [sys.executable, "-u", "-m", "pipelines.cli", "review", "--store", str(store), "--reviewer", "cem"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if running.stdout is None:
        raise SystemExit("aiqyn review has no output")
    try:
        found = None
        while found is None:
            line = running.stdout.readline()
            if not line:
                raise SystemExit("aiqyn review did not start")
            found = re.search(r"http://127\.0\.0\.1:(\d+)(/\?token=\S+)", line)
        took = time.perf_counter() - started
        visitor = Visitor(int(found[1]))
        visitor.cookie = visitor.ask("GET", found[2])[3]["set-cookie"].partition(";")[0]
        yield took, visitor
    finally:
        running.terminate()
        running.wait(60)


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=100)
    given = parser.parse_args()
    root = OUT / f"review-store-{given.items}"
    queue = prepare(root, given.items)
    np.random.default_rng(11).shuffle(queue)
    figures: dict[str, Any] = {"items": given.items, "queue": len(queue)}
    with reviewing(root) as (seconds, visitor):
        figures["start_s"] = round(seconds, 1)
        token = re.search(r'name="csrf" value="([^"]+)"', visitor.ask("GET", "/")[2])
        if token is None:
            raise SystemExit("the page has no form")
        form = {"csrf": token[1], "decision": "not_ai", "note": ""}
        figures["item"] = visitor.timed(lambda i: ("GET", f"/item/{queue[i % len(queue)]}?show=all", None), given.pages)
        figures["queue_page"] = visitor.timed(lambda i: ("GET", f"/?show=all&from={50 * i}", None), given.pages // 5)
        figures["decision"] = visitor.timed(
            lambda i: ("POST", f"/item/{queue[i % len(queue)]}/decision", form), given.pages // 5
        )
    shutil.rmtree(root)
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
