"""WebHDFS: a namenode that tells of files and sends readers on to a datanode, both of which are this server.

Written after https://hadoop.apache.org/docs/r3.4.1/hadoop-project-dist/hadoop-hdfs/WebHDFS.html; what it does not
speak is status 400.
"""

import json
import posixpath
import urllib.parse
from typing import Any

from tests.storage_server import LIST, Refusal, StorageHandler, Stored

DATANODE = "DATANODE"
"""The method by which faults and counts know the reading of bytes; ``OPEN`` is the namenode's part of it."""
USER = "auditor"
_NAMENODE_AT, _DATANODE_AT = "/webhdfs/v1/", "/datanode/webhdfs/v1/"
_METHODS = {"LISTSTATUS": LIST, "GETFILESTATUS": "GETFILESTATUS", "OPEN": "OPEN"}

FORBIDDEN = Refusal(403, "AccessControlException", "Permission denied: user=auditor, access=READ")
STANDBY = Refusal(403, "StandbyException", "Operation category READ is not supported in state standby")
LOST_BLOCK = Refusal(403, "BlockMissingException", "Could not obtain block: blk_1")
MISSING = Refusal(404, "FileNotFoundException", "File does not exist: ")
GATEWAY = Refusal(503, "", "Service Unavailable")
"""Of what stands before the server, which answers with a page."""


class WebHdfsHandler(StorageHandler):
    """Folders are those in which files lie; a path that ends with / is an empty one."""

    def asked(self) -> tuple[str, str]:
        begin = _DATANODE_AT if self.place.startswith(_DATANODE_AT) else _NAMENODE_AT
        self.file = urllib.parse.unquote(self.place.removeprefix(begin)).strip("/")
        self.is_datanode = begin == _DATANODE_AT
        return (DATANODE if self.is_datanode else _METHODS.get(self.query.get("op", ""), ""), self.file)

    def refuse(self, refusal: Refusal) -> None:
        if not refusal.code:
            self.send(refusal.status, b"<html>busy</html>", Content_Type="text/html")
            return
        package = "org.apache.hadoop.security" if "Access" in refusal.code else "java.io"
        told = {
            "exception": refusal.code,
            "javaClassName": f"{package}.{refusal.code}",
            "message": f"{refusal.message}\n\tat org.apache.hadoop.hdfs.server.namenode.FSNamesystem",
        }
        self._send_json(refusal.status, {"RemoteException": told})

    def answer(self) -> None:
        if self.query.get("user.name", USER) != USER:
            self.refuse(FORBIDDEN)
        elif self.key[0] == LIST:
            self._list()
        elif self.key[0] == "GETFILESTATUS":
            status = self._status(self.file)
            self._send_json(200, {"FileStatus": status}) if status else self._miss()
        elif self.key[0] == "OPEN":
            self._send_on()
        elif self.is_datanode:
            self._read()
        else:
            self.refuse(
                Refusal(400, "IllegalArgumentException", f"Invalid value for webhdfs parameter op in {self.path}")
            )

    def _list(self) -> None:
        if self.file in self.storage.files:
            self._send_json(200, {"FileStatuses": {"FileStatus": [self._status(self.file)]}})
            return
        below = f"{self.file}/" if self.file else ""
        names = {path[len(below) :].partition("/")[0] for path in [*self.storage.files] if path.startswith(below)}
        if not names:
            self._miss()
            return
        statuses = [self._status(below + name) | {"pathSuffix": name} for name in sorted(names - {""})]
        self._send_json(200, {"FileStatuses": {"FileStatus": statuses}})

    def _status(self, path: str) -> dict[str, Any] | None:
        stored = self.storage.files.get(path)
        if stored is None and not any(other.startswith(f"{path}/") for other in [*self.storage.files]):
            return None
        kind, known = ("FILE", stored) if stored else ("DIRECTORY", Stored(b"", 0))
        return {
            "accessTime": known.modified_ms,
            "blockSize": 134_217_728 if stored else 0,
            "childrenNum": 0,
            "fileId": 16_385 + known.number,
            "group": "supergroup",
            "length": len(known.data),
            "modificationTime": known.modified_ms,
            "owner": USER,
            "pathSuffix": "",
            "permission": "644" if stored else "755",
            "replication": 3 if stored else 0,
            "storagePolicy": 0,
            "type": kind,
        }

    def _send_on(self) -> None:
        if self.file not in self.storage.files:
            self._miss()
            return
        place = urllib.parse.quote(posixpath.join(_DATANODE_AT, self.file))
        told = urllib.parse.urlencode(self.query | {"namenoderpcaddress": "localhost:8020"})
        self.send(307, b"", Location=f"http://127.0.0.1:{self.storage.port}{place}?{told}")

    def _read(self) -> None:
        if self.file not in self.storage.files:
            self._miss()
            return
        data = self.storage.files[self.file].data
        start = int(self.query.get("offset", 0))
        end = start + int(self.query["length"]) if "length" in self.query else len(data)
        self.send(200, data[start:end], Content_Type="application/octet-stream")

    def _miss(self) -> None:
        self.refuse(Refusal(404, MISSING.code, f"{MISSING.message}/{self.file}"))

    def _send_json(self, status: int, told: dict[str, Any]) -> None:
        self.send(status, json.dumps(told).encode(), Content_Type="application/json;charset=utf-8")
