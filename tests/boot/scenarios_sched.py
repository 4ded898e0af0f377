# SPDX-License-Identifier: GPL-2.0-only
"""Who gets how much of the pCPUs, with real vCPUs: one pCPU in QEMU, where an instruction is a nanosecond, several in Bochs,
deterministic too. Guests count the work that they do in a window, the same for all (tests/guests/lib/work.h), and print it
afterwards; figures come from that. `check=sched` verifies the scheduler's invariants and bounds after each of its steps; on
Bochs's slow pCPUs that takes so long that not all scenarios have it."""
import re
from dataclasses import replace

from scenario import Expect, Figure, Machine, Scenario, Vm
from scenarios_guests import PANIC

ICOUNT = Machine(cpus=1, icount=True, mem_mb=512)  # 1000 MHz
ICOUNT_MHZ = 1000
VENDORS = {"vtx": "corei7_haswell_4770", "amdv": "ryzen"}
# Per mille of the pCPUs' time that guests receive at least when they want all. What is missing is the hypervisor's: Bochs's
# pCPUs have 100 MHz, so that it takes ten times the share.
RECEIVED_MIN = {"qemu": 995, "bochs": 930}
UNCHECKED = "check=none"
SLICE_US = 10000


def bochs(vendor, cpus):
    return Machine(emulator="bochs", cpu=VENDORS[vendor], cpus=cpus, mem_mb=512)


def guest(kind, name, options="", vcpus=1, **sched):
    """Keywords are keys `sched.cpu.*` of the VM."""
    return Vm(name, f"guests/{kind}.elf", cmdline=options, vcpus=vcpus, mem_mb=8, debug_exit=False,
              keys={f"sched.cpu.{key}": value for key, value in sched.items()})


# --- what guests print ----------------------------------------------------------------------------

LAST_LINE = {"hog": "hogs"}  # others print one


def result_step(vms):
    """All of them have printed, in any order."""
    lines = "".join(rf"(?=.*\b{vm.name}\| RESULT {LAST_LINE.get(kind(vm), kind(vm))} [^\n]*\n)" for vm in vms)
    return Expect("(?s)" + lines)


def kind(vm):
    return vm.kernel.split("/")[-1].removesuffix(".elf")


def results(text, vm, what):
    """The RESULT lines of a VM as dictionaries."""
    lines = re.findall(rf"\b{vm.name}\| RESULT {what} (.*)", text)
    if not lines:
        raise ValueError(f"{vm.name} has printed no {what} line")
    return [{key: int(value) for key, value in (word.split("=") for word in line.split())} for line in lines]


def same_window(rows):
    if len({row["at"] for row in rows}) != 1:
        raise ValueError("the guests' windows differ")


def received(text, vms):
    """Millionths of a pCPU that each vCPU received: a dictionary of lists by VM name. The guests are hogs."""
    rows = {vm.name: results(text, vm, "hog") for vm in vms}
    same_window([row for per_vm in rows.values() for row in per_vm])
    for vm in vms:
        if len(rows[vm.name]) != vm.vcpus:
            raise ValueError(f"{vm.name} has printed {len(rows[vm.name])} vCPUs of {vm.vcpus}")
    return {name: [row["ppm"] for row in per_vm] for name, per_vm in rows.items()}


# --- shares ---------------------------------------------------------------------------------------

def hogs_figures(name, machine, vms, ideal, tolerance_permille):
    """`ideal`: of each VM's vCPUs, in pCPUs. The error is of what a vCPU received of all that guests received."""
    def figures(text):
        got = received(text, vms)
        total = sum(sum(ppm) for ppm in got.values())
        error = max(abs(ppm * machine.cpus / total / ideal[vm.name] - 1) for vm in vms for ppm in got[vm.name])
        lag = max(row["lag_us"] for vm in vms for row in results(text, vm, "hog"))
        return [Figure(f"share_error_{name}_permille", round(1000 * error, 1), "permille", high=tolerance_permille),
                Figure(f"received_{name}_permille", round(total / machine.cpus / 1000, 1), "permille",
                       low=RECEIVED_MIN[machine.emulator]),
                Figure(f"lag_{name}_us", lag, "us")]
    return figures


