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
	arch/x86/acpi_tables.c \
	arch/x86/emul/code_cache.c \
	arch/x86/emul/decode.c \
	arch/x86/emul/decode_operands.c \
	arch/x86/emul/decode_tables.c \
	arch/x86/emul/exec.c \
	arch/x86/emul/exec_alu.c \
	arch/x86/emul/exec_mem.c \
	arch/x86/emul/exec_string.c \
	arch/x86/emul/fetch.c \
	arch/x86/emul/walk.c \
	arch/x86/topology.c \
	arch/x86/virt/asid.c \
	arch/x86/virt/guest_check.c \
	arch/x86/virt/svm/svm_check.c \
	arch/x86/virt/svm/svm_event.c \
	arch/x86/virt/svm/svm_exit.c \
	arch/x86/virt/svm/svm_intercept.c \
	arch/x86/virt/svm/svm_state.c \
	arch/x86/virt/vmx/vmx_check.c \
	arch/x86/virt/vmx/vmx_controls.c \
	arch/x86/virt/vmx/vmx_cr.c \
	arch/x86/virt/vmx/vmx_event.c \
	arch/x86/virt/vmx/vmx_exit.c \
	boot/efi/efi_config.c \
	boot/memory_map.c \
	boot/multiboot2.c \
	kernel/cmdline.c \
	kernel/config.c \
	kernel/config/change.c \
	kernel/config/keys.c \
	kernel/config/lines.c \
	kernel/config/pools_config.c \
	kernel/config/types.c \
	kernel/config/value.c \
	kernel/console/command.c \
	kernel/console/guest_text.c \
	kernel/console/line_edit.c \
	kernel/console/vmtop/batch.c \
	kernel/console/vmtop/fields.c \
	kernel/console/vmtop/figures.c \
	kernel/console/vmtop/options.c \
	kernel/console/vmtop/paint.c \
	kernel/console/vmtop/screen.c \
	kernel/console/vmtop/view.c \
	kernel/cpuid_host.c \
	kernel/cpuid_lookup.c \
	kernel/cpuid_policy.c \
	kernel/dev/apic_route.c \
	kernel/dev/tick_backlog.c \
	kernel/dev/vioapic.c \
	kernel/dev/vlapic.c \
	kernel/dev/vlapic_regs.c \
	kernel/dev/vlapic_timer.c \
	kernel/dev/vpci.c \
	kernel/dev/vpic.c \
	kernel/dev/vpit.c \
	kernel/dev/vpm.c \
	kernel/dev/vreset.c \
	kernel/dev/vrtc.c \
	kernel/dev/vuart.c \
	kernel/drivers/escape.c \
	kernel/events.c \
	kernel/firmware/acpi.c \
	kernel/firmware/firmware.c \
	kernel/firmware/smbios.c \
	kernel/guestif/pvclock.c \
	kernel/guestif/vmware_commands.c \
	kernel/lib/calendar.c \
	kernel/lib/clock.c \
	kernel/lib/err.c \
	kernel/lib/fmt.c \
	kernel/lib/heap.c \
	kernel/loader/bzimage.c \
	kernel/loader/elf.c \
	kernel/loader/linux_boot.c \
	kernel/loader/loader.c \
	kernel/loader/multiboot1.c \
	kernel/loader/plan.c \
	kernel/msr_policy.c \
	sched/account.c \
	sched/bucket.c \
	sched/check.c \
	sched/cosched.c \
	sched/info.c \
	sched/place.c \
	sched/pool.c \
	sched/queue.c \
	sched/sched.c \
	sched/timeline.c

