# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, for tests."""

import signal
from collections.abc import Sequence

from tools.servers import server


class PostgreSQL(server.Server):
    """A cluster whose user postgres needs no password.

    ``fsync`` is off: a killed process loses nothing that the kernel has. It
    does lose what it never gave to the kernel, and may leave half a page, so
    ``synchronous_commit`` and ``full_page_writes`` stay on.
    """

    title = "PostgreSQL"
    package = "postgresql"
    user = "postgres"
    programs = ("initdb", "postgres")
    _end = signal.SIGINT
    #: Version 3.0 of the protocol and a name.
    _hello = b"\0\0\0\x17\0\3\0\0user\0postgres\0\0"
    _welcome = b"R"

    @property
    def url(self) -> str:
        """Return the URL of the database that is always there."""
        host = f"{server.HOST}:{self.port}"
        return f"postgresql+psycopg2://postgres@{host}/postgres"

    def prepare(self) -> None:
        """Make the cluster.

        :raises ServerError: that failed.
        """
        self._run(
            [
                *("initdb", "--pgdata=data", "--username=postgres"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C"),
                "--no-sync",
            ]
        )

    def _command(self) -> Sequence[str]:
        return [
            *("postgres", "-D", "data", f"--port={self.port}"),
            *(f"--listen_addresses={server.HOST}", "--max_connections=500"),
            # All of it is in the directory, nothing is left over.
            *("--unix_socket_directories=", "--fsync=off"),
            "--dynamic_shared_memory_type=mmap",
        ]
