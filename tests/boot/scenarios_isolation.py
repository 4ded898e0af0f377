# SPDX-License-Identifier: GPL-2.0-only
"""A checking guest beside guests that do what they should not, and VMs that share a pCPU's registers."""
from dataclasses import replace

from scenario import Expect, Head, Machine, Scenario, Send, Vm
from scenarios_guests import GUEST_FAIL, PANIC

SECONDS = 6


def checker(name="checker", seconds=SECONDS, seed=1):
    return Vm(name, "guests/checker.elf", cmdline=f"cpu=tcg seconds={seconds} seed={seed}")


def beside(mode, cpus=1, expect=(), vcpus=1, debug_exit=False):
    """The bad guest starts first, so that its worst falls into the checker's time."""
    return Scenario(
        name=f"isolation-{mode}-{cpus}cpu",
        machine=Machine(cpus=cpus),
        vms=(Vm("bad", "guests/misbehave.elf", cmdline=f"mode={mode}", vcpus=vcpus,
                debug_exit=debug_exit),
             checker()),
        steps=(Expect(r"checker\| 4 passed, 0 failed, 0 skipped"),
               *(Expect(e) for e in expect)),
        forbid=(r"checker\| FAIL", PANIC),
        status=None,
        timeout_s=90,
        tags=("isolation",),
    )


def seeds(name, cpus):
    return Scenario(
        name=name,
        machine=Machine(cpus=cpus),
        vms=tuple(Vm(f"fpu{i}", "guests/fpu.elf", cmdline=f"cpu=tcg seed={i + 1} seconds=5")
                  for i in range(3)),
        expect=tuple(rf"fpu{i}\| 1 passed, 0 failed" for i in range(3)),
        forbid=(GUEST_FAIL, PANIC),
        status=0,
        timeout_s=90,
        tags=("isolation",),
    )


def admission_counts_touched_memory_once():
    """What a guest has touched is part of its promise: a VM for which the rest suffices starts."""
    return Scenario(
        name="isolation-admission",
        machine=Machine(mem_mb=512),
        vms=(Vm("full", "guests/memory.elf", cmdline="cpu=tcg", mem_mb=280, debug_exit=False),
             Vm("late", "guests/hlt.elf", cmdline="cpu=tcg", mem_mb=100, keys={"autostart": "FALSE"}),
             Vm("large", "guests/hlt.elf", mem_mb=300, keys={"autostart": "FALSE"})),
        steps=(Expect(r"full\| \d+ passed, 0 failed"),
               Send("vm start large\r"), Expect(r"large: not started: .* short of what is free"),
               Send("vm start late\r"), Expect(r"vm late: started"),
               Expect(r"vm late: ended: debug exit, status 0")),
        forbid=(GUEST_FAIL, PANIC),
        status=None,
        tags=("isolation",),
    )


def resets_without_end(cpus):
    """Loading a VM again is the hypervisor's work on pCPU 0: a guest must not keep it busy, nor be out of reach."""
    return Scenario(
        name=f"isolation-reset-{cpus}cpu",
        machine=Machine(cpus=cpus),
        vms=(Vm("bad", "guests/misbehave.elf", cmdline="mode=reset", mem_mb=256, debug_exit=False,
                keys={"boot.module0": "ballast"}),
             checker()),
        files={"ballast": Head("images/vmlinuz-cloud", 12000000)},
        steps=(Expect(r"checker\| 4 passed, 0 failed, 0 skipped"),
               Send("vm stop bad\r"), Expect(r"bad: stopping"),
               Expect(r"vm bad: ended: stopped")),
        forbid=(r"checker\| FAIL", PANIC),
        status=None,
        timeout_s=90,
        tags=("isolation",),
    )


ISOLATION = [
    beside("triple"),
    beside("mmio"),
    beside("fetch"),
    beside("tables"),
    beside("loop"),
    beside("loop", cpus=2),
    beside("flood"),
    beside("flood", cpus=2),
    beside("off"),
    beside("ports"),
    beside("msrs"),
    beside("apic"),
    beside("random"),
    beside("random", cpus=2),
    resets_without_end(1),
    resets_without_end(2),
    seeds("isolation-fpu-1cpu", 1),
    seeds("isolation-fpu-2cpu", 2),
    admission_counts_touched_memory_once(),
]


def beside_vtx(mode, *tags):
    """The same on VT-x. On the slow UART messages cut into a checker's lines: its status counts."""
    return replace(beside(mode), name=f"vtx-isolation-{mode}", timeout_s=240,
                   machine=Machine(emulator="bochs", cpu="corei7_haswell_4770", cpus=1, mem_mb=512),
                   vms=(beside(mode).vms[0], checker(seconds=2)),
                   steps=(Expect(r"vm checker: ended: debug exit, status 0"),),
                   tags=("isolation", "bochs", "vtx", *tags))


ISOLATION_VTX = [
    *(beside_vtx(mode) for mode in ("triple", "mmio", "loop", "random")),
    *(beside_vtx(mode, "full") for mode in ("fetch", "ports", "msrs", "apic")),
]