# The rest of the hypervisor.
HV_SRCS := \
	arch/x86/acpi.c \
	arch/x86/backtrace.c \
	arch/x86/cpu_features.c \
	arch/x86/cpu_identity.c \
	arch/x86/gdt.c \
	arch/x86/host_map.c \
	arch/x86/init.c \
	arch/x86/ioapic.c \
	arch/x86/lapic.c \
	arch/x86/nmi.c \
	arch/x86/oneshot.c \
	arch/x86/percpu.c \
	arch/x86/power.c \
	arch/x86/reftimer.c \
	arch/x86/rtc.c \
	arch/x86/smp.c \
	arch/x86/stack.c \
	arch/x86/traps.c \
	arch/x86/tsc.c \
	arch/x86/virt/guest_limits.c \
	arch/x86/virt/svm/svm.c \
	arch/x86/virt/svm/svm_fetch.c \
	arch/x86/virt/svm/svm_inject.c \
	arch/x86/virt/svm/svm_load.c \
	arch/x86/virt/svm/svm_run.c \
	arch/x86/virt/svm/svm_vcpu.c \
	arch/x86/virt/virt.c \
	arch/x86/virt/vmx/vmx.c \
	arch/x86/virt/vmx/vmx_caps.c \
	arch/x86/virt/vmx/vmx_cr_exit.c \
	arch/x86/virt/vmx/vmx_dump.c \
	arch/x86/virt/vmx/vmx_inject.c \
	arch/x86/virt/vmx/vmx_load.c \
	arch/x86/virt/vmx/vmx_run.c \
	arch/x86/virt/vmx/vmx_setup.c \
	arch/x86/virt/vmx/vmx_state.c \
	arch/x86/virt/vmx/vmx_vcpu.c \
	arch/x86/virt/xstate.c \
	arch/x86/watchdog.c \
	boot/start.c \
	kernel/console/cmd_console.c \
	kernel/console/cmd_log.c \
	kernel/console/cmd_pool.c \
	kernel/console/cmd_sched.c \
	kernel/console/cmd_system.c \
	kernel/console/cmd_vm.c \
	kernel/console/cmd_vmtop.c \
	kernel/console/monitor.c \
	kernel/console/output.c \
	kernel/console/vmtop/collect.c \
	kernel/dispatch.c \
	kernel/dispatch_config.c \
	kernel/dispatch_world.c \
	kernel/drivers/console.c \
	kernel/drivers/debugcon.c \
	kernel/drivers/font.c \
	kernel/drivers/framebuffer.c \
	kernel/drivers/uart.c \
	kernel/early_memory.c \
	kernel/emulate.c \
	kernel/exit_io.c \
	kernel/exit_msr.c \
	kernel/exits.c \
	kernel/finish.c \
	kernel/guestif/guest_clock.c \
	kernel/guestif/hypercall.c \
	kernel/guestif/vmware.c \
	kernel/hypervisor.c \
	kernel/kernel_main.c \
	kernel/lib/string.c \
	kernel/log.c \
	kernel/milestones.c \
	kernel/modules.c \
	kernel/panic.c \
	kernel/selftest.c \
	kernel/platform.c \
	kernel/pools.c \
	kernel/symbols.c \
	kernel/timer.c \
	kernel/vcpu.c \
	kernel/vm.c \
	kernel/vm_boot.c \
	kernel/vm_build.c \
	kernel/vm_console.c \
	kernel/vm_sched.c \
	mm/frames.c \
	mm/guest_access.c \
	mm/p2m.c

# Of these, what host unit tests run too, on a machine that the test plays.
HOST_TESTED_SRCS := $(filter kernel/timer.c mm/%,$(HV_SRCS))

ASM_SRCS := \
	arch/x86/trampoline.asm \
	arch/x86/traps_entry.asm \
	arch/x86/virt/svm/svm_entry.asm \
	arch/x86/virt/vmx/vmx_entry.asm \
	boot/entry.asm

# tests/unit/NAME.c, one program each.
UNIT_TESTS := \
	account \
	acpi_tables \
	apic_route \
	asid \
	bucket \
	calendar \
	clock \
	cmdline \
	command \
	config \
	config_change \
	cpuid_policy \
	efi_config \
	emul_code \
	emul_decode \
	emul_exec \
	emul_native \
	emul_walk \
	emul_zydis \
	err \
	escape \
	events \
	firmware \
	fmt \
	heap \
	line_edit \
	linux_boot \
	memory_map \
	mm \
	msr_policy \
	multiboot1 \
	multiboot2 \
	pools_config \
	pvclock \
	ring \
	sched \
	svm_event \
	svm_exit \
	svm_intercept \
	svm_state \
	tick_backlog \
	timeline \
	timer \
	topology \
	vioapic \
	vlapic \
	vlapic_modes \
	vlapic_timer \
	vmware_commands \
	vmtop \
	vmtop_batch \
	vmx_check \
	vmx_controls \
	vmx_cr \
	vmx_event \
	vmx_exit \
	vpci \
	vpic \
	vpit \
	vpm \
	vreset \
	vrtc \
	vuart

