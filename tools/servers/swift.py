# SPDX-License-Identifier: Apache-2.0
"""OpenStack Swift, for tests: its own API, and S3 by s3api.

It comes from PyPI into an environment of its own.
"""

import getpass
import os
import pathlib
from collections.abc import Sequence
from typing import ClassVar

from tools.servers import environments
from tools.servers import keystone_main
from tools.servers import server
from tools.servers import swift_main

RELEASE = "2.38.3"
#: Account, user and key of the accounts that tempauth knows.
USERS = (
    ("test", "tester", "testing"),
    ("other", "tester", "testing2"),
    ("canary-account-6f1d", "canary-user-8b3c", "canary-key-e7c94a0d5b21"),
)

_MAIN = pathlib.Path(swift_main.__file__)

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
    {authentication} copy slo dlo versioned_writes symlink proxy-server

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
min_segment_size = 1

[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
"""
_TEMPAUTH = """\
[filter:tempauth]
use = egg:swift#tempauth
{users}
"""
_KEYSTONE = """\
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {identity}
auth_url = {identity}
auth_type = password
username = {user}
password = {password}
user_domain_id = default
project_name = service
project_domain_id = default
delay_auth_decision = true
cache = swift.cache

[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = member
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
        self._python = python()
        self._check_attributes()
        (self.directory / "devices" / "d1").mkdir(parents=True)
        for name, text in self._files().items():
            (self.directory / name).write_text(text)

    def _files(self) -> dict[str, str]:
        common = {"directory": self.directory, "host": server.HOST}
        names, filters = self._authentication()
        proxy = _PROXY.format(
            **common, port=self.port, region=self.region, authentication=names
        )
        proxy += filters
        for name in _PLAIN_FILTERS:
            proxy += f"\n[filter:{name}]\nuse = egg:swift#{name}\n"
        storage = {
            f"{kind}-server.conf": _STORAGE.format(
                **common, port=server.free_port(), type=kind
            )
            for kind in swift_main.TYPES
        }
        return {"swift.conf": _SWIFT, "proxy-server.conf": proxy, **storage}

    def _authentication(self) -> tuple[str, str]:
        """Return names and sections of the filters that ask who it is."""
        users = "\n".join(
            f"user_{account}_{user} = {key} .admin"
            for account, user, key in USERS
        )
        return "s3api tempauth", _TEMPAUTH.format(users=users)

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


class SwiftKeystone(Swift):
    """One that asks Keystone; a member of a project has its account."""

    needs = ("keystone",)

    def __init__(self, directory: pathlib.Path, identity: str) -> None:
        """Take an empty directory, and the URL of Keystone."""
        super().__init__(directory)
        self._identity = identity

    def _authentication(self) -> tuple[str, str]:
        return "authtoken keystoneauth", _KEYSTONE.format(
            identity=self._identity,
            user=keystone_main.SERVICE,
            password=keystone_main.PASSWORD,
        )


class SwiftKeystoneTwo(SwiftKeystone):
    """Another, in another region of the same Keystone."""

    region = "region-two"


def python() -> pathlib.Path:
    """Return the Python that has Swift, and what asks Keystone.

    :raises Missing: it can't be installed.
    """
    return environments.python_with("swift", RELEASE, "keystonemiddleware")
