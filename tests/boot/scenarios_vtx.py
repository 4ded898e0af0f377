# SPDX-License-Identifier: GPL-2.0-only
"""VT-x, which QEMU's emulation lacks: test guests and Debian on Bochs's Intel models, and CPUs that are refused.

Firmware that has disabled VT-x cannot be had there: its models start with IA32_FEATURE_CONTROL locked and VMX on.

What of it runs in `make test` fits in some minutes of one host core; the rest is tagged `full` (`make test-full`).
"""
from dataclasses import replace

from guest_table import GUESTS
from scenario import Machine, Scenario
from scenarios_debian import boots, debian
from scenarios_guests import GUEST_FAIL, PANIC, guest_vm

HASWELL = "corei7_haswell_4770"          # EPT with A/D bits and 1 GiB pages, VPID, unrestricted guest
SANDY_BRIDGE = "corei7_sandy_bridge_2600k"  # EPT without these
SKYLAKE = "corei7_skylake_x"             # TSC scaling, AVX-512
# The longest; what they look at differs little by vendor.
FULL_ONLY = {"rtc", "smc", "time"}
# Guests that try the CPU rather than devices, for other models and for several pCPUs.
CPU_GUESTS = ("cpuid", "exceptions", "fpu", "ipi-2", "mmio", "modes", "msr")


def machine(cpu=HASWELL, cpus=1, mem_mb=512):
    return Machine(emulator="bochs", cpu=cpu, cpus=cpus, mem_mb=mem_mb)


def guest_on(guest, name, where, tags=()):
    return Scenario(
        name=f"vtx-{name}-{guest.name}", machine=where,
        vms=(guest_vm(guest, cmdline=guest.cmdline),),
        # No summary line: on this slow UART the hypervisor's messages cut into it. Status 0 says as much.
        forbid=(GUEST_FAIL, PANIC), status=guest.evenkeel_status, timeout_s=240,
        tags=("guest", "bochs", "vtx", *tags))


def refused(name, cpu, message):
    return Scenario(name=f"vtx-refused-{name}", machine=machine(cpu), forbid=(PANIC,), status=1, timeout_s=90,
                    expect=(r"no virtual machine can run: " + message,), tags=("bochs", "vtx"))


def full(scenario):
    return replace(scenario, tags=(*scenario.tags, "full"))


def linux(name, where, vms, tags=()):
    s = boots(f"vtx-{name}", where, vms, timeout_s=600)
    return replace(s, weight=1, tags=(*s.tags, "bochs", "vtx", *tags))


CHOSEN = [g for g in GUESTS if g.on_evenkeel and not g.binary == "ending" and g.name not in ("checker", "ipi-4")]

VTX = [
    *(guest_on(g, "haswell", machine()) for g in CHOSEN if g.name not in FULL_ONLY),
    refused("no-ept", "core2_penryn_t9600", r"this CPU's VT-x has no EPT"),
    refused("no-unrestricted-guest", "corei5_lynnfield_750", r"this CPU's VT-x has no unrestricted guest"),
    linux("1cpu", machine(mem_mb=1024), (debian("a", vcpus=2),)),
    *(full(guest_on(g, "haswell", machine())) for g in CHOSEN if g.name in FULL_ONLY),
    *(full(guest_on(g, "haswell-2cpu", machine(cpus=2))) for g in CHOSEN if g.name in CPU_GUESTS),
    *(full(guest_on(g, "sandy-bridge", machine(SANDY_BRIDGE))) for g in CHOSEN if g.name in CPU_GUESTS),
    *(full(guest_on(g, "skylake", machine(SKYLAKE))) for g in CHOSEN if g.name in CPU_GUESTS),
    full(linux("two-2cpu", machine(cpus=2, mem_mb=1024), (debian("a", vcpus=2), debian("b", vcpus=2)))),
]
