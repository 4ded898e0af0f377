# SPDX-License-Identifier: GPL-2.0-only
"""All boot scenarios, in the order in which they run: quick ones first."""
from scenarios_debian import DEBIAN
from scenarios_errors import ERRORS
from scenarios_faults import FAULTS
from scenarios_guestif import GUESTIF
from scenarios_guests import BOCHS_AMD, GUEST_SCENARIOS
from scenarios_isolation import ISOLATION, ISOLATION_VTX
from scenarios_machines import MACHINES
from scenarios_reference import REFERENCE, REFERENCE_BOCHS
from scenarios_sched import SCHED
from scenarios_vmtop import VMTOP
from scenarios_vtx import VTX

# On every hypervisor command line: leave the emulator at the end or after a panic, show what guests write. The
# watchdog is patient: where pCPUs are threads of a busy host, one that holds a lock may be away for long.
HYPERVISOR_OPTIONS = "finish=exit panic=exit guests=show watchdog=45"


def options(scenario):
    """Of a test: where time is the emulator's own, that the scheduler keeps its bounds is watched too, unless the scenario says
    what is to be checked. Elsewhere a pCPU, a thread of a busy host, may be away for longer than any bound."""
    machine = scenario.machine
    own_time = machine.emulator == "bochs" or machine.icount
    return HYPERVISOR_OPTIONS + (" check=sched" if own_time and "check=" not in scenario.cmdline else "")


ALL = REFERENCE + GUEST_SCENARIOS + MACHINES + ERRORS + FAULTS + ISOLATION + VMTOP + SCHED + DEBIAN + GUESTIF + \
    REFERENCE_BOCHS + BOCHS_AMD + VTX + ISOLATION_VTX
