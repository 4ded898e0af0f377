// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports and MMIO of a VM, and the wiring of its interrupt lines.
 *
 * Each access: lock, device call, settle(), unlock, then carry out what settle() collected.
 * settle() compares every device's output with what PIC and IOAPIC were last told, so no device
 * model knows about interrupt controllers.
 */
#include "kernel/platform.h"

#include "arch/arch.h"
#include "kernel/dev/apic_route.h"
#include "kernel/guest_layout.h"
#include "kernel/params.h"
#include "kernel/vm.h"

/* What an access leaves to be done without the lock. */
struct aftermath {
	struct apic_msg_list msgs;
	bool pic_rose;
	bool poweroff;
	bool reset;
};

#define TX_CHUNK      32u

/* Mask bit of a redirection entry (82093AA data sheet, 3.2.4). */
#define IOAPIC_MASKED BIT(16)

/* --- interrupt lines -------------------------------------------------------------------------- */

static void messages_send(struct vm *vm, const struct apic_msg_list *list)
{
	for (u32 i = 0; i < list->count; i++) {
		platform_send(vm, &list->msg[i]);
	}
}

static void line_set(struct platform *p, u32 irq, u32 pin, bool level, struct apic_msg_list *msgs)
{
	u32 bit = 1u << irq;

	if (((p->lines & bit) != 0) == level) {
		return;
	}
	p->lines ^= bit;
	vpic_set_line(&p->pic, irq, level);
	vioapic_set_line(&p->ioapic, pin, level, msgs);
}

/* The PIT's output is a pulse per tick: down and up again. */
static void pit_pulse(struct platform *p, struct apic_msg_list *msgs)
{
	u64 entry = p->ioapic.entry[GUEST_GSI_PIT];
	u8 vector = (entry & IOAPIC_MASKED) != 0 ? 0 : (u8)entry;

	__atomic_store_n(&p->pit_vector, vector, __ATOMIC_RELAXED);
	line_set(p, GUEST_IRQ_PIT, GUEST_GSI_PIT, false, msgs);
	line_set(p, GUEST_IRQ_PIT, GUEST_GSI_PIT, true, msgs);
}

/* Not before `earliest_ns`, whatever rate the guest programs. */
static void timer_rearm(struct platform *p, u64 earliest_ns)
{
	u64 deadline_ns = MIN(vpit_deadline_ns(&p->pit), vrtc_deadline_ns(&p->rtc));

	deadline_ns = MIN(deadline_ns, vpm_deadline_ns(&p->pm));
	for (u32 i = 0; i < PLATFORM_UARTS; i++) {
		deadline_ns = MIN(deadline_ns, vuart_deadline_ns(&p->uart[i]));
	}
	timer_arm(&p->timer, MAX(deadline_ns, earliest_ns));
}

static void settle(struct platform *p, struct aftermath *after)
{
	after->msgs.count = 0;
	if (vpit_take_edge(&p->pit)) {
		pit_pulse(p, &after->msgs);
	}
	line_set(p, GUEST_IRQ_RTC, GUEST_IRQ_RTC, vrtc_irq(&p->rtc), &after->msgs);
	line_set(p, GUEST_IRQ_SCI, GUEST_IRQ_SCI, vpm_irq(&p->pm), &after->msgs);
	line_set(p, GUEST_IRQ_COM1, GUEST_IRQ_COM1, vuart_irq(&p->uart[0]), &after->msgs);
	line_set(p, GUEST_IRQ_COM2, GUEST_IRQ_COM2, vuart_irq(&p->uart[1]), &after->msgs);

	bool output = vpic_output(&p->pic);

	after->pic_rose = output && !p->pic_output;
	p->pic_output = output;
	after->poweroff = vpm_poweroff_requested(&p->pm);
	after->reset = vreset_requested(&p->reset);
}

/* Without the lock. */
static void carry_out(struct platform *p, const struct aftermath *after)
{
	messages_send(p->vm, &after->msgs);
	for (u32 i = 0; after->pic_rose && i < p->vm->config.vcpus; i++) {
		vcpu_post(p->vm->vcpus[i], VCPU_REQ_EXTINT);
	}
	if (after->poweroff) {
		vm_end(p->vm, VM_END_POWERED_OFF, 0, "ACPI S5");
	} else if (after->reset) {
		/* Busy: another request goes first. */
		(void)!vm_request(p->vm, VM_REQ_RESET);
	}
}

static void unlock_and_carry_out(struct platform *p, u64 earliest_ns)
{
	struct aftermath after;

	settle(p, &after);
	timer_rearm(p, earliest_ns);
	spin_unlock(&p->lock);
	carry_out(p, &after);
}

