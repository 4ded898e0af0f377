# SPDX-License-Identifier: GPL-2.0-only
"""A checking guest beside guests that do what they should not, and VMs that share a pCPU's registers."""
from scenario import Expect, Machine, Scenario, Vm
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
    seeds("isolation-fpu-1cpu", 1),
    seeds("isolation-fpu-2cpu", 2),
]
