# SPDX-License-Identifier: GPL-2.0-only
"""What the peer, KVM, pays for the same exits on the same emulated machines.

Recorded figures: KVM of Debian's Linux 6.1, mitigations=off, measured by RDTSC inside its guest, median, where the TSC
counts instructions: AMD-V in QEMU 7.2 under -icount shift=0, VT-x in Bochs 2.7 (model corei7_haswell_4770). OUT and MMIO
end in its user-space part; its first touch finds the page zeroed already.
"""
import re
import subprocess

RECORDED = {
    "qemu": {"exit_cpuid": 2696, "exit_hypercall": 2928, "exit_rdmsr": 2761, "exit_wrmsr": 2813,
             "exit_pio": 2984, "exit_mmio_lapic": 5060, "exit_touch4k": 2743},
    "bochs": {"exit_cpuid": 954, "exit_hypercall": 989, "exit_rdmsr": 1066, "exit_wrmsr": 1070,
              "exit_pio": 3037, "exit_mmio_lapic": 5364, "exit_touch4k": 2759},
}
# The peer's own names for the figures.
NAMES = {"cpuid": "exit_cpuid", "vmmcall": "exit_hypercall", "vmcall": "exit_hypercall",
         "rdmsr": "exit_rdmsr", "wrmsr": "exit_wrmsr", "pio": "exit_pio", "mmio": "exit_mmio_lapic",
         "touch4k": "exit_touch4k"}
LINE = re.compile(r"KVMBENCH (\w+) .*\bp50=(\d+)")


def figures(emulator, script, directory, environment):
    """Runs the peer's own measurement if its script is there; else what is recorded."""
    if script:
        env = dict(environment, OUT=directory)
        done = subprocess.run([script, emulator, "off"], env=env, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.DEVNULL, text=True)
        found = {NAMES[n]: int(v) for n, v in LINE.findall(done.stdout) if n in NAMES}
        if found:
            return found, "measured now"
    return RECORDED[emulator], "as recorded"