static void timer_fire(struct timer *timer, u64 now_ns)
{
	struct platform *p = container_of(timer, struct platform, timer);

	spin_lock(&p->lock);
	vpit_advance(&p->pit, now_ns);
	vrtc_advance(&p->rtc, now_ns);
	vpm_advance(&p->pm, now_ns);
	for (u32 i = 0; i < PLATFORM_UARTS; i++) {
		vuart_advance(&p->uart[i], now_ns);
	}
	unlock_and_carry_out(p, now_ns + TIMER_INTERVAL_MIN_NS);
}

/* --- ports ------------------------------------------------------------------------------------ */

/* `port` is absolute. */
struct port_range {
	u16 base;
	u16 count;
	const char *name;
	bool quiet; /* reads change neither lines nor deadlines */
	u32 (*read)(struct platform *p, u16 port, u8 size, u64 now_ns);
	void (*write)(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns);
};

static u32 pic_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	bool tick_waits = vpic_is_requested(&p->pic, GUEST_IRQ_PIT);
	u32 value = vpic_read(&p->pic, port);

	(void)size;
	/* A poll acknowledges. */
	if (tick_waits && !vpic_is_requested(&p->pic, GUEST_IRQ_PIT)) {
		vpit_ack(&p->pit, now_ns);
	}
	return value;
}

static void pic_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	u8 imr = p->pic.master.imr;

	(void)size;
	vpic_write(&p->pic, port, (u8)value);
	/* A line that the guest unmasks wants ticks from now on, not those it slept through. */
	if ((imr & ~p->pic.master.imr & BIT(GUEST_IRQ_PIT)) != 0) {
		vpit_unmasked(&p->pit, now_ns);
	}
}

static u32 pit_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	return vpit_read(&p->pit, port - GUEST_PORT_PIT, size, now_ns);
}

static void pit_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	vpit_write(&p->pit, port - GUEST_PORT_PIT, size, value, now_ns);
}

static u32 port61_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	(void)port;
	(void)size;
	return vpit_port61_read(&p->pit, now_ns);
}

static void port61_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	(void)port;
	(void)size;
	vpit_port61_write(&p->pit, (u8)value, now_ns);
}

static u32 rtc_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	return vrtc_read(&p->rtc, port - GUEST_PORT_RTC, size, now_ns);
}

static void rtc_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	vrtc_write(&p->rtc, port - GUEST_PORT_RTC, size, value, now_ns);
}

static u32 pm_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	return vpm_read(&p->pm, port - GUEST_PORT_PM, size, now_ns);
}

static void pm_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	vpm_write(&p->pm, port - GUEST_PORT_PM, size, value, now_ns);
}

static u32 reset_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	return vreset_read(&p->reset, port, size, now_ns);
}

static void reset_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	vreset_write(&p->reset, port, size, value, now_ns);
}

/* One byte at 0xCF9 is the reset register, everything else there is PCI's. */
static u32 pci_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	if (port == GUEST_PORT_RESET && size == 1) {
		return vreset_read(&p->reset, port, size, now_ns);
	}
	return vpci_read(&p->pci, port - GUEST_PORT_PCI_CONFIG, size, now_ns);
}

static void pci_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	if (port == GUEST_PORT_RESET && size == 1) {
		vreset_write(&p->reset, port, size, value, now_ns);
		return;
	}
	vpci_write(&p->pci, port - GUEST_PORT_PCI_CONFIG, size, value, now_ns);
}

static struct vuart *uart_at(struct platform *p, u16 port)
{
	return &p->uart[port >= GUEST_PORT_COM1 ? 0 : 1];
}

static u32 uart_read(struct platform *p, u16 port, u8 size, u64 now_ns)
{
	return vuart_read(uart_at(p, port), port & (GUEST_PORT_UART_COUNT - 1), size, now_ns);
}

static void uart_write(struct platform *p, u16 port, u8 size, u32 value, u64 now_ns)
{
	struct vuart *uart = uart_at(p, port);
	u8 bytes[TX_CHUNK];
	u32 n = 0;

	vuart_write(uart, port & (GUEST_PORT_UART_COUNT - 1), size, value, now_ns);
	while (n < TX_CHUNK && vuart_tx_pop(uart, &bytes[n])) {
		n++;
	}
	/* COM2's line end is open: nobody listens. */
	if (n > 0 && port >= GUEST_PORT_COM1) {
		vm_console_output(&p->vm->console, bytes, n);
	}
}

