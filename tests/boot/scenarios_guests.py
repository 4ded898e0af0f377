# SPDX-License-Identifier: GPL-2.0-only
"""Each test guest as the only VM on Evenkeel."""
from guest_table import GUESTS
from scenario import Machine, Scenario, Vm

# One line of a guest's console in the hypervisor's output: "name| text".
GUEST_FAIL = r"\bFAIL\b"


def alone(guest):
    return Scenario(
        name=f"guest-{guest.name}",
        vms=(Vm("test", f"guests/{guest.binary}.elf", cmdline=f"cpu=tcg {guest.cmdline}".strip(),
                vcpus=guest.vcpus, mem_mb=guest.mem_mb),),
        machine=Machine(cpus=2),
        expect=guest.expect,
        forbid=(GUEST_FAIL,),
        status=0,
        timeout_s=90,
        tags=("guest",),
    )


GUEST_SCENARIOS = [alone(g) for g in GUESTS if g.on_evenkeel]
