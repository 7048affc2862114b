# SPDX-License-Identifier: Apache-2.0
"""OpenStack Keystone, for tests: people, their roles, and a catalogue.

It comes from PyPI into an environment of its own.
"""

import getpass
import pathlib
from collections.abc import Sequence

from tools.servers import environments
from tools.servers import keystone_main
from tools.servers import server

RELEASE = "30.0.0"

_MAIN = pathlib.Path(keystone_main.__file__)

_CONFIG = """\
[DEFAULT]
use_stderr = true
default_log_levels = keystone=WARNING,alembic=WARNING

[database]
connection = sqlite:///{directory}/keystone.sqlite
sqlite_synchronous = false

[fernet_tokens]
key_repository = {directory}/keys

[fernet_receipts]
key_repository = {directory}/keys

[credential]
key_repository = {directory}/keys

[cache]
enabled = true
backend = oslo_cache.dict

[identity]
# The quickest that there is.
password_hash_rounds = 4
"""


class Keystone(server.Server):
    """One whose tables are in sqlite.

    It knows the administrator, the service user and, in each project, one
    user for each role: ``reader-alpha`` is a reader of ``alpha``.
    """

    title = "Keystone"
    package = ""
    user = getpass.getuser()
    programs = ()
    _hello = b"GET /v3 HTTP/1.0\r\n\r\n"
    _welcome = b"HTTP/1.[01] 200"

    def __init__(self, directory: pathlib.Path) -> None:
        """Take an empty directory of the user who serves."""
        super().__init__(directory)
        self._python = pathlib.Path()

    @property
    def url(self) -> str:
        """Return the root of its version 3."""
        return f"http://{server.HOST}:{self.port}/v3"

    def prepare(self) -> None:
        """Install Keystone, unless that was done before, and configure it.

        :raises Missing: it can't be installed.
        :raises ServerError: its tables can't be made.
        """
        self._python = python()
        (self.directory / "keystone.conf").write_text(
            _CONFIG.format(directory=self.directory)
        )
        self._run(self._program("prepare"))

    def _command(self) -> Sequence[str]:
        return self._program("serve")

    def _program(self, verb: str) -> Sequence[str]:
        # -P: a file beside the program is not the package of its name.
        program = [str(self._python), "-P", str(_MAIN)]
        return [*program, verb, str(self.directory), str(self.port)]


def python() -> pathlib.Path:
    """Return the Python that has Keystone, and what serves it.

    :raises Missing: it can't be installed.
    """
    return environments.python_with("keystone", RELEASE, "cheroot")
