# SPDX-License-Identifier: Apache-2.0
"""Banks: the storage back-ends that hold checkpoints, and what uses them."""
