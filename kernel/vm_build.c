// SPDX-License-Identifier: GPL-2.0-only
/* From a configuration to a VM that can run, and back. */
#include "kernel/vm_build.h"

#include "arch/arch.h"
#include "arch/x86/cpu_identity.h"
#include "kernel/dispatch.h"
#include "kernel/firmware/firmware.h"
#include "kernel/guest_layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/loader/loader.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/modules.h"
#include "kernel/params.h"
#include "kernel/vm.h"
#include "mm/frames.h"
#include "mm/guest_access.h"

static struct {
	struct spinlock lock;
	bool begun;
	struct cpuid_host cpuid; /* [lock] while pCPUs start, constant afterwards */
} host;

int vm_build_add_pcpu(void)
{
	static struct cpuid_host here; /* [host.lock] */
	int err = 0;

	spin_lock(&host.lock);
	cpuid_host_record(&here, cpu_read_cpuid);
	if (!host.begun) {
		host.cpuid = here;
		host.begun = true;
	} else {
		err = cpuid_host_merge(&host.cpuid, &here);
	}
	spin_unlock(&host.lock);
	return err;
}

static int fail(struct vm *vm, int err, const char *what)
{
	fmt_print(vm->end_reason, sizeof(vm->end_reason), "%s: %s", what, err_name(err));
	return err;
}

/* --- memory and CPUs -------------------------------------------------------------------------- */

static void ram_ranges(const struct vm *vm, struct p2m_range ram[P2M_RANGES])
{
	u64 size = MIB(vm->config.mem_mb);
	u64 low = MIN(size, GUEST_LOW_RAM_LIMIT);

	ram[0] = (struct p2m_range){.base = gfn(0), .pages = low >> PAGE_SHIFT};
	ram[1] = (struct p2m_range){
		.base = gpa_to_gfn(gpa(GUEST_RAM_ABOVE_4G)),
		.pages = (size - low) >> PAGE_SHIFT,
	};
}

static void policy_init(struct vm *vm)
{
	static const enum cpuid_interface interfaces[] = {
		[INTERFACE_VMWARE] = CPUID_INTERFACE_VMWARE,
		[INTERFACE_KVM] = CPUID_INTERFACE_KVM,
		[INTERFACE_NONE] = CPUID_INTERFACE_NONE,
	};
	struct cpuid_options options = {
		.vcpu_count = vm->config.vcpus,
		.interface = interfaces[vm->config.interface],
		.x2apic = true,
		.tsc_deadline = true,
		.fast_strings = cpu_fast_strings(),
		.tsc_aux = virt_caps.tsc_aux,
		.xcr0 = virt_caps.xcr0,
		.tsc_khz = arch_tsc_khz(),
		.apic_khz = VLAPIC_TIMER_HZ / 1000,
	};

	cpuid_table_init(&vm->cpuid, &host.cpuid, &options);
	msr_policy_init(&vm->msr_policy, &vm->cpuid, &options);
}

static const void *ram_page(struct walk_mem *mem, gpa_t page)
{
	return guest_page(&container_of(mem, struct vm, mem)->p2m, gpa_to_gfn(page));
}

/* Whoever reads through this looks and leaves the tables alone. */
static int ram_update(struct walk_mem *mem, gpa_t entry, u8 size, u64 old, u64 next)
{
	(void)mem;
	(void)entry;
	(void)size;
	(void)old;
	(void)next;
	return ERR_NOTSUP;
}

