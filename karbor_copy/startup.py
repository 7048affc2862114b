# SPDX-License-Identifier: Apache-2.0
"""What every process of the service begins with, hears, and ends with."""

import os
import signal
import socket
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Protocol

from oslo_config import cfg
from oslo_log import log as logging
from oslo_reports import guru_meditation_report
from oslo_reports import opts as report_opts

from karbor_copy import checks
from karbor_copy import exceptions
from karbor_copy import version
from karbor_copy.conf import parsing
from karbor_copy.db import engine
from karbor_copy.db import migration

LOG = logging.getLogger(__name__)

PROJECT = "karbor-copy"
#: Names the configuration files, joined by colons.
CONFIG_FILES = "KARBOR_COPY_CONFIG_FILES"

#: What a command tells in one line: no fault of the program's own.
FAILURES = (
    OSError,
    ValueError,
    cfg.Error,
    logging.LogConfigError,
    exceptions.KarborCopyError,
    *engine.FAILURES,
)


def named_files() -> list[str] | None:
    """Return the configuration files that the environment names, if any."""
    files = os.environ.get(CONFIG_FILES, "")
    return files.split(os.pathsep) if files else None


def configure(
    conf: cfg.ConfigOpts,
    args: Sequence[str],
    config_files: Sequence[str] | None = None,
) -> None:
    """Parse the command line and the files, start logging and database.

    Where neither it nor ``config_files`` names any the environment may.
    """
    if config_files is None:
        config_files = named_files()
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


def usable(conf: cfg.ConfigOpts, *more: checks.Check) -> bool:
    """Tell whether the files, as they are now, can be used; log if not."""
    try:
        checks.check_files(conf, *more)
    except Exception as error:  # noqa: BLE001 - whatever is in the files
        LOG.error("All stays as it was, the files can't be used: %s", error)
        return False
    return True


def read_again(conf: cfg.ConfigOpts, *more: checks.Check) -> bool:
    """Take what the files say now if they can be used; tell if they can."""
    return usable(conf, *more) and bool(conf.reload_config_files())


def use(conf: cfg.ConfigOpts) -> None:
    """Log, and reach the database, as the configuration is now."""
    logging.setup(conf, PROJECT)
    engine.configure(conf)


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
