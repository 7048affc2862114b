# SPDX-License-Identifier: Apache-2.0
"""Options of the protection service: [protection]."""

from typing import Any

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "protection", title="Protection", help="The protection service."
)
OPTS = [
    cfg.IntOpt(
        "max_concurrent_operations",
        default=4,
        min=1,
        max=256,
        help="Operations (one checkpoint each) that one process runs at the"
        " same time.",
    ),
    cfg.IntOpt(
        "max_operations_per_project",
        default=0,
        min=0,
        help="Operations of one project that all processes together run at"
        " the same time; 0 is any number. Free slots go to the project with"
        " the least at work in any case. Processes that take work in the"
        " same moment may go beyond by one each.",
    ),
    cfg.IntOpt(
        "max_operations_per_target",
        default=0,
        min=0,
        help="Operations in the bank of one provider that all processes"
        " together run at the same time; 0 is any number. A copy counts for"
        " the provider that it is written to. Processes that take work in"
        " the same moment may go beyond by one each.",
    ),
    cfg.IntOpt(
        "resource_threads",
        default=8,
        min=1,
        max=256,
        help="Resources of one operation that are worked on at the same time.",
    ),
    cfg.FloatOpt(
        "lease",
        default=20.0,
        min=1.0,
        help="Seconds for which a running operation belongs to its worker"
        " after each heartbeat. Another worker takes it over when they have"
        " passed, so this is how long a killed worker's work lies still.",
    ),
    cfg.FloatOpt(
        "heartbeat_interval",
        default=2.0,
        min=0.05,
        help="Seconds between two heartbeats of running operations; they"
        " renew the lease, store the progress and hear of a cancel. Must be"
        " well below the lease.",
    ),
    cfg.FloatOpt(
        "poll_interval",
        default=5.0,
        min=0.05,
        help="Seconds after which an idle worker looks for work by itself,"
        " in case a message was lost.",
    ),
    cfg.FloatOpt(
        "report_interval",
        default=10.0,
        min=1.0,
        help="Seconds between two reports in the table of services.",
    ),
    cfg.FloatOpt(
        "service_down_time",
        default=60.0,
        min=2.0,
        help="Seconds without a report after which a service is shown as"
        " down.",
    ),
    cfg.IntOpt(
        "max_attempts",
        default=5,
        min=1,
        help="Workers that may die over one operation, or be without the"
        " database for longer than a lease, before it ends as error. Handing"
        " it back does not count. A commit whose manifest the bank has lost is"
        " tried as often.",
    ),
    cfg.FloatOpt(
        "catalog_sync_interval",
        default=900.0,
        min=1.0,
        help="Seconds between two comparisons of the catalogue with the"
        " banks.",
    ),
    cfg.IntOpt(
        "workers",
        default=1,
        min=1,
        help="Processes of karbor-copy-protection on this host.",
    ),
    cfg.FloatOpt(
        "graceful_shutdown_timeout",
        default=60.0,
        min=0.0,
        help="Seconds that running operations get to end by themselves when"
        " the service stops, before they hand their work back.",
    ),
    cfg.FloatOpt(
        "shutdown_timeout",
        default=30.0,
        min=0.0,
        help="Seconds that running operations get to hand their work back"
        " when the service stops.",
    ),
    cfg.HostAddressOpt(
        "metrics_host",
        default="127.0.0.1",
        help="Address at which karbor-copy-protection shows its metrics to"
        " Prometheus. Whoever reaches it sees them: no token is asked for.",
    ),
    cfg.PortOpt(
        "metrics_port",
        default=0,
        help="Port at which the first worker process shows its metrics; each"
        " further one takes the next port. 0 shows none.",
    ),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options."""
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[Any]]:
    """Return group to options, for the sample generator."""
    return {GROUP: OPTS}
