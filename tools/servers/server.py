# SPDX-License-Identifier: Apache-2.0
"""Runs one real server for tests, and makes it suffer.

It has a directory, ports on loopback and processes of its own, knows nothing
of a server that the machine runs, and dies with the thread that started it.
"""

import abc
import contextlib
import os
import pathlib
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import ClassVar
from typing import TypeVar

HOST = "127.0.0.1"
#: Seconds for a start or an end, on a machine that has other things to do.
PATIENCE = 120.0

_CLUSTERS = pathlib.Path("/usr/lib/postgresql")
#: Where Debian has what is not on the PATH of a user. rabbitmq-server must
#: be found there: the one on the PATH is a wrapper for the system's broker.
_PATH = os.pathsep.join(
    [
        *sorted(map(str, _CLUSTERS.glob("*/bin")), reverse=True),
        "/usr/lib/rabbitmq/bin",
        os.environ.get("PATH", os.defpath),
        "/usr/sbin",
    ]
)


class ServerError(Exception):
    """A server can't be started; the text ends with its log."""


class Missing(ServerError):
    """A server is not installed, and can't be; the text is one line."""


class Server(abc.ABC):
    """One server, which comes and goes as it is told."""

    title: ClassVar[str]
    #: Of Debian.
    package: ClassVar[str]
    #: Of the package; the one who serves where root runs the tests.
    user: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    #: Names of the servers that must run before; it takes their URLs.
    needs: ClassVar[tuple[str, ...]] = ()
    #: What makes it end in order, without waiting for its clients.
    _end: ClassVar[signal.Signals] = signal.SIGTERM
    #: What a client says first, and the pattern of the answer.
    _hello: ClassVar[bytes] = b""
    _welcome: ClassVar[bytes]

    def __init__(self, directory: pathlib.Path) -> None:
        """Take an empty directory of the user who serves."""
        self.directory = directory
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """Where it serves, as the clients' libraries take it."""

    @abc.abstractmethod
    def prepare(self) -> None:
        """Make what it needs before its first start.

        :raises ServerError: that failed.
        """

    @abc.abstractmethod
    def _command(self) -> Sequence[str]:
        """Return the command whose process serves, itself or by children."""

    def _environment(self) -> Mapping[str, str]:
        return {}

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last.

        :raises ServerError: none was.
        """
        if self._process is None:
            raise ServerError(f"{self.title} was not started")
        return self._process

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended; a frozen one runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs, and wait until it serves.

        :raises ServerError: it does not.
        """
        if not self.running:
            self._process = self._spawn(self._command())
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it serves.

        :raises ServerError: it ended, or took too long.
        """
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if not self.running or time.monotonic() > deadline:
                raise ServerError(f"{self.title} does not serve: {self._log}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether it serves: it is up and not frozen."""
        try:
            with socket.create_connection((HOST, self.port), 1) as connection:
                connection.sendall(self._hello)
                answer = connection.recv(64)
        except OSError:
            return False
        return re.match(self._welcome, answer, re.DOTALL) is not None

    def stop(self) -> None:
        """Let it end in order, frozen or not; kill it if it does not."""
        if not self.running:
            return
        self.process.send_signal(self._end)
        self.thaw()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """Let it end in order, and start it again.

        :raises ServerError: it does not come back.
        """
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop all its processes where they are, as SIGSTOP does."""
        if not self.running:
            return
        pid = self.process.pid
        os.kill(pid, signal.SIGSTOP)
        # Once it has stopped it makes no more children and reaps none.
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        for child in _children(pid):
            os.kill(child, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        if not self.running:
            return
        for child in _children(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End all its processes at once, as SIGKILL does."""
        if not self.running:
            return
        self.freeze()
        children = [os.pidfd_open(pid) for pid in _children(self.process.pid)]
        for child in children:
            signal.pidfd_send_signal(child, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        # They are not ours to wait for, but hold what a new start needs.
        for child in children:
            select.select([child], [], [], PATIENCE)
            os.close(child)

    def close(self) -> None:
        """Leave no process behind."""
        self.stop()

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with self._log_path.open("ab") as log:
            return subprocess.Popen(
                self._wrapped(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={
                    "HOME": str(self.directory),
                    "LC_ALL": "C.UTF-8",
                    "PATH": _PATH,
                    **self._environment(),
                },
                # Control-C is for the tests, which stop the server then.
                process_group=0,
            )

    def _run(self, command: Sequence[str]) -> None:
        if self._spawn(command).wait() != 0:
            raise ServerError(f"{command[0]} failed: {self._log}")

    def _wrapped(self, command: Sequence[str]) -> list[str]:
        """Return the command under its user, to be killed with its parent."""
        options = ["--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            options += ["--reuid", self.user, "--regid", self.user]
            options += ["--init-groups"]
        return ["setpriv", *options, *command]

    @property
    def _log_path(self) -> pathlib.Path:
        return self.directory / f"{self.title}.log"

    @property
    def _log(self) -> str:
        return self._log_path.read_text(errors="replace")[-2000:]


_Kind = TypeVar("_Kind", bound=Server)


@contextlib.contextmanager
def running(kind: type[_Kind], *needed: str) -> Iterator[_Kind]:
    """Run a new, empty server for the length of the block.

    ``needed`` are the URLs of those that it needs.

    :raises ServerError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="karbor-copy-") as path:
        if os.geteuid() == 0:
            shutil.chown(path, kind.user, kind.user)
        server = kind(pathlib.Path(path), *needed)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.close()


def is_installed(kind: type[Server]) -> bool:
    """Tell whether this machine has all programs of a server."""
    return all(shutil.which(name, path=_PATH) for name in kind.programs)


def free_port() -> int:
    """Return a port that is free and that nothing gets by chance.

    The kernel hands out those from 32768 on.
    """
    while True:
        port = 10000 + secrets.randbelow(20000)
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind((HOST, port))
            return port


def _children(pid: int) -> list[int]:
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in brackets, may hold anything.
            after_name = path.read_bytes().rpartition(b")")[2]
            if int(after_name.split()[1]) == pid:
                found.append(int(path.parent.name))
    return found
