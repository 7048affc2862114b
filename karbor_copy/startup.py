# SPDX-License-Identifier: Apache-2.0
"""What every process of the service does first: configuration and log."""

import ipaddress
import os
import pathlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Final
from typing import Protocol

from oslo_config import cfg
from oslo_log import log as logging
from oslo_reports import guru_meditation_report
from oslo_reports import opts as report_opts

from karbor_copy import exceptions
from karbor_copy import version
from karbor_copy.conf import again
from karbor_copy.conf import bandwidth
from karbor_copy.conf import parsing
from karbor_copy.db import engine
from karbor_copy.db import migration
from karbor_copy.providers import registry
from karbor_copy.rpc import transport

LOG = logging.getLogger(__name__)

PROJECT = "karbor-copy"

_TRY_LOGGING: Final = (
    "import logging.config, sys; logging.config.fileConfig(sys.argv[1])"
)

#: What a command tells in one line: no fault of the program's own.
FAILURES = (
    OSError,
    ValueError,
    cfg.Error,
    logging.LogConfigError,
    exceptions.KarborCopyError,
    *engine.FAILURES,
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
    report_opts.set_defaults(conf)
    with parsing.without_lines():
        conf(
            args,
            project="karbor_copy",
            prog=PROJECT,
            version=version.version_string(),
            default_config_files=(
                None if config_files is None else list(config_files)
            ),
        )
    use(conf)


def check_files(
    conf: cfg.ConfigOpts, *checks: Callable[[cfg.ConfigOpts], object]
) -> None:
    """Refuse files, as they are now, that can't be used.

    The configuration itself stays as it is. What every process of the service
    needs is looked at, and ``checks`` get the new one too.

    :raises Exception: whatever is in the files.
    """
    found = again.read(conf)
    for check in (*_CHECKS, *checks):
        check(found)


def usable(
    conf: cfg.ConfigOpts, *checks: Callable[[cfg.ConfigOpts], object]
) -> bool:
    """Tell whether the files can be used, see above; log if not."""
    try:
        check_files(conf, *checks)
    except Exception as error:  # noqa: BLE001 - whatever is in the files
        LOG.error("All stays as it was, the files can't be used: %s", error)
        return False
    return True


def use(conf: cfg.ConfigOpts) -> None:
    """Log, and reach the database, as the configuration is now."""
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


def check_logging(conf: cfg.ConfigOpts) -> None:
    """Refuse what no log can be made of.

    It is tried in another process: to try it here would end the log there is.

    :raises ValueError: naming the option.
    """
    if conf.log_dir or conf.log_file:
        path = pathlib.Path(conf.log_dir or "", conf.log_file or "any")
        if not os.access(path.parent, os.W_OK):
            raise ValueError(f"log_dir, log_file: can't write {path.parent}")
    if conf.log_config_append:
        tried = subprocess.run(
            [sys.executable, "-c", _TRY_LOGGING, conf.log_config_append],
            capture_output=True,
            check=False,
            text=True,
        )
        if tried.returncode:
            *_, reason = tried.stderr.splitlines() or ["no reason given"]
            raise ValueError(f"log_config_append: {reason}")


def check_providers(conf: cfg.ConfigOpts) -> None:
    """Refuse provider files that can't be used.

    :raises ProviderConfigError: naming the line of the first one.
    """
    registry.check(pathlib.Path(conf.provider_config_dir))


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


_CHECKS: Final = (
    check_logging,
    check_providers,
    engine.check,
    transport.check,
)


def check_schema() -> None:
    """Refuse to work on tables that are not those of this version.

    :raises ValueError: ``karbor-copy-manage db sync`` is needed.
    """
    found, wanted = migration.version(), migration.newest()
    if found != wanted:
        raise ValueError(
            f"the database is at version {found}, this needs {wanted}: run"
            " karbor-copy-manage db sync"
        )


class Service(Protocol):
    """What runs in threads of its own."""

    def start(self) -> None:
        """Begin; returns at once."""

    def stop(self) -> bool:
        """End; tell whether all threads have ended in time."""


def stop(
    services: Iterable[Service], finish: Callable[[], object] = bool
) -> None:
    """Stop the services in their order, finish, and leave the database.

    Where a thread hangs the process ends here: the interpreter would wait.
    """
    ended = all([each.stop() for each in services])
    finish()
    engine.dispose()
    if not ended:
        LOG.warning("What hangs is left to its lease")
        os._exit(0)


def arriving(*numbers: signal.Signals) -> Callable[[], int]:
    """Return what waits for the next of these signals and tells which.

    What they ask for is done by who waits there: a handler may come in the
    middle of anything, even of itself. And it need not come at all: of two
    signals at once the kernel gives one to another thread, for which the main
    one, where Python runs handlers, does not wake. So their numbers come
    through a socket, into which Python puts them in any thread.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.detach())
    for number in numbers:
        signal.signal(number, lambda _number, _frame: None)

    def wait() -> int:
        while (number := heard.recv(1)[0]) not in numbers:
            pass
        return number

    return wait


def report_on_signal(conf: cfg.ConfigOpts) -> None:
    """Print what all threads do, and the options, on SIGUSR2."""
    guru_meditation_report.TextGuruMeditation.setup_autorun(
        _Version(), conf=conf
    )


class _Version:
    """What the report tells of the program."""

    def vendor_string(self) -> str:
        return "OpenStack"

    def product_string(self) -> str:
        return PROJECT

    def version_string_with_package(self) -> str:
        return version.version_string()
