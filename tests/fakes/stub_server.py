# SPDX-License-Identifier: Apache-2.0
"""A server that is quick to start, of two processes, as PostgreSQL is."""

import pathlib
import sys
from collections.abc import Sequence

from tools.servers import server

_PROGRAM = """\
import os, socket, sys
reading, _writing = os.pipe()
if os.fork() == 0:
    os.close(_writing)
    os.read(reading, 1)  # until its parent has gone
    sys.exit()
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        with listener.accept()[0] as client:
            client.sendall(b"welcome")
"""


class StubServer(server.Server):
    """Greets everyone."""

    title = "Stub"
    package = "stub-server"
    user = "root"  # anyone else may not see the interpreter
    programs = ("python3",)
    _welcome = b"welcome"

    @property
    def url(self) -> str:
        return f"stub://{server.HOST}:{self.port}"

    def prepare(self) -> None:
        self._run(["touch", "prepared"])

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-c", _PROGRAM, str(self.port)]


class BrokenServer(StubServer):
    """Ends at once."""

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-c", "raise SystemExit('disk full')"]


class NeedyServer(StubServer):
    """Needs the one that is called mariadb, and tells where that is."""

    needs = ("mariadb",)

    def __init__(self, directory: pathlib.Path, other: str) -> None:
        super().__init__(directory)
        self.other = other

    @property
    def url(self) -> str:
        return f"{super().url}?{self.other}"


class AbsentServer(StubServer):
    """Is not installed."""

    programs = ("python3", "no-such-program")


class UninstallableServer(StubServer):
    """Installs itself, or would."""

    def prepare(self) -> None:
        raise server.Missing("Stub is not installed: no network")
