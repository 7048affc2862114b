# SPDX-License-Identifier: Apache-2.0
"""What every command of the service does first: configuration and log."""

import ipaddress
import socket
from collections.abc import Sequence

from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy import version
from karbor_copy.db import engine

PROJECT = "karbor-copy"

#: What a command tells in one line: no fault of the program's own.
FAILURES = (
    OSError,
    ValueError,
    cfg.Error,
    db_exception.DBError,
    exceptions.KarborCopyError,
)


def configure(
    conf: cfg.ConfigOpts,
    args: Sequence[str],
    config_files: Sequence[str] | None = None,
) -> None:
    """Parse the command line and the files, start logging and database."""
    logging.register_options(conf)
    conf.set_default("use_stderr", True)
    logging.set_defaults(
        default_log_levels=[
            *logging.get_default_log_levels(),
            "taskflow=WARN",
            "alembic=WARN",
        ]
    )
    conf(
        args,
        project="karbor_copy",
        prog=PROJECT,
        version=version.version_string(),
        default_config_files=(
            None if config_files is None else list(config_files)
        ),
    )
    logging.setup(conf, PROJECT)
    engine.configure(conf)


def check_loopback(conf: cfg.ConfigOpts) -> None:
    """Refuse to serve callers whose word is taken on other addresses.

    :raises ValueError: noauth and an address that is not this machine's own.
    """
    if conf.auth_strategy != "noauth":
        return
    for *_ignored, address in socket.getaddrinfo(conf.api.host, None):
        if not ipaddress.ip_address(address[0]).is_loopback:
            raise ValueError(
                f"auth_strategy noauth serves on loopback addresses only,"
                f" not on {conf.api.host}"
            )


def check_timers(conf: cfg.ConfigOpts) -> None:
    """Refuse heartbeats that come too late to keep a lease.

    :raises ValueError: fewer than three fit into one lease.
    """
    options = conf.protection
    if options.heartbeat_interval * 3 > options.lease:
        raise ValueError(
            f"[protection] heartbeat_interval {options.heartbeat_interval}"
            f" must be at most a third of lease {options.lease}"
        )
