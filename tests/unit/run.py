# SPDX-License-Identifier: GPL-2.0-only
"""Runs the unit test programs given as arguments, each with a time limit; keeps their output."""
import argparse
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from report import Report  # noqa: E402

TIMEOUT_S = 300


def run(program, log_dir):
    name = os.path.basename(program)
    start = time.monotonic()
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_S, check=False)
        output, reason = done.stdout, "" if done.returncode == 0 else f"status {done.returncode}"
    except subprocess.TimeoutExpired as late:
        output, reason = late.stdout or b"", f"no end within {TIMEOUT_S} s"
    log = os.path.join(log_dir, name + ".log")
    with open(log, "wb") as f:
        f.write(output)
    if reason:
        sys.stdout.write(output.decode("utf-8", "replace"))
    return name, time.monotonic() - start, reason and f"{reason}, see {log}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts")
    parser.add_argument("--logs", default="build/test/unit")
    parser.add_argument("programs", nargs="+")
    args = parser.parse_args()
    os.makedirs(args.logs, exist_ok=True)
    report = Report(args.counts)
    for program in args.programs:
        name, seconds, reason = run(program, args.logs)
        report.case("FAIL" if reason else "PASS", f"unit/{name}", seconds, reason)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
