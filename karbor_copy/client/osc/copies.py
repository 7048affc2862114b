# SPDX-License-Identifier: Apache-2.0
"""Commands: copy create, list, show, cancel, retry, checkpoint list."""

import argparse
import sys
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.osc import progress
from karbor_copy.client.v1 import transport
from karbor_copy.client.v1 import waits


class _WaitsForCopy(base.ShowOne):
    """A command that may wait for a copy."""

    def wait(self, copy_id: str) -> transport.Item:
        """Wait for a copy and show how far it is, beside the result.

        :raises OperationFailed: it did not finish
        """
        steps = (
            ("What became of each", f"copy checkpoint list {copy_id}"),
            ("Try the rest again", f"copy retry {copy_id} --wait"),
        )
        with self.next_steps(*steps), progress.on(sys.stderr) as shown:
            return waits.for_copy(self.client, copy_id, watch=shown.update)


class CreateCopy(_WaitsForCopy):
    """Copy all checkpoints of a plan that are not copied yet."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take provider, plan and target."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "provider", help="name or id of the plan's provider"
        )
        parser.add_argument("plan", help="name or id of a plan")
        parser.add_argument(
            "--target",
            metavar="<provider>",
            help="name or id of the provider to copy to; by default the "
            "first one that the plan's provider may copy to",
        )
        base.add_parameters(parser)
        base.add_wait(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Create the copy."""
        target = self.find_provider(args.target) if args.target else None
        copy = self.client.copies.create(
            self.find_provider(args.provider),
            self.find_plan(args.plan)["id"],
            target_provider_id=target,
            parameters=args.parameters_json,
        )
        return self.wait(copy["id"]) if args.wait else copy


class ListCopies(base.Lister):
    """List the copies that were asked for."""

    NAMES = ("id", "plan_id", "provider_id", "target_provider_id", "status")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the filters."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--plan", help="name or id of a plan")
        parser.add_argument("--provider", help="name or id of a provider")
        parser.add_argument("--target", help="name or id of a provider")
        parser.add_argument("--status", metavar="<status>")
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the copies that the filters select."""
        provider, target = (
            self.find_provider(name) if name else None
            for name in (args.provider, args.target)
        )
        query = {
            "plan_id": self.find_plan(args.plan)["id"] if args.plan else None,
            "provider_id": provider,
            "target_provider_id": target,
            "status": args.status,
        }
        return self.client.copies.list(query, limit=args.limit)


class _OneCopy(base.ShowOne):
    """A command about one copy."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the copy."""
        parser = super().get_parser(prog_name)
        parser.add_argument("copy", help="id of a copy")
        return parser


class ShowCopy(_OneCopy):
    """Show a copy with what became of its first checkpoints."""

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return the copy."""
        return self.client.copies.get(args.copy)


class CancelCopy(_OneCopy):
    """Cancel a copy; what is finished stays."""

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Cancel the copy."""
        return self.client.copies.cancel(args.copy)


class RetryCopy(_OneCopy, _WaitsForCopy):
    """Try again what a copy did not finish."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the copy."""
        parser = super().get_parser(prog_name)
        base.add_wait(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Retry the copy."""
        copy = self.client.copies.retry(args.copy)
        return self.wait(copy["id"]) if args.wait else copy


class ListCheckpointCopies(base.Lister):
    """List what became of each checkpoint of a copy."""

    NAMES = (
        "checkpoint_id",
        "checkpoint_copy_id",
        "status",
        "attempts",
        "bytes_total",
        "bytes_copied",
        "bytes_skipped",
        "bytes_reused",
        "error_info",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the copy."""
        parser = super().get_parser(prog_name)
        parser.add_argument("copy", help="id of a copy")
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the checkpoint copies."""
        return self.client.copies.checkpoint_copies(
            args.copy, limit=args.limit
        )
