# SPDX-License-Identifier: Apache-2.0
"""oslo.db's options, with this service's default, and one more: [database]."""

from typing import Any

from oslo_config import cfg
from oslo_db import options

GROUP = "database"
OPTS = [
    cfg.IntOpt(
        "response_timeout",
        default=10,
        min=0,
        help="Seconds that PostgreSQL or MariaDB may take for a connection, a"
        " statement or a lock; 0 is any time. What takes longer counts as"
        " the database being away: a request is answered 503, and a worker"
        " leaves its operation to its lease. A database that is frozen is"
        " given up a second later. Commands of karbor-copy-manage wait as"
        " long as it takes. With the drivers psycopg2, PyMySQL and"
        " mysqlclient.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options, oslo.db's with the default connection."""
    options.set_defaults(
        conf, connection="sqlite:///$state_path/karbor_copy.sqlite"
    )
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[str, list[Any]]:
    """Return group to options, without those that oslo.db lists itself."""
    return {GROUP: OPTS}