# --- flags ----------------------------------------------------------------------------------------

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wundef -Wvla -Wwrite-strings -Wold-style-definition -Wformat=2 -Wno-format-nonliteral

HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-builtin-printf -mgeneral-regs-only -mno-red-zone \
	-mcmodel=kernel -fno-pic -fno-pie -fno-stack-protector -fno-strict-aliasing -fno-common \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -ffunction-sections -fcf-protection=none \
	-I. -I$(B)/gen $(WARN)

HOST_CFLAGS := -std=gnu11 -O1 -g -fno-strict-aliasing -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-DARCH_DIRECT_MAP_BASE=0x200000000000ul -I. -I$(B)/gen $(WARN)

# --- rules ----------------------------------------------------------------------------------------

HV_OBJS   := $(PURE_SRCS:%.c=$(B)/hv/%.o) $(HV_SRCS:%.c=$(B)/hv/%.o) $(ASM_SRCS:%.asm=$(B)/hv/%.asm.o)
HOST_OBJS := $(PURE_SRCS:%.c=$(B)/host/%.o) $(HOST_TESTED_SRCS:%.c=$(B)/host/%.o) $(B)/host/tests/unit/support.o

.PHONY: all iso esp unit clean help
all: $(B)/evenkeel.elf $(B)/evenkeel.efi

$(B)/hv/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -c $< -o $@

$(B)/hv/%.asm.o: %.asm | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  NASM  $<"
	$(Q)nasm -f elf64 -g -F dwarf -w+all -w+error -I. -MD $(@:.o=.d) -MT $@ -o $@ $<

# --- images ---------------------------------------------------------------------------------------

HV_LDFLAGS := -nostdlib -static -T linker.ld -z max-page-size=4096 --gc-sections --build-id=none \
	-z noexecstack

# Linked twice: the symbol table is made from the first pass. It comes after all code, so that no
# function moves; the last step makes sure.
$(B)/symbols0.asm: boot/symbols.awk
	@mkdir -p $(@D)
	$(Q)awk -f $< </dev/null >$@

$(B)/evenkeel.pass1.elf: linker.ld $(HV_OBJS) $(B)/symbols0.asm
	@nasm -f elf64 -o $(B)/symbols0.o $(B)/symbols0.asm
	@echo "  LD    $@"
	$(Q)ld $(HV_LDFLAGS) -o $@ $(HV_OBJS) $(B)/symbols0.o

$(B)/symbols.asm: $(B)/evenkeel.pass1.elf boot/symbols.awk
	$(Q)nm -n $< | awk -f boot/symbols.awk >$@

## evenkeel.elf: the hypervisor, for Multiboot2 loaders (in $(B)/, as all products)
$(B)/evenkeel.elf: $(B)/evenkeel.pass1.elf $(B)/symbols.asm
	@nasm -f elf64 -o $(B)/symbols.o $(B)/symbols.asm
	@echo "  LD    $@"
	$(Q)ld $(HV_LDFLAGS) -o $@.tmp $(HV_OBJS) $(B)/symbols.o
	$(Q)nm -n $@.tmp | awk -f boot/symbols.awk | cmp - $(B)/symbols.asm
	@mv $@.tmp $@

## iso: bootable image with GRUB, for BIOS and UEFI
iso: $(B)/evenkeel.iso
$(B)/evenkeel.iso: $(B)/evenkeel.elf boot/grub.cfg boot/mkiso.sh
	@echo "  ISO   $@"
	$(Q)boot/mkiso.sh $@ boot/grub.cfg $(B)/evenkeel.elf

# The EFI application carries the image. GNU-EFI: a shared object whose start-up code relocates itself. Its library
# has a memcpy and a memset too; ours come first.
EFI_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpic -fshort-wchar -mno-red-zone -fno-stack-protector \
	-fno-strict-aliasing -fcf-protection=none -DGNU_EFI_USE_MS_ABI -I. -isystem /usr/include/efi \
	-isystem /usr/include/efi/x86_64 $(WARN)
EFI_SRCS := boot/efi/efi_config.c boot/efi/main.c boot/memory_map.c kernel/lib/string.c
EFI_OBJS := $(EFI_SRCS:%.c=$(B)/efi/%.o) $(B)/efi/enter.o

$(B)/efi/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  EFI   $<"
	$(Q)$(CC) $(EFI_CFLAGS) -MMD -MP -c $< -o $@

