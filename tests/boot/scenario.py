# SPDX-License-Identifier: GPL-2.0-only
"""What a boot test consists of. Scenario tables (scenarios_*.py) hold nothing but these."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Vm:
    """One VM definition file. `raw` replaces the generated text."""
    name: str
    kernel: str = ""        # path below the build directory
    initrd: str = ""
    cmdline: str = ""
    mem_mb: int = 64
    vcpus: int = 1
    debug_exit: bool = True
    keys: dict = field(default_factory=dict)
    raw: str = ""

    def text(self):
        if self.raw:
            return self.raw
        keys = {"displayName": self.name, "memsize": self.mem_mb, "numvcpus": self.vcpus}
        if self.kernel:
            keys["boot.kernel"] = self.kernel.split("/")[-1]
        if self.initrd:
            keys["boot.initrd"] = self.initrd.split("/")[-1]
        if self.cmdline:
            keys["boot.cmdline"] = self.cmdline
        if self.debug_exit:
            keys["debug.exit"] = "TRUE"
        keys.update(self.keys)
        return "".join(f'{k} = "{v}"\n' for k, v in keys.items())


@dataclass(frozen=True)
class Head:
    """Content of a module: the first bytes of a file below the build directory."""
    path: str
    size: int


@dataclass(frozen=True)
class Machine:
    """The emulated machine that the hypervisor runs on."""
    emulator: str = "qemu"    # qemu or bochs
    machine: str = "q35"      # QEMU machine type
    cpu: str = "max"          # QEMU or Bochs CPU model
    cpus: int = 2
    mem_mb: int = 1024
    firmware: str = "bios"    # bios, uefi: GRUB on either; efi: evenkeel.efi from the firmware
    icount: bool = False      # one instruction = 2^icount_shift ns; one CPU only
    icount_shift: int = 0
    args: tuple = ()          # more emulator arguments


@dataclass(frozen=True)
class Expect:
    """A step: wait until the output since the last step matches."""
    pattern: str
    timeout_s: int = 0        # 0: only the scenario's


@dataclass(frozen=True)
class See:
    """A step: wait until the screen of a terminal that follows the console matches (^ and $: of a row)."""
    pattern: str
    timeout_s: int = 0


@dataclass(frozen=True)
class Send:
    """A step: type this on the console."""
    text: str


@dataclass(frozen=True)
class Figure:
    """A number that a run has measured. The run fails when it is not within low..high; None: no such bound."""
    name: str
    value: int
    unit: str
    low: object = None
    high: object = None

    def wrong(self):
        if self.low is not None and self.value < self.low:
            return f"{self.name} is {self.value} {self.unit}, should be at least {self.low}"
        if self.high is not None and self.value > self.high:
            return f"{self.name} is {self.value} {self.unit}, should be at most {self.high}"
        return ""


@dataclass(frozen=True)
class Scenario:
    name: str
    vms: tuple = ()
    machine: Machine = Machine()
    cmdline: str = ""          # added to the hypervisor's usual options
    files: dict = field(default_factory=dict)  # further modules: name -> text or Head
    leave_out: tuple = ()      # modules that VMs name but the boot entry lacks
    steps: tuple = ()          # Expect, See and Send, in this order
    expect: tuple = ()         # patterns that must appear, in any order
    forbid: tuple = ()         # patterns that must not
    figures: object = None     # makes a list of Figure from the output; ValueError: what the output lacks
    status: object = 0         # the machine must end itself with this debug-exit status; None: it
                               # is switched off after the last step
    timeout_s: int = 60
    weight: int = 1            # host cores it keeps busy
    reference: str = ""        # run this guest on the emulator's own PC instead of on Evenkeel
    guest_cmdline: str = ""    # of a reference run
    tags: tuple = ()
