# SPDX-License-Identifier: Apache-2.0
"""Commands: checkpoint create, list, show, delete."""

import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport
from karbor_copy.client.v1 import waits


class CreateCheckpoint(base.ShowOne):
    """Protect a plan: make a checkpoint of it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take provider and plan."""
        parser = super().get_parser(prog_name)
        parser.add_argument("provider", help="name or id of a provider")
        parser.add_argument("plan", help="name or id of a plan")
        parser.add_argument(
            "--extra-info",
            action="append",
            type=base.key_value,
            default=[],
            metavar="<key=value>",
            help="what to note with the checkpoint; may be repeated",
        )
        base.add_wait(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Create the checkpoint."""
        provider_id = self.find_provider(args.provider)
        plan = self.find_plan(args.plan)
        checkpoint = self.client.checkpoints.create(
            provider_id, plan["id"], dict(args.extra_info)
        )
        if args.wait:
            return self._wait(provider_id, plan["id"], checkpoint["id"])
        return checkpoint

    def _wait(
        self, provider_id: str, plan_id: str, checkpoint_id: str
    ) -> transport.Item:
        steps = (
            ("Remove it", f"checkpoint delete {provider_id} {checkpoint_id}"),
            ("Make another", f"checkpoint create {provider_id} {plan_id}"),
        )
        with self.next_steps(*steps):
            return waits.for_checkpoint(
                self.client, provider_id, checkpoint_id
            )


class ListCheckpoints(base.Lister):
    """List the checkpoints of a provider, copies among them."""

    NAMES = (
        "id",
        "project_id",
        "status",
        "plan_id",
        "plan_name",
        "created_at",
        "extra_info",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the provider and the filters."""
        parser = super().get_parser(prog_name)
        parser.add_argument("provider", help="name or id of a provider")
        parser.add_argument("--plan", help="name or id of a plan")
        parser.add_argument(
            "--start-date", metavar="<YYYY-MM-DD>", help="not before this day"
        )
        parser.add_argument(
            "--end-date", metavar="<YYYY-MM-DD>", help="not after this day"
        )
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the checkpoints that the filters select."""
        query = {
            "plan_id": self.find_plan(args.plan)["id"] if args.plan else None,
            "start_date": args.start_date,
            "end_date": args.end_date,
        }
        found = self.client.checkpoints.list(
            self.find_provider(args.provider), query, limit=args.limit
        )
        for item in found:
            plan = item["protection_plan"]
            yield {**item, "plan_id": plan["id"], "plan_name": plan["name"]}


class ShowCheckpoint(base.ShowOne):
    """Show a checkpoint."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take provider and checkpoint."""
        parser = super().get_parser(prog_name)
        parser.add_argument("provider", help="name or id of a provider")
        parser.add_argument("checkpoint", help="id of a checkpoint")
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return the checkpoint."""
        provider_id = self.find_provider(args.provider)
        return self.client.checkpoints.get(provider_id, args.checkpoint)


class DeleteCheckpoint(base.Command):
    """Delete checkpoints and their data."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take provider and checkpoints."""
        parser = super().get_parser(prog_name)
        parser.add_argument("provider", help="name or id of a provider")
        parser.add_argument(
            "checkpoints",
            nargs="+",
            metavar="checkpoint",
            help="id of a checkpoint",
        )
        base.add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Delete the checkpoints."""
        provider_id = self.find_provider(parsed_args.provider)
        for checkpoint_id in parsed_args.checkpoints:
            self.client.checkpoints.delete(provider_id, checkpoint_id)
        if parsed_args.wait:
            for checkpoint_id in parsed_args.checkpoints:
                self._wait(provider_id, checkpoint_id)

    def _wait(self, provider_id: str, checkpoint_id: str) -> None:
        words = f"checkpoint delete {provider_id} {checkpoint_id} --wait"
        with self.next_steps(("Try again", words)):
            waits.for_deletion(self.client, provider_id, checkpoint_id)
