# SPDX-License-Identifier: GPL-2.0-only
"""Each test guest as the only VM on Evenkeel. A guest's output is shown as `name| text`."""
from guest_table import GUESTS
from scenario import Machine, Scenario, Vm

# Never in any output: a failed check in a guest, and the hypervisor's own death.
GUEST_FAIL = r"\| FAIL "
PANIC = r"(?i)\bpanic\b(?!=)"


def guest_vm(guest, name="test", **changes):
    fields = {"kernel": f"guests/{guest.binary}.elf", "cmdline": f"cpu=tcg {guest.cmdline}".strip(),
              "vcpus": guest.vcpus, "mem_mb": guest.mem_mb, "keys": guest.keys}
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


def on_bochs(guest, vendor, cpu, cpus=1, options=()):
    """Bochs's AMD-V is nearer to silicon than QEMU's: next RIP, interrupt shadows, checks of MSRs."""
    return Scenario(
        name=f"bochs-{vendor}-{guest.name}",
        vms=(guest_vm(guest, cmdline=guest.cmdline),),
        machine=Machine(emulator="bochs", cpu=cpu, cpus=cpus, mem_mb=512, args=options),
        # No summary line: on this slow UART the hypervisor's messages cut into it. Status 0 says as much.
        forbid=(GUEST_FAIL, PANIC),
        status=guest.evenkeel_status,
        timeout_s=240,
        tags=("guest", "bochs", vendor),
    )


# Subjects that fail on the AMD-V of Bochs 2.7 and nowhere else (QEMU's AMD-V and Bochs's VT-x pass them): exceptions and
# modes (a page fault in the host after an exit for #DB), mmio (CR2 of an injected #PF reads 0), ipi, smc and pic (host
# interrupts do not come through while the guest has IF clear), control (it takes CR0.PG without PE, and gives up).
NOT_ON_BOCHS_AMD = {"control", "exceptions", "modes", "mmio", "ipi-2", "smc", "pic"}
BOCHS_AMD = [on_bochs(g, "amdv", "ryzen") for g in GUESTS
             if g.on_bochs and g.name not in NOT_ON_BOCHS_AMD]
