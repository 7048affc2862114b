# SPDX-License-Identifier: Apache-2.0
"""The command karbor-copy: cliff, the global options, the client."""

import argparse
import functools
import logging
import os
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Final
from typing import TextIO

from cliff import app
from cliff import commandmanager

from karbor_copy import version
from karbor_copy.client.v1 import client as v1_client

NAMESPACE: Final = "karbor_copy.client.v1"
DEFAULT_URL: Final = "http://127.0.0.1:8799"
DEFAULT_PROJECT: Final = "demo"
DEFAULT_USER: Final = "demo"


class ClientManager:
    """Makes the client when the first command wants it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    @functools.cached_property
    def karbor_copy(self) -> v1_client.Client:
        """Return the client of the URL, project and user given."""
        return v1_client.connect(
            self._options.url,
            project=self._options.project,
            user=self._options.user,
        )


class Shell(app.App):
    """The application."""

    NAME = version.DISTRIBUTION
    LOG = logging.getLogger(NAME)
    client_manager: ClientManager

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        super().__init__(
            description="Keeps a second copy of checkpoints elsewhere.",
            version=version.version_string(),
            command_manager=commandmanager.CommandManager(NAMESPACE),
            stdout=stdout,
            stderr=stderr,
            deferred_help=True,
        )

    def build_option_parser(
        self,
        description: str | None,
        version: str | None,
        argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        """Add the global options to cliff's."""
        parser = super().build_option_parser(
            description, version, argparse_kwargs
        )
        for name, variable, default, text in (
            ("--url", "KARBOR_COPY_URL", DEFAULT_URL, "where the service is"),
            ("--project", "KARBOR_COPY_PROJECT", DEFAULT_PROJECT, "project"),
            ("--user", "KARBOR_COPY_USER", DEFAULT_USER, "user"),
        ):
            parser.add_argument(
                name,
                default=self._environment.get(variable, default),
                metavar=f"<{name[2:]}>",
                help=f"{text}, default {default} (env: {variable})",
            )
        return parser

    def initialize_app(self, argv: list[str]) -> None:  # noqa: ARG002
        """Make ready what commands look for."""
        self.client_manager = ClientManager(self.options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; without one, show the help."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return Shell().run(arguments or ["help"])
