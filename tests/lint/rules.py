# SPDX-License-Identifier: GPL-2.0-only
"""The tables behind lint.py: limits, layers, white lists. An entry in an exception list has its reason beside it."""

FILE_LINES = 600
TEST_FILE_LINES = 800  # tests/unit: a table of cases beside one module
FUNCTION_LINES = 60
TEST_FUNCTION_LINES = 80

# What pure code may leave to its surroundings.
PURE_SYMBOLS = ("memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strnlen", "strcmp",
                "strncmp", "strchr", "assert_failed")

# First match counts.
LAYER_OF = (
    ("guest-tools/abi/", "abi"),
    ("guest-tools/", "guest-tools"),
    ("kernel/lib/", "lib"),
    ("sched/", "policy"),
    ("mm/policy/", "policy"),
    ("mm/", "mm"),
    ("arch/arch.h", "arch.h"),
    ("arch/x86/emul/", "emul"),
    ("arch/x86/virt/virt.h", "arch.h"),
    ("arch/x86/virt/", "arch"),
    ("arch/", "arch"),
    ("kernel/dev/", "dev"),
    ("kernel/drivers/", "drivers"),
    ("kernel/", "kernel"),
    ("boot/", "boot"),
    ("tests/", "tests"),
)

_LOW = {"abi", "lib"}
MAY_INCLUDE = {
    "abi": {"abi"},
    "guest-tools": {"abi", "guest-tools"},
    "lib": {"lib"},
    "policy": _LOW | {"policy"},
    "arch.h": _LOW | {"arch.h"},
    "emul": _LOW | {"arch.h", "emul"},
    "mm": _LOW | {"policy", "arch.h", "mm"},
    # Implements arch.h; what it knows of the memory manager is where to get pages.
    "arch": _LOW | {"arch.h", "arch", "emul", "mm"},
    "dev": _LOW | {"dev"},
    "drivers": _LOW | {"arch.h", "arch", "drivers"},
    "kernel": _LOW | {"policy", "arch.h", "emul", "mm", "dev", "drivers", "kernel"},
    "boot": _LOW | {"policy", "arch.h", "arch", "emul", "mm", "dev", "drivers", "kernel", "boot"},
    "tests": _LOW | {"policy", "arch.h", "arch", "emul", "mm", "dev", "drivers", "kernel", "boot",
                     "guest-tools", "tests"},
}

# Headers without state that every layer may see.
OPEN_TO_ALL = {
    "kernel/log.h",        # messages
    "kernel/panic.h",      # the end
    "kernel/params.h",     # every constant
    "kernel/lock.h",       # spin locks
    "kernel/cmdline.h",    # options
    "kernel/guest_layout.h",  # addresses and ports of the virtual PC
    "boot/boot_info.h",    # how the hypervisor was started
    "arch/x86/regs.h",     # numbers of registers and bits, as the manuals have them
    "arch/x86/cpuid_regs.h",  # what CPUID returns
}

# (file, header): why this arrow may point up.
EXCEPTIONS = {
    # Pages for tables and stacks before there is a frame allocator.
    ("arch/x86/host_map.c", "kernel/early_memory.h"),
    ("arch/x86/smp.c", "kernel/early_memory.h"),
    ("arch/x86/stack.c", "kernel/early_memory.h"),
    # Names in the stack trace of an unexpected trap.
    ("arch/x86/traps.c", "kernel/symbols.h"),
    # A cache that is part of each vCPU; the header itself needs types only.
    ("arch/x86/virt/virt.h", "arch/x86/emul/code_cache.h"),
    # The consoles' device memory moves into the final page tables.
    ("arch/x86/init.c", "kernel/drivers/framebuffer.h"),
    ("arch/x86/init.c", "kernel/drivers/uart.h"),
    # Pure arithmetic on boot_info's memory map.
    ("kernel/kernel_main.c", "boot/memory_map.h"),
    # What CPUID policies are made from.
    ("kernel/vm_build.c", "arch/x86/cpu_identity.h"),
}

# Headers that need another environment to compile.
HEADERS_OF_OTHERS = ("boot/efi/",)  # GNU-EFI's

# Data, not code.
LONG_TABLES = ()
LONG_FUNCTIONS = ()

SOURCE_SUFFIXES = (".c", ".h", ".asm", ".py", ".sh", ".ld", ".awk", ".asl")
SOURCE_NAMES = ("Makefile",)

FORBIDDEN_WORDS = ("TODO", "FIXME", "XXX")
