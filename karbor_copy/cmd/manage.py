# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-manage: what operators do by hand."""

import argparse
import datetime
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

from karbor_copy import checks
from karbor_copy import conf as configuration
from karbor_copy import exceptions
from karbor_copy import startup
from karbor_copy.cmd import manage_bank
from karbor_copy.db import migration
from karbor_copy.db import purge
from karbor_copy.protection import bank_pool
from karbor_copy.protection import catalog
from karbor_copy.providers import registry as provider_registry

CONF = configuration.CONF

_MAX_DAYS = 36500


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="karbor-copy-manage")
    parser.add_argument(
        "--config-file",
        action="append",
        help="configuration file (default: /etc/karbor_copy/*.conf)",
    )
    parser.set_defaults(failed=1)
    nouns = parser.add_subparsers(dest="noun", required=True)
    _add_config(nouns)
    _add_db(nouns)
    _add_provider(nouns)
    _add_catalog(nouns)
    manage_bank.add(nouns)
    return parser


def _add_config(nouns: Any) -> None:
    verbs = nouns.add_parser("config", help="the configuration")
    check = verbs.add_subparsers(dest="verb", required=True).add_parser(
        "check",
        help="tell whether all files can be used, before a start or reload",
    )
    check.add_argument(
        "--api", action="store_true", help="what only the API needs too"
    )
    check.set_defaults(run=_config_check)


def _add_db(nouns: Any) -> None:
    verbs = nouns.add_parser("db", help="the database").add_subparsers(
        dest="verb", required=True
    )
    sync = verbs.add_parser("sync", help="bring the tables up to date")
    sync.add_argument(
        "--version",
        default="head",
        help="revision to go up to; there is no way back",
    )
    sync.set_defaults(run=_db_sync)
    verbs.add_parser("version", help="show the tables' revision").set_defaults(
        run=_db_version
    )
    purged = verbs.add_parser(
        "purge", help="delete rows that have come to their end"
    )
    purged.add_argument(
        "--older-than",
        required=True,
        type=_days,
        metavar="DAYS",
        help="leave what has ended within so many days",
    )
    purged.add_argument(
        "--dry-run", action="store_true", help="only count the rows"
    )
    purged.set_defaults(run=_db_purge)


def _add_provider(nouns: Any) -> None:
    verbs = nouns.add_parser(
        "provider", help="the provider files and their banks"
    ).add_subparsers(dest="verb", required=True)
    verbs.add_parser(
        "check", help="read the provider files and try every bank"
    ).set_defaults(run=_provider_check)
    setup_parser = verbs.add_parser(
        "setup", help="create the container of a new provider's bank"
    )
    setup_parser.add_argument("provider", help="the provider's id")
    setup_parser.set_defaults(run=_provider_setup)


def _add_catalog(nouns: Any) -> None:
    verbs = nouns.add_parser("catalog", help="the catalogue").add_subparsers(
        dest="verb", required=True
    )
    imported = verbs.add_parser(
        "import", help="bring the catalogue in line with the banks"
    )
    imported.add_argument("--provider", help="only this provider's id")
    imported.add_argument(
        "--project-map",
        action="append",
        default=[],
        type=_mapping,
        metavar="OLD=NEW",
        help="project id in the bank to project id here; repeatable",
    )
    imported.set_defaults(run=_catalog_import)


def _days(text: str) -> datetime.timedelta:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_DAYS):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of days from 1 to {_MAX_DAYS}"
        )
    return datetime.timedelta(days=int(text))


def _mapping(text: str) -> tuple[str, str]:
    old, separator, new = text.partition("=")
    if not (old and separator and new):
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW")
    return old, new


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 with the reason if not.

    A command may have another number for what it could not do at all.
    """
    args = _parser().parse_args(argv)
    # Who does it by hand is there to stop it.
    CONF.set_override("response_timeout", 0, group="database")
    try:
        startup.configure(CONF, [], args.config_file)
        status: int = args.run(args)
    except startup.FAILURES as error:
        print(f"karbor-copy-manage: {error}", file=sys.stderr)
        failed: int = args.failed
        return failed
    return status


def _config_check(args: argparse.Namespace) -> int:
    more: list[checks.Check] = [checks.check_timers, checks.check_bandwidth]
    if args.api:
        # Its imports take half a second, which others need not wait for.
        from karbor_copy.api import app

        more.append(app.check)
    checks.check_files(CONF, *more)
    # Logs what keeps no process from its work: a target that is missing.
    _registry()
    return 0


def _db_sync(args: argparse.Namespace) -> int:
    migration.sync(args.version)
    return 0


def _db_version(_args: argparse.Namespace) -> int:
    print(migration.version())
    return 0


def _db_purge(args: argparse.Namespace) -> int:
    """Delete, or count, and tell of each table how many rows."""
    if args.dry_run:
        rows, done = purge.count(args.older_than), "would be deleted"
    else:
        rows, done = purge.purge(args.older_than), "deleted"
    for table, number in rows.items():
        print(f"{table}: {number} {done}")
    return 0


def _registry() -> provider_registry.Registry:
    return provider_registry.load(pathlib.Path(CONF.provider_config_dir))


def _provider_check(_args: argparse.Namespace) -> int:
    """Tell of each provider whether its bank can be listed."""
    registry = _registry()
    bad = 0
    for error in registry.errors:
        print(f"error: {error}")
        bad += 1
    for provider in registry.list():
        try:
            next(provider.make_bank().list(limit=1), None)
        except exceptions.KarborCopyError as error:
            print(f"{provider.id} {provider.name}: {error}")
            bad += 1
        else:
            print(f"{provider.id} {provider.name}: ok")
    return 1 if bad else 0


def _provider_setup(args: argparse.Namespace) -> int:
    """Create the container; never done by the services themselves."""
    bank = _registry().get(args.provider).make_bank()
    bank.set_up()
    print(f"{args.provider}: {bank.location}")
    return 0


def _catalog_import(args: argparse.Namespace) -> int:
    """Reconcile one provider or all, and tell what was found."""
    registry = _registry()
    reconciler = catalog.Reconciler(
        registry, bank_pool.BankPool(registry, 0.0), dict(args.project_map)
    )
    providers = (
        registry.list()
        if args.provider is None
        else (registry.get(args.provider),)
    )
    failed = 0
    for provider in providers:
        try:
            report = reconciler.reconcile(provider.id)
        except exceptions.KarborCopyError as error:
            print(f"{provider.id}: {error}", file=sys.stderr)
            failed += 1
            continue
        print(
            f"{provider.id}: {report.seen} in the bank, {report.added} added,"
            f" {report.changed} changed, {report.vanished} vanished,"
            f" {report.moved} moved, {len(report.refused)} refused"
        )
        for reason in report.refused:
            print(f"  refused: {reason}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
