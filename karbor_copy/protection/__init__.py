# SPDX-License-Identifier: Apache-2.0
"""The protection service: claims operations, runs them, settles them."""
