# SPDX-License-Identifier: GPL-2.0-only
"""Runs the simulator: scenario files, large scenarios, and random scenarios by seed in parts. Keeps the output."""
import argparse
import glob
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from report import Report  # noqa: E402

TIMEOUT_S = 600
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")
SHOWN_LINES = 12


def name_of(path):
    return os.path.splitext(os.path.basename(path))[0]


def cases(args):
    """(name, command) of everything there is to run."""
    for path in sorted(glob.glob(os.path.join(SCENARIOS, "*.sim"))):
        yield "sim/" + name_of(path), [args.sim, "--table", path]
    for path in sorted(glob.glob(os.path.join(SCENARIOS, "large", "*.sim"))):
        yield "sim/" + name_of(path), [args.count, "--bench", "--fast", path]
    for first in range(args.first, args.first + args.seeds, args.part):
        last = min(first + args.part, args.first + args.seeds) - 1
        yield (f"sim/random-{first}-{last}",
               [args.sim, "--random", str(first), "--count", str(last - first + 1)])


def run(case, log_dir):
    name, command = case
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_S, check=False)
        output, reason = done.stdout, "" if done.returncode == 0 else f"status {done.returncode}"
    except subprocess.TimeoutExpired as late:
        output, reason = late.stdout or b"", f"no end within {TIMEOUT_S} s"
    log = os.path.join(log_dir, os.path.basename(name) + ".log")
    with open(log, "wb") as f:
        f.write(output)
    text = output.decode("utf-8", "replace")
    told = [line for line in text.splitlines() if line.startswith(("  ", "FAIL", "=="))]
    return name, time.monotonic() - start, reason and f"{reason}, see {log}", told


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sim", default="build/sim/sim", help="the program with sanitizers")
    parser.add_argument("--count", default="build/sim/count", help="the one that counts steps")
    parser.add_argument("--counts")
    parser.add_argument("--logs", default="build/test/sim")
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--part", type=int, default=250, help="seeds of one case")
    parser.add_argument("-j", type=int, default=2)
    args = parser.parse_args()
    os.makedirs(args.logs, exist_ok=True)
    report = Report(args.counts)
    with ThreadPoolExecutor(args.j) as pool:
        for name, seconds, reason, told in pool.map(lambda c: run(c, args.logs), cases(args)):
            if reason:
                print("\n".join(told[:SHOWN_LINES]))
            report.case("FAIL" if reason else "PASS", name, seconds, reason)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