$(B)/efi/enter.o: boot/efi/enter.asm $(B)/evenkeel.elf
	@mkdir -p $(@D)
	$(Q)objcopy --strip-all $(B)/evenkeel.elf $(B)/efi/evenkeel.stripped
	$(Q)nasm -f elf64 -DPAYLOAD='"$(B)/efi/evenkeel.stripped"' -o $@ $<

## evenkeel.efi: the hypervisor as an EFI application
$(B)/evenkeel.efi: $(EFI_OBJS)
	@echo "  EFI   $@"
	$(Q)ld -nostdlib -z nocombreloc -z noexecstack -z muldefs -shared -Bsymbolic -T /usr/lib/elf_x86_64_efi.lds \
		/usr/lib/crt0-efi-x86_64.o $(EFI_OBJS) -L/usr/lib -lefi -lgnuefi -o $(B)/efi/evenkeel.so
	$(Q)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela \
		-j .rel.* -j .rela.* -j .reloc --target=efi-app-x86_64 $(B)/efi/evenkeel.so $@

## esp: bootable FAT image with evenkeel.efi
esp: $(B)/evenkeel.esp
$(B)/evenkeel.esp: $(B)/evenkeel.efi boot/evenkeel.cfg boot/mkesp.sh
	@echo "  ESP   $@"
	$(Q)boot/mkesp.sh $@ $(B)/evenkeel.efi boot/evenkeel.cfg

# --- host builds ----------------------------------------------------------------------------------

$(B)/host/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  HOST  $<"
	$(Q)$(CC) $(HOST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/host/libpure.a: $(HOST_OBJS)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(B)/unit/%: $(B)/host/tests/unit/%.o $(B)/host/libpure.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(HOST_CFLAGS) $(filter %.o,$^) $(filter %.a,$^) -lcmocka -lZydis -o $@

$(B)/unit/sched: $(B)/host/tests/unit/sched_machine.o

## unit: host unit tests, under AddressSanitizer and UBSan
unit: $(UNIT_TESTS:%=$(B)/unit/%)
	@for t in $(UNIT_TESTS); do echo "  TEST  $$t"; $(B)/unit/$$t || exit 1; done

$(B)/tools/%: $(B)/host/tests/tools/%.o $(B)/host/libpure.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(HOST_CFLAGS) $^ -o $@

## vmx-keys: prints the table of VM file keys, for the README
.PHONY: vmx-keys
vmx-keys: $(B)/tools/vmx_keys
	@$<
-include $(B)/host/tests/tools/vmx_keys.d

# --- simulator ------------------------------------------------------------------------------------

# sched/ on simulated machines, see tests/sim/README.md. Three programs: sim checks everything under sanitizers; fast
# measures times; count has sched/ compiled so that basic blocks are counted.
SIM_SRCS := \
	tests/sim/calls.c \
	tests/sim/expect.c \
	tests/sim/guard.c \
	tests/sim/ideal.c \
	tests/sim/life.c \
	tests/sim/machine.c \
	tests/sim/main.c \
	tests/sim/metric.c \
	tests/sim/plot.c \
	tests/sim/random.c \
	tests/sim/report.c \
	tests/sim/scenario.c \
	tests/sim/scenario_keys.c \
	tests/sim/scenario_run.c \
	tests/sim/scenario_values.c \
	tests/sim/steps.c \
	tests/sim/steps_count.c \
	tests/sim/watch.c \
	tests/sim/watch_books.c \
	tests/sim/workload.c

SIM_SCHED  := $(filter sched/%,$(PURE_SRCS))
SIM_OTHERS := kernel/lib/err.c kernel/lib/heap.c tests/unit/support.c
SIM_CFLAGS := -std=gnu11 -O2 -g -fno-strict-aliasing -I. $(WARN)
SIM_PROGRAMS := $(B)/sim/sim $(B)/sim/fast $(B)/sim/count
SIM_FAST_OBJS  := $(SIM_SRCS:%.c=$(B)/sim/obj/%.o) $(SIM_OTHERS:%.c=$(B)/sim/obj/%.o)
SIM_PLAIN_OBJS := $(SIM_SCHED:%.c=$(B)/sim/obj/%.o)
SIM_COUNT_OBJS := $(SIM_SCHED:%.c=$(B)/sim/counted/%.o)
SEEDS ?= 2000

$(B)/sim/obj/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  SIM   $<"
	$(Q)$(CC) $(SIM_CFLAGS) -MMD -MP -c $< -o $@

$(B)/sim/counted/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  SIM   $<"
	$(Q)$(CC) $(SIM_CFLAGS) -fsanitize-coverage=trace-pc -MMD -MP -c $< -o $@

$(B)/sim/sim: $(SIM_SRCS:%.c=$(B)/host/%.o) $(B)/host/libpure.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(HOST_CFLAGS) $^ -lm -o $@

$(B)/sim/fast: $(SIM_FAST_OBJS) $(SIM_PLAIN_OBJS)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SIM_CFLAGS) $^ -lm -o $@

