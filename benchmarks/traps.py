"""What OpenCV opens beside the file it is given: playlists, scripts and descriptions under a video's name.

Called by benchmarks/seek.py. Each case runs in a process of its own, against a server of ours that counts requests.
"""

import http.server
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

from examples.media import broken
from examples.media.videos import video

_OPTIONS: Final = (
    "",
    "protocol_whitelist;file",
    "format_whitelist;mov,matroska",
    "protocol_whitelist;none|format_whitelist;mov,matroska",
)
_CHILD: Final = """
import io, sys, cv2
name, how = sys.argv[1:]
source = name if how == "path" else io.BufferedReader(io.FileIO(name))
capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [])
print("opened and read" if capture.read()[0] else "opened" if capture.isOpened() else "refused")
"""


def report_traps() -> None:
    """Prints, for each set of options and each trap: what was opened, and how often our server was asked."""
    asked: list[str] = []
    with tempfile.TemporaryDirectory() as name, _server(asked) as server:
        folder = Path(name)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/one.ts"
        video(folder / "one.ts", seconds=1)
        video(folder / "honest.mp4", seconds=1)
        playlist = broken.hls_playlist("one.ts")
        (folder / "playlist.mp4").write_bytes(playlist)
        (folder / "playlist.m3u8").write_bytes(playlist)
        (folder / "playlist, remote.mp4").write_bytes(broken.hls_playlist(address))
        (folder / "playlist, remote.m3u8").write_bytes(broken.hls_playlist(address))
        (folder / "script.mkv").write_bytes(broken.concat_script("one.ts"))
        (folder / "script, remote.mkv").write_bytes(broken.concat_script(address))
        (folder / "description.mp4").write_bytes(broken.stream_description(server.server_port))
        cases = sorted(path for path in folder.iterdir() if path.name != "one.ts")
        for options in _OPTIONS:
            print(f"\nOPENCV_FFMPEG_CAPTURE_OPTIONS={options!r}\n| file | path | stream | requests |")
            for path in cases:
                asked.clear()
                outcomes = [_outcome(path, how, options) for how in ("path", "stream")]
                print(f"| {path.name} | {' | '.join(outcomes)} | {len(asked)} |", flush=True)
        server.shutdown()


def _outcome(path: Path, how: str, options: str) -> str:
    environment = {**os.environ, "OPENCV_FFMPEG_CAPTURE_OPTIONS": options}
    if not options:
        del environment["OPENCV_FFMPEG_CAPTURE_OPTIONS"]
    command = [sys.executable, "-c", _CHILD, path.name, how]
    run = subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout.strip()


def _server(asked: list[str]) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Not a word: the table counts."""

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
