# SPDX-License-Identifier: Apache-2.0
"""How much a project may have unless it is told otherwise: [quotas]."""

from typing import Any

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "quotas",
    title="Quotas",
    help="What a project may have, where neither a quota of its own nor the"
    " quota class 'default' says otherwise. -1 is any number. A request that"
    " would go beyond is answered 413, and nothing of it is made.",
)
OPTS = [
    cfg.IntOpt(
        "plans",
        default=50,
        min=-1,
        deprecated_name="quota_plans",
        deprecated_group="DEFAULT",
        help="Plans.",
    ),
    cfg.IntOpt(
        "checkpoints",
        default=-1,
        min=-1,
        deprecated_name="quota_checkpoints",
        deprecated_group="DEFAULT",
        help="Checkpoints that are no copies, from the request that makes one"
        " until its data is deleted.",
    ),
    cfg.IntOpt(
        "copies",
        default=-1,
        min=-1,
        help="Checkpoint copies that are open at the same time, waiting or"
        " under way. A plan that has more uncopied checkpoints than that"
        " can't be copied at all.",
    ),
    cfg.IntOpt(
        "copy_gigabytes",
        default=-1,
        min=-1,
        help="GiB of the copies that are open, or that exist, in all targets"
        " together: the sizes of the checkpoints, whatever their copies share"
        " there.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options."""
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[Any]]:
    """Return group to options, for the sample generator."""
    return {GROUP: OPTS}
