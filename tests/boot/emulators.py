# SPDX-License-Identifier: GPL-2.0-only
"""Back-ends of the boot runner: each turns a Scenario into a running emulator with a serial console.

A back-end has `options` (of the hypervisor's command line there), `missing(scenario)` (why it cannot run here, or ""),
`command(scenario, dir, image)`, `start(command, dir)`, which returns the process and the two file descriptors of its
serial console, and `status(returncode)`, which translates the process's end into the number that was written to the
debug-exit port (or -1 for any other end).
"""
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import tty

LEAVE = b"\x01x"  # Ctrl-A x
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS.fd"


def nested_kvm():
    """Can this host run Evenkeel under KVM with hardware virtualisation inside?"""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        flags = next((line.split() for line in f if line.startswith("flags")), [])
    return "svm" in flags or "vmx" in flags


class Qemu:
    name = "qemu"
    options = "console=com1 emulator=qemu"  # of the hypervisor on this machine

    def __init__(self, kvm=False):
        self.kvm = kvm

    def missing(self, scenario):
        if shutil.which("qemu-system-x86_64") is None:
            return "no qemu-system-x86_64"
        if scenario.machine.firmware != "bios" and not os.path.exists(OVMF_CODE):
            return "no OVMF firmware"
        return ""

    def accelerator(self, machine):
        if self.kvm and not machine.icount:
            return ["-accel", "kvm", "-cpu", "host"]
        return ["-accel", "tcg", "-cpu", machine.cpu] + \
            (["-icount", f"shift={machine.icount_shift},sleep=off", "-rtc", "base=2024-01-01,clock=vm"] if machine.icount else [])

    def command(self, scenario, directory, image):
        m = scenario.machine
        args = ["qemu-system-x86_64", "-M", m.machine, *self.accelerator(m), "-smp", str(m.cpus),
                "-m", str(m.mem_mb), "-nodefaults", "-display", "none", "-monitor", "none",
                "-no-reboot", "-serial", "stdio",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if scenario.reference:
            args += ["-serial", "null", "-kernel", image, "-append", scenario.guest_cmdline]
        elif m.firmware == "bios":
            args += ["-cdrom", image, "-boot", "d", "-device", "VGA"]
        else:
            variables = os.path.join(directory, "vars.fd")
            shutil.copy(OVMF_VARS, variables)
            args += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF_CODE}",
                     "-drive", f"if=pflash,format=raw,unit=1,file={variables}", "-device", "VGA"]
            args += ["-cdrom", image] if m.firmware == "uefi" else \
                ["-drive", f"if=virtio,format=raw,file={image}"]
        return args + list(m.args)

    @staticmethod
    def start(command, directory):
        with open(os.path.join(directory, "emulator.log"), "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=log)
        return process, process.stdout.fileno(), process.stdin.fileno()

    leave_hint = "Ctrl-A x ends it; \"poweroff\" too."

    @staticmethod
    def interactive(command, _directory):
        """Replaces this process by the emulator, its serial console on the terminal."""
        at = command.index("-serial")
        command = command[:at] + ["-serial", "mon:stdio"] + command[at + 2:]
        # A person's run has no status to report.
        at = next(i for i, arg in enumerate(command) if arg.startswith("isa-debug-exit"))
        os.execvp(command[0], command[:at - 1] + command[at + 1:])

    def close(self):
        pass

    @staticmethod
    def status(returncode):
        return returncode >> 1 if returncode >= 0 and returncode & 1 else -1


BOCHSRC = """config_interface: textconfig
display_library: term
cpu: model={cpu}, count={cpus}, ips=100000000, reset_on_triple_fault=0{cpu_options}
megs: {mem_mb}
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
vga: extension=vbe, update_freq=1, realtime=0
pci: enabled=1, chipset=i440fx
clock: sync=none, time0=946681200
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={image}, status=inserted
ata1: enabled=0
boot: cdrom
com1: enabled=1, mode=term, dev={console}
com2: enabled=1, mode=null
sound: driver=dummy
speaker: enabled=0
log: {log}
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
mouse: enabled=0
"""


class Bochs:
    """VT-x (and AMD-V again) in software, deterministic; far slower than QEMU, one host core.

    Debian's Bochs begins in its debugger, which a script (rc) tells to go on; the byte `D` written to port 8900h
    returns to the script, whose next command quits with status 0; the word `Shutdown` there gives status 1.
    """
    name = "bochs"
    options = "console=com1 emulator=bochs"

    def __init__(self, _kvm=False):
        self.master = self.slave = -1

    def missing(self, scenario):
        if shutil.which("bochs") is None:
            return "no bochs"
        if scenario.machine.firmware != "bios":
            return "Bochs is used with its BIOS only"
        return ""

    def command(self, scenario, directory, image):
        m = scenario.machine
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        with open(os.path.join(directory, "bochsrc"), "w", encoding="utf-8") as f:
            f.write(BOCHSRC.format(
                cpu=m.cpu, cpus=m.cpus, mem_mb=m.mem_mb, image=image,
                console=os.ttyname(self.slave), log=os.path.join(directory, "bochs.log"),
                cpu_options="".join(", " + option for option in m.args)))
        with open(os.path.join(directory, "rc"), "w", encoding="utf-8") as f:
            f.write("c\nr\nq\n")
        return ["bochs", "-q", "-f", os.path.join(directory, "bochsrc"),
                "-rc", os.path.join(directory, "rc")]

    def start(self, command, directory):
        # Makes RDRAND repeat from run to run; runs without it where it was not built.
        shim = os.path.join(directory, "..", "..", "norand.so")
        env = dict(os.environ, TERM="vt100")
        if os.path.exists(shim):
            env["LD_PRELOAD"] = os.path.realpath(shim)
        with open(os.path.join(directory, "emulator.log"), "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, env=env)
        return process, self.master, self.master

    def close(self):
        """The slave side stays open as long as Bochs may not have opened it yet."""
        os.close(self.slave)
        os.close(self.master)

    leave_hint = "Ctrl-A x ends it; \"poweroff\" too."

    def interactive(self, command, directory):
        """The serial console on the terminal until Bochs ends or Ctrl-A x is typed."""
        process, console, _ = self.start(command, directory)
        stdin = sys.stdin.fileno()
        saved = termios.tcgetattr(stdin) if os.isatty(stdin) else None
        try:
            if saved:
                tty.setraw(stdin)
            relay(process, console, stdin)
        finally:
            if saved:
                termios.tcsetattr(stdin, termios.TCSADRAIN, saved)
            process.kill()
            process.wait()
            self.close()

    @staticmethod
    def status(returncode):
        return returncode if returncode in (0, 1) else -1


def relay(process, console, stdin):
    """Between a terminal and a pseudo-terminal."""
    inputs, escaped = [console, stdin], False
    while process.poll() is None:
        for ready in select.select(inputs, [], [], 0.5)[0]:
            data = os.read(ready, 4096)
            if ready == console:
                os.write(sys.stdout.fileno(), data)
            elif not data:
                inputs.remove(stdin)
            elif escaped and data[:1] == b"x" or LEAVE in data:
                return
            else:
                escaped = data[-1:] == LEAVE[:1]
                os.write(console, data[:-1] if escaped else data)


BACKENDS = {"qemu": Qemu, "bochs": Bochs}
