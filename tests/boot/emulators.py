# SPDX-License-Identifier: GPL-2.0-only
"""Back-ends of the boot runner: each turns a Scenario into a running emulator with a serial console.

A back-end has `missing(scenario)` (why it cannot run here, or ""), `prepare(scenario, dir, image)`, which returns
the command line, and `status(returncode)`, which translates the process's end into the number that was written to
the debug-exit port (or -1 for any other end).
"""
import os
import shutil

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS.fd"


def nested_kvm():
    """Can this host run Evenkeel under KVM with hardware virtualisation inside?"""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        flags = next((line.split() for line in f if line.startswith("flags")), [])
    return "svm" in flags or "vmx" in flags


class Qemu:
    name = "qemu"
    options = "console=com1 emulator=qemu"  # of the hypervisor on this machine

    def __init__(self, kvm=False):
        self.kvm = kvm

    def missing(self, scenario):
        if shutil.which("qemu-system-x86_64") is None:
            return "no qemu-system-x86_64"
        if scenario.machine.firmware != "bios" and not os.path.exists(OVMF_CODE):
            return "no OVMF firmware"
        return ""

    def accelerator(self, machine):
        if self.kvm and not machine.icount:
            return ["-accel", "kvm", "-cpu", "host"]
        return ["-accel", "tcg", "-cpu", machine.cpu] + \
            (["-icount", "shift=0", "-rtc", "base=2024-01-01,clock=vm"] if machine.icount else [])

    def prepare(self, scenario, directory, image):
        m = scenario.machine
        args = ["qemu-system-x86_64", "-M", m.machine, *self.accelerator(m), "-smp", str(m.cpus),
                "-m", str(m.mem_mb), "-nodefaults", "-display", "none", "-monitor", "none",
                "-no-reboot", "-serial", "stdio",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if scenario.reference:
            args += ["-serial", "null", "-kernel", image, "-append", scenario.guest_cmdline]
        elif m.firmware == "bios":
            args += ["-cdrom", image, "-boot", "d", "-device", "VGA"]
        else:
            variables = os.path.join(directory, "vars.fd")
            shutil.copy(OVMF_VARS, variables)
            args += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF_CODE}",
                     "-drive", f"if=pflash,format=raw,unit=1,file={variables}", "-device", "VGA"]
            args += ["-cdrom", image] if m.firmware == "uefi" else \
                ["-drive", f"if=virtio,format=raw,file={image}"]
        return args + list(m.args)

    @staticmethod
    def status(returncode):
        return returncode >> 1 if returncode >= 0 and returncode & 1 else -1


BACKENDS = {"qemu": Qemu}
