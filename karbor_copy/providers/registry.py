# SPDX-License-Identifier: Apache-2.0
"""The providers of a directory of files; a broken file harms no other."""

import pathlib
from collections.abc import Iterator
from collections.abc import Mapping

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy.plugins import base as plugin_base
from karbor_copy.providers import provider
from karbor_copy.providers import provider_file
from karbor_copy.providers import source_lines

LOG = logging.getLogger(__name__)


class Registry:
    """All enabled providers, fixed for the life of the process.

    ``left_out`` say what is wrong with which line of which file that can't be
    used, ``dangling`` where a target is named that does not exist: that may
    be another file's fault, and the provider serves all the same.
    """

    def __init__(
        self,
        providers: Mapping[str, provider.Provider],
        left_out: tuple[exceptions.ProviderConfigError, ...] = (),
        dangling: tuple[exceptions.ProviderConfigError, ...] = (),
    ) -> None:
        self._providers = dict(sorted(providers.items()))
        self.left_out = left_out
        self.errors = (*left_out, *dangling)

    def tell_errors(self) -> None:
        """Log what is wrong with the files."""
        for error in self.errors:
            LOG.error("Provider configuration: %s", error)

    def get(self, provider_id: str) -> provider.Provider:
        """Return one provider.

        :raises ProviderNotFound: there is none, or its file is broken.
        """
        try:
            return self._providers[provider_id]
        except KeyError as error:
            raise exceptions.ProviderNotFound(
                provider_id=provider_id
            ) from error

    def list(self) -> tuple[provider.Provider, ...]:
        """Return all providers by id."""
        return tuple(self._providers.values())

    def routes(self) -> tuple[tuple[str, str], ...]:
        """Return the ids of source and target of all copies there can be."""
        return tuple(
            (found.id, target)
            for found in self.list()
            for target in found.targets
        )

    def resource_types(self) -> tuple[str, ...]:
        """Return the types that any provider has a plugin for, sorted."""
        types = {
            resource_type
            for found in self.list()
            for resource_type in found.resource_types
        }
        return tuple(sorted(types))

    def protectable(
        self, resource_type: str
    ) -> tuple[plugin_base.ProtectionPlugin, ...]:
        """Return a fresh plugin of each provider that serves the type."""
        return tuple(
            found.new_plugin(resource_type)
            for found in self.list()
            if resource_type in found.plugins
        )


def load(directory: pathlib.Path) -> Registry:
    """Read all ``*.conf`` files of a directory, in the order of their names.

    Errors are logged, and kept in the registry.
    """
    loaded = _load(directory)
    loaded.tell_errors()
    return loaded


def check(directory: pathlib.Path) -> None:
    """Refuse a directory with a file that can't be used.

    :raises ProviderConfigError: naming the first such line.
    """
    for error in _load(directory).left_out:
        raise error


def _load(directory: pathlib.Path) -> Registry:
    reader = _Reader()
    left_out = []
    if not directory.is_dir():
        left_out.append(
            exceptions.ProviderConfigError(
                path=directory, reason="no such directory"
            )
        )
    for path in sorted(directory.glob("*.conf")):
        try:
            reader.read(path)
        except exceptions.ProviderConfigError as error:
            left_out.append(error)
    if not reader.providers and not left_out:
        left_out.append(
            exceptions.ProviderConfigError(
                path=directory, reason="no file has an enabled provider"
            )
        )
    return Registry(
        reader.providers, tuple(left_out), tuple(reader.dangling())
    )


class _Reader:
    """What the files read so far have given."""

    def __init__(self) -> None:
        self.providers: dict[str, provider.Provider] = {}
        self._lines: dict[str, source_lines.SourceLines] = {}

    def read(self, path: pathlib.Path) -> None:
        """Read one more file.

        :raises ProviderConfigError: naming the line.
        """
        lines = source_lines.SourceLines(path)
        found = provider_file.load(path, lines)
        if found is None:
            LOG.debug("The provider of %s is not enabled.", path)
            return
        if found.id in self.providers:
            other = self._lines[found.id].path.name
            raise lines.error("provider", "id", f"{other} has the same")
        self.providers[found.id] = found
        self._lines[found.id] = lines

    def dangling(self) -> Iterator[exceptions.ProviderConfigError]:
        """Yield an error for each target that no file has given."""
        for found in self.providers.values():
            for target in found.targets:
                if target not in self.providers:
                    yield self._lines[found.id].error(
                        "copy",
                        "targets",
                        f"no enabled provider has the id {target}",
                    )
