# SPDX-License-Identifier: GPL-2.0-only
"""Each test guest as the only VM on Evenkeel. A guest's output is shown as `name| text`."""
from guest_table import GUESTS
from scenario import Machine, Scenario, Vm

# Never in any output: a failed check in a guest, and the hypervisor's own death.
GUEST_FAIL = r"\| FAIL "
PANIC = r"(?i)\bpanic\b(?!=)"


def guest_vm(guest, name="test", **changes):
    fields = {"kernel": f"guests/{guest.binary}.elf", "cmdline": f"cpu=tcg {guest.cmdline}".strip(),
              "vcpus": guest.vcpus, "mem_mb": guest.mem_mb}
    fields.update(changes)
    return Vm(name, **fields)


def alone(guest):
    return Scenario(
        name=f"guest-{guest.name}",
        vms=(guest_vm(guest),),
        machine=Machine(cpus=2),
        expect=guest.expect,
        forbid=(GUEST_FAIL, PANIC),
        status=guest.evenkeel_status,
        timeout_s=60,
        tags=("guest",),
    )


GUEST_SCENARIOS = [alone(g) for g in GUESTS if g.on_evenkeel]
