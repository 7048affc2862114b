# SPDX-License-Identifier: Apache-2.0
"""Sends requests over connections that stay open, each after its answer."""

import collections
import concurrent.futures
import dataclasses
import json
import math
import re
import socket
import time
from collections.abc import Sequence
from typing import Any

from tests.fixtures import rows

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TIMEOUT = 120


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answered:
    """How long all took, in seconds, and each, in milliseconds."""

    seconds: float
    times: Sequence[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.seconds

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.times)
        return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def post(path: str, body: Any) -> bytes:
    """Return the bytes of a request."""
    text = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\n"
        "Host: localhost\r\n"
        f"X-Auth-Token: bench:{rows.PROJECT}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


def send(port: int, requests: Sequence[bytes], connections: int) -> Answered:
    """Send the requests; return when all are answered.

    :raises SystemExit: one was not accepted.
    """
    waiting = collections.deque(requests)
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        begin = time.perf_counter()
        ended = [
            pool.submit(_send_some, port, waiting) for _ in range(connections)
        ]
        times = [taken for future in ended for taken in future.result()]
        return Answered(seconds=time.perf_counter() - begin, times=times)


def _send_some(port: int, waiting: collections.deque[bytes]) -> list[float]:
    times: list[float] = []
    address = ("127.0.0.1", port)
    with socket.create_connection(address, _TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                request = waiting.popleft()
            except IndexError:
                return times
            begin = time.perf_counter()
            connection.sendall(request)
            _receive(connection)
            times.append((time.perf_counter() - begin) * 1000)


def _receive(connection: socket.socket) -> None:
    answer = b""
    end = -1
    while end < 0 or len(answer) < end:
        piece = connection.recv(65536)
        if not piece:
            raise SystemExit(f"A connection was closed: {answer!r}")
        answer += piece
        head, mark, _ = answer.partition(b"\r\n\r\n")
        if mark and end < 0:
            length = _LENGTH.search(head)
            assert length is not None, head
            end = len(head) + len(mark) + int(length[1])
    if not answer.startswith(b"HTTP/1.1 20"):
        raise SystemExit(f"A request was not accepted: {answer.decode()}")
