# SPDX-License-Identifier: Apache-2.0
"""OpenStack Swift, for tests: its own API, and S3 by s3api.

It comes from PyPI into an environment of its own, made once and kept in
the user's cache.
"""

import fcntl
import getpass
import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence
from typing import ClassVar

from tools.servers import server
from tools.servers import swift_main

RELEASE = "2.38.3"
#: Account, user and key of the two accounts that tempauth knows.
USERS = (("test", "tester", "testing"), ("other", "tester", "testing2"))

_MAIN = pathlib.Path(swift_main.__file__)
_INSTALL_TIMEOUT = 600

_SWIFT = """\
[swift-hash]
swift_hash_path_suffix = tests

[storage-policy:0]
name = gold
default = yes
"""
_STORAGE = """\
[DEFAULT]
devices = {directory}/devices
mount_check = false
bind_ip = {host}
bind_port = {port}
swift_dir = {directory}
recon_cache_path = {directory}
db_preallocation = off
disable_fallocate = true
fallocate_reserve = 0
log_address = /nonexistent
log_level = WARNING

[pipeline:main]
pipeline = {type}-server

[app:{type}-server]
use = egg:swift#{type}
"""
_PROXY = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
swift_dir = {directory}
log_address = /nonexistent
log_level = WARNING

[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk
    s3api tempauth copy slo dlo versioned_writes symlink proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true

[filter:cache]
paste.filter_factory = __main__:cache_factory

[filter:s3api]
use = egg:swift#s3api
location = {region}
dns_compliant_bucket_names = true

[filter:tempauth]
use = egg:swift#tempauth
{users}

[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
"""
_PLAIN_FILTERS = (
    *("catch_errors", "gatekeeper", "healthcheck", "listing_formats"),
    *("bulk", "copy", "slo", "dlo", "symlink"),
)


class Swift(server.Server):
    """A Swift of one replica, whose users tempauth knows.

    For S3 a user's access key is ``account:user`` and the secret the key.
    """

    title = "Swift"
    package = ""
    user = getpass.getuser()
    programs = ()
    region: ClassVar[str] = "region-one"
    _hello = b"GET /healthcheck HTTP/1.0\r\n\r\n"
    _welcome = b"HTTP/1.[01] 200"

    def __init__(self, directory: pathlib.Path) -> None:
        """Take an empty directory of the user who serves."""
        super().__init__(directory)
        self._python = pathlib.Path()

    @property
    def url(self) -> str:
        """Return the root of all its services."""
        return f"http://{server.HOST}:{self.port}"

    def prepare(self) -> None:
        """Install Swift, unless that was done before, and configure it.

        :raises Missing: it can't be installed.
        :raises ServerError: the directory can't hold objects.
        """
        self._python = installed()
        self._check_attributes()
        (self.directory / "devices" / "d1").mkdir(parents=True)
        for name, text in self._files().items():
            (self.directory / name).write_text(text)

    def _files(self) -> dict[str, str]:
        common = {"directory": self.directory, "host": server.HOST}
        users = "\n".join(
            f"user_{account}_{user} = {key} .admin"
            for account, user, key in USERS
        )
        proxy = _PROXY.format(
            **common, port=self.port, region=self.region, users=users
        )
        for name in _PLAIN_FILTERS:
            proxy += f"\n[filter:{name}]\nuse = egg:swift#{name}\n"
        storage = {
            f"{kind}-server.conf": _STORAGE.format(
                **common, port=server.free_port(), type=kind
            )
            for kind in swift_main.TYPES
        }
        return {"swift.conf": _SWIFT, "proxy-server.conf": proxy, **storage}

    def _check_attributes(self) -> None:
        """See that files can have the attributes that Swift needs."""
        try:
            os.setxattr(self.directory, "user.swift.metadata", b"x" * 1024)
        except OSError as error:
            raise server.ServerError(
                f"{self.directory} has no user attributes: {error.strerror}"
            ) from error

    def _command(self) -> Sequence[str]:
        # -P: a file beside the program is not the package of its name.
        return [str(self._python), "-P", str(_MAIN), str(self.directory)]


class SwiftTwo(Swift):
    """Another, in another region."""

    region = "region-two"


def installed() -> pathlib.Path:
    """Return the Python that has Swift, made by whoever comes first.

    :raises Missing: it can't be installed.
    """
    version = "{}.{}".format(*sys.version_info)
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    directory = pathlib.Path(caches).expanduser() / "karbor-copy-tests"
    directory /= f"swift-{RELEASE}-py{version}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (directory / "made").exists():
                _install(directory / "env")
                (directory / "made").touch()
    except (OSError, subprocess.SubprocessError) as error:
        raise server.Missing(
            f"Swift is not installed: pip install swift=={RELEASE}: {error}"
        ) from error
    return directory / "env" / "bin" / "python"


def _install(environment: pathlib.Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        check=True,
        timeout=_INSTALL_TIMEOUT,
        capture_output=True,
    )
    done = subprocess.run(
        [environment / "bin" / "pip", "install", "-q", f"swift=={RELEASE}"],
        capture_output=True,
        text=True,
        timeout=_INSTALL_TIMEOUT,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise OSError(lines[-1])
