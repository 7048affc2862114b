# SPDX-License-Identifier: Apache-2.0
"""Commands: operation log list, show."""

import argparse
from collections.abc import Iterable

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import transport


class ListOperationLogs(base.Lister):
    """List what was run and what came of it."""

    NAMES = (
        "id",
        "operation_type",
        "checkpoint_id",
        "plan_id",
        "status",
        "started_at",
        "ended_at",
        "error_info",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the filters."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--plan", help="name or id of a plan")
        parser.add_argument("--checkpoint", metavar="<id>")
        parser.add_argument("--restore", metavar="<id>")
        parser.add_argument("--status", metavar="<status>")
        base.add_limit(parser)
        return parser

    def items(self, args: argparse.Namespace, /) -> Iterable[transport.Item]:
        """Return the logs that the filters select."""
        query = {
            "plan_id": self.find_plan(args.plan)["id"] if args.plan else None,
            "checkpoint_id": args.checkpoint,
            "restore_id": args.restore,
            "status": args.status,
        }
        return self.client.operation_logs.list(query, limit=args.limit)


class ShowOperationLog(base.ShowOne):
    """Show an operation log."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Take the log."""
        parser = super().get_parser(prog_name)
        parser.add_argument("operation_log", help="id of an operation log")
        return parser

    def item(self, args: argparse.Namespace, /) -> transport.Item:
        """Return the log."""
        return self.client.operation_logs.get(args.operation_log)
