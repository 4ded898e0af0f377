# SPDX-License-Identifier: GPL-2.0-only
"""Machines to start on: firmware, chip set, number of pCPUs, memory size, timers, CPU models."""
from scenario import Machine, Scenario, Vm
from scenarios_guests import GUEST_FAIL, PANIC

PROBE = Vm("probe", "guests/hlt.elf", cmdline="cpu=tcg rounds=50", vcpus=2)


def boots(name, machine, expect=(), timeout_s=60, cmdline="", vms=(PROBE,)):
    return Scenario(
        name=f"machine-{name}",
        machine=machine,
        vms=vms,
        cmdline=cmdline,
        expect=(r"7 passed, 0 failed", *expect),
        forbid=(GUEST_FAIL, PANIC),
        status=0,
        # Every wake-up of an idle pCPU is one of a thread of the emulator: slow where cores are few.
        timeout_s=timeout_s if machine.cpus <= 2 else 2 * timeout_s,
        weight=1 if machine.cpus <= 2 else 2,
        tags=("machine",),
    )


MACHINES = [
    boots("pc-1cpu", Machine(machine="pc", cpus=1), (r"CPUs: 1 running",)),
    boots("pc-2cpu", Machine(machine="pc", cpus=2), (r"CPUs: 2 running",)),
    boots("q35-4cpu", Machine(machine="q35", cpus=4), (r"CPUs: 4 running",)),
    boots("q35-8cpu", Machine(machine="q35", cpus=8), (r"CPUs: 8 running",)),
    boots("maxcpus", Machine(cpus=4), (r"CPUs: 2 running",), cmdline="maxcpus=2"),
    boots("uefi-1cpu", Machine(firmware="uefi", cpus=1), (r"started by GRUB",), timeout_s=90),
    boots("uefi-2cpu", Machine(firmware="uefi", cpus=2), (r"started by GRUB",), timeout_s=90),
    boots("uefi-pc", Machine(firmware="uefi", machine="pc", cpus=2), timeout_s=90),
    boots("efi-2cpu", Machine(firmware="efi", cpus=2), (r"started by EFI",), timeout_s=90),
    boots("efi-4cpu", Machine(firmware="efi", cpus=4), (r"CPUs: 4 running",), timeout_s=90),
    boots("efi-pc", Machine(firmware="efi", machine="pc", cpus=2), timeout_s=90),
    boots("mem-256m", Machine(mem_mb=256)),
    boots("mem-3g", Machine(mem_mb=3072)),
    boots("mem-5g", Machine(mem_mb=5120, machine="pc")),
    boots("mem-16g", Machine(mem_mb=16384)),
    boots("mem-16g-efi", Machine(mem_mb=16384, firmware="efi"), timeout_s=90),
    boots("no-hpet", Machine(machine="pc,hpet=off"), (r"TSC .* MHz by",)),
    boots("no-la57", Machine(cpu="max,la57=off")),
    boots("epyc", Machine(cpu="EPYC,+svm")),
    boots("x2apic-off", Machine(), cmdline="x2apic=off"),
    boots("icount", Machine(cpus=1, icount=True), timeout_s=120),
    boots("8-vcpus", Machine(cpus=2), vms=(Vm("wide", "guests/hlt.elf", vcpus=8,
                                              cmdline="cpu=tcg rounds=50"),)),
]
