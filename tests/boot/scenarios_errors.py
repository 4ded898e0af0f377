# SPDX-License-Identifier: GPL-2.0-only
"""What can be wrong with a machine, a boot entry or a VM file: a clear line, no hang, the other VMs run."""
from scenario import Expect, Head, Machine, Scenario, Vm
from scenarios_guests import GUEST_FAIL, PANIC

GOOD = Vm("good", "guests/pci.elf", cmdline="cpu=tcg")
GOOD_RUNS = r"good\| \d+ passed, 0 failed"


# Under icount the TSC counts instructions, one a nanosecond.
MHZ = 1000
COUNTED = Machine(cpus=1, icount=True)
RESERVING = Vm("good", "guests/pci.elf", cmdline="cpu=tcg", keys={"sched.cpu.min": MHZ * 2 // 5})


def refused(name, vm, message, files=None, leave_out=(), machine=Machine(cpus=1), good=GOOD):
    """`vm` does not start, for the reason `message`; the good one does."""
    return Scenario(
        name=f"error-{name}", machine=machine, vms=(good, vm), files=files or {},
        leave_out=leave_out, expect=(message, GOOD_RUNS), forbid=(PANIC,), status=1,
        timeout_s=60, tags=("error",))


def bad_file(name, text, message):
    return refused(name, Vm("bad", "guests/pci.elf", raw=text), message)


def vmx(**keys):
    base = {"memsize": 64, "boot__kernel": "pci.elf", "debug__exit": "TRUE"}
    base.update(keys)
    return "".join(f'{k.replace("__", ".")} = "{v}"\n' for k, v in base.items())


ERRORS = [
    Scenario(name="error-no-svm", machine=Machine(cpu="max,svm=off"), vms=(GOOD,),
             steps=(Expect(r"(?i)neither .*VT-x.*AMD-V|no .*(AMD-V|SVM)|AMD-V.* not "),),
             forbid=(PANIC,), status=None, tags=("error",)),
    Scenario(name="error-no-vm-file", machine=Machine(cpus=1),
             steps=(Expect(r"no VM file"),), forbid=(PANIC,), status=None, tags=("error",)),
    refused("missing-module", Vm("bad", "guests/rtc.elf"), r"bad.*rtc\.elf", leave_out=("rtc.elf",)),
    refused("missing-initrd", Vm("bad", "guests/pci.elf", initrd="images/initramfs.gz"),
            r"bad.*initramfs\.gz", leave_out=("initramfs.gz",)),
    bad_file("bad-value", vmx(memsize="lots"), r"bad\.vmx:1: .*memsize.*lots"),
    bad_file("no-kernel", 'memsize = "64"\n', r"bad\.vmx.*boot\.kernel"),
    bad_file("syntax", "memsize 64\n" + vmx(), r"bad\.vmx:1: "),
    bad_file("no-vcpus", vmx(numvcpus=0), r"bad\.vmx:\d+: .*numvcpus"),
    bad_file("many-vcpus", vmx(numvcpus=33), r"bad\.vmx:\d+: .*numvcpus.*33"),
    bad_file("much-memory", vmx(memsize=65536), r"bad: .*short|bad.*memory"),
    refused("not-a-kernel", Vm("bad", raw=vmx(boot__kernel="junk.bin")), r"bad.*junk\.bin",
            files={"junk.bin": "This is no kernel.\n" * 100}),
    refused("empty-kernel", Vm("bad", raw=vmx(boot__kernel="junk.bin")), r"bad.*junk\.bin",
            files={"junk.bin": "\n"}),
    refused("truncated-bzimage", Vm("bad", raw=vmx(boot__kernel="half.bin")), r"bad.*half\.bin",
            files={"half.bin": Head("images/vmlinuz-cloud", 100000)}),
    refused("truncated-elf", Vm("bad", raw=vmx(boot__kernel="half.bin")), r"bad.*half\.bin",
            files={"half.bin": Head("guests/pci.elf", 6000)}),
    bad_file("no-pcpu", vmx(sched__cpu__affinity="5-6"),
             r"bad: not started: sched\.cpu\.affinity names no pCPU of this machine, which has 1"),
    bad_file("bad-rule", vmx(sched__cpu__cosched="on"), r"bad\.vmx:\d+: .*cosched.*strict, relaxed, percpu or off"),
    bad_file("strict-too-wide", vmx(numvcpus=2, sched__cpu__cosched="strict"),
             r"bad: not started: sched\.cpu\.cosched = \"strict\" needs a pCPU for each vCPU: 2 vCPUs, 1 pCPU"),
    bad_file("min-above-max", vmx(sched__cpu__min=9, sched__cpu__max=8), r"bad\.vmx: sched\.cpu\.min is 9, above"),
    bad_file("much-min", vmx(sched__cpu__min=10000000),
             r"bad: not started: sched\.cpu\.min = \"10000000\" is \d+ MHz more than its vCPUs can use"),
    refused("min-overcommitted", Vm("bad", "guests/pci.elf", keys={"sched.cpu.min": MHZ * 3 // 5}),
            rf"bad: not started: {MHZ * 3 // 5} MHz cannot be reserved: \d+ MHz short of what the machine has",
            machine=COUNTED, good=RESERVING),
    bad_file("no-pool", vmx(sched__cpu__pool="batch"), r"bad: not started: sched\.cpu\.pool = \"batch\": there is no"),
    refused("pools-file", Vm("bad", "guests/pci.elf", keys={"sched.cpu.pool": "batch"}),
            r"pools\.cfg:2: pool\.batch\.min = \"all\": expected a number(.|\n)*pools\.cfg: all pools are refused",
            files={"pools.cfg": 'pool.batch.shares = "low"\npool.batch.min = "all"\n'}),
    refused("pool-min", Vm("bad", "guests/pci.elf", keys={"sched.cpu.pool": "batch"}),
            r"pools\.cfg: pool batch is refused: 9999999 MHz cannot be reserved: \d+ MHz short",
            files={"pools.cfg": 'pool.batch.min = "9999999"\n'}),
    refused("pool-max", Vm("bad", "guests/pci.elf", keys={"sched.cpu.pool": "batch", "sched.cpu.min": 60}),
            r"bad: not started: 60 MHz cannot be reserved: 10 MHz short in pool batch \(max 50 MHz\)",
            files={"pools.cfg": 'pool.batch.max = "50"\n'}),
    refused("same-name", Vm("other", raw=vmx(displayName="good")), r"good"),
    Scenario(name="error-unknown-key", machine=Machine(cpus=1),
             vms=(Vm("good", "guests/pci.elf", cmdline="cpu=tcg", keys={"svga.vramSize": 4}),),
             expect=(r"good\.vmx:\d+: .*svga\.vramSize", GOOD_RUNS), forbid=(GUEST_FAIL, PANIC),
             status=0, tags=("error",)),
]
