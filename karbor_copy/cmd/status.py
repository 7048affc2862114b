# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-status: whether this version can work with what is there."""

import pathlib
import sys
from collections.abc import Iterator
from collections.abc import Sequence

from oslo_upgradecheck import upgradecheck

from karbor_copy import conf as configuration
from karbor_copy import exceptions
from karbor_copy import startup
from karbor_copy.conf import parsing
from karbor_copy.db import engine
from karbor_copy.db import figures
from karbor_copy.providers import registry as provider_registry

CONF = configuration.CONF

_Code = upgradecheck.Code
_Result = upgradecheck.Result


class Checks(upgradecheck.UpgradeCommands):
    """``upgrade check``: to be run before the services are started."""

    def check(self) -> upgradecheck.Code:
        """Run all checks on the configured database and provider files."""
        engine.configure(CONF)
        return super().check()

    def _check_schema(self) -> upgradecheck.Result:
        try:
            startup.check_schema()
        except startup.FAILURES as error:
            return _Result(_Code.FAILURE, str(error))
        return _Result(_Code.SUCCESS)

    def _check_provider_files(self) -> upgradecheck.Result:
        return _failure_of([str(error) for error in _registry().errors])

    def _check_banks(self) -> upgradecheck.Result:
        return _failure_of(list(_broken_banks()))

    def _check_operations(self) -> upgradecheck.Result:
        known = {provider.id for provider in _registry().list()}
        try:
            unknown = figures.providers_at_work() - known
        except startup.FAILURES as error:
            return _Result(_Code.FAILURE, str(error))
        if not unknown:
            return _Result(_Code.SUCCESS)
        return _Result(
            _Code.WARNING,
            "Operations that have not ended refer to providers that no"
            f" enabled file gives: {', '.join(sorted(unknown))}",
        )

    _upgrade_checks = (
        ("Database schema", _check_schema),
        ("Provider files", _check_provider_files),
        ("Banks", _check_banks),
        ("Operations", _check_operations),
    )


def _registry() -> provider_registry.Registry:
    return provider_registry.load(pathlib.Path(CONF.provider_config_dir))


def _broken_banks() -> Iterator[str]:
    """Yield why the bank of a provider can't be made; none is opened."""
    for provider in _registry().list():
        try:
            provider.make_bank()
        except exceptions.KarborCopyError as error:
            yield f"provider {provider.id}: {error}"


def _failure_of(errors: Sequence[str]) -> upgradecheck.Result:
    if errors:
        return _Result(_Code.FAILURE, "; ".join(errors))
    return _Result(_Code.SUCCESS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the checks; 0 if all is well, 1 for a warning, 2 for a failure.

    255 where none can be run.
    """
    try:
        with parsing.without_lines():
            return upgradecheck.main(
                CONF,
                project="karbor_copy",
                upgrade_command=Checks(),
                argv=list(sys.argv[1:] if argv is None else argv),
                default_config_files=startup.named_files(),
            )
    except startup.FAILURES as error:
        print(f"karbor-copy-status: {error}", file=sys.stderr)
        return 255


if __name__ == "__main__":
    sys.exit(main())
