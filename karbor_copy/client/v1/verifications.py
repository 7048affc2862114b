# SPDX-License-Identifier: Apache-2.0
"""Verifications: proofs that a checkpoint is whole."""

from karbor_copy.client.v1 import restores


class Verifications(restores.CheckpointUses):
    """``/verifications``."""

    KEY = "verification"
    PLURAL = "verifications"
