# SPDX-License-Identifier: Apache-2.0
"""Checks of options that the banks in object stores share."""

import pathlib
import urllib.parse

from karbor_copy import exceptions


def check_url(option: str, url: str | None) -> None:
    """Refuse what is no address of a server, or shows a password.

    One that is not set is let pass.

    :raises InvalidOption: saying why, without the URL.
    """
    if not url:
        return
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        reason = "must be a URL that begins with http:// or https://"
    elif parts.username is not None or parts.password is not None:
        reason = "no user or password may stand in the URL"
    elif parts.query or parts.fragment:
        reason = "the URL must end with its path"
    else:
        return
    raise exceptions.InvalidOption(option=option, reason=reason)


def check_file(option: str, path: str | None) -> None:
    """Refuse a file that can't be read; one that is not set is let pass.

    :raises InvalidOption: saying why.
    """
    if not path:
        return
    try:
        pathlib.Path(path).read_bytes()
    except OSError as error:
        raise exceptions.InvalidOption(
            option=option, reason=f"{path}: {error.strerror}"
        ) from error


def netloc(url: str) -> str:
    """Return host and port."""
    return urllib.parse.urlsplit(url).netloc
