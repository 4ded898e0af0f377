# SPDX-License-Identifier: GPL-2.0-only
"""vmtop on the console: what keys do, and a batch file whose figures are those of the scheduler."""
import csv
import re

from scenario import Expect, Figure, Machine, Scenario, See, Send, Vm
from scenarios_debian import PROMPT, typed
from scenarios_guests import PANIC

LINES = 6
ONE_PCPU = Machine(cpus=1, mem_mb=512, icount=True, icount_shift=4)
# Percent; four numbers of a sum are rounded to hundredths.
ROUNDING = 0.025


def hog(name, shares, vcpus=1):
    return Vm(name, "guests/misbehave.elf", cmdline="mode=loop", vcpus=vcpus, mem_mb=16, debug_exit=False,
              keys={"sched.cpu.shares": shares})


HOGS = (hog("one", 1000), hog("two", 2000), hog("four", 4000))


def batch_rows(text):
    """The batch file in the output: a list of column name -> text for each line."""
    lines = re.findall(r'^".*"$', text, re.M)
    table = list(csv.reader(lines))
    if len(table) != LINES + 1:
        raise ValueError(f"{len(table)} lines of a batch file, {LINES + 1} expected")
    names = [re.sub(r"^\\\\evenkeel\\", "", name) for name in table[0]]
    if any(len(row) != len(names) for row in table):
        raise ValueError("lines of a batch file have unequal lengths")
    return [dict(zip(names, row)) for row in table[1:]]


def check_identities(row):
    """Those of kernel/console/vmtop/figures.h, for each world."""
    worlds = {name.rsplit("\\", 1)[0] for name in row if name.startswith("Vcpu(")}
    if len(worlds) != len(HOGS) + ONE_PCPU.cpus:
        raise ValueError(f"worlds: {sorted(worlds)}")
    for world in worlds:
        v = {name.rsplit("\\", 1)[1]: float(value) for name, value in row.items()
             if name.startswith(world + "\\")}
        if abs(v["% Run"] + v["% Ready"] + v["% CoStop"] + v["% Wait"] - 100) > ROUNDING:
            raise ValueError(f"{world}: %RUN + %RDY + %CSTP + %WAIT is not 100: {v}")
        if v["% Ready"] + ROUNDING < v["% Max Limited"] or \
                v["% Wait"] + ROUNDING < v["% Idle"] + v["% Swap Wait"]:
            raise ValueError(f"{world}: a part is more than the whole: {v}")
        if abs(v["% Run"] + v["% System"] - v["% Overlap"] - v["% Used"]) > ROUNDING:
            raise ValueError(f"{world}: %USED is not %RUN + %SYS - %OVRLP: {v}")


def batch_figures(text):
    """Identities in each line, ratios over all of them."""
    rows = batch_rows(text)
    for row in rows:
        check_identities(row)

    def mean(counter):
        return sum(float(row[counter]) for row in rows) / len(rows)

    def used(gid, vm):
        return mean(f"Group Cpu({gid}:{vm.name})\\% Used")

    one = used(1, HOGS[0])
    return [
        Figure("vmtop_used_2_to_1_permille", round(used(2, HOGS[1]) / one * 1000), "1/1000", 1980, 2020),
        Figure("vmtop_used_4_to_1_permille", round(used(3, HOGS[2]) / one * 1000), "1/1000", 3960, 4040),
        Figure("vmtop_pcpu_used", round(mean("Physical Cpu(_Total)\\% Processor Time")), "%", 99, 100),
    ]


LIVE_STEPS = (
    Expect(PROMPT),
    *typed("vmtop -x", r"vmtop -x: expected -b"),
    Send("vmtop -d 1\r"), See(r"^ GID NAME +%USED +%RUN"), See(r", 3 VMs, 5 worlds, 4 vCPUs; last 1\.\d\d s$"),
    See(r"^PCPU USED\(%\): 100\.0 AVG: 100\.0$"),
    # Sorted by what they use.
    See(r"(?s)^ +3 four .*^ +2 two .*^ +1 one .*^ +0 idle "),
    Send("N"), See(r"(?s)^ +0 idle .*^ +1 one .*^ +2 two .*^ +3 four "),
    Send("e"), See(r"^Group to expand or roll up \(GID\):"), Send("3\r"), See(r"^ +3   four/1 "),
    Send("e3\r"), See(r"\A((?!four/1).|\n)*\Z"),
    Send("v"), See(r"\A((?!idle).|\n)*\Z"),
    Send("s"), See(r"^Seconds between updates, now 1:"), Send("2\r"), See(r"last 2\.\d\d s$"),
    Send("f"), See(r"^\* D: NWLD"), Send("e "), See(r"^ GID NAME +NWLD +%RUN"),
    Send("m"), See(r"^ GID NAME +MEMSZ +GRANT"), See(r"^ +3 four +16\.00 "),
    Send("h"), See(r"^ +OVHD "), Send(" c"), See(r"%RDY"),
    Send("q"), Expect(PROMPT),
    *typed("vmtop -n 2 -d 1", PROMPT),
)

