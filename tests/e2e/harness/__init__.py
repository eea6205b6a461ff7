# SPDX-License-Identifier: Apache-2.0
"""Runs clients against the mock provider, bare or watched, and compares all that was said."""
