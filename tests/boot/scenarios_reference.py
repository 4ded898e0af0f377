# SPDX-License-Identifier: GPL-2.0-only
"""The test guests on QEMU's own PC: they must pass there first, to be a measure of Evenkeel's."""
from guest_table import GUESTS
from scenario import Machine, Scenario


def reference(guest):
    return Scenario(
        name=f"reference-{guest.name}",
        reference=f"guests/{guest.binary}.elf",
        guest_cmdline=f"cpu=tcg pc=qemu {guest.cmdline}".strip(),
        machine=Machine(machine="pc", cpus=guest.vcpus, mem_mb=guest.mem_mb),
        expect=guest.expect,
        forbid=(r"^FAIL",),
        status=guest.status,
        timeout_s=60,
        tags=("reference", "quick"),
    )


def reference_bochs(guest):
    """An Intel CPU with x2APIC mode and TSC deadline."""
    return Scenario(
        name=f"bochs-reference-{guest.name}",
        reference=f"guests/{guest.binary}.elf",
        guest_cmdline=f"emulator=bochs pc=bochs {guest.cmdline}".strip(),
        machine=Machine(emulator="bochs", cpu="corei7_haswell_4770", cpus=guest.vcpus,
                        mem_mb=guest.mem_mb),
        expect=guest.expect,
        forbid=(r"^FAIL",),
        status=0,
        timeout_s=120,
        tags=("reference", "bochs"),
    )


REFERENCE = [reference(g) for g in GUESTS if g.on_reference]
REFERENCE_BOCHS = [reference_bochs(g) for g in GUESTS if g.on_bochs and g.on_reference]
