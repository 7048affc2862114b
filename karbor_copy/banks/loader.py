# SPDX-License-Identifier: Apache-2.0
"""Finds bank drivers by their entry points."""

from collections.abc import Mapping
from typing import Any
from typing import cast

from stevedore import driver
from stevedore import exception

from karbor_copy import exceptions
from karbor_copy.banks import base

NAMESPACE = "karbor_copy.banks"


def get_class(name: str) -> type[base.Bank]:
    """Return a driver's class.

    :raises InvalidBank: no driver of that name is installed.
    """
    try:
        manager: driver.DriverManager[Any] = driver.DriverManager(
            NAMESPACE, name
        )
    except exception.NoMatches as error:
        raise exceptions.InvalidBank(
            name=name, reason="no such driver is installed"
        ) from error
    return cast(type[base.Bank], manager.driver)


def load(name: str, options: Mapping[str, Any]) -> base.Bank:
    """Return a bank with its options, keyed by the names in ``OPTS``.

    :raises InvalidBank: no such driver, or options that it won't take.
    """
    try:
        return get_class(name)(**options)
    except (TypeError, ValueError) as error:
        raise exceptions.InvalidBank(name=name, reason=str(error)) from error
