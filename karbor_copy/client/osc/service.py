# SPDX-License-Identifier: Apache-2.0
"""Commands: service list."""

import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport


class ListServices(base.Lister):
    """List the processes of the service, for administrators."""

    NAMES = ("id", "binary", "host", "status", "state", "updated_at")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the filters."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>")
        parser.add_argument("--binary", metavar="<binary>")
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the processes that the filters select."""
        query = {"host": args.host, "binary": args.binary}
        return self.client.services.list(query)
