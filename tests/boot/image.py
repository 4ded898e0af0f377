# SPDX-License-Identifier: GPL-2.0-only
"""Makes what a scenario boots from: an ISO with GRUB, or an EFI system partition with evenkeel.efi."""
import os
import subprocess

TOP = os.path.join(os.path.dirname(__file__), "..", "..")


def modules(scenario, build):
    """name -> path or text of everything the boot entry loads beside the hypervisor, in order."""
    found = {}
    for vm in scenario.vms:
        found[vm.name + ".vmx"] = ("text", vm.text())
        for path in (vm.kernel, vm.initrd):
            if path:
                found[os.path.basename(path)] = ("path", os.path.join(build, path))
    for name, content in scenario.files.items():
        found[name] = ("text", content if isinstance(content, str) else head(content, build))
    return {n: v for n, v in found.items() if n not in scenario.leave_out}


def head(part, build):
    with open(os.path.join(build, part.path), "rb") as f:
        return f.read(part.size).decode("latin-1")


def write_modules(scenario, build, directory):
    paths = []
    for name, (kind, value) in modules(scenario, build).items():
        path = os.path.join(directory, name)
        if kind == "text":
            with open(path, "w", encoding="latin-1") as f:
                f.write(value)
        else:
            path = value
        paths.append((name, path))
    return paths


def grub_config(cmdline, names, emulator):
    lines = ["set timeout=0", 'menuentry "test" {', f"\tmultiboot2 /boot/evenkeel.elf {cmdline}"]
    lines += [f"\tmodule2 /boot/{name} {name}" for name in names]
    if emulator == "bochs":  # its display without a screen knows text modes only; after multiboot2
        lines += ["\tset gfxpayload=text"]
    return "\n".join(lines + ["}", ""])


def efi_config(cmdline, names):
    lines = [f"cmdline = {cmdline}"] + [f"module = {name}" for name in names]
    return "\n".join(lines + [""])


def reference_image(scenario, build, directory):
    """QEMU loads Multiboot kernels itself; elsewhere GRUB does."""
    guest = os.path.join(build, scenario.reference)
    if scenario.machine.emulator == "qemu":
        return guest
    config, image = os.path.join(directory, "grub.cfg"), os.path.join(directory, "test.iso")
    with open(config, "w", encoding="utf-8") as f:
        f.write("set timeout=0\nmenuentry test {\n"
                f"\tmultiboot /boot/{os.path.basename(guest)} {scenario.guest_cmdline}\n}}\n")
    run_tool("boot/mkiso.sh", image, config, guest)
    return image


def run_tool(tool, *args):
    subprocess.run([os.path.join(TOP, tool), *args], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT)


def build_image(scenario, cmdline, build, directory):
    """Returns the path of the image; raises CalledProcessError with the tool's output."""
    if scenario.reference:
        return reference_image(scenario, build, directory)
    files = write_modules(scenario, build, directory)
    names = [name for name, _ in files]
    paths = [path for _, path in files]
    if scenario.machine.firmware == "efi":
        config, image = os.path.join(directory, "evenkeel.cfg"), os.path.join(directory, "esp.img")
        text, tool = efi_config(cmdline, names), "boot/mkesp.sh"
        start = (os.path.join(build, "evenkeel.efi"), config)
    else:
        config, image = os.path.join(directory, "grub.cfg"), os.path.join(directory, "test.iso")
        text, tool = grub_config(cmdline, names, scenario.machine.emulator), "boot/mkiso.sh"
        start = (config, os.path.join(build, "evenkeel.elf"))
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    run_tool(tool, image, *start, *paths)
    return image
