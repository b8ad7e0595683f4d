"""A hub on this machine: a real HTTP server that keeps what it is sent."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hub:
    """What came: repositories as they were asked for, files by name, tokens; and how it answers."""

    url: str = ""
    created: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)
    private: bool = True
    refuse: int = 0


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = Hub(f"http://127.0.0.1:{self.server_address[1]}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._note()
        self._answer({"id": "me/t", "private": self.server.hub.private, "siblings": [], "tags": []})

    def do_POST(self) -> None:
        hub = self.server.hub
        self._note()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if hub.refuse:
            self._answer({"error": f"no entry for {self.headers['Authorization']}"}, hub.refuse)
        elif self.path == "/api/repos/create":
            hub.created.append(json.loads(body))
            self._answer({"url": f"{hub.url}/me/t", "name": "me/t"})
        elif self.path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            names = [each["path"] for each in json.loads(body)["files"]]
            how = {"uploadMode": "regular", "shouldIgnore": False}
            self._answer({"files": [{"path": name, **how} for name in names]})
        else:
            said = [json.loads(line) for line in body.decode().splitlines()]
            for each in (each["value"] for each in said if each["key"] == "file"):
                hub.files[each["path"]] = base64.b64decode(each["content"])
            self._answer({"commitUrl": f"{hub.url}/me/t/commit/1", "commitOid": "1"})

    def _note(self) -> None:
        self.server.hub.tokens.add(self.headers.get("Authorization", ""))
        self.server.hub.paths.append(self.path)

    def _answer(self, value: Any, status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


@contextmanager
def serve() -> Iterator[Hub]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
