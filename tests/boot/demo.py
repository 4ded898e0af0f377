#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The main job, for a person to look at: three stock Debian guests of two vCPUs each want all of two pCPUs, and get what
their shares say, 1 : 2 : 4. It opens with vmtop.

The terminal is the machine's serial console, with Evenkeel's monitor on it. QEMU runs nested under KVM where the host offers
hardware virtualisation to its own guests, else it emulates AMD-V. In Bochs, which is far slower, the guests have one vCPU
each and share one pCPU.
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
    "bochs": Machine(emulator="bochs", cpu="corei7_haswell_4770", cpus=1, mem_mb=1024),
}
KERNEL = "images/vmlinuz-cloud"  # starts in half the time of the other
SHARES = (500, 1000, 2000)


def guest(shares, vcpus):
    """Kept busy on all its CPUs, once it has started, by work that needs no co-scheduling."""
    return Vm(f"shares{shares}", KERNEL, initrd="images/initramfs.gz", cmdline=f"console=ttyS0 quiet load={vcpus}",
              mem_mb=192, vcpus=vcpus, debug_exit=False,
              keys={"sched.cpu.shares": shares, "sched.cpu.cosched": "off"})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--emulator", choices=MACHINES, default="qemu")
    args = parser.parse_args()
    kvm = args.emulator == "qemu" and nested_kvm()
    backend = BACKENDS[args.emulator](kvm)
    machine = MACHINES[args.emulator]
    scenario = Scenario(name="run", machine=machine, status=None,
                        vms=tuple(guest(shares, machine.cpus) for shares in SHARES))
    reason = backend.missing(scenario)
    if reason:
        sys.exit(f"make run: {reason}")
    directory = os.path.join(args.build, "run")
    os.makedirs(directory, exist_ok=True)
    image = build_image(scenario, f"{backend.options} monitor=vmtop", args.build, directory)
    how = "the host's hardware virtualisation, nested (KVM)" if kvm else \
        f"emulation ({args.emulator}): this host offers no nested virtualisation"
    each = "2 vCPUs" if machine.cpus == 2 else "1 vCPU"
    print(f"Evenkeel on {machine.cpus} {'pCPUs' if machine.cpus == 2 else 'pCPU'} by {how}.\n"
          f"Three Debian guests with {each} each; as soon as all are busy, %USED is as their shares, 1 : 2 : 4.\n"
          "vmtop: \"e\" expands a VM, \"h\" is help, \"q\" leads to the monitor (\"vm set shares500 cpu.shares 4000\", \"help\").\n"
          f"{backend.leave_hint}", flush=True)
    backend.interactive(backend.command(scenario, directory, image), directory)


if __name__ == "__main__":
    main()
