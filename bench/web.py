# SPDX-License-Identifier: Apache-2.0
"""Serves the API, and the bare framework, by gunicorn as the sample says."""

import dataclasses
import os
import pathlib
import socket
import sys

import bare
import usage

from tests.fixtures import processes
from tests.fixtures import standalone
from tools.servers import server

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
SAMPLE = ROOT / "etc" / "karbor_copy" / "karbor-copy-api-gunicorn.conf.py"
API = "karbor_copy.wsgi.api:application"
BARE = "bare:make()"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Served:
    """An application that one worker process serves."""

    port: int
    pid: int

    @property
    def cpu_seconds(self) -> float:
        return usage.cpu_seconds(self.pid)

    @property
    def peak_mebibytes(self) -> float:
        return usage.peak_mebibytes(self.pid)


def serve(
    site: processes.Processes, application: str, database: str
) -> Served:
    """Serve with the sample's threads, in one worker, until the site ends."""
    port = server.free_port()
    program = pathlib.Path(sys.executable).parent / "gunicorn"
    started = site.start(
        [
            *(str(program), "-c", str(SAMPLE), "--workers", "1"),
            *("--bind", f"127.0.0.1:{port}", application),
        ],
        {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{BENCH}",
            "KARBOR_COPY_CONFIG_FILES": str(site.config),
            bare.DATABASE: database,
        },
    )
    pid = process_id(started)
    standalone.wait(lambda: listens(started, port))
    return Served(port=port, pid=pid)


def process_id(started: processes.Running) -> int:
    """Return the worker's."""
    children = standalone.wait(lambda: processes.children(started.process.pid))
    (pid,) = children
    return int(pid)


def listens(started: processes.Running, port: int) -> bool:
    """Tell whether it can be connected to.

    :raises SystemExit: it has ended.
    """
    if started.process.poll() is not None:
        raise SystemExit(started.log)
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
