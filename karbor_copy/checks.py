# SPDX-License-Identifier: Apache-2.0
"""Refuses files of options with which a process would not work.

Nobody else is asked, and nothing changes.
"""

import ipaddress
import os
import pathlib
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from oslo_config import cfg

from karbor_copy.conf import again
from karbor_copy.conf import bandwidth
from karbor_copy.db import engine
from karbor_copy.providers import registry
from karbor_copy.rpc import transport

Check = Callable[[cfg.ConfigOpts], object]

_TRY_LOGGING: Final = (
    "import logging.config, sys; logging.config.fileConfig(sys.argv[1])"
)
#: Seconds that it may take.
_PATIENCE: Final = 30


def check_files(conf: cfg.ConfigOpts, *checks: Check) -> None:
    """Refuse the files of a process as they are now.

    What every process of the service needs is looked at, and ``checks`` get
    what the files say too. ``conf`` itself stays as it is.

    :raises Exception: whatever is in the files.
    """
    found = again.read(conf)
    for check in (*_CHECKS, *checks):
        check(found)


def check_logging(conf: cfg.ConfigOpts) -> None:
    """Refuse what no log can be made of.

    :raises ValueError: naming the option.
    """
    if conf.log_config_append:
        _try_logging(conf.log_config_append)
    elif conf.log_dir or conf.log_file:
        program = pathlib.Path(sys.argv[0]).name
        path = pathlib.Path(
            conf.log_dir or "", conf.log_file or f"{program}.log"
        )
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise ValueError(f"log_dir, log_file: can't write {path}")


def _try_logging(path: str) -> None:
    """Try it in another process: here it would end the log that there is."""
    try:
        subprocess.run(
            [sys.executable, "-c", _TRY_LOGGING, path],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            text=True,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"log_config_append: {path} takes {_PATIENCE} s and longer"
        ) from error
    except subprocess.CalledProcessError as error:
        *_, reason = error.stderr.splitlines() or ["no reason given"]
        raise ValueError(f"log_config_append: {reason}") from error


def check_providers(conf: cfg.ConfigOpts) -> None:
    """Refuse provider files that can't be used.

    :raises ProviderConfigError: naming the line of the first one.
    """
    registry.check(pathlib.Path(conf.provider_config_dir))


_CHECKS: Final = (
    check_logging,
    check_providers,
    engine.check,
    transport.check,
)


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


def check_bandwidth(conf: cfg.ConfigOpts) -> None:
    """Refuse a limit that nobody understands.

    :raises ValueError: naming file, option and the part that is wrong.
    """
    bandwidth.parse(conf, "copy_engine")
