# SPDX-License-Identifier: Apache-2.0
"""A reverse proxy between a bank and its server that does what it is told.

Faults are tried in the order in which they were added; the first that is
for a request and not used up is done to it.
"""

import contextlib
import hashlib
import http.client
import http.server
import pathlib
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

#: Headers that are about one connection, not about what goes through it.
_HOP = frozenset({"connection", "expect", "keep-alive", "transfer-encoding"})
FOREVER = 1_000_000


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass
class Fault:
    """What to do to requests of a method whose URL holds a text."""

    method: str = ""
    part: str = ""
    times: int = 1
    #: Answered in place of the server.
    answer: Answer | None = None
    #: Answered as if it had been stored; nothing is.
    lie: bool = False
    #: Done, but not answered.
    lost: bool = False
    #: Answered as the same request was the last time.
    stale: bool = False
    #: Of the request: reset after so many bytes; this one is flipped.
    request_reset: int | None = None
    request_flip: int | None = None
    #: Of the answer's body: reset, end, or flip, after so many bytes.
    reset: int | None = None
    truncate: int | None = None
    flip: int | None = None
    #: Seconds before each of ten pieces of the body; before the answer.
    slow: float = 0.0
    delay: threading.Event | None = None

    def is_for(self, method: str, path: str) -> bool:
        return (
            self.times > 0
            and self.method in ("", method)
            and self.part in path
        )


@dataclass
class Proxy:
    """What a test says, and what it sees."""

    host: str
    port: int
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    #: Asked where none of these is for a request.
    choose: Callable[[str, str, Mapping[str, str]], Fault | None] = (
        lambda _method, _path, _headers: None
    )
    #: Method and path, with the query, of all that came.
    requests: list[tuple[str, str]] = field(default_factory=list)
    _seen: dict[tuple[str, str], Answer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    def count(self, method: str, part: str = "") -> int:
        """Return how many such requests came."""
        return sum(
            name == method and part in path for name, path in self.requests
        )

    def fault_for(
        self, method: str, path: str, headers: Mapping[str, str]
    ) -> Fault:
        with self._lock:
            self.requests.append((method, path))
            for fault in self.faults:
                if fault.is_for(method, path):
                    fault.times -= 1
                    return fault
            return self.choose(method, path, headers) or Fault()

    def forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Return the server's answer."""
        connection = http.client.HTTPConnection(self.host, self.port)
        with contextlib.closing(connection):
            connection.putrequest(
                method, path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in headers.items():
                if name.lower() not in _HOP:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            got = connection.getresponse()
            kept = tuple(
                (name, value)
                for name, value in got.getheaders()
                if name.lower() not in _HOP
            )
            answer = Answer(got.status, kept, got.read())
        with self._lock:
            self._seen[method, path] = answer
        return answer

    def last(self, method: str, path: str) -> Answer | None:
        with self._lock:
            return self._seen.get((method, path))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_any(self) -> None:
        fault = self.proxy.fault_for(self.command, self.path, self.headers)
        size = int(self.headers.get("Content-Length") or 0)
        if fault.request_reset is not None:
            self.rfile.read(min(size, fault.request_reset))
            self._reset()
            return
        body = _flipped(self.rfile.read(size), fault.request_flip)
        if fault.delay is not None:
            fault.delay.wait(30)
        answer = self._answer(fault, body)
        if fault.lost:
            self._reset()
        else:
            self._send(answer, fault)

    do_GET = do_HEAD = handle_any  # noqa: N815 - http.server's names
    do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815

    def _answer(self, fault: Fault, body: bytes) -> Answer:
        if fault.answer is not None:
            return fault.answer
        if fault.lie:
            md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
            status = 201 if "/v1/" in self.path else 200
            return Answer(status, (("ETag", f'"{md5}"'),))
        if fault.stale:
            last = self.proxy.last(self.command, self.path)
            if last is not None:
                return last
        return self.proxy.forward(
            self.command, self.path, dict(self.headers.items()), body
        )

    def _send(self, answer: Answer, fault: Fault) -> None:
        self.send_response_only(answer.status)
        names = {name.lower() for name, _ in answer.headers}
        for name, value in answer.headers:
            self.send_header(name, value)
        if "content-length" not in names and answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        body = _flipped(answer.body, fault.flip)
        if self.command == "HEAD":
            return
        if fault.reset is not None:
            self.wfile.write(body[: fault.reset])
            self.wfile.flush()
            self._reset()
        elif fault.truncate is not None:
            self.wfile.write(body[: fault.truncate])
            self.close_connection = True
        else:
            self._dribble(body, fault.slow)

    def _dribble(self, body: bytes, pause: float) -> None:
        size = max(1, len(body) // 10) if pause else max(1, len(body))
        for start in range(0, len(body), size):
            time.sleep(pause)
            self.wfile.write(body[start : start + size])
            self.wfile.flush()

    def _reset(self) -> None:
        """End the connection by RST, as a server that died."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Be quiet: a client may leave, or be left, at any time."""


def _flipped(data: bytes, position: int | None) -> bytes:
    if position is None or not data:
        return data
    changed = bytearray(data)
    changed[position % len(changed)] ^= 0xFF
    return bytes(changed)


@contextlib.contextmanager
def proxying(
    url: str, certificate: pathlib.Path | None = None
) -> Iterator[Proxy]:
    """Stand before a server for the length of the block.

    With a certificate, in one file with its key, it speaks TLS.
    """
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = _Server(("127.0.0.1", 0), handler)
    scheme = "http"
    if certificate is not None:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy.url = f"{scheme}://127.0.0.1:{server.server_port}"
    serve: Callable[..., None] = server.serve_forever
    thread = threading.Thread(target=serve, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
