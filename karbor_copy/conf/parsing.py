# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a file of options, without what stands in it."""

import contextlib
from collections.abc import Iterator

from oslo_config import cfg
from oslo_config import iniparser


@contextlib.contextmanager
def without_lines() -> Iterator[None]:
    """Let oslo.config parse files.

    :raises ValueError: one can't be parsed. oslo.config's own error holds the
        line, which may be that of a password.
    """
    try:
        yield
    except cfg.ConfigFileParseError as error:
        place, reason = error.config_file, "it can't be parsed"
        if isinstance(cause := error.__context__, iniparser.ParseError):
            place, reason = f"{place}:{cause.lineno}", cause.msg
        raise ValueError(f"{place}: {reason}") from None
