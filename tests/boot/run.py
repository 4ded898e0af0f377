#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs boot scenarios in emulators and checks what comes out of the serial console.

Every scenario has a time limit and its own directory build/test/NAME/ with the image's parts, the command line
(command) and the console's output (serial.log). Nothing is retried.
"""
import argparse
import os
import re
import selectors
import shlex
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report import Report  # noqa: E402
from emulators import BACKENDS  # noqa: E402
from image import build_image  # noqa: E402
from scenario import See, Send  # noqa: E402
from terminal import Terminal  # noqa: E402
import scenarios  # noqa: E402

# Multiplies every time limit, for slow or busy machines.
TIME_SCALE = float(os.environ.get("EVENKEEL_TEST_TIME_SCALE", "1"))
QUIT_WAIT_S = 5
POLL_S = 0.5


class Failure(Exception):
    pass


class Console:
    """The running emulator: its output so far, matched piece by piece."""

    def __init__(self, started, log, deadline, forbid):
        self.process, self.input, self.output = started
        self.log, self.deadline = log, deadline
        self.forbid = [re.compile(p, re.M) for p in forbid]
        # The first forbidden line; the run goes on, for the sake of its log.
        self.forbidden = ""
        self.text, self.position, self.checked, self.open = "", 0, 0, True
        # What a terminal shows, and the output that it has not been given yet.
        self.screen, self.unseen = Terminal(), ""
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.input, selectors.EVENT_READ)

    def read(self, until):
        """Takes what there is, waiting until the time `until` at most."""
        limit = min(until, time.monotonic() + POLL_S)
        ended = self.process.poll() is not None
        if not self.selector.select(max(0, limit - time.monotonic())):
            # A pseudo-terminal does not end with its other side.
            self.open = not ended
        else:
            data = os.read(self.input, 65536)
            self.log.write(data)
            self.log.flush()
            self.unseen += data.decode("latin-1")
            self.text += data.decode("latin-1").replace("\r", "")
            self.open = bool(data)
        self.check_forbidden()

    def check_forbidden(self):
        # Whole lines only, so that a pattern sees all of its line.
        end = len(self.text) if not self.open else self.text.rfind("\n") + 1
        for pattern in self.forbid:
            found = pattern.search(self.text, self.checked, end)
            if found and not self.forbidden:
                line = self.text[self.text.rfind("\n", 0, found.start()) + 1:].split("\n")[0]
                self.forbidden = f"forbidden line: {line.strip()}"
        self.checked = max(self.checked, end)

    def find(self, pattern):
        """In the output since the last step."""
        found = pattern.search(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def look(self, pattern):
        """On the screen."""
        self.screen.feed(self.unseen)
        self.unseen = ""
        found = pattern.search(self.screen.text())
        if found:
            self.position = len(self.text)
        return found

    def wait(self, step):
        limit = self.deadline
        if step.timeout_s:
            limit = min(limit, time.monotonic() + step.timeout_s * TIME_SCALE)
        pattern = re.compile(step.pattern, re.M)
        match = self.look if isinstance(step, See) else self.find
        while not match(pattern):
            if not self.open:
                raise Failure(f"ended before /{step.pattern}/")
            if time.monotonic() >= limit:
                raise Failure(f"time-out waiting for /{step.pattern}/")
            self.read(limit)

    def send(self, step):
        try:
            os.write(self.output, step.text.encode("latin-1"))
        except BrokenPipeError:
            raise Failure(f"ended before {step.text!r} was typed") from None

    def drain(self):
        while self.open:
            if time.monotonic() >= self.deadline:
                raise Failure("time-out: the machine did not end")
            self.read(self.deadline)


def quit_emulator(process):
    process.terminate()
    try:
        process.wait(QUIT_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_line(text):
    lines = [line for line in text.split("\n") if line.strip()]
    return lines[-1].strip()[:120] if lines else "no output"


def check_end(scenario, backend, console):
    if scenario.status is None:
        return
    console.drain()
    code = console.process.wait()
    status = backend.status(code)
    if status != scenario.status:
        fails = re.findall(r"^.*\bFAIL\b.*$", console.text, re.M)
        hint = fails[0].strip() if fails else last_line(console.text)
        raise Failure(f"status {status} (process {code}), expected {scenario.status}: {hint}")


def drive(scenario, backend, console):
    try:
        for step in scenario.steps:
            if isinstance(step, Send):
                console.send(step)
            else:
                console.wait(step)
        check_end(scenario, backend, console)
    except Failure as failure:
        raise Failure(console.forbidden or str(failure)) from None
    if console.forbidden:
        raise Failure(console.forbidden)
    for pattern in scenario.expect:
        if not re.search(pattern, console.text, re.M):
            raise Failure(f"missing: /{pattern}/; last line: {last_line(console.text)}")


def take_figures(scenario, text, directory):
    """Writes what the run has measured to `figures`, and returns it; fails when a figure is out of its bounds."""
    if scenario.figures is None:
        return []
    try:
        figures = scenario.figures(text)
    except ValueError as error:
        raise Failure(f"figures: {error}") from None
    with open(os.path.join(directory, "figures"), "w", encoding="utf-8") as f:
        f.writelines(f"BENCH {figure.name} {figure.value} {figure.unit}\n" for figure in figures)
    wrong = [figure.wrong() for figure in figures if figure.wrong()]
    if wrong:
        raise Failure("; ".join(wrong))
    return figures


def run_emulator(scenario, backend, command, directory):
    with open(os.path.join(directory, "command"), "w", encoding="utf-8") as f:
        f.write(shlex.join(command) + "\n")
    started = backend.start(command, directory)
    deadline = time.monotonic() + scenario.timeout_s * TIME_SCALE
    try:
        with open(os.path.join(directory, "serial.log"), "wb") as log:
            console = Console(started, log, deadline, scenario.forbid)
            drive(scenario, backend, console)
    finally:
        if started[0].poll() is None:
            quit_emulator(started[0])
        backend.close()
    return take_figures(scenario, console.text, directory)


def run_scenario(scenario, args, report):
    start = time.monotonic()
    backend = BACKENDS[scenario.machine.emulator](args.kvm)
    directory = os.path.join(args.build, "test", scenario.name)
    reason = backend.missing(scenario)
    if reason:
        report.case("SKIP", scenario.name, 0, reason)
        return
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    try:
        cmdline = f"{backend.options} {scenarios.options(scenario)} {scenario.cmdline}".strip()
        image = build_image(scenario, cmdline, args.build, directory)
        command = backend.command(scenario, directory, image)
        figures = run_emulator(scenario, backend, command, directory)
        verdict, reason = "PASS", " ".join(f"{figure.name}={figure.value}" for figure in figures)
    except Failure as failure:
        verdict, reason = "FAIL", f"{failure} [{directory}/serial.log]"
    except subprocess.CalledProcessError as failed:
        with open(os.path.join(directory, "image.log"), "wb") as f:
            f.write(failed.output or b"")
        tool = os.path.basename(failed.cmd[0])
        verdict, reason = "FAIL", f"{tool} failed [{directory}/image.log]"
    except OSError as error:
        verdict, reason = "FAIL", str(error)
    if verdict == "PASS" and not args.keep:
        for name in ("test.iso", "esp.img"):
            if os.path.exists(os.path.join(directory, name)):
                os.remove(os.path.join(directory, name))
    report.case(verdict, scenario.name, time.monotonic() - start, reason)


class Slots:
    """Host cores; a scenario takes as many as it keeps busy."""

    def __init__(self, count):
        self.free, self.count, self.changed = count, count, threading.Condition()

    def take(self, weight):
        weight = min(weight, self.count)
        with self.changed:
            self.changed.wait_for(lambda: self.free >= weight)
            self.free -= weight
        return weight

    def give(self, weight):
        with self.changed:
            self.free += weight
            self.changed.notify_all()


def run_all(chosen, args, report):
    slots = Slots(args.jobs)
    threads = []

    def one(scenario, weight):
        try:
            run_scenario(scenario, args, report)
        finally:
            slots.give(weight)

    for scenario in chosen:
        weight = slots.take(scenario.weight)
        threads.append(threading.Thread(target=one, args=(scenario, weight)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="names of the scenarios, no run")
    parser.add_argument("-k", metavar="PATTERN", default="", help="only names or tags matching")
    parser.add_argument("-j", dest="jobs", type=int, default=2, help="host cores to use (2)")
    parser.add_argument("--repeat", type=int, default=1, help="run the chosen ones so many times")
    parser.add_argument("--build", default="build")
    parser.add_argument("--keep", action="store_true", help="keep images of passed scenarios")
    parser.add_argument("--full", action="store_true", help="also the scenarios tagged full")
    parser.add_argument("--kvm", action="store_true", help="QEMU with nested virtualisation")
    parser.add_argument("--counts", help="append the summary to this file")
    args = parser.parse_args()
    pattern = re.compile(args.k)
    chosen = [s for s in scenarios.ALL
              if pattern.search(s.name) or any(pattern.search(t) for t in s.tags)]
    if not args.full and not args.k:
        chosen = [s for s in chosen if "full" not in s.tags]
    if args.list:
        for s in chosen:
            print(f"{s.name:32} {s.machine.emulator} {' '.join(s.tags)}")
        return 0
    report = Report(args.counts)
    for _ in range(args.repeat):
        run_all(chosen, args, report)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
