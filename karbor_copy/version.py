# SPDX-License-Identifier: Apache-2.0
"""Tells which version of the project this is."""

from importlib import metadata

DISTRIBUTION = "karbor-copy"
UNKNOWN = "0.0.0"


def version_string() -> str:
    """Return the installed version, or 0.0.0 in a tree never installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return UNKNOWN
