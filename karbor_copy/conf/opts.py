# SPDX-License-Identifier: Apache-2.0
"""All options, for oslo-config-generator."""

from typing import Any

from karbor_copy import conf


def list_opts() -> list[tuple[Any, list[Any]]]:
    """Return (group, options) of every module of ``conf``."""
    return [
        (group, opts)
        for module in conf.MODULES
        for group, opts in module.list_opts().items()
    ]
