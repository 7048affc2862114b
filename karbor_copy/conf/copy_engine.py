# SPDX-License-Identifier: Apache-2.0
"""Options of the engine that moves objects between banks: [copy_engine]."""

from typing import Any

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "copy_engine", title="Copy engine", help="Moving objects between banks."
)
OPTS = [
    cfg.IntOpt(
        "transfer_threads",
        default=4,
        min=1,
        max=256,
        help="Objects that one process moves at the same time between the"
        " same two banks, or in one bank, over all its operations; banks that"
        " are down don't hold up others. Each takes two buffers of 256 KiB.",
    ),
    cfg.FloatOpt(
        "bank_retry_timeout",
        default=600.0,
        min=0.0,
        help="Seconds without any progress after which an operation gives"
        " up on a bank that does not answer. Until then it is tried again"
        " with pauses of 1 to 60 s.",
    ),
    cfg.StrOpt(
        "bandwidth",
        default="",
        sample_default="08:00-18:00 Europe/Berlin 20M, else unlimited",
        help="Bytes a second that each process sends to all targets"
        " together: a number with K, M or G for thousands, millions or"
        " milliards, 'unlimited', or a timetable of such rates. The file is"
        " looked at once a second, so a change holds at once. Empty:"
        " unlimited.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options."""
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[Any]]:
    """Return group to options, for the sample generator."""
    return {GROUP: OPTS}