static int hardware_create(struct vm *vm)
{
	struct p2m_range ram[P2M_RANGES];

	ram_ranges(vm, ram);
	int err = p2m_init(&vm->p2m, &virt_caps.s2, vm->id, ram);

	if (err != 0) {
		return fail(vm, err, "memory map");
	}
	vm->mem = (struct walk_mem){.page = ram_page, .update = ram_update};

	policy_init(vm);
	mfn_t apic = mfn(0);

	if (virt_caps.apic_page) {
		err = p2m_back_device(&vm->p2m, gpa_to_gfn(gpa(GUEST_LAPIC_BASE)), &apic);
		if (err != 0) {
			return fail(vm, err, "local APIC page");
		}
	}
	struct virt_vm_config config = {
		.apic_access = mfn_to_hpa(apic),
		/* For VMware's port in user mode. */
		.exceptions = vm->config.interface == INTERFACE_VMWARE ? BIT(VECTOR_GP) : 0,
		.pause_exiting = true,
		.cr4 = vm->cpuid.cr4,
		.s2_root = vm->p2m.root,
		.mem = &vm->mem,
	};

	err = virt->vm_create(&config, &vm->hw);
	if (err != 0) {
		return fail(vm, err, "virtual machine");
	}
	vm->tsc_start = arch_tsc();
	vm->tsc_moved = false;
	platform_init(&vm->platform, vm, vm->request == VM_REQ_RESET, arch_now_ns());
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		err = vcpu_create(vm, i, &vm->vcpus[i]);
		if (err != 0) {
			return fail(vm, err, "vCPU");
		}
	}
	return 0;
}

/* --- firmware --------------------------------------------------------------------------------- */

static int firmware_place(struct vm *vm, u8 *image, gpa_t *rsdp)
{
	u32 apic_ids[VM_VCPUS_MAX];
	u8 bda[FIRMWARE_BDA_SIZE];
	struct cpuid_dynamic dynamic = {0};
	struct firmware_result result;
	struct cpuid_regs leaf1;

	for (u32 i = 0; i < vm->config.vcpus; i++) {
		apic_ids[i] = i;
	}
	cpuid_lookup(&vm->cpuid, 1, 0, &dynamic, &leaf1);
	struct firmware_params params = {
		.memsize_bytes = MIB(vm->config.mem_mb),
		.vcpu_count = vm->config.vcpus,
		.apic_ids = apic_ids,
		.cpuid_signature = leaf1.eax,
		.cpuid_features = leaf1.edx,
		.cpu_mhz = (u16)MIN(arch_tsc_khz() / 1000, (u64)UINT16_MAX),
		.uuid = {'E', 'v', 'e', 'n', 'k', 'e', 'e', 'l', 0, 0, 0, 0, 0, 0,
			 (u8)(vm->id >> 8), (u8)vm->id},
		/* Drivers of that interface are loaded by this name. */
		.manufacturer = vm->config.interface == INTERFACE_VMWARE ? "VMware, Inc." : NULL,
	};
	int err = firmware_build(&params, image, &result);

	if (err != 0) {
		return err;
	}
	*rsdp = result.rsdp;
	firmware_build_bda(bda);
	err = guest_write(&vm->p2m, gpa(FIRMWARE_BDA_BASE), bda, sizeof(bda));
	if (err != 0) {
		return err;
	}
	return guest_write(&vm->p2m, gpa(GUEST_BIOS_BASE), image, GUEST_BIOS_SIZE);
}

static int firmware_install(struct vm *vm, gpa_t *rsdp)
{
	u8 *image = pages_alloc(GUEST_BIOS_SIZE);
	int err = image != NULL ? firmware_place(vm, image, rsdp) : ERR_NOMEM;

	pages_free(image, GUEST_BIOS_SIZE);
	return err != 0 ? fail(vm, err, "firmware tables") : 0;
}

/* --- kernel ----------------------------------------------------------------------------------- */

static int module_need(struct vm *vm, const char *key, const char *name, struct module *out)
{
	if (modules_find(name, out)) {
		return 0;
	}
	fmt_print(vm->end_reason, sizeof(vm->end_reason),
		  "%s = \"%s\": there is no such boot module", key, name);
	return ERR_NOENT;
}

/* The first word of a guest module's string names the boot module. */
static int guest_module(struct vm *vm, u32 index, struct loader_module *out)
{
	const char *string = vm->config.modules[index];
	char key[24];
	char name[CONFIG_MODULE_NAME_SIZE];
	struct module m;
	size_t n = 0;

	while (string[n] != '\0' && string[n] != ' ' && n < sizeof(name) - 1) {
		n++;
	}
	memcpy(name, string, n);
	name[n] = '\0';
	fmt_print(key, sizeof(key), "boot.module%u", index);
	int err = module_need(vm, key, name, &m);

	if (err == 0) {
		*out = (struct loader_module){m.data, m.size_bytes, string};
	}
	return err;
}

