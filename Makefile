# SPDX-License-Identifier: GPL-2.0-only
# Evenkeel: one Makefile, no recursion, every source named. `make help` lists what it can do.
#
#   CC=gcc|clang   compiler           B=dir   where build products go (default build)
#   V=1            show commands

CC := gcc
B  ?= build
V  ?= 0
Q  := $(if $(filter 1,$(V)),,@)
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# --- sources --------------------------------------------------------------------------------------

# Pure code: runs unchanged in the hypervisor, in host unit tests and in the simulator.
PURE_SRCS := \
	arch/x86/emul/decode.c \
	arch/x86/emul/decode_operands.c \
	arch/x86/emul/decode_tables.c \
	kernel/config.c \
	kernel/config/keys.c \
	kernel/config/types.c \
	kernel/dev/apic_route.c \
	kernel/dev/tick_backlog.c \
	kernel/dev/vlapic.c \
	kernel/dev/vlapic_regs.c \
	kernel/dev/vlapic_timer.c \
	kernel/dev/vpci.c \
	kernel/dev/vpit.c \
	kernel/dev/vpm.c \
	kernel/dev/vreset.c \
	kernel/dev/vuart.c \
	kernel/lib/clock.c \
	kernel/lib/err.c \
	kernel/lib/fmt.c \
	kernel/lib/heap.c \
	sched/rr.c

# The rest of the hypervisor.
HV_SRCS := \
	mm/frames.c \
	mm/guest_access.c \
	mm/p2m.c \
	kernel/lib/string.c

ASM_SRCS :=

# tests/unit/NAME.c, one program each.
UNIT_TESTS := \
	clock \
	config \
	emul_decode \
	err \
	fmt \
	heap \
	ring \
	rr \
	tick_backlog \
	vlapic \
	vpci \
	vpit \
	vpm \
	vreset \
	vuart

# --- flags ----------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wundef -Wvla -Wwrite-strings -Wold-style-definition -Wformat=2 -Wno-format-nonliteral

HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -mgeneral-regs-only -mno-red-zone \
	-mcmodel=kernel -fno-pic -fno-pie -fno-stack-protector -fno-strict-aliasing -fno-common \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -ffunction-sections -fcf-protection=none \
	-I. $(WARN)

HOST_CFLAGS := -std=gnu11 -O1 -g -fno-strict-aliasing -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -I. $(WARN)

# --- rules ----------------------------------------------------------------------------------------

HV_OBJS   := $(PURE_SRCS:%.c=$(B)/hv/%.o) $(HV_SRCS:%.c=$(B)/hv/%.o) $(ASM_SRCS:%.asm=$(B)/hv/%.asm.o)
HOST_OBJS := $(PURE_SRCS:%.c=$(B)/host/%.o) $(B)/host/tests/unit/support.o

.PHONY: all unit clean help
all: $(HV_OBJS)

$(B)/hv/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -c $< -o $@

$(B)/hv/%.asm.o: %.asm
	@mkdir -p $(@D)
	@echo "  NASM  $<"
	$(Q)nasm -f elf64 -g -F dwarf -w+all -w+error -I. -MD $(@:.o=.d) -MT $@ -o $@ $<

$(B)/host/%.o: %.c
	@mkdir -p $(@D)
	@echo "  HOST  $<"
	$(Q)$(CC) $(HOST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/host/libpure.a: $(HOST_OBJS)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/unit/%: $(B)/host/tests/unit/%.o $(B)/host/libpure.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(HOST_CFLAGS) $^ -lcmocka -lZydis -o $@

## unit: host unit tests, under AddressSanitizer and UBSan
unit: $(UNIT_TESTS:%=$(B)/unit/%)
	@for t in $(UNIT_TESTS); do echo "  TEST  $$t"; $(B)/unit/$$t || exit 1; done

# --- test guests ----------------------------------------------------------------------------------

# tests/guests/NAME.c (and NAME.asm where there is one), one Multiboot 1 kernel each.
GUESTS := \
	exceptions \
	hlt \
	ioapic \
	ipi \
	lapic \
	pic \
	pit \
	pmtimer \
	rtc \
	uart

# Guests with an assembly part.
GUESTS_ASM :=

GUEST_LIB_SRCS := \
	kernel/lib/string.c \
	tests/guests/lib/acpi.c \
	tests/guests/lib/apic.c \
	tests/guests/lib/cpu.c \
	tests/guests/lib/memory.c \
	tests/guests/lib/platform.c \
	tests/guests/lib/report.c \
	tests/guests/lib/trap.c

GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -mgeneral-regs-only -mno-red-zone -fno-pic -fno-pie \
	-fno-stack-protector -fno-strict-aliasing -fno-asynchronous-unwind-tables -fcf-protection=none \
	-I. $(WARN)

GUEST_LIB_OBJS := $(B)/guest/tests/guests/lib/start.asm.o $(GUEST_LIB_SRCS:%.c=$(B)/guest/%.o)
GUEST_ELFS     := $(GUESTS:%=$(B)/guests/%.elf)

.PHONY: guests
## guests: the freestanding test guests, build/guests/*.elf
guests: $(GUEST_ELFS)

$(B)/guest/%.o: %.c
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/guest/%.asm.o: %.asm
	@mkdir -p $(@D)
	@echo "  NASM  $<"
	$(Q)nasm -f elf64 -g -F dwarf -w+all -w+error -w-zext-reloc -w-unknown-warning -I. -MD $(@:.o=.d) -MT $@ -o $@ $<

# Linked as 64-bit, then called a 32-bit file, since that is what Multiboot 1 loaders take.
$(GUEST_ELFS): $(B)/guests/%.elf: $(B)/guest/tests/guests/%.o $(GUEST_LIB_OBJS) tests/guests/lib/guest.ld
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)ld -m elf_x86_64 -static -nostdlib -z noexecstack --no-warn-rwx-segments -z max-page-size=4096 \
		-T tests/guests/lib/guest.ld -o $(@:.elf=.sym) $(filter %.o,$^)
	$(Q)objcopy -O elf32-i386 $(@:.elf=.sym) $@

$(GUESTS_ASM:%=$(B)/guests/%.elf): $(B)/guests/%.elf: $(B)/guest/tests/guests/%.asm.o

## clean: removes everything that was built
clean:
	rm -rf $(B) compile_commands.json

## help: this list
help:
	@sed -n 's/^## \([^:]*\): */  make \1\t/p' Makefile | expand -t 24

-include $(HV_OBJS:.o=.d) $(HOST_OBJS:.o=.d) $(UNIT_TESTS:%=$(B)/host/tests/unit/%.d)
-include $(GUEST_LIB_OBJS:.o=.d) $(GUESTS:%=$(B)/guest/tests/guests/%.d) \
	$(GUESTS_ASM:%=$(B)/guest/tests/guests/%.asm.d)