def shares(name, machine, vms, ideal, tolerance_permille, suffix="", **more):
    fields = {"timeout_s": 240, "tags": ("sched",), **more}
    return Scenario(name=f"sched-{name}{suffix}".replace("_", "-"), machine=machine, vms=vms,
                    steps=(result_step(vms),), forbid=(PANIC,), status=None,
                    figures=hogs_figures(name, machine, vms, ideal, tolerance_permille), **fields)


def one_two_four():
    vms = tuple(guest("hog", name, "ms=10000", shares=level) for name, level in
                (("one", "low"), ("two", "normal"), ("four", "high")))
    return shares("1_2_4", ICOUNT, vms, {"one": 1 / 7, "two": 2 / 7, "four": 4 / 7}, 5, cmdline="check=sched")


def equals(count, vendor, cpus, milliseconds, tags=(), cmdline=UNCHECKED):
    """That many equal VMs on fewer pCPUs."""
    vms = tuple(guest("hog", f"h{i}", f"ms={milliseconds}") for i in range(count))
    return shares(f"{count}_on_{cpus}", bochs(vendor, cpus), vms, {vm.name: cpus / count for vm in vms}, 10,
                  suffix=f"-{vendor}", tags=("sched", "bochs", *tags), cmdline=cmdline)


def wide_beside_four(vendor, milliseconds, tags=()):
    """Equal shares per vCPU."""
    vms = (guest("hog", "wide", f"ms={milliseconds}", vcpus=4),
           *(guest("hog", f"h{i}", f"ms={milliseconds}") for i in range(4)))
    return shares("wide_beside_4", bochs(vendor, 4), vms, {vm.name: 0.5 for vm in vms}, 10,
                  suffix=f"-{vendor}", tags=("sched", "bochs", *tags), cmdline=UNCHECKED)


# --- reservations ----------------------------------------------------------------------------------

