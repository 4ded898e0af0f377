# SPDX-License-Identifier: GPL-2.0-only
"""All boot scenarios, in the order in which they run: quick ones first."""
from scenarios_guests import GUEST_SCENARIOS
from scenarios_reference import REFERENCE, REFERENCE_BOCHS

# On every hypervisor command line of a test.
HYPERVISOR_OPTIONS = "finish=exit panic=exit"

ALL = REFERENCE + REFERENCE_BOCHS + GUEST_SCENARIOS
