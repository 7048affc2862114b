# SPDX-License-Identifier: Apache-2.0
"""Commands: provider list, provider show."""

import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport


class ListProviders(base.Lister):
    """List the providers."""

    NAMES = ("id", "name", "region", "targets", "description")

    def items(self, _args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return all providers."""
        return self.client.providers.list()


class ShowProvider(base.ShowOne):
    """Show a provider with the parameters that its plugins take."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the provider."""
        parser = super().get_parser(prog_name)
        parser.add_argument("provider", help="name or id of a provider")
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return the provider."""
        return self.client.providers.find(args.provider)
