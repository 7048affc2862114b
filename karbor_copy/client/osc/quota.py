# SPDX-License-Identifier: Apache-2.0
"""Commands: quota show, set, delete, and those of the default quotas."""

import argparse
from collections.abc import Iterable

from osc_lib import exceptions

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport

_LIMITS = {
    "plans": "plans",
    "checkpoints": "checkpoints that are no copies",
    "copies": "checkpoint copies open at the same time",
    "copy_gigabytes": "GiB of copies in all targets together",
}


class ShowQuota(base.ShowOne):
    """Show what a project may have."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the project."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "target_project",
            nargs="?",
            metavar="<project>",
            help="id of a project; your own by default",
        )
        parser.add_argument(
            "--default",
            action="store_true",
            help="show what holds for projects without a quota",
        )
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return the limits."""
        project = args.target_project or self.client.project_id
        if args.default:
            return self.client.quotas.get_defaults(project)
        return self.client.quotas.get(project)


class ListUsage(base.Lister):
    """List what a project may have, and what it has."""

    NAMES = ("resource", "limit", "in_use")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the project."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "target_project",
            nargs="?",
            metavar="<project>",
            help="id of a project; your own by default",
        )
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return a line for each quota."""
        project = args.target_project or self.client.project_id
        found = self.client.quotas.get_usage(project)
        return [
            {"resource": name, **used}
            for name, used in found.items()
            if isinstance(used, dict)
        ]


class SetQuota(base.ShowOne):
    """Set what a project may have; for administrators."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the project and the limits."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "target_project", metavar="<project>", help="id of a project"
        )
        _add_limits(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Set the limits."""
        return self.client.quotas.update(args.target_project, _limits(args))


class DeleteQuota(base.Command):
    """Let the defaults hold for a project again; for administrators."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the project."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "target_project", metavar="<project>", help="id of a project"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Delete the project's own limits."""
        self.client.quotas.delete(parsed_args.target_project)


class SetDefaultQuota(base.ShowOne):
    """Set what projects without a quota may have; for administrators."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the limits."""
        parser = super().get_parser(prog_name)
        _add_limits(parser)
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Set the limits."""
        return self.client.quota_classes.update(_limits(args))


def _add_limits(parser: argparse.ArgumentParser) -> None:
    for name, what in _LIMITS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=int,
            metavar="<n>",
            help=f"{what}; -1 is any number",
        )


def _limits(args: argparse.Namespace) -> dict[str, int]:
    found = {name: getattr(args, name) for name in _LIMITS}
    limits = {
        name: value for name, value in found.items() if value is not None
    }
    if not limits:
        raise exceptions.CommandError(
            "Nothing to set: give a limit, for example --plans 100."
        )
    return limits