def reservation():
    """Half a pCPU against a crowd with 100 times the shares, which alone would leave it a hundredth."""
    crowd = tuple(guest("hog", f"crowd{i}", "ms=10000", shares=1000) for i in range(4))
    vms = (guest("hog", "kept", "ms=10000", shares=40, min=ICOUNT_MHZ // 2), *crowd)

    def figures(text):
        got = received(text, vms)
        total = sum(ppm[0] for ppm in got.values())
        kept = got["kept"][0] * 1000 / total
        rest = [got[vm.name][0] for vm in crowd]
        return [Figure("reservation_500_permille", round(kept, 1), "permille", 495, 505),
                Figure("reservation_crowd_error_permille", round(1000 * (max(rest) / min(rest) - 1), 1), "permille",
                       high=10),
                Figure("reservation_received_permille", round(total / 1000, 1), "permille", RECEIVED_MIN["qemu"])]
    return Scenario(name="sched-reservation", machine=ICOUNT, vms=vms, cmdline="check=sched", steps=(result_step(vms),),
                    forbid=(PANIC,), status=None, figures=figures, timeout_s=240, tags=("sched",))


def reservation_unused():
    """Who has half a pCPU reserved and needs a tenth of it leaves the rest to others at once, and does not wait."""
    vms = (guest("interactive", "rare", "ms=5000", min=ICOUNT_MHZ // 2), guest("hog", "h", "ms=5000"))

    def figures(text):
        rare, = results(text, vms[0], "interactive")
        hog, = results(text, vms[1], "hog")
        same_window((rare, hog))
        return [Figure("reservation_unused_given_permille", round(hog["ppm"] / 1000, 1), "permille", low=895),
                Figure("reservation_wakeup_p99_us", rare["p99_us"], "us", high=100),
                Figure("reservation_missed", rare["missed"], "periods", high=0)]
    return Scenario(name="sched-reservation-unused", machine=ICOUNT, vms=vms, cmdline="check=sched",
                    steps=(result_step(vms),), forbid=(PANIC,), status=None, figures=figures, timeout_s=240,
                    tags=("sched",))


# --- sleep and wake -------------------------------------------------------------------------------

def sleeper(tick_us):
    """Sleeps whenever a clock ticks, runs nine tenths of the time if let: gets its half and no more."""
    vms = (guest("sleeper", "sly", f"ms=5000 tick_us={tick_us} guard_us={tick_us // 20}"), guest("hog", "h", "ms=5000"))

    def figures(text):
        sly, = results(text, vms[0], "sleeper")
        hog, = results(text, vms[1], "hog")
        same_window((sly, hog))
        return [Figure(f"sleeper_{tick_us}us_permille", round(sly["ppm"] / 1000, 1), "permille", low=400, high=505),
                Figure(f"sleeper_{tick_us}us_hog_permille", round(hog["ppm"] / 1000, 1), "permille", low=490)]
    return Scenario(name=f"sched-sleeper-{tick_us}us", machine=ICOUNT, vms=vms, cmdline="check=sched",
                    steps=(result_step(vms),), forbid=(PANIC,), status=None, figures=figures, timeout_s=240,
                    tags=("sched",))


def interactive():
    """1 ms of work every 10 ms beside three that never rest."""
    vms = (guest("interactive", "quick", "ms=5000"), *(guest("hog", f"h{i}", "ms=5000") for i in range(3)))

    def figures(text):
        quick, = results(text, vms[0], "interactive")
        return [Figure("wakeup_p50_us", quick["p50_us"], "us"),
                Figure("wakeup_p99_us", quick["p99_us"], "us", high=SLICE_US - 1),
                Figure("wakeup_missed", quick["missed"], "periods", high=0)]
    return Scenario(name="sched-interactive", machine=ICOUNT, vms=vms, cmdline="check=sched",
                    steps=(result_step(vms),), forbid=(PANIC,), status=None, figures=figures, timeout_s=240,
                    tags=("sched",))


# --- cost -----------------------------------------------------------------------------------------

def dispatch(worlds, milliseconds, wall_s, tags=()):
    """What the hypervisor takes of one pCPU for each change from one vCPU to another, of so many that want to run: exits,
    timers, the choice, loading, and its housekeeping meanwhile. Guests count what they get, and how often they stop. Without
    co-scheduling, so that slices are whole."""
    vcpus = min(25, worlds)
    vms = tuple(guest("hog", f"v{i:02}", f"ms={milliseconds} wall={wall_s} sum=1 piece=2", vcpus=vcpus, cosched="off")
                for i in range(worlds // vcpus))

    def figures(text):
        rows = [results(text, vm, "hogs")[0] for vm in vms]
        same_window(rows)
        if sum(row["cpus"] for row in rows) != worlds:
            raise ValueError("not all vCPUs have started")
        lost = milliseconds * 1000 - sum(row["work_us"] for row in rows)
        switches = sum(row["gaps"] for row in rows)
        return [Figure(f"dispatch_insns_{worlds}", round(1000 * lost / switches), "instructions"),
                Figure(f"dispatch_switches_{worlds}", switches, "switches", low=200)]
    return Scenario(name=f"sched-dispatch-{worlds}", machine=replace(ICOUNT, mem_mb=1024), vms=vms, cmdline=UNCHECKED,
                    steps=(result_step(vms),), forbid=(PANIC,), status=None, figures=figures, timeout_s=300,
                    tags=("sched", "cost", *tags))


SCHED = [
    one_two_four(),
    reservation(),
    reservation_unused(),
    sleeper(1000),
    sleeper(4000),
    interactive(),
    dispatch(10, 2000, 1),
    dispatch(100, 4000, 2),
    equals(3, "vtx", 2, 4000),
    equals(7, "amdv", 4, 3000, cmdline="check=sched"),
    wide_beside_four("vtx", 3000),
    # The same on the other vendor's CPU.
    equals(3, "amdv", 2, 4000, tags=("full",)),
    equals(7, "vtx", 4, 3000, tags=("full",)),
    wide_beside_four("amdv", 3000, tags=("full",)),
    dispatch(1000, 20000, 8, tags=("full",)),
]