/* Sorted by base. */
/* clang-format off */
static const struct port_range port_ranges[] = {
	{0x020, 2, "pic", false, pic_read, pic_write},
	{GUEST_PORT_PIT, GUEST_PORT_PIT_COUNT, "pit", false, pit_read, pit_write},
	{GUEST_PORT_KBD_DATA, 1, "i8042", false, reset_read, reset_write},
	{GUEST_PORT_SYSTEM_B, 1, "port 61h", false, port61_read, port61_write},
	{GUEST_PORT_KBD_COMMAND, 1, "i8042", false, reset_read, reset_write},
	{GUEST_PORT_RTC, GUEST_PORT_RTC_COUNT, "rtc", false, rtc_read, rtc_write},
	{GUEST_PORT_SYSTEM_A, 1, "port 92h", true, reset_read, reset_write},
	{0x0a0, 2, "pic", false, pic_read, pic_write},
	{GUEST_PORT_COM2, GUEST_PORT_UART_COUNT, "com2", false, uart_read, uart_write},
	{GUEST_PORT_COM1, GUEST_PORT_UART_COUNT, "com1", false, uart_read, uart_write},
	{0x4d0, 2, "elcr", false, pic_read, pic_write},
	{GUEST_PORT_PM, GUEST_PORT_PM_COUNT, "acpi pm", true, pm_read, pm_write},
	{GUEST_PORT_PCI_CONFIG, GUEST_PORT_PCI_COUNT, "pci", true, pci_read, pci_write},
};
/* clang-format on */

static const struct port_range *port_find(u16 port)
{
	u32 low = 0;
	u32 high = ARRAY_SIZE(port_ranges);

	while (low < high) {
		u32 mid = (low + high) / 2;
		const struct port_range *r = &port_ranges[mid];

		if (port < r->base) {
			high = mid;
		} else if (port >= r->base + r->count) {
			low = mid + 1;
		} else {
			return r;
		}
	}
	return NULL;
}

u32 platform_port_read(struct platform *p, u16 port, u8 size_bytes)
{
	const struct port_range *r = port_find(port);
	u64 now_ns = arch_now_ns();
	u32 mask = size_bytes == 4 ? UINT32_MAX : (1u << (8 * size_bytes)) - 1;

	if (r == NULL) {
		return mask;
	}
	spin_lock(&p->lock);
	u32 value = r->read(p, port, size_bytes, now_ns);

	if (r->quiet) {
		spin_unlock(&p->lock);
	} else {
		unlock_and_carry_out(p, 0);
	}
	return value & mask;
}

void platform_port_write(struct platform *p, u16 port, u8 size_bytes, u32 value)
{
	const struct port_range *r = port_find(port);
	u64 now_ns = arch_now_ns();

	if (r == NULL) {
		return;
	}
	spin_lock(&p->lock);
	r->write(p, port, size_bytes, value, now_ns);
	unlock_and_carry_out(p, 0);
}

/* --- memory-mapped ---------------------------------------------------------------------------- */

static bool is_ioapic(gpa_t at)
{
	return at.v - GUEST_IOAPIC_BASE < VIOAPIC_MMIO_SIZE;
}

u64 platform_mmio_read(struct platform *p, gpa_t at, u8 size_bytes)
{
	if (!is_ioapic(at)) {
		return UINT64_MAX;
	}
	spin_lock(&p->lock);
	u64 value = vioapic_read(&p->ioapic, (u32)(at.v - GUEST_IOAPIC_BASE), size_bytes);

	spin_unlock(&p->lock);
	return value;
}

static void ioapic_write(struct platform *p, gpa_t at, u8 size_bytes, u64 value)
{
	u64 before = p->ioapic.entry[GUEST_GSI_PIT];
	struct apic_msg_list msgs = {.count = 0};
	struct aftermath after;

	vioapic_write(&p->ioapic, (u32)(at.v - GUEST_IOAPIC_BASE), size_bytes, value, &msgs);
	if ((before & ~p->ioapic.entry[GUEST_GSI_PIT] & IOAPIC_MASKED) != 0) {
		vpit_unmasked(&p->pit, arch_now_ns());
	}
	settle(p, &after);
	timer_rearm(p, 0);
	spin_unlock(&p->lock);
	messages_send(p->vm, &msgs);
	carry_out(p, &after);
}

void platform_mmio_write(struct platform *p, gpa_t at, u8 size_bytes, u64 value)
{
	if (is_ioapic(at)) {
		spin_lock(&p->lock);
		ioapic_write(p, at, size_bytes, value);
	}
}

/* --- from and to the vCPUs -------------------------------------------------------------------- */

