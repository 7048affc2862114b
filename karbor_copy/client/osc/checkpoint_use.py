# SPDX-License-Identifier: Apache-2.0
"""What the commands about restores and verifications share."""

import abc
import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import restores
from karbor_copy.client.v1 import transport

_NAMES = ("id", "project_id", "provider_id", "checkpoint_id", "status")


class Uses(base.Command):
    """A command about things that each use one checkpoint."""

    @property
    @abc.abstractmethod
    def uses(self) -> restores.CheckpointUses:
        """Return the bindings of the noun."""


class CreateUse(Uses, base.ShowOne):
    """A command that uses a checkpoint."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take provider and checkpoint."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "provider", help="name or id of the checkpoint's provider"
        )
        parser.add_argument("checkpoint", help="id of a checkpoint")
        base.add_parameters(parser)
        base.add_wait(parser)
        return parser

    @abc.abstractmethod
    def wait(self, item_id: str) -> transport.Item:
        """Wait for the end.

        :raises OperationFailed: it was a bad one
        """

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Begin, and wait if asked to."""
        use = self.uses.create(
            self.find_provider(args.provider),
            args.checkpoint,
            args.parameters_json,
        )
        return self.wait(use["id"]) if args.wait else use


class ListUses(Uses, base.Lister):
    """A command that lists."""

    NAMES = _NAMES

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the filter."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--status", metavar="<status>")
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return those that the filter selects."""
        return self.uses.list({"status": args.status}, limit=args.limit)


class ShowUse(Uses, base.ShowOne):
    """A command that shows one."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take its id."""
        parser = super().get_parser(prog_name)
        parser.add_argument("id", help="its id")
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return it."""
        return self.uses.get(args.id)
