# SPDX-License-Identifier: Apache-2.0
"""The REST API, noun by noun, and who may do what."""
