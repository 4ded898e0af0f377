// SPDX-License-Identifier: GPL-2.0-only
/*
 * INS and OUTS: widths, REP, direction, address sizes, segment overrides, and faults in the middle.
 * Byte sequences go through the FIFO of the second UART in loopback mode, so that a lost or doubled
 * byte shows.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "kernel/lib/string.h"

#define COM2 0x2f8
#define FIFO 14

static void fifo_reset(void)
{
	outb(COM2 + 4, 0x10); /* loopback */
	outb(COM2 + 2, 7);
}

static void rep_outsb(const void *from, u64 n, u16 port, u64 *rsi, u64 *rcx)
{
	*rsi = (u64)(uintptr_t)from;
	*rcx = n;
	__asm__ volatile("rep outsb" : "+S"(*rsi), "+c"(*rcx) : "d"(port) : "memory");
}

static void rep_insb(void *to, u64 n, u16 port, u64 *rdi, u64 *rcx)
{
	*rdi = (u64)(uintptr_t)to;
	*rcx = n;
	__asm__ volatile("rep insb" : "+D"(*rdi), "+c"(*rcx) : "d"(port) : "memory");
}

/* The UART sends at its own pace: wait until `n` bytes can be read. */
static void fifo_settle(void)
{
	wait_for((inb(COM2 + 5) & 0x40) != 0, 500);
	clock_delay_us(2000);
}

static void test_sequence(void)
{
	static const char text[FIFO + 1] = "ABCDEFGHIJKLMN";
	char back[FIFO + 1] = "";
	u64 index, count;

	fifo_reset();
	rep_outsb(text, FIFO, COM2, &index, &count);
	report(count == 0 && index == (u64)(uintptr_t)text + FIFO, "rep outsb", "RCX %lu", count);
	fifo_settle();
	rep_insb(back, FIFO, COM2, &index, &count);
	report(count == 0 && strcmp(text, back) == 0, "rep insb", "%s", back);
	fifo_reset();
	__asm__ volatile("outsb" : "=S"(index) : "S"(text), "d"((u16)COM2) : "memory");
	__asm__ volatile("outsb" : "=S"(index) : "S"(index), "d"((u16)COM2) : "memory");
	fifo_settle();
	u8 a = inb(COM2), b = inb(COM2);
	report(a == 'A' && b == 'B', "outsb without REP", "%c%c", a, b);
	rep_outsb(text, 0, COM2, &index, &count);
	report(index == (u64)(uintptr_t)text && (inb(COM2 + 5) & 1) == 0, "REP with count 0",
	       "nothing sent");
}

static void test_direction(void)
{
	static const char text[] = "XYZ";
	char back[4] = "";
	u64 rsi = (u64)(uintptr_t)text + 2, rcx = 3;

	fifo_reset();
	__asm__ volatile("std; rep outsb; cld" : "+S"(rsi), "+c"(rcx) : "d"((u16)COM2) : "memory");
	fifo_settle();
	u64 rdi;
	rep_insb(back, 3, COM2, &rdi, &rcx);
	report(strcmp(back, "ZYX") == 0 && rsi == (u64)(uintptr_t)text - 1, "DF set, OUTS", "%s",
	       back);
	rep_outsb(text, 3, COM2, &rsi, &rcx);
	fifo_settle();
	rdi = (u64)(uintptr_t)back + 2;
	rcx = 3;
	__asm__ volatile("std; rep insb; cld" : "+D"(rdi), "+c"(rcx) : "d"((u16)COM2) : "memory");
	report(strcmp(back, "ZYX") == 0 && rdi == (u64)(uintptr_t)back - 1, "DF set, INS", "%s",
	       back);
}

/* Words and doublewords: PCI configuration data of the host bridge. */
static void test_widths(void)
{
	u16 words[3];
	u32 dwords[3], address = 0x80000000;
	u64 rdi = (u64)(uintptr_t)words, rcx = 3, rsi = (u64)(uintptr_t)&address;
	u32 id;

	__asm__ volatile("outsl" : "+S"(rsi) : "d"((u16)0xcf8) : "memory");
	id = inl(0xcfc);
	report(inl(0xcf8) == address && rsi == (u64)(uintptr_t)(&address + 1), "outsd", "%x",
	       inl(0xcf8));
	__asm__ volatile("rep insw" : "+D"(rdi), "+c"(rcx) : "d"((u16)0xcfc) : "memory");
	report(words[0] == (u16)id && words[2] == (u16)id && rdi == (u64)(uintptr_t)(words + 3),
	       "rep insw", "%x %x", words[0], words[2]);
	rdi = (u64)(uintptr_t)dwords;
	rcx = 3;
	__asm__ volatile("rep insl" : "+D"(rdi), "+c"(rcx) : "d"((u16)0xcfc) : "memory");
	report(dwords[0] == id && dwords[2] == id && rdi == (u64)(uintptr_t)(dwords + 3),
	       "rep insd", "%x %x", dwords[0], dwords[2]);
}

