# SPDX-License-Identifier: Apache-2.0
"""Finds the class of a protection plugin by the name that operators write."""

from importlib import metadata
from typing import Any

from oslo_utils import importutils
from stevedore import driver
from stevedore import exception as stevedore_exception

from karbor_copy import exceptions
from karbor_copy.plugins import base

NAMESPACE = "karbor_copy.protections"


def get_class(name: str) -> type[base.ProtectionPlugin]:
    """Return the plugin of an entry point, or of a dotted class path.

    Errors of the plugin's own module pass as they are.

    :raises NotFound: nothing has this name, or it is no protection plugin.
    """
    found = _load(name)
    if not (
        isinstance(found, type) and issubclass(found, base.ProtectionPlugin)
    ):
        raise exceptions.NotFound(f"{name!r} is no protection plugin.")
    return found


def _load(name: str) -> object:
    # Without a warning that there is no such entry point.
    if "." in name and not metadata.entry_points(group=NAMESPACE, name=name):
        return _import_class(name)
    try:
        manager: driver.DriverManager[Any] = driver.DriverManager(
            NAMESPACE, name
        )
    except stevedore_exception.NoMatches as error:
        raise exceptions.NotFound(
            f"No protection plugin {name!r} is installed."
        ) from error
    return manager.driver


def _import_class(path: str) -> object:
    try:
        return importutils.import_class(path)
    except (ImportError, ValueError) as error:
        raise exceptions.NotFound(
            f"No protection plugin {path!r}: {error}"
        ) from error
