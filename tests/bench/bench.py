#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Benchmarks: instructions per exit, memory overhead, time to the first guest instruction.

Each figure is a line `BENCH <name> <value> <unit> [peer <value>]`. Runs are deterministic: one emulated CPU on which the
TSC counts instructions, so the same tree gives the same figures. Raw output is kept in build/bench/.
"""
import argparse
import os
import re
import shutil
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "boot")]
from emulators import BACKENDS  # noqa: E402
from image import build_image  # noqa: E402
from peer import figures  # noqa: E402
from run import Failure, run_emulator  # noqa: E402
from scenario import Machine, Scenario, Vm  # noqa: E402
from scenarios import HYPERVISOR_OPTIONS  # noqa: E402

MEM_MB = 128
MACHINES = {
    "qemu": Machine(cpus=1, icount=True, mem_mb=512, args=("-seed", "1")),
    "bochs": Machine(emulator="bochs", cpu="corei7_haswell_4770", cpus=1, mem_mb=512),
}


def scenario(emulator):
    """Two vCPUs on the one pCPU, for the IPI; the second one sleeps during all else."""
    return Scenario(
        name="bench", machine=MACHINES[emulator], status=0, timeout_s=600,
        vms=(Vm("bench", "guests/bench.elf", vcpus=2, mem_mb=MEM_MB, cmdline="unit=instructions"),))


def run(emulator, build, directory):
    s = scenario(emulator)
    backend = BACKENDS[emulator](False)
    reason = backend.missing(s)
    if reason:
        raise Failure(reason)
    image = build_image(s, f"{backend.options} {HYPERVISOR_OPTIONS}", build, directory)
    run_emulator(s, backend, backend.command(s, directory, image), directory)
    with open(os.path.join(directory, "serial.log"), encoding="latin-1") as f:
        return f.read()


# Lines of the hypervisor's log: pattern, name and unit of its figure.
LOG_FIGURES = (
    (r"boot: (\d+) TSC ticks from kernel_main", "boot_to_guest", "instructions"),
    (r"vm bench: touched \d+ KiB of \d+ MB, (\d+) KiB of hyp", f"memory_vm_{MEM_MB}mb_2vcpu", "KiB"),
    (r"frame table (\d+) KiB", "memory_frame_table_512mb", "KiB"),
    (r"image at \S+ \((\d+) KiB\)", "memory_image", "KiB"),
)


def show(text, peer, out):
    for name, value, unit in re.findall(r"BENCH (\w+) (\d+) (\w+)", text):
        base = name.rsplit("_", 1)[0]
        out.append(f"BENCH {name} {value} {unit}" + (f" peer {peer[base]}" if base in peer else ""))
    for pattern, name, unit in LOG_FIGURES:
        found = re.search(pattern, text)
        if found:
            out.append(f"BENCH {name} {found.group(1)} {unit}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--peer", default="", help="script that measures the peer")
    parser.add_argument("emulators", nargs="*", default=["qemu"])
    args = parser.parse_args()
    failed = False
    for emulator in args.emulators:
        directory = os.path.join(args.build, "bench", emulator)
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        try:
            text = run(emulator, args.build, directory)
        except Failure as failure:
            print(f"bench on {emulator}: {failure} [{directory}]")
            failed = True
            continue
        peer, how = figures(emulator, args.peer, os.path.join(args.build, "bench", "peer"), os.environ)
        lines = []
        show(text, peer, lines)
        print(f"# {emulator}; peer: KVM of Debian's Linux 6.1, mitigations=off, {how}")
        print("\n".join(lines))
        with open(os.path.join(directory, "figures"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