$(B)/sim/count: $(SIM_FAST_OBJS) $(SIM_COUNT_OBJS)
	@echo "  LINK  $@"
	$(Q)$(CC) $(SIM_CFLAGS) $^ -lm -o $@

.PHONY: sim sim-report bench-sched
## sim: the scheduler on simulated machines: scenarios, and SEEDS (2000) random ones
sim: $(SIM_PROGRAMS)
	@$(PYTHON) tests/sim/run.py --sim $(B)/sim/sim --count $(B)/sim/count --logs $(B)/test/sim --seeds $(SEEDS) -j $(JOBS)

## sim-report: the scenarios' tables, CSV files and plots, in build/sim-report
sim-report: $(B)/sim/fast
	@$(PYTHON) tests/sim/report.py --sim $(B)/sim/fast --folder $(B)/sim-report

## bench-sched: figures of the scheduler on simulated machines
bench-sched: $(B)/sim/fast $(B)/sim/count
	@$(B)/sim/fast --bench --fast tests/sim/scenarios/*.sim | grep ^BENCH
	@for p in fast count; do $(B)/sim/$$p --bench --fast tests/sim/scenarios/large/*.sim | grep ^BENCH; done

-include $(SIM_SRCS:%.c=$(B)/host/%.d) $(SIM_FAST_OBJS:.o=.d) $(SIM_PLAIN_OBJS:.o=.d) $(SIM_COUNT_OBJS:.o=.d)

# --- fuzzing --------------------------------------------------------------------------------------

# tests/fuzz/NAME.c, one libFuzzer program each; always clang. What it finds goes to $(B)/fuzz/NAME.*; the
# corpus in $(B)/fuzz/NAME.corpus is kept from run to run.
FUZZ_TARGETS := \
	bzimage \
	config \
	decode \
	devices \
	multiboot1 \
	vmware \
	walk

FUZZ_SECONDS ?= 10
FUZZ_CFLAGS  := $(HOST_CFLAGS) -fsanitize=fuzzer-no-link
FUZZ_OBJS    := $(PURE_SRCS:%.c=$(B)/fuzz/obj/%.o) $(B)/fuzz/obj/tests/unit/support.o

$(B)/fuzz/obj/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  FUZZ  $<"
	$(Q)clang $(FUZZ_CFLAGS) -MMD -MP -c $< -o $@

$(B)/fuzz/obj/libpure.a: $(FUZZ_OBJS)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(FUZZ_TARGETS:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/fuzz/obj/tests/fuzz/%.o $(B)/fuzz/obj/libpure.a
	@echo "  LINK  $@"
	$(Q)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer $^ -o $@

## fuzz: runs each fuzz target for FUZZ_SECONDS (10); FUZZ_TARGETS=name chooses
.PHONY: fuzz
fuzz: $(FUZZ_TARGETS:%=$(B)/fuzz/%)
	@for t in $(FUZZ_TARGETS); do \
		mkdir -p $(B)/fuzz/$$t.corpus; \
		$(B)/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -print_final_stats=1 \
			-artifact_prefix=$(B)/fuzz/$$t. $(B)/fuzz/$$t.corpus >$(B)/fuzz/$$t.log 2>&1 || \
			{ tail -40 $(B)/fuzz/$$t.log; echo "FAIL fuzz/$$t"; exit 1; }; \
		echo "PASS fuzz/$$t: $$(sed -n 's/^stat::number_of_executed_units: *//p' $(B)/fuzz/$$t.log) runs"; \
	done

-include $(FUZZ_OBJS:.o=.d) $(FUZZ_TARGETS:%=$(B)/fuzz/obj/tests/fuzz/%.d)

# --- dependencies ---------------------------------------------------------------------------------

