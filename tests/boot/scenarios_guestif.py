# SPDX-License-Identifier: GPL-2.0-only
"""What stock Debian kernels make of guest.interface: hypervisor found, clocks taken from it, steal time counted."""
from dataclasses import replace

from guest_table import GUESTS
from scenario import Expect, Machine, Scenario, Send, Vm
from scenarios_debian import LEAVE_CONSOLE, PROMPT, TROUBLE, boots, debian, ready, typed
from scenarios_guests import alone


def talkative(interface, vcpus=2):
    """A guest whose kernel prints all it has to say."""
    vm = debian("a", vcpus=vcpus, cmdline="console=ttyS0")
    return replace(vm, keys={"guest.interface": interface})


def finds(interface, *lines, absent=()):
    s = boots(f"interface-{interface}", Machine(cpus=2), (talkative(interface),))
    return replace(s, expect=s.expect + lines, forbid=s.forbid + absent, tags=(*s.tags, "guestif"))


def on_vtx(scenario, **changes):
    """The same in Bochs, where VT-x is."""
    where = Machine(emulator="bochs", cpu="corei7_haswell_4770", cpus=1, mem_mb=1024)
    return replace(scenario, name=f"{scenario.name}-vtx", machine=where, timeout_s=900, weight=1,
                   tags=(*scenario.tags, "bochs", "vtx", "full"), **changes)


X2APIC = (r"a\| .*x2apic enabled", r"a\| .*Switched APIC routing to physical x2apic")
CALIBRATION = r"tsc: (Fast TSC calibration|Unable to calibrate|using PMTIMER|PIT calibration)"

def stolen(interface):
    """Two guests that want one pCPU get half of it each, and the kernel knows."""
    guest = replace(debian("a"), keys={"guest.interface": interface})
    hog = Vm("hog", "guests/checker.elf", cmdline="seconds=1000")
    return Scenario(
        name=f"debian-steal-{interface}", machine=Machine(cpus=1), vms=(guest, hog),
        steps=(Expect(ready(guest)), *typed("", PROMPT), *typed("console a", r"guest# "),
               *typed("yes >/dev/null &", r"guest# "), *typed("stolen 8", r"stolen: (4[2-9]|5[0-8]) per cent"), Send(LEAVE_CONSOLE), Expect(r"left a")),
        forbid=TROUBLE, status=None, timeout_s=180, weight=1, tags=("debian", "guestif"))


def exact(guest):
    """Where instructions are time, and nobody takes the pCPU away but the other vCPU."""
    s = alone(next(g for g in GUESTS if g.name == guest))
    vm = replace(s.vms[0], cmdline=s.vms[0].cmdline + " exact=1")
    return replace(s, name=f"{s.name}-exact", vms=(vm,), machine=Machine(cpus=1, icount=True), timeout_s=300,
                   tags=(*s.tags, "guestif"))


def tools():
    """Debian's open-vm-tools: a user process that asks through the port, or by the instruction."""
    guest = replace(debian("a", mem_mb=256), initrd="images/initramfs-tools.gz")
    return Scenario(
        name="debian-open-vm-tools", machine=Machine(cpus=2), vms=(guest,),
        steps=(Expect(ready(guest)), *typed("", PROMPT), *typed("console a", r"guest# "),
               *typed("/usr/bin/vmware-toolbox-cmd stat speed", r"^\d{3,} MHz"),
               *typed("/usr/bin/vmware-toolbox-cmd stat hosttime", r"^\d\d \w{3} 20\d\d \d\d:\d\d:\d\d"),
               Send(LEAVE_CONSOLE), Expect(r"left a")),
        forbid=TROUBLE, status=None, timeout_s=120, weight=2, tags=("debian", "guestif"))


# On the slow UART of Bochs lines of the hypervisor cut into those of guests: what was printed early stands whole.
VMWARE_VTX = (r"Hypervisor detected: VMware", r"vmware: hypercall mode: 0x02", r"vmware-stealtime: cpu 1")
KVM_VTX = (r"Hypervisor detected: KVM", r"kvm-clock: Using msrs 4b564d01 and 4b564d00")

GUESTIF = [
    finds("vmware", r"a\| .*Hypervisor detected: VMware", r"a\| .*vmware: hypercall mode: 0x01$",
          r"a\| .*vmware: TSC freq read from hypervisor : \d+\.\d+ MHz",
          r"a\| .*vmware: Host bus clock speed read from hypervisor : 1000000000 Hz",
          r"a\| .*vmware: using clock offset of \d+ ns", r"a\| .*vmware-stealtime: cpu 0, pa [0-9a-f]+$",
          r"a\| .*vmware-stealtime: cpu 1, pa [0-9a-f]+$", r"a\| .*DMI: VMware, Inc\. Evenkeel",
          r"a\| evenkeel-guest: ready .*clocksource=tsc", *X2APIC, absent=(CALIBRATION,)),
    finds("kvm", r"a\| .*Hypervisor detected: KVM", r"a\| .*kvm-clock: Using msrs 4b564d01 and 4b564d00",
          r"a\| .*Switched to clocksource kvm-clock", r"a\| evenkeel-guest: ready .*clocksource=kvm-clock", *X2APIC,
          absent=(CALIBRATION,)),
    finds("none", r"a\| .*tsc: using PMTIMER reference calibration|a\| .*tsc: .*calibrat",
          absent=(r"Hypervisor detected", r"VMware")),
    exact("vmware"),
    exact("kvm"),
    tools(),
    stolen("vmware"),
    stolen("kvm"),
    on_vtx(finds("vmware"), expect=VMWARE_VTX),
    on_vtx(finds("kvm"), expect=KVM_VTX),
]
