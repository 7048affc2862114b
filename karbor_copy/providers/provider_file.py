# SPDX-License-Identifier: Apache-2.0
"""Reads one provider file, in Karbor's format, into a Provider."""

import pathlib
import uuid
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg

from karbor_copy import exceptions
from karbor_copy.banks import base as bank_base
from karbor_copy.banks import loader as bank_loader
from karbor_copy.data_models import bandwidth
from karbor_copy.plugins import base as plugin_base
from karbor_copy.plugins import loader as plugin_loader
from karbor_copy.providers import provider
from karbor_copy.providers import source_lines

PROVIDER_OPTS = [
    cfg.StrOpt(
        "id",
        required=True,
        help="UUID of the provider; never change it, every checkpoint in "
        "the bank bears it.",
    ),
    cfg.StrOpt("name", required=True, help="Name that users see."),
    cfg.StrOpt("description", default="", help="Description that users see."),
    cfg.StrOpt(
        "region",
        default="",
        help="Name of the region or availability zone, shown to people.",
    ),
    cfg.StrOpt(
        "bank",
        required=True,
        help="Entry point of the bank, such as karbor-fs-bank-plugin; its "
        "options stand in a group of their own.",
    ),
    cfg.MultiStrOpt(
        "plugin",
        default=[],
        help="Entry point of a protection plugin; may be given many times. "
        "Of several for one resource type the last one serves.",
    ),
    cfg.BoolOpt(
        "enabled",
        default=False,
        help="Whether the provider is served at all.",
    ),
]
COPY_OPTS = [
    cfg.ListOpt(
        "targets",
        default=[],
        help="UUIDs of the providers that checkpoints may be copied to, "
        "separated by commas; the first is the default. Empty: no copies.",
    ),
    cfg.StrOpt(
        "verify",
        default="read_back",
        choices=["read_back", "checksum"],
        help="How a copy is checked before it counts: read_back reads and "
        "hashes what was written, checksum trusts the digest that the bank "
        "made when it was written.",
    ),
    cfg.StrOpt(
        "target_cleanup",
        default="worker",
        choices=["worker", "local"],
        help="Who deletes what copies to this provider leave when they fail: "
        "worker, the one that copied, or local, only a service of this "
        "provider's own region. With local this service just adds objects to "
        "the bank, so its credentials need not be able to replace or delete "
        "any.",
    ),
    cfg.StrOpt(
        "bandwidth",
        default="",
        help="Bytes a second that each process sends to each of the targets, "
        "in the form of [copy_engine] bandwidth. A change holds at once. "
        "Empty: unlimited.",
    ),
]


def load(
    path: pathlib.Path, lines: source_lines.SourceLines
) -> provider.Provider | None:
    """Return the provider of a file, None if it is not enabled.

    :raises ProviderConfigError: naming file, line and reason.
    """
    return _Reader(path, lines).read()


