# SPDX-License-Identifier: Apache-2.0
"""MariaDB, for tests."""

from collections.abc import Sequence

from tools.servers import server


class MariaDB(server.Server):
    """A server whose root needs no password.

    A commit is given to the kernel and not flushed to the disk: a killed
    process loses nothing that the kernel has.
    """

    title = "MariaDB"
    package = "mariadb-server"
    user = "mysql"
    programs = ("mariadb-install-db", "mariadbd")
    #: Length and number of the packet, then version 10 of the protocol.
    _welcome = b"....\n"

    @property
    def url(self) -> str:
        """Return the URL of the server, without a database."""
        return f"mysql+pymysql://root@{server.HOST}:{self.port}/"

    def prepare(self) -> None:
        """Make the system's tables.

        :raises ServerError: that failed.
        """
        self._run(
            [
                *("mariadb-install-db", "--no-defaults", "--skip-test-db"),
                f"--datadir={self.directory}/data",
                "--auth-root-authentication-method=normal",
            ]
        )

    def _command(self) -> Sequence[str]:
        return [
            *("mariadbd", "--no-defaults", f"--port={self.port}"),
            *(f"--bind-address={server.HOST}", "--skip-name-resolve"),
            *(f"--datadir={self.directory}/data", "--socket=socket"),
            *("--max-connections=500", "--innodb-flush-log-at-trx-commit=2"),
        ]
