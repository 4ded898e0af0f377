# SPDX-License-Identifier: GPL-2.0-only
"""How each test guest is run, on the reference PC and on Evenkeel."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Guest:
    name: str
    binary: str = ""          # default: the name
    cmdline: str = ""
    vcpus: int = 1
    mem_mb: int = 64
    status: object = 0        # debug-exit status
    expect: tuple = (r"\d+ passed, 0 failed, \d+ skipped",)
    on_reference: bool = True
    quick: bool = True

    def __post_init__(self):
        if not self.binary:
            object.__setattr__(self, "binary", self.name)


GUESTS = [
    Guest("cpuid", vcpus=2),
    Guest("exceptions"),
    Guest("fpu", cmdline="seconds=1"),
    Guest("hlt", vcpus=2),
    Guest("ioapic"),
    Guest("ipi-2", "ipi", vcpus=2),
    Guest("ipi-4", "ipi", vcpus=4),
    Guest("lapic"),
    Guest("memory", mem_mb=128),
    Guest("mmio"),
    Guest("msr"),
    Guest("pci"),
    Guest("pic"),
    Guest("pit"),
    Guest("pmtimer"),
    Guest("rtc"),
    Guest("smc", vcpus=2),
    Guest("stringio"),
    Guest("time", vcpus=2),
    Guest("uart"),
]