static void test_addressing(void)
{
	static const char text[] = "pq";
	u64 rsi = (u64)(uintptr_t)text | 0xabcd00000000ull, rcx = 0xffff00000002ull;
	u64 low_rsi, index, count;
	char back[3] = "";

	fifo_reset();
	/* 32-bit addresses: ESI and ECX count. */
	__asm__ volatile("addr32 rep outsb" : "+S"(rsi), "+c"(rcx) : "d"((u16)COM2) : "memory");
	low_rsi = (u32)rsi;
	fifo_settle();
	rep_insb(back, 2, COM2, &index, &count);
	report(strcmp(back, "pq") == 0 && low_rsi == (u64)(uintptr_t)text + 2 && (u32)rcx == 0,
	       "address-size prefix", "%s RSI %lx RCX %lx", back, rsi, rcx);
	fifo_reset();
	wrmsr(MSR_FS_BASE, (u64)(uintptr_t)text);
	rsi = 1;
	__asm__ volatile("fs outsb" : "+S"(rsi) : "d"((u16)COM2) : "memory");
	wrmsr(MSR_FS_BASE, 0);
	fifo_settle();
	u8 c = inb(COM2);
	report(c == 'q' && rsi == 2, "segment override", "%c", c);
}

static volatile u32 faults;
static u64 fault_page, fault_rcx;

/* Maps the page that was missing and lets the instruction go on. */
static void on_fault(struct trap_frame *frame)
{
	faults++;
	fault_rcx = frame->rcx;
	page_map(read_cr2() & ~PAGE_MASK, fault_page, PTE_P | PTE_W);
}

static void test_fault_in_the_middle(void)
{
	u8 *pages = page_alloc(2);
	u64 boundary = MAP_WINDOW + PAGE_SIZE, index, count;
	char back[FIFO + 1] = "";

	memcpy(pages + PAGE_SIZE - 5, "abcdefghij", 5);
	memcpy(pages + PAGE_SIZE, "fghij", 5);
	page_map(MAP_WINDOW, (u64)(uintptr_t)pages, PTE_P | PTE_W);
	page_map(boundary, 0, 0);
	fault_page = (u64)(uintptr_t)pages + PAGE_SIZE;
	trap_handle(VEC_PF, on_fault);
	fifo_reset();
	faults = 0;
	rep_outsb((void *)(boundary - 5), 10, COM2, &index, &count);
	report(faults == 1 && fault_rcx == 5, "#PF inside rep outsb", "%u faults, RCX %lu at it",
	       faults, fault_rcx);
	fifo_settle();
	rep_insb(back, 10, COM2, &index, &count);
	report(strcmp(back, "abcdefghij") == 0, "bytes sent once each", "%s", back);

	rep_outsb("0123456789", 10, COM2, &index, &count);
	fifo_settle();
	page_map(boundary, 0, 0);
	faults = 0;
	memset(pages, 0, 2 * PAGE_SIZE);
	rep_insb((void *)(boundary - 3), 10, COM2, &index, &count);
	report(faults == 1 && fault_rcx == 7, "#PF inside rep insb", "%u faults, RCX %lu at it",
	       faults, fault_rcx);
	report(memcmp(pages + PAGE_SIZE - 3, "0123456789", 10) == 0 && (inb(COM2 + 5) & 1) == 0,
	       "bytes read once each", "%s", (const char *)pages + PAGE_SIZE - 3);
	trap_handle(VEC_PF, NULL);
}

static void do_ins_read_only(void *arg)
{
	u64 rdi = (u64)(uintptr_t)arg;

	__asm__ volatile("insb" : "+D"(rdi) : "d"((u16)COM2) : "memory");
}

static void test_protection(void)
{
	page_map(MAP_WINDOW, (u64)(uintptr_t)page_alloc(1), PTE_P);
	expect_fault("insb to a read-only page", VEC_PF, PF_P | PF_W, do_ins_read_only,
		     (void *)MAP_WINDOW);
	expect_fault("insb to a non-canonical address", VEC_GP, 0, do_ins_read_only,
		     (void *)0x8000000000000000);
}

/* Many bytes over several pages to a port nobody minds: POST codes. */
static void test_long(void)
{
	u8 *pages = page_alloc(3);
	u64 index, count;

	rep_outsb(pages + 1, 3 * PAGE_SIZE - 2, 0x80, &index, &count);
	report(count == 0 && index == (u64)(uintptr_t)pages + 3 * PAGE_SIZE - 1, "long rep outsb",
	       "RCX %lu", count);
	rep_insb(pages, 3 * PAGE_SIZE, 0x84, &index, &count);
	report(count == 0 && index == (u64)(uintptr_t)pages + 3 * PAGE_SIZE, "long rep insb",
	       "RCX %lu", count);
}

void guest_main(void)
{
	test_widths();
	test_long();
	outb(COM2 + 7, 0x5a);
	if (inb(COM2 + 7) != 0x5a) {
		report_skip("sequences", "no second UART");
		return;
	}
	outb(COM2 + 3, 3);
	test_sequence();
	test_direction();
	test_addressing();
	test_fault_in_the_middle();
	test_protection();
}
