# SPDX-License-Identifier: Apache-2.0
"""Commands: service list, enable, disable."""

import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport


class ListServices(base.Lister):
    """List the processes of the service, for administrators."""

    NAMES = (
        "id",
        "binary",
        "host",
        "status",
        "state",
        "updated_at",
        "disabled_reason",
    )

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


class EnableService(base.ShowOne):
    """Let the workers of a host take work again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the service."""
        parser = super().get_parser(prog_name)
        _add_service(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Enable the service."""
        return self.client.services.enable(args.service)


class DisableService(base.ShowOne):
    """Let the workers of a host take no more work; what runs goes on."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the service and a reason."""
        parser = super().get_parser(prog_name)
        _add_service(parser)
        parser.add_argument(
            "--reason", metavar="<text>", help="shown in the list of services"
        )
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Disable the service."""
        return self.client.services.disable(args.service, args.reason)


def _add_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", help="id of a protection service")
