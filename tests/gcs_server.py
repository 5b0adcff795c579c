"""Google Cloud Storage's JSON API, as far as reading goes, and the place where a service account has its token.

Written after https://cloud.google.com/storage/docs/json_api/v1; what it does not speak is status 501.
"""

import base64
import hashlib
import json
import re
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.storage_server import LIST, Refusal, StorageHandler, Stored

METADATA, MEDIA, TOKEN, BUCKET = "METADATA", "MEDIA", "TOKEN", "BUCKET"
PAGE = 20
"""Objects on a page of a listing."""
_BEARER = "token-of-the-tests"
_OBJECTS = re.compile(r"(?:/download)?/storage/v1/b/([^/]+)/o(?:/(.+))?")

FORBIDDEN = Refusal(403, "forbidden", "auditor does not have storage.objects.get access to the object.")
BUSY = Refusal(503, "backendError", "We encountered an internal error. Please try again.")
TOO_MANY = Refusal(429, "rateLimitExceeded", "The rate of requests exceeds the limit.")


class GcsHandler(StorageHandler):
    """Buckets are the first folders of files, and there always."""

    def asked(self) -> tuple[str, str]:
        found = _OBJECTS.fullmatch(self.place)
        if found is None:
            return {"/token": TOKEN, f"/storage/v1/b/{self.place.rpartition('/')[2]}": BUCKET}.get(self.place, ""), ""
        self.bucket, name = found[1], urllib.parse.unquote(found[2] or "")
        self.file = f"{self.bucket}/{name}"
        if not name:
            return LIST, self.bucket
        return (MEDIA if self.query.get("alt") == "media" else METADATA, self.file)

    def refuse(self, refusal: Refusal) -> None:
        if self.key[0] == MEDIA:
            self.send(refusal.status, refusal.message.encode(), Content_Type="text/html; charset=UTF-8")
            return
        reasons = [{"domain": "global", "reason": refusal.code, "message": refusal.message}]
        told = {"error": {"code": refusal.status, "message": refusal.message, "errors": reasons}}
        self._send_json(refusal.status, told)

    def answer(self) -> None:
        if self.key[0] == TOKEN:
            self._send_json(200, {"access_token": _BEARER, "expires_in": 3600, "token_type": "Bearer"})
        elif self.headers["Authorization"] != f"Bearer {_BEARER}":
            self.refuse(Refusal(401, "required", "Anonymous caller does not have storage.objects.get access."))
        elif self.key[0] == LIST:
            self._list()
        elif self.key[0] == BUCKET:
            self._send_json(200, {"kind": "storage#bucket", "name": self.place.rpartition("/")[2], "location": "EU"})
        elif self.key[0] in {METADATA, MEDIA}:
            self._tell(self.storage.files.get(self.file))
        else:
            self.refuse(Refusal(501, "notImplemented", self.path))

    def _list(self) -> None:
        begin = f"{self.bucket}/{self.query.get('prefix', '')}"
        after = self.query.get("pageToken", "")
        found = sorted(path for path in [*self.storage.files] if path.startswith(begin) and path > after)
        told: dict[str, Any] = {"kind": "storage#objects"}
        if page := [self._resource(path, self.storage.files[path]) for path in found[:PAGE]]:
            told["items"] = page
        if len(found) > PAGE:
            told["nextPageToken"] = found[PAGE - 1]
        self._send_json(200, told)

    def _tell(self, stored: Stored | None) -> None:
        number = self.query.get("generation")
        if stored is None or number not in {None, str(stored.number)}:
            self.refuse(Refusal(404, "notFound", f"No such object: {self.file}"))
        elif self.key[0] == METADATA:
            self._send_json(200, self._resource(self.file, stored))
        else:
            self._send_bytes(stored)

    def _send_bytes(self, stored: Stored) -> None:
        told = {"Content_Type": "application/octet-stream", "X_Goog_Generation": str(stored.number)}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            self.send(200, stored.data, X_Goog_Hash=f"md5={_md5(stored.data)}", **told)
            return
        start, size = int(wanted[1]), len(stored.data)
        end = min(int(wanted[2]) + 1, size) if wanted[2] else size
        if start >= size:
            self.send(416, b"", Content_Range=f"bytes */{size}")
        else:
            self.send(206, stored.data[start:end], Content_Range=f"bytes {start}-{end - 1}/{size}", **told)

    def _resource(self, path: str, stored: Stored) -> dict[str, Any]:
        name = path.partition("/")[2]
        quoted = urllib.parse.quote(name, safe="")
        media = f"http://127.0.0.1:{self.storage.port}/download/storage/v1/b/{self.bucket}/o/{quoted}"
        return {
            "kind": "storage#object",
            "id": f"{path}/{stored.number}",
            "mediaLink": f"{media}?generation={stored.number}&alt=media",
            "name": name,
            "bucket": self.bucket,
            "generation": str(stored.number),
            "metageneration": "1",
            "contentType": "application/octet-stream",
            "size": str(len(stored.data)),
            "md5Hash": _md5(stored.data),
            "updated": f"{datetime.fromtimestamp(stored.modified_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.123Z",
        }

    def _send_json(self, status: int, told: dict[str, Any]) -> None:
        self.send(status, json.dumps(told).encode(), Content_Type="application/json; charset=UTF-8")


def write_service_account(file: Path, port: int) -> None:
    """A key with which Google's clients get a token from such a server."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    told = {
        "type": "service_account",
        "project_id": "tests",
        "private_key_id": "1",
        "private_key": key.private_bytes(serialization.Encoding.PEM, form, plain).decode(),
        "client_email": "auditor@tests.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"http://127.0.0.1:{port}/token",
    }
    file.write_text(json.dumps(told), "utf-8")


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
