# SPDX-License-Identifier: GPL-2.0-only
"""Stock Debian kernels as guests: alone, several, SMP, overcommitted; the monitor with guests to talk to."""
from scenario import Expect, Machine, Scenario, Send, Vm
from scenarios_guests import PANIC

KERNEL = "images/vmlinuz"
CLOUD = "images/vmlinuz-cloud"
PROMPT = r"evenkeel> "
LEAVE_CONSOLE = "\x1d."
# Complaints of a kernel about its machine.
TROUBLE = (r"\bOops\b", r"BUG: ", r"Kernel panic", r"soft lockup", r"rcu.*stall", r"self-detected stall",
           r"Call Trace", r"unchecked MSR access", PANIC)


def debian(name, kernel=CLOUD, vcpus=1, mem_mb=192, cmdline="console=ttyS0 quiet"):
    return Vm(name, kernel, initrd="images/initramfs.gz", cmdline=cmdline, vcpus=vcpus,
              mem_mb=mem_mb, debug_exit=False)


def ready(vm):
    return rf"{vm.name}\| evenkeel-guest: ready cpus={vm.vcpus} "


def boots(name, machine, vms, timeout_s=180, cmdline=""):
    """All guests get to their shell, in any order, having passed their self-test."""
    return Scenario(
        name=f"debian-{name}", machine=machine, vms=vms, cmdline=cmdline,
        steps=(Expect("(?s)" + "".join(f"(?=.*{ready(vm)})" for vm in vms)),),
        expect=tuple(rf"{vm.name}\| evenkeel-guest: selftest cpu=ok timer=ok" for vm in vms),
        forbid=TROUBLE, status=None, timeout_s=timeout_s, weight=2, tags=("debian",))


def typed(line, answer):
    return (Send(line + "\r"), Expect(answer))


TWO = (debian("a", KERNEL, 2, 256), debian("b", KERNEL, 2, 256))

# Attach, type, leave; power off and reset from inside; the monitor's commands.
MONITOR_STEPS = (
    Expect("(?s)" + "".join(f"(?=.*{ready(vm)})" for vm in TWO)),
    *typed("", PROMPT),
    *typed("vm list", r"a +running +2"), Expect(r"b +running +2"), Expect(PROMPT),
    *typed("help", r"console"), Expect(PROMPT),
    *typed("console a", r"guest# "),
    *typed("echo $((6 * 7)) cpus $(nproc)", r"42 cpus 2"),
    Send(LEAVE_CONSOLE), Expect(r"left a"),
    *typed("vm pause b", r"vm b: paused"), *typed("vm list", r"b +paused"), Expect(PROMPT),
    *typed("vm resume b", r"b"), *typed("vm list", r"b +running"), Expect(PROMPT),
    *typed("console b", r"guest# "),
    *typed("echo still $((40 + 2))", r"still 42"),
    Send("reboot -f\r"), Send(LEAVE_CONSOLE), Expect(ready(TWO[1])),
    *typed("vm reset b", r"b"), Expect(ready(TWO[1])),
    *typed("console a", r"guest# "),
    Send("poweroff -f\r"), Expect(r"vm a: ended"), Send(LEAVE_CONSOLE),
    *typed("vm list", r"a +off"), Expect(PROMPT),
    *typed("vm start a", ready(TWO[0])),
    *typed("vm stop a", r"vm a: ended"), *typed("vm stop b", r"all 2 VMs have ended"),
)

DEBIAN = [
    boots("1", Machine(cpus=1), (debian("a", KERNEL),)),
    boots("2vcpu-1cpu", Machine(cpus=1), (debian("a", vcpus=2),)),
    boots("2vcpu-2cpu", Machine(cpus=2), (debian("a", KERNEL, 2),)),
    boots("4vcpu-2cpu", Machine(cpus=2), (debian("a", vcpus=4),)),
    boots("8vcpu-2cpu", Machine(cpus=2), (debian("a", vcpus=8, mem_mb=256),), timeout_s=300),
    boots("two", Machine(cpus=2, mem_mb=1024), TWO),
    boots("two-4cpu-pc", Machine(machine="pc", cpus=4, mem_mb=1024), TWO, timeout_s=240),
    boots("four", Machine(cpus=2, mem_mb=1536),
          tuple(debian(n, CLOUD if n in "bd" else KERNEL, vcpus=1 if n in "ab" else 2)
                for n in "abcd"), timeout_s=400),
    boots("uefi", Machine(firmware="uefi", cpus=2), (debian("a", KERNEL, 2),), timeout_s=240),
    boots("efi", Machine(firmware="efi", cpus=2), (debian("a", vcpus=2), debian("b", vcpus=2)),
          timeout_s=240),
    boots("high-memory", Machine(cpus=2, mem_mb=8192), (debian("a", vcpus=2, mem_mb=5120),)),
    Scenario(name="debian-monitor", machine=Machine(cpus=2), vms=TWO, steps=MONITOR_STEPS,
             forbid=TROUBLE, status=0, timeout_s=120, weight=2, tags=("debian", "monitor")),
]
