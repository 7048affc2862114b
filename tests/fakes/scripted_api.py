# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on loopback that gives the answers a test wrote down."""

import contextlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PREFIX = "/v1/demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: Any
    status: int
    headers: dict[str, str]

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


class ScriptedApi:
    """Answers each method and path in turn; the last answer is repeated."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}

    def on(
        self,
        method: str,
        path: str,
        *bodies: Any,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._answers.setdefault((method, path), []).extend(
            Answer(body=body, status=status, headers=headers or {})
            for body in bodies
        )

    def sent(self, method: str) -> list[Request]:
        return [r for r in self.requests if r.method == method]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        answers = self._answers.get((request.method, request.path))
        if not answers:
            fault = {"itemNotFound": {"code": 404, "message": "Not here."}}
            return Answer(body=fault, status=404, headers={})
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ScriptedApi

    def handle_any(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.api.answer(
            Request(
                method=self.command,
                path=urllib.parse.unquote(parts.path).removeprefix(PREFIX),
                query=dict(urllib.parse.parse_qsl(parts.query)),
                body=json.loads(data) if data else None,
                token=self.headers.get("X-Auth-Token"),
            )
        )
        content = answer.content()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing: the test shows what was asked."""


@contextlib.contextmanager
def serving() -> Iterator[ScriptedApi]:
    api = ScriptedApi()
    handler = type("ScriptedHandler", (Handler,), {"api": api})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