# Debian packages; `a|b`: whichever the release has.
DEPS_PACKAGES := gcc clang make nasm binutils libclang-rt-14-dev|libclang-rt-dev clang-format \
	universal-ctags gnu-efi libcmocka-dev libzydis-dev libzycore-dev libxxhash-dev \
	grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools dosfstools acpica-tools \
	qemu-system-x86 ovmf bochs bochs-term bochsbios vgabios busybox-static cpio gnuplot-nox python3

.PHONY: deps
## deps: installs missing Debian packages (root or sudo); other targets call it when needed
deps:
	@tests/deps.sh $(DEPS_PACKAGES:%='%')

# Looked at again whenever this file changes, before anything is compiled.
$(B)/deps.checked: Makefile tests/deps.sh
	@mkdir -p $(@D)
	@tests/deps.sh $(DEPS_PACKAGES:%='%')
	@touch $@

# --- ACPI of the guests ---------------------------------------------------------------------------

# The compiled DSDT as a list of bytes, which acpi.c includes.
$(B)/gen/kernel/firmware/dsdt_aml.inc: kernel/firmware/dsdt.asl | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  IASL  $<"
	$(Q)iasl -vs -we -p $(@:.inc=) $< > $(@:.inc=.log) || { cat $(@:.inc=.log); exit 1; }
	$(Q)od -An -v -tx1 $(@:.inc=.aml) | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@

$(B)/hv/kernel/firmware/acpi.o $(B)/host/kernel/firmware/acpi.o $(B)/fuzz/obj/kernel/firmware/acpi.o: $(B)/gen/kernel/firmware/dsdt_aml.inc

# --- test guests ----------------------------------------------------------------------------------

# tests/guests/NAME.c (and NAME.asm where there is one), one Multiboot 1 kernel each.
GUESTS := \
	barrier \
	bench \
	checker \
	control \
	cpuid \
	ending \
	exceptions \
	fpu \
	hlt \
	hog \
	interactive \
	ioapic \
	ipi \
	kvm \
	lapic \
	memory \
	misbehave \
	mmio \
	modes \
	msr \
	pci \
	pic \
	pit \
	pmtimer \
	rtc \
	sleeper \
	smc \
	spinlock \
	stringio \
	time \
	uart \
	vmware

# Guests with an assembly part.
GUESTS_ASM := modes

GUEST_LIB_SRCS := \
	kernel/lib/string.c \
	tests/guests/lib/acpi.c \
	tests/guests/lib/apic.c \
	tests/guests/lib/cpu.c \
	tests/guests/lib/memory.c \
	tests/guests/lib/platform.c \
	tests/guests/lib/report.c \
	tests/guests/lib/steal.c \
	tests/guests/lib/trap.c \
	tests/guests/lib/work.c

GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -mgeneral-regs-only -mno-red-zone -fno-pic -fno-pie \
	-fno-stack-protector -fno-strict-aliasing -fno-asynchronous-unwind-tables -fcf-protection=none \
	-I. $(WARN)

GUEST_LIB_OBJS := $(B)/guest/tests/guests/lib/start.asm.o $(GUEST_LIB_SRCS:%.c=$(B)/guest/%.o)
GUEST_ELFS     := $(GUESTS:%=$(B)/guests/%.elf)

.PHONY: guests
## guests: the freestanding test guests, build/guests/*.elf
guests: $(GUEST_ELFS)

$(B)/guest/%.o: %.c | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  GUEST $<"
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(B)/guest/%.asm.o: %.asm | $(B)/deps.checked
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

# --- Debian guests --------------------------------------------------------------------------------

IMAGES := $(B)/images/vmlinuz $(B)/images/vmlinuz-cloud $(B)/images/initramfs.gz $(B)/images/initramfs-tools.gz

.PHONY: images
## images: Debian kernels and the initial RAM disk of the Linux guests (downloads 100 MB once)
images: $(IMAGES)

$(B)/images/vmlinuz: META := linux-image-amd64
$(B)/images/vmlinuz-cloud: META := linux-image-cloud-amd64
$(B)/images/vmlinuz $(B)/images/vmlinuz-cloud: tests/images/fetch_kernel.sh | $(B)/deps.checked
	@mkdir -p $(@D)
	$(Q)tests/images/fetch_kernel.sh $(META) $@

$(B)/images/initramfs.gz: tests/images/mkinitramfs.sh tests/images/init | $(B)/deps.checked
	@mkdir -p $(@D)
	@echo "  CPIO  $@"
	$(Q)tests/images/mkinitramfs.sh $@ tests/images/init