# Parameters at run time: shown, changed, refused; pools; what the scheduler sees.
STEERING_STEPS = (
    Expect(PROMPT),
    *typed("vm show one", r'^displayName = "one"\n'), Expect(r'^sched.cpu.shares = "1000"\n(.*\n)*.*"percpu"'), Expect(PROMPT),
    *typed("vm set one cpu.shares 8000", r"^one: cpu.shares = 8000$"), Expect(PROMPT),
    *typed("vm set four cpu.cosched strict", r"^four: cpu.cosched = strict$"), Expect(PROMPT),
    *typed("vm show four", r'^sched.cpu.cosched = "strict"$'), Expect(PROMPT),
    *typed("vm set one cpu.shares none", r'^cpu.shares = "none": expected low, normal, high or a number'), Expect(PROMPT),
    *typed("vm set one memsize 64", r"^unknown key memsize: expected cpu\.shares, cpu\.min"), Expect(PROMPT),
    *typed("vm set one cpu.affinity 7", r"^one: not changed: "), Expect(PROMPT),
    *typed("vm set one cpu.min 9999999", r"^one: not changed: .* MHz more than"), Expect(PROMPT),
    *typed("vm set nobody cpu.min 0", r'^no VM is called "nobody"'), Expect(PROMPT),
    *typed("vm set one cpu.pool lab", r"^one: not changed: .*lab"), Expect(PROMPT),
    *typed("pool add lab", r"^pool lab: shares 4000"), Expect(PROMPT),
    *typed("pool add lab", r"^there is a pool lab already"), Expect(PROMPT),
    *typed("pool add desk lab", r"^pool desk: "), Expect(PROMPT),
    *typed("pool add desk2 shop", r"^there is no pool shop"), Expect(PROMPT),
    *typed("vm set one cpu.pool desk", r"^one: cpu.pool = desk$"), Expect(PROMPT),
    *typed("vm set two cpu.pool lab", r"^two: cpu.pool = lab$"), Expect(PROMPT),
    *typed("pool set lab shares high", r"^lab: shares = high$"), Expect(PROMPT),
    *typed("pool set lab weight 3", r"^unknown key weight: expected shares, min or max"), Expect(PROMPT),
    *typed("pool list", r"^lab +- +8000 +0 +unlimited +0 +1$"), Expect(r"^desk +lab +4000 "), Expect(PROMPT),
    *typed("pool remove desk", r"^desk: not removed: VM one belongs to it"), Expect(PROMPT),
    *typed('vm set one cpu.pool ""', r"^one: cpu.pool = $"), Expect(PROMPT),
    *typed("pool remove lab", r"^lab: not removed: VM two belongs to it|^lab: not removed: pool desk"), Expect(PROMPT),
    *typed("pool remove desk", r"^pool desk is gone$"), Expect(PROMPT),
    *typed("sched", r"^ +running +lag"), Expect(PROMPT),
    *typed("sched vm four", r"^four: shares 2000 per vCPU, .*co-scheduling strict"), Expect(r"^ +1 blocked "), Expect(PROMPT),
    *typed("vm pause two", r"vm two: paused"), *typed("vm set two cpu.shares 1", r"^two: cpu.shares = 1$"), Expect(PROMPT),
    *typed("vm stop two", r"vm two: ended"), *typed("sched vm two", r"^two is off: it is not scheduled"), Expect(PROMPT),
    *typed("vm set two cpu.shares 2000", r"^two: cpu.shares = 2000$"), Expect(PROMPT),
    # Its shares hold from the next start on.
    *typed("vm start two", r"vm two: started"), *typed("sched vm two", r"^two: shares 2000 per vCPU"), Expect(PROMPT),
)

VMTOP = [
    Scenario(name="vmtop-live", machine=Machine(cpus=1, mem_mb=512), vms=(*HOGS[:2], hog("four", 4000, 2)),
             steps=LIVE_STEPS, forbid=(PANIC,), status=None, timeout_s=90, tags=("vmtop", "monitor")),
    Scenario(name="vmtop-steering", machine=Machine(cpus=2, mem_mb=512), vms=(*HOGS[:2], hog("four", 4000, 2)),
             steps=STEERING_STEPS, forbid=(PANIC,), status=None, timeout_s=90, tags=("vmtop", "monitor")),
    Scenario(name="vmtop-batch", machine=ONE_PCPU, vms=HOGS,
             steps=(Expect(PROMPT), *typed(f"vmtop -b -d 2 -n {LINES}", r'(^".*"\n){%d}' % (LINES + 1)),
                    Expect(PROMPT)),
             figures=batch_figures, forbid=(PANIC,), status=None, timeout_s=120, tags=("vmtop", "monitor", "sched")),
]
