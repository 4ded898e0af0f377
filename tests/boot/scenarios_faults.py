# SPDX-License-Identifier: GPL-2.0-only
"""Machines that cannot run Evenkeel say so; faults of the hypervisor itself end in a report, never in silence."""
from scenario import Expect, Machine, Scenario
from scenarios_guests import PANIC

PANIC_STATUS = 2
BOCHS_PANIC_STATUS = 1


def fault(test, expect, machine=Machine(cpus=2, mem_mb=256), name="", timeout_s=40):
    """A fault on purpose: what is said about it, the trace with names, the end by panic=exit."""
    return Scenario(
        name=f"fault-{name or test}", machine=machine, cmdline=f"selftest={test} watchdog=2",
        expect=(*expect, r"^end of panic"), forbid=(r"went unnoticed", r"panic within panic"),
        status=BOCHS_PANIC_STATUS if machine.emulator == "bochs" else PANIC_STATUS,
        timeout_s=timeout_s, tags=("fault",))


def hang(name, machine, timeout_s=60):
    return fault("hang", (r"watchdog: pCPU 0 has not taken", r"  at selftest_hang\+0x"), machine,
                 f"hang-{name}", timeout_s)


def refused(name, machine, *messages, cmdline=""):
    return Scenario(name=f"machine-{name}", machine=machine, cmdline=cmdline,
                    steps=tuple(Expect(m) for m in messages), status=None, timeout_s=60,
                    tags=("machine", "fault"))


def bochs(model, cpus, *messages, cmdline=""):
    """x2APIC and TSC deadline, which QEMU's TCG lacks."""
    return Scenario(name=f"bochs-machine-{model}-{cpus}",
                    machine=Machine(emulator="bochs", cpu=model, cpus=cpus, mem_mb=512),
                    cmdline=cmdline, steps=tuple(Expect(m) for m in messages), forbid=(PANIC,),
                    status=None, timeout_s=90, tags=("machine", "bochs"))


FAULTS = [
    fault("panic", (r"panic on pCPU 0: selftest=panic", r"  by selftest_panic\+0x")),
    fault("div", (r"#DE divide error", r"  at selftest_div\+0x")),
    fault("wx", (r"#PF page fault", r"write of 0xffffffff8\w+: not allowed", r"  at selftest_wx\+0x")),
    fault("nx", (r"#PF page fault", r"execution of 0xffffffff8\w+: not allowed")),
    fault("stack", (r"#DF double fault", r"guard page of a stack of pCPU 0: stack overflow",
                    r"  by use_stack\+0x")),
    fault("panic", (r"panic on pCPU 0: selftest=panic",), Machine(firmware="efi", mem_mb=512),
          "panic-efi", timeout_s=90),
    hang("1cpu", Machine(cpus=1, mem_mb=256)),
    hang("2cpu", Machine(cpus=2, mem_mb=256)),
    hang("4cpu-pc", Machine(machine="pc", cpus=4, mem_mb=256)),
    hang("bochs-amd", Machine(emulator="bochs", cpu="ryzen", cpus=2, mem_mb=256), 120),
    refused("no-64-bit", Machine(cpu="pentium3", cpus=1), r"this CPU has no 64-bit mode"),
    refused("no-nx", Machine(cpu="max,nx=off", cpus=1), r"this CPU lacks NX", r"end of panic"),
    refused("no-acpi", Machine(machine="pc", cpus=2, args=("-no-acpi",)), r"no root pointer found",
            r"TSC .* MHz by PIT", r"CPUs: 1 running", r"no VM file"),
    refused("efi-bad-config", Machine(firmware="efi"), r"evenkeel\.cfg, line 2: expected key = value",
            r"not started", cmdline="\nnonsense"),
    bochs("corei7_haswell_4770", 2, r"TSC-deadline timers", r"interrupts: x2APIC",
          r"CPUs: 2 running", r"TSCs of all pCPUs agree within \d{1,3} ns", cmdline="x2apic=on"),
    bochs("ryzen", 4, r"no x2APIC", r"local APIC timers at 99\.\d+ MHz|local APIC timers at 100\.",
          r"interrupts: xAPIC", r"CPUs: 4 running", cmdline="x2apic=on"),
]
