# SPDX-License-Identifier: Apache-2.0
"""Commands: plan create, list, show, update, delete."""

import argparse
from collections.abc import Iterable

from osc_lib import exceptions

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import transport

_RESOURCE_HELP = (
    "a resource; without a name the service's own is taken, for example "
    "OS::Cinder::Volume=3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
)


def resource(text: str) -> transport.Item:
    """Read TYPE=ID[=NAME].

    :raises ArgumentTypeError: it is something else
    """
    parts = text.split("=", 2)
    if len(parts) < 2 or not all(parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not TYPE=ID[=NAME]")
    return dict(zip(("type", "id", "name"), parts, strict=False))


def named(
    client: v1_client.Client, resources: Iterable[transport.Item]
) -> list[transport.Item]:
    """Return resources with the names that the service has for them.

    :raises NotFound: a resource without a name does not exist
    """
    return [
        item
        if "name" in item
        else {
            **item,
            "name": client.protectables.get_instance(item["type"], item["id"])[
                "name"
            ],
        }
        for item in resources
    ]


class CreatePlan(base.ShowOne):
    """Create a plan: what a provider protects."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take name, provider and resources."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", help="name of the plan")
        parser.add_argument("provider", help="name or id of a provider")
        parser.add_argument(
            "resources",
            nargs="+",
            type=resource,
            metavar="TYPE=ID[=NAME]",
            help=_RESOURCE_HELP,
        )
        parser.add_argument("--description", metavar="<text>")
        base.add_parameters(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Create the plan."""
        return self.client.plans.create(
            args.name,
            self.find_provider(args.provider),
            named(self.client, args.resources),
            parameters=args.parameters_json,
            description=args.description,
        )


class ListPlans(base.Lister):
    """List the plans."""

    NAMES = ("id", "name", "description", "provider_id", "status")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the filters."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--name", metavar="<name>")
        parser.add_argument("--status", metavar="<status>")
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the plans that the filters select."""
        query = {"name": args.name, "status": args.status}
        return self.client.plans.list(query, limit=args.limit)


class ShowPlan(base.ShowOne):
    """Show a plan."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the plan."""
        parser = super().get_parser(prog_name)
        parser.add_argument("plan", help="name or id of a plan")
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return the plan."""
        return self.find_plan(args.plan)


class UpdatePlan(base.ShowOne):
    """Change a plan that is suspended."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the plan and its changes."""
        parser = super().get_parser(prog_name)
        parser.add_argument("plan", help="name or id of a plan")
        parser.add_argument("--name", metavar="<name>")
        parser.add_argument("--description", metavar="<text>")
        parser.add_argument(
            "--status", choices=("suspended", "started"), help="new status"
        )
        parser.add_argument(
            "--resource",
            dest="resources",
            action="append",
            type=resource,
            metavar="TYPE=ID[=NAME]",
            help=_RESOURCE_HELP + "; repeat it: the list given replaces all",
        )
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Change the plan."""
        changes = {
            name: getattr(args, name)
            for name in ("name", "description", "status")
            if getattr(args, name) is not None
        }
        if args.resources:
            changes["resources"] = named(self.client, args.resources)
        if not changes:
            raise exceptions.CommandError(
                "Nothing to change: give --name, --description, --status or "
                "--resource."
            )
        plan = self.find_plan(args.plan)
        return self.client.plans.update(plan["id"], changes)


class DeletePlan(base.Command):
    """Delete plans; their checkpoints stay."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the plans."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "plans", nargs="+", metavar="plan", help="name or id of a plan"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Delete the plans, none if one of them can't be found."""
        found = [self.find_plan(plan) for plan in parsed_args.plans]
        for plan in found:
            self.client.plans.delete(plan["id"])
