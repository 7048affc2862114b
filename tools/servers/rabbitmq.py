# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ, for tests."""

import pathlib
from collections.abc import Mapping
from collections.abc import Sequence

from tools.servers import server


class NameServer(server.Server):
    """Erlang's epmd, where a broker registers its name.

    A broker would start one that outlives it.
    """

    title = "epmd"
    package = "rabbitmq-server"
    user = "rabbitmq"
    programs = ("epmd",)
    #: A request of all names; the answer begins with its own port.
    _hello = b"\0\1n"
    _welcome = b"...."

    @property
    def url(self) -> str:
        """Return where it serves, for people."""
        return f"{server.HOST}:{self.port}"

    def prepare(self) -> None:
        """Do nothing: it has no files."""

    def _command(self) -> Sequence[str]:
        return ["epmd", "-address", server.HOST, "-port", str(self.port)]


class RabbitMQ(server.Server):
    """A broker without plugins, for the user guest."""

    password = "guest"  # noqa: S105

    title = "RabbitMQ"
    package = NameServer.package
    user = NameServer.user
    programs = (*NameServer.programs, "rabbitmq-server")
    _hello = b"AMQP\0\0\x09\x01"
    #: A frame that holds a method: Connection.Start.
    _welcome = b"\x01"

    def __init__(self, directory: pathlib.Path) -> None:
        """Take an empty directory of the user who serves."""
        super().__init__(directory)
        self._names = NameServer(directory)
        self._nodes_port = server.free_port()

    @property
    def url(self) -> str:
        """Return the URL of the virtual host that is always there."""
        return f"rabbit://guest:{self.password}@{server.HOST}:{self.port}/"

    def prepare(self) -> None:
        """Start the server of names, which stays up whatever the broker does.

        :raises ServerError: it does not serve.
        """
        self._names.start()

    def close(self) -> None:
        """Leave no process behind."""
        super().close()
        self._names.close()

    def _command(self) -> Sequence[str]:
        return ["rabbitmq-server"]

    def _environment(self) -> Mapping[str, str]:
        absent = f"{self.directory}/absent"
        return {
            "ERL_EPMD_ADDRESS": server.HOST,
            "ERL_EPMD_PORT": str(self._names.port),
            "RABBITMQ_NODENAME": "tests@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": server.HOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._nodes_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1}"
                f' -rabbit default_pass <<"{self.password}">>'
            ),
            # With "input" Erlang takes the place of the shell that starts
            # it; the options see to it that it reads none.
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_SERVER_START_ARGS": "-noshell -noinput",
            "RABBITMQ_MNESIA_BASE": f"{self.directory}/mnesia",
            "RABBITMQ_LOG_BASE": f"{self.directory}/logs",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": absent,
            "RABBITMQ_CONFIG_FILE": absent,
            "RABBITMQ_ADVANCED_CONFIG_FILE": absent,
            "RABBITMQ_ENABLED_PLUGINS_FILE": absent,
        }