$(B)/images/initramfs-tools.gz: tests/images/mktools.sh $(B)/images/initramfs.gz
	$(Q)tests/images/mktools.sh $(B)/images/initramfs.gz $@

# --- tests ----------------------------------------------------------------------------------------

PYTHON := /usr/bin/python3
JOBS   ?= 2

LINT = $(PYTHON) tests/lint/lint.py --objects $(B)/hv --cc $(CC) --cflags='$(HV_CFLAGS)' --pure $(PURE_SRCS)

.PHONY: test boot-test lint
## test: everything: unit tests, lint, simulator, guests on the reference PC and on Evenkeel
test: all $(UNIT_TESTS:%=$(B)/unit/%) $(SIM_PROGRAMS) guests images $(B)/norand.so
	@mkdir -p $(B)/test && rm -f $(B)/test/counts
	@$(PYTHON) tests/unit/run.py --counts $(B)/test/counts --logs $(B)/test/unit $(UNIT_TESTS:%=$(B)/unit/%) || true
	@$(LINT) --counts $(B)/test/counts || true
	@$(PYTHON) tests/sim/run.py --counts $(B)/test/counts --sim $(B)/sim/sim --count $(B)/sim/count \
		--logs $(B)/test/sim --seeds $(SEEDS) -j $(JOBS) || true
	@$(PYTHON) tests/boot/run.py --counts $(B)/test/counts --build $(B) -j $(JOBS) $(FULL) || true
	@$(PYTHON) tests/report.py $(B)/test/counts

## test-full: likewise, and what takes too long for every day: more CPU models and pCPUs on Bochs
.PHONY: test-full
test-full: FULL := --full
test-full: test

# Loaded into Bochs by the test runner.
$(B)/norand.so: tests/boot/norand.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -shared -fPIC -o $@ $<

## lint: layers, pure code, formatting, sizes, licence lines, words
lint: $(PURE_SRCS:%.c=$(B)/hv/%.o)
	@$(LINT)

## compile_commands.json: for editors and clang tools
compile_commands.json: Makefile
	@{ echo '['; sep=; for f in $(PURE_SRCS) $(HV_SRCS); do \
		printf '%s{"directory": "%s", "file": "%s", "command": "%s -c %s"}\n' \
			"$$sep" "$(CURDIR)" "$$f" "$(CC) $(HV_CFLAGS)" "$$f"; sep=,; \
	done; echo ']'; } >$@

.PHONY: run
## run: the main job: three busy Debian guests with shares 1:2:4, in vmtop on this terminal; EMU=qemu|bochs
run: all images
	@$(PYTHON) tests/boot/demo.py --build $(B) $(EMU:%=--emulator %)

# A script that measures the peer here and now, if there is one; else recorded figures are shown.
PEER ?= $(abspath $(wildcard ../shared/peer/peer.sh))

.PHONY: bench
## bench: instructions per exit, memory overhead, start-up, beside the peer's; EMU=qemu|bochs
bench: all guests $(B)/norand.so
	@$(PYTHON) tests/bench/bench.py --build $(B) $(PEER:%=--peer %) $(EMU)

## bench-sched: the scheduler's figures with real vCPUs, one pCPU in QEMU and several in Bochs
.PHONY: bench-sched
bench-sched: all guests $(B)/norand.so
	@$(PYTHON) tests/bench/bench_sched.py --build $(B)

## boot-test: boot scenarios only; K=pattern chooses some
boot-test: all guests images $(B)/norand.so
	@$(PYTHON) tests/boot/run.py --build $(B) -j $(JOBS) -k '$(K)'

## clean: removes everything that was built
clean:
	rm -rf $(B) compile_commands.json

## help: this list
help:
	@sed -n 's/^## \([^:]*\): */  make \1\t/p' Makefile | expand -t 24

-include $(HV_OBJS:.o=.d) $(EFI_OBJS:.o=.d) $(HOST_OBJS:.o=.d) $(UNIT_TESTS:%=$(B)/host/tests/unit/%.d)
-include $(B)/host/tests/unit/sched_machine.d
-include $(GUEST_LIB_OBJS:.o=.d) $(GUESTS:%=$(B)/guest/tests/guests/%.d) \
	$(GUESTS_ASM:%=$(B)/guest/tests/guests/%.asm.d)
