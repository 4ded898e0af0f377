#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Figures of the scheduler with real vCPUs, as lines `BENCH <name> <value> <unit>`: the scenarios of tests/boot/scenarios_sched.py
that have some, one after the other, on both vendors' CPUs. What is out of a scenario's bounds is said, too. Some ten minutes.
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
from run import Failure, run_emulator  # noqa: E402
from scenarios import options  # noqa: E402
from scenarios_sched import SCHED  # noqa: E402


def run(scenario, build, directory):
    """The figures' lines, and what was wrong."""
    backend = BACKENDS[scenario.machine.emulator](False)
    wrong = backend.missing(scenario)
    if not wrong:
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        image = build_image(scenario, f"{backend.options} {options(scenario)} {scenario.cmdline}", build, directory)
        try:
            run_emulator(scenario, backend, backend.command(scenario, directory, image), directory)
        except Failure as failure:
            wrong = str(failure)
    path = os.path.join(directory, "figures")
    if not os.path.exists(path):
        return [], wrong
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines(), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("-k", metavar="PATTERN", default="", help="only scenarios whose names match")
    args = parser.parse_args()
    failed = False
    for scenario in SCHED:
        if not re.search(args.k, scenario.name):
            continue
        lines, wrong = run(scenario, args.build, os.path.join(args.build, "bench", scenario.name))
        where = scenario.machine.cpu if scenario.machine.emulator == "bochs" else "qemu"
        print(f"# {scenario.name}: {where}, {scenario.machine.cpus} pCPUs" + (f": {wrong}" if wrong else ""))
        print("\n".join(lines), flush=True)
        failed |= bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
