# SPDX-License-Identifier: GPL-2.0-only
"""The report protocol of all test programs on the host: one line per case, one summary line.

    PASS|FAIL|SKIP name (seconds): reason
    N passed, N failed, N skipped

With a counts file (option --counts of the programs) the summary is appended there instead, and
`report.py FILE` prints the total of what several programs have appended, as the last line of `make test`.
"""
import sys
import threading


class Report:
    def __init__(self, counts_file=None):
        self.counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
        self.counts_file = counts_file
        self.failures = []
        self.lock = threading.Lock()

    def case(self, verdict, name, seconds=None, reason=""):
        time = "" if seconds is None else f" ({seconds:.1f} s)"
        text = f": {reason}" if reason else ""
        with self.lock:
            self.counts[verdict] += 1
            line = f"{verdict} {name}{time}{text}"
            if verdict == "FAIL":
                self.failures.append(line)
            print(line, flush=True)

    def end(self):
        """Prints or stores the summary; returns the program's exit status."""
        if self.counts_file:
            with open(self.counts_file, "a", encoding="utf-8") as f:
                f.write("{PASS} {FAIL} {SKIP}\n".format(**self.counts))
                f.writelines(line + "\n" for line in self.failures)
        else:
            print("{PASS} passed, {FAIL} failed, {SKIP} skipped".format(**self.counts))
        return 1 if self.counts["FAIL"] else 0


def total(path):
    sums = [0, 0, 0]
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("FAIL"):
                print(line.rstrip())
                continue
            sums = [a + int(b) for a, b in zip(sums, line.split())]
    print(f"{sums[0]} passed, {sums[1]} failed, {sums[2]} skipped")
    return 1 if sums[1] or not sums[0] else 0


if __name__ == "__main__":
    sys.exit(total(sys.argv[1]))
