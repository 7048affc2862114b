# SPDX-License-Identifier: Apache-2.0
"""Commands: protectable list, protectable instance list."""

import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport


class ListProtectables(base.Lister):
    """List the types of resources that can be protected."""

    NAMES = ("protectable_type",)

    def items(self, _args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return all types."""
        names = self.client.protectables.list_types()
        return [{"protectable_type": name} for name in names]


class ListInstances(base.Lister):
    """List the resources of a type that can be protected."""

    NAMES = ("id", "type", "name", "dependent_resources", "extra_info")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the type."""
        parser = super().get_parser(prog_name)
        parser.add_argument("type", help="for example OS::Cinder::Volume")
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the resources of the type."""
        return self.client.protectables.list_instances(
            args.type, limit=args.limit
        )