class _Reader:
    """One file while it is read."""

    def __init__(
        self, path: pathlib.Path, lines: source_lines.SourceLines
    ) -> None:
        self._lines = lines
        self._config = cfg.ConfigOpts()
        # NOTE: an option of the environment would hold for all providers.
        self._config(
            args=[],
            default_config_files=[str(path)],
            default_config_dirs=[],
            use_env=False,
        )

    def read(self) -> provider.Provider | None:
        """Return what the file says, None if it is not enabled."""
        own = self._register("provider", PROVIDER_OPTS)
        if not self._get("provider", own["enabled"]):
            return None
        values = self._values("provider", PROVIDER_OPTS)
        self._register("copy", COPY_OPTS)
        copying = self._values("copy", COPY_OPTS)
        self._check_bandwidth(copying["bandwidth"])
        bank = self._bank_class(values["bank"])
        bank_options = self._bank_options(bank)
        plugins, plugin_names = self._plugins(values["plugin"])
        return provider.Provider(
            id=self._uuid("provider", "id", values["id"]),
            name=values["name"],
            description=values["description"],
            region=values["region"],
            targets=tuple(
                self._uuid("copy", "targets", target)
                for target in copying["targets"]
            ),
            verify=copying["verify"],
            target_cleanup=copying["target_cleanup"],
            bank_name=values["bank"],
            bank_options=bank_options,
            plugins=plugins,
            plugin_names=plugin_names,
            config=self._config,
        )

    def _register(
        self, group: str, options: Iterable[cfg.Opt]
    ) -> dict[str, cfg.Opt]:
        """Make options known, and refuse those of the group that are not."""
        by_name = {option.dest.lower(): option for option in options}
        self._config.register_opts(list(by_name.values()), group=group)
        unknown = self._lines.options(group) - set(by_name)
        if unknown:
            name = sorted(unknown)[0]
            raise self._lines.error(group, name, "unknown option")
        return by_name

    def _values(
        self, group: str, options: Iterable[cfg.Opt]
    ) -> dict[str, Any]:
        return {option.dest: self._get(group, option) for option in options}

    def _get(self, group: str, option: cfg.Opt) -> Any:
        try:
            value = self._config[group][option.dest]
        except (cfg.Error, ValueError) as error:
            raise self._lines.error(group, option.dest, str(error)) from error
        if option.required and value in (None, ""):
            raise self._lines.error(group, option.dest, "must be set")
        return value

    def _uuid(self, group: str, option: str, value: str) -> str:
        try:
            return str(uuid.UUID(value))
        except ValueError as error:
            raise self._lines.error(
                group, option, f"{value!r} is no UUID"
            ) from error

    def _check_bandwidth(self, text: str) -> None:
        try:
            bandwidth.parse(text)
        except ValueError as error:
            raise self._lines.error("copy", "bandwidth", str(error)) from error

    def _bank_class(self, name: str) -> type[bank_base.Bank]:
        try:
            return bank_loader.get_class(name)
        except Exception as error:  # noqa: BLE001 - a driver may be anyone's
            raise self._lines.error("provider", "bank", str(error)) from error

    def _bank_options(self, bank: type[bank_base.Bank]) -> dict[str, Any]:
        """Return the values of all of a driver's groups, by option."""
        groups = {bank.GROUP: bank.OPTS}
        if bank.CLIENT_GROUP is not None:
            groups[bank.CLIENT_GROUP] = bank.CLIENT_OPTS
        values: dict[str, Any] = {}
        group_of: dict[str, str] = {}
        for group, options in groups.items():
            self._register(group, options)
            found = self._values(group, options)
            values.update(found)
            group_of.update(dict.fromkeys(found, group))
        try:
            bank.check_options(values)
        except exceptions.InvalidOption as error:
            name = error.fields["option"]
            raise self._lines.error(
                group_of[name], name, error.fields["reason"]
            ) from error
        return values

    def _plugins(
        self, names: list[str]
    ) -> tuple[dict[str, type[plugin_base.ProtectionPlugin]], dict[str, str]]:
        """Return class and name by resource type; the last named one wins."""
        classes: dict[str, type[plugin_base.ProtectionPlugin]] = {}
        by_type: dict[str, str] = {}
        for index, name in enumerate(names):
            try:
                found = plugin_loader.get_class(name)
                types = found.get_supported_resources_types()
            except Exception as error:  # noqa: BLE001 - may be anyone's
                raise self._lines.error(
                    "provider", "plugin", str(error), index=index
                ) from error
            if found.GROUP is not None:
                self._register(found.GROUP, found.OPTS)
                self._values(found.GROUP, found.OPTS)
            self._try_plugin(found, index)
            for resource_type in types:
                classes[resource_type] = found
                by_type[resource_type] = name
        return classes, by_type

    def _try_plugin(
        self, plugin: type[plugin_base.ProtectionPlugin], index: int
    ) -> None:
        """Make one now: each flow, and each list of resources, will."""
        try:
            plugin(self._config)
        except Exception as error:  # noqa: BLE001 - may be anyone's
            raise self._lines.error(
                "provider",
                "plugin",
                f"{type(error).__name__}: {error}",
                index=index,
            ) from error