void platform_eoi(struct platform *p, u8 vector)
{
	struct apic_msg_list msgs = {.count = 0};

	spin_lock(&p->lock);
	vioapic_eoi(&p->ioapic, vector, &msgs);
	spin_unlock(&p->lock);
	messages_send(p->vm, &msgs);
}

int platform_pic_vector(struct platform *p)
{
	spin_lock(&p->lock);
	int vector = vpic_output(&p->pic) ? vpic_peek_vector(&p->pic) : -1;

	spin_unlock(&p->lock);
	return vector;
}

void platform_pic_ack(struct platform *p, u8 vector)
{
	u64 now_ns = arch_now_ns();

	spin_lock(&p->lock);
	/* By vector: what another pCPU's timer requested since it was offered is still to come. */
	if (vpic_ack_vector(&p->pic, vector) == GUEST_IRQ_PIT) {
		vpit_ack(&p->pit, now_ns);
	}
	p->pic_output = false; /* a request that is still there counts as a new edge */
	unlock_and_carry_out(p, 0);
}

void platform_irq_taken(struct platform *p, u8 vector)
{
	if (likely(__atomic_load_n(&p->pit_vector, __ATOMIC_RELAXED) != vector)) {
		return;
	}
	u64 now_ns = arch_now_ns();

	spin_lock(&p->lock);
	vpit_ack(&p->pit, now_ns);
	unlock_and_carry_out(p, 0);
}

u64 platform_tick_lag_ns(struct platform *p)
{
	spin_lock(&p->lock);
	u64 lag_ns =
		MAX(tick_backlog_lag_ns(&p->pit.backlog), tick_backlog_lag_ns(&p->rtc.backlog));

	spin_unlock(&p->lock);
	return lag_ns;
}

void platform_drop_backlog(struct platform *p)
{
	spin_lock(&p->lock);
	tick_backlog_drop(&p->pit.backlog);
	tick_backlog_drop(&p->rtc.backlog);
	unlock_and_carry_out(p, 0);
}

static void message_deliver(struct vcpu *vcpu, const struct apic_msg *msg)
{
	switch (msg->delivery) {
	case APIC_FIXED:
	case APIC_LOWEST:
		vcpu_post_irq(vcpu, msg->vector, msg->level);
		break;
	case APIC_NMI:
		vcpu_post(vcpu, VCPU_REQ_NMI);
		break;
	case APIC_INIT:
		vcpu_post(vcpu, VCPU_REQ_INIT);
		break;
	case APIC_STARTUP:
		__atomic_store_n(&vcpu->sipi_vector, msg->vector, __ATOMIC_RELAXED);
		vcpu_post(vcpu, VCPU_REQ_SIPI);
		break;
	case APIC_EXTINT:
		vcpu_post(vcpu, VCPU_REQ_EXTINT);
		break;
	default: /* SMI: there is no SMM; remote read: obsolete */
		break;
	}
}

void platform_send(struct vm *vm, const struct apic_msg *msg)
{
	const struct vlapic *lapics[VM_VCPUS_MAX];
	u32 count = vm->config.vcpus;

	for (u32 i = 0; i < count; i++) {
		lapics[i] = &vm->vcpus[i]->lapic;
	}
	u32 dests = apic_route(msg, lapics, count, &vm->platform.route_rotor);

	for (; dests != 0; dests &= dests - 1) {
		message_deliver(vm->vcpus[__builtin_ctz(dests)], msg);
	}
}

u32 platform_uart_input(struct platform *p, const u8 *bytes, u32 size)
{
	u64 now_ns = arch_now_ns();
	u32 n = 0;

	spin_lock(&p->lock);
	while (n < size && vuart_rx_push(&p->uart[0], bytes[n], now_ns)) {
		n++;
	}
	unlock_and_carry_out(p, 0);
	return n;
}

void platform_init(struct platform *p, struct vm *vm, bool reset, u64 now_ns)
{
	struct vrtc rtc = p->rtc;

	*p = (struct platform){.vm = vm, .rtc = rtc};
	vpic_init(&p->pic);
	vioapic_init(&p->ioapic, 0);
	vpit_init(&p->pit, now_ns);
	if (reset) {
		vrtc_reset(&p->rtc, now_ns);
	} else {
		vrtc_init(&p->rtc, arch_boot_wallclock_s(), MIB(vm->config.mem_mb), now_ns);
	}
	vpm_init(&p->pm, now_ns);
	for (u32 i = 0; i < PLATFORM_UARTS; i++) {
		vuart_init(&p->uart[i], now_ns);
	}
	vpci_init(&p->pci);
	vreset_init(&p->reset);
	timer_init(&p->timer, timer_fire);
}

void platform_stop(struct platform *p)
{
	timer_cancel(&p->timer);
}
