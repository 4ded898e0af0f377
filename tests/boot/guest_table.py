# SPDX-License-Identifier: GPL-2.0-only
"""How each test guest is run, on the reference PC and on Evenkeel."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Guest:
    name: str
    binary: str = ""          # default: the name
    cmdline: str = ""
    vcpus: int = 1
    mem_mb: int = 64
    status: object = 0        # debug-exit status on the reference PC; -1: another end
    evenkeel_status: int = 0  # of the hypervisor: 0 when the VM ended with 0 or powered off
    expect: tuple = (r"\d+ passed, 0 failed, \d+ skipped",)
    on_reference: bool = True
    on_evenkeel: bool = True
    on_bochs: bool = False
    keys: dict = field(default_factory=dict)  # of the VM's file

    def __post_init__(self):
        if not self.binary:
            object.__setattr__(self, "binary", self.name)


# The vCPUs take turns.
ONE_PCPU = {"sched.cpu.affinity": "0"}

GUESTS = [
    Guest("checker", cmdline="seconds=2"),
    Guest("control", vcpus=2, on_bochs=True),
    Guest("cpuid", vcpus=2, on_bochs=True),
    Guest("ending-s5", "ending", "how=s5", status=-1, expect=(r"ending: S5",)),
    Guest("ending-cf9", "ending", "how=cf9", status=-1, expect=(r"ending: cf9",)),
    Guest("ending-kbd", "ending", "how=kbd", status=-1, expect=(r"ending: kbd",)),
    Guest("ending-fast", "ending", "how=fast", status=-1, expect=(r"ending: fast",)),
    Guest("ending-triple", "ending", "how=triple", status=-1, expect=(r"ending: triple",), evenkeel_status=1),
    Guest("ending-init", "ending", "how=init", expect=(r"PASS restarted",), on_reference=False),
    Guest("ending-exit", "ending", "how=exit code=9", status=9, expect=(r"ending: exit",),
          evenkeel_status=1),
    Guest("exceptions", on_bochs=True),
    Guest("fpu", cmdline="seconds=1", on_bochs=True),
    Guest("hlt", vcpus=2, on_bochs=True),
    Guest("ioapic", on_bochs=True),
    Guest("ipi-2", "ipi", vcpus=2, on_bochs=True),
    Guest("ipi-4", "ipi", vcpus=4),
    Guest("kvm", vcpus=2, on_bochs=True, on_reference=False, keys={**ONE_PCPU, "guest.interface": "kvm"}),
    Guest("lapic", on_bochs=True),
    Guest("memory", mem_mb=128),
    Guest("mmio", on_bochs=True),
    Guest("modes", on_bochs=True),
    Guest("msr", on_bochs=True),
    Guest("pci"),
    Guest("pic", on_bochs=True),
    Guest("pit", on_bochs=True),
    Guest("pmtimer", on_bochs=True),
    Guest("rtc", on_bochs=True),
    Guest("smc", vcpus=2, on_bochs=True),
    Guest("stringio"),
    Guest("time", vcpus=2, on_bochs=True),
    Guest("uart"),
    Guest("vmware", vcpus=2, on_bochs=True, on_reference=False, keys=ONE_PCPU),
]
