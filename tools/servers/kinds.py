# SPDX-License-Identifier: Apache-2.0
"""Names the servers that tests may need."""

from collections.abc import Mapping

from tools.servers import keystone
from tools.servers import mariadb
from tools.servers import postgresql
from tools.servers import rabbitmq
from tools.servers import server
from tools.servers import swift

ALL: Mapping[str, type[server.Server]] = {
    "keystone": keystone.Keystone,
    "mariadb": mariadb.MariaDB,
    "postgresql": postgresql.PostgreSQL,
    "rabbitmq": rabbitmq.RabbitMQ,
    "swift": swift.Swift,
    # Two regions.
    "swift-two": swift.SwiftTwo,
    "swift-keystone": swift.SwiftKeystone,
    "swift-keystone-two": swift.SwiftKeystoneTwo,
}


def missing() -> list[type[server.Server]]:
    """Return those that are not installed."""
    return [kind for kind in ALL.values() if not server.is_installed(kind)]