static int plan_copy(struct vm *vm, const struct load_plan *plan)
{
	for (u32 i = 0; i < plan->segment_count; i++) {
		const struct load_segment *s = &plan->segments[i];
		int err = guest_write(&vm->p2m, s->gpa, s->data, s->data_bytes);

		if (err != 0) {
			return fail(vm, err, "loading the kernel");
		}
	}
	struct vcpu *bsp = vm->vcpus[0];

	memcpy(bsp->hw->gpr, plan->gpr, sizeof(plan->gpr));
	vlapic_set_virtual_wire(&bsp->lapic);
	int err = virt->set_state(bsp->hw, GS_ALL, &plan->state);

	return err != 0 ? fail(vm, err, "initial registers") : 0;
}

static int plan_make(struct vm *vm, gpa_t rsdp, struct load_plan *plan)
{
	struct e820_entry map[FIRMWARE_E820_MAX];
	struct loader_module modules[CONFIG_GUEST_MODULES_MAX];
	struct module kernel;
	struct module initrd = {0};
	char reason[128];
	int err = module_need(vm, "boot.kernel", vm->config.kernel, &kernel);

	if (err == 0 && vm->config.initrd[0] != '\0') {
		err = module_need(vm, "boot.initrd", vm->config.initrd, &initrd);
	}
	for (u32 i = 0; err == 0 && i < vm->config.module_count; i++) {
		err = guest_module(vm, i, &modules[i]);
	}
	if (err != 0) {
		return err;
	}
	struct load_request request = {
		.kernel = kernel.data,
		.kernel_bytes = kernel.size_bytes,
		.initrd = initrd.data,
		.initrd_bytes = initrd.size_bytes,
		.cmdline = vm->config.cmdline,
		.modules = modules,
		.module_count = vm->config.module_count,
		.map = map,
		.map_count = firmware_build_e820(MIB(vm->config.mem_mb), map),
		.rsdp = rsdp,
	};

	err = loader_plan(&request, plan, reason, sizeof(reason));
	if (err != 0) {
		fmt_print(vm->end_reason, sizeof(vm->end_reason), "boot.kernel = \"%s\": %s",
			  vm->config.kernel, reason);
		return err;
	}
	err = plan_copy(vm, plan);
	if (err == 0) {
		log_info("vm %s: %s", vm->config.name, plan->description);
	}
	return err;
}

static int kernel_load(struct vm *vm, gpa_t rsdp)
{
	struct load_plan *plan = pages_alloc(sizeof(*plan));
	int err = plan != NULL ? plan_make(vm, rsdp, plan) : fail(vm, ERR_NOMEM, "load plan");

	pages_free(plan, sizeof(*plan));
	return err;
}

/* --- all of it -------------------------------------------------------------------------------- */

int vm_build(struct vm *vm)
{
	gpa_t rsdp;
	int err = hardware_create(vm);

	if (err == 0) {
		err = firmware_install(vm, &rsdp);
	}
	if (err == 0) {
		err = kernel_load(vm, rsdp);
	}
	while (err != 0 && !vm_teardown_step(vm)) {
	}
	return err;
}

bool vm_teardown_step(struct vm *vm)
{
	if (vm->platform.vm != NULL) {
		platform_stop(&vm->platform);
		vm->platform.vm = NULL;
	}
	dispatch_vm_remove(vm);
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		vcpu_destroy(vm->vcpus[i]);
		vm->vcpus[i] = NULL;
	}
	if (vm->p2m.root.v != 0 && !p2m_destroy_step(&vm->p2m, TEARDOWN_TABLES)) {
		return false;
	}
	if (vm->hw != NULL) {
		virt->vm_destroy(vm->hw);
		vm->hw = NULL;
	}
	return true;
}

u64 vm_overhead_pages(const struct vm *vm)
{
	u64 ram_pages = MIB(vm->config.mem_mb) >> PAGE_SHIFT;
	/* Level-1 tables for all RAM, level-2 tables above them, and the few at the top and below
	 * the holes. */
	u64 tables = DIV_ROUND_UP(ram_pages, 512) + DIV_ROUND_UP(ram_pages, 512 * 512) + 8;

	return tables + VM_OVERHEAD_PAGES + vm->config.vcpus * VCPU_OVERHEAD_PAGES;
}
