#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The main job, for a person to look at: Evenkeel on two pCPUs with two stock Debian guests of two vCPUs each.

The terminal is the machine's serial console, with Evenkeel's monitor on it. QEMU runs nested under KVM where the host offers
hardware virtualisation to its own guests, else it emulates AMD-V.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from emulators import BACKENDS, nested_kvm  # noqa: E402
from image import build_image  # noqa: E402
from scenario import Machine, Scenario, Vm  # noqa: E402

MACHINES = {
    "qemu": Machine(cpus=2, mem_mb=1024),
    "bochs": Machine(emulator="bochs", cpu="corei7_haswell_4770", cpus=2, mem_mb=1024),
}
KERNELS = {"qemu": "images/vmlinuz", "bochs": "images/vmlinuz-cloud"}


def guest(name, kernel):
    return Vm(name, kernel, initrd="images/initramfs.gz", cmdline="console=ttyS0 quiet", mem_mb=256,
              vcpus=2, debug_exit=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--emulator", choices=MACHINES, default="qemu")
    args = parser.parse_args()
    kvm = args.emulator == "qemu" and nested_kvm()
    backend = BACKENDS[args.emulator](kvm)
    kernel = KERNELS[args.emulator]
    scenario = Scenario(name="run", machine=MACHINES[args.emulator], status=None,
                        vms=(guest("debian1", kernel), guest("debian2", kernel)))
    reason = backend.missing(scenario)
    if reason:
        sys.exit(f"make run: {reason}")
    directory = os.path.join(args.build, "run")
    os.makedirs(directory, exist_ok=True)
    image = build_image(scenario, f"{backend.options} guests=show", args.build, directory)
    how = "the host's hardware virtualisation, nested (KVM)" if kvm else \
        f"emulation ({args.emulator}): this host offers no nested virtualisation"
    print(f"Evenkeel on 2 pCPUs by {how}.\n"
          "Two Debian guests with 2 vCPUs each. Type \"vm list\", \"console debian1\" (Ctrl-] . leaves), \"help\".\n"
          f"{backend.leave_hint}", flush=True)
    backend.interactive(backend.command(scenario, directory, image), directory)


if __name__ == "__main__":
    main()
