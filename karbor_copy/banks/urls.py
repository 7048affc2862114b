# SPDX-License-Identifier: Apache-2.0
"""URLs among the options of banks."""

import urllib.parse

from karbor_copy import exceptions


def check(option: str, url: str) -> None:
    """Refuse what is no address of a server, or shows a password.

    :raises InvalidOption: saying why, without the URL.
    """
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


def netloc(url: str) -> str:
    """Return host and port."""
    return urllib.parse.urlsplit(url).netloc
