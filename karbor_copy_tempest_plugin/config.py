# SPDX-License-Identifier: Apache-2.0
"""What tempest has to be told of an installation, in tempest.conf."""

from oslo_config import cfg

GROUP = "data_protection"

SERVICE_AVAILABLE_OPTS: list[cfg.Opt] = [
    cfg.BoolOpt(
        "karbor_copy",
        default=True,
        help="Whether karbor_copy is there to be tested.",
    ),
]

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "catalog_type",
        default="data-protect",
        help="Type of the service in Keystone's catalogue.",
    ),
    cfg.StrOpt(
        "region",
        default="",
        help="Region of the endpoint; that of [identity] if empty.",
    ),
    cfg.StrOpt(
        "endpoint_type",
        default="public",
        choices=["public", "admin", "internal"],
        help="Interface of the endpoint.",
    ),
    cfg.FloatOpt(
        "build_interval",
        default=1.0,
        min=0.0,
        help="Seconds between two looks at something that is under way.",
    ),
    cfg.FloatOpt(
        "build_timeout",
        default=300.0,
        min=1.0,
        help="Seconds after which a test no longer waits for an end.",
    ),
    cfg.StrOpt(
        "provider",
        default="",
        help="Name of the provider that tests protect with. If empty, the "
        "first one that has a target.",
    ),
    cfg.StrOpt(
        "target_provider",
        default="",
        help="Name of the provider that tests copy to. If empty, the first "
        "target of the one that they protect with.",
    ),
    cfg.StrOpt(
        "volumes_path",
        default="",
        help="Directory of the volumes of both providers, the one that "
        "[volume_file_plugin] names, as this machine sees it. Tests make "
        "small volumes there and remove them. If empty, tests that protect "
        "something are skipped.",
    ),
    cfg.StrOpt(
        "bank_path",
        default="",
        help="Directory of the file-system bank of the provider that tests "
        "protect with, as this machine sees it. The scenario moves it away "
        "and back: name it only where nobody else works with the bank. If "
        "empty, the scenario is skipped.",
    ),
]
