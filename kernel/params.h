/* SPDX-License-Identifier: GPL-2.0-only */
/* Every tunable constant, with its unit and the reason for its value. */
#ifndef KERNEL_PARAMS_H
#define KERNEL_PARAMS_H

#include "kernel/lib/types.h"

/* Frames kept zeroed ahead of need: 16 MiB, enough for the first-touch burst of a starting program; small
 * beside any machine that can run guests. */
#define FRAMES_ZEROED_MAX 4096u

/* The longest a vCPU runs before another one that waits gets its turn: 5 ms, a tick of a guest's own scheduler (4 ms at
 * HZ=250) and more, so that each turn gets something done and switching stays far below 0.1 %. */
#define SCHED_SLICE_NS (5 * NSEC_PER_MSEC)

/* How often weights in resource pools follow what is active in them: often enough that a pool's idle share is given away
 * before people notice, and a few microseconds of work each. */
#define SCHED_TICK_NS (100 * NSEC_PER_MSEC)

/* CPU time that reservations leave to the hypervisor itself and to VMs without one: a twentieth of the machine. */
#define SCHED_UNRESERVED_PERMILLE 50u

/* How soon an entry with a held-back interrupt must exit (virt_vcpu.irq_deferred): one guest instruction is
 * over long before, also where an entry is emulated on a busy host, and 200 us more on an interrupt go unnoticed. */
#define IRQ_DEFER_NS (200 * NSEC_PER_USEC)

/* Spinning: this many PAUSEs, each within so many cycles of the one before, are an exit. A lock is usually
 * held for less than 3000 PAUSEs; two of one loop lie closer than 128 cycles. */
#define PAUSE_FILTER_COUNT	   3000u
#define PAUSE_FILTER_THRESHOLD_TSC 128u

/* The same as VT-x counts it: PAUSEs not further apart than this are one loop, and a loop that has lasted this long is an
 * exit. 64k cycles are some 20 us: two or three times the longest lock hold. */
#define PAUSE_LOOP_GAP_TSC    128u
#define PAUSE_LOOP_WINDOW_TSC 65536u

/* VT-x guests exit at least this often, even should a machine interrupt not end guest mode (an emulator forgets to in
 * guests with interrupts disabled): a fifth of a time slice, 500 exits a second, 0.05 % of a pCPU. */
#define VMX_TIMER_US 2000u

/* --- virtual machines --------------------------------------------------------------------------- */

/* VMs that can be defined: ids fit the frame table's 16 bits, and the table of pointers one page. */
#define VM_MAX 256u

/* Timers that can be armed on one pCPU: one per vCPU and one per VM, were all of them there, the monitor's, the
 * scheduler's and that of housekeeping. */
#define TIMERS_PER_PCPU_MAX (VM_MAX * (VM_VCPUS_MAX + 1) + 3)

/* A VM's devices are not advanced by their timer more often than this, whatever rate the guest programs: 20 kHz,
 * more than twice the RTC's fastest. */
#define TIMER_INTERVAL_MIN_NS (50 * NSEC_PER_USEC)

/* A reset builds the VM again no sooner than this many times as long after the last time as that took: a guest that
 * resets without end keeps pCPU 0 busy for a tenth of the time, others do not notice. */
#define VM_REBUILD_PAUSE 9u

/* Output kept per VM: a whole Linux boot. Power of two. */
#define CONSOLE_RING_BYTES 65536u

/* Lag of a guest's clock that VMware's Tools shall mend by a step rather than by running it faster: what that interface
 * has always said. */
#define VMWARE_MAX_LAG_US 1000000u

/* Iterations of a string instruction emulated before interrupts are looked at again: some 10 us. */
#define EMULATE_ITERATIONS_MAX 64u

/* Level-1 tables (2 MiB of guest memory each) freed per housekeeping step: some 100 us. */
#define TEARDOWN_TABLES 4u

/* Pages for a VM's bitmaps, and for a vCPU's control block, extended state and struct vcpu; admission control sets them
 * aside. Measured by the bench guest's overhead lines, rounded up. */
#define VM_OVERHEAD_PAGES   16u
#define VCPU_OVERHEAD_PAGES 8u

/* --- monitor ------------------------------------------------------------------------------------ */

/* Queue of the monitor's output: `vm list` with VM_MAX VMs fits. Power of two. */
#define MONITOR_OUTPUT_BYTES 65536u

/* Sent at a time, between two looks at the clock: a line of text and more. At 115,200 baud 22 ms, the longest that output keeps
 * pCPU 0 beyond MONITOR_OUTPUT_NS. */
#define MONITOR_OUTPUT_PIECE 256u

/* Output per poll, and from one busy poll to the next: guests on pCPU 0 keep at least half of it while a long listing
 * leaves on an emulated console, a third on a real 16550. */
#define MONITOR_OUTPUT_NS (1 * NSEC_PER_MSEC)
#define MONITOR_PACE_NS	  (2 * NSEC_PER_MSEC)

/* Typed bytes taken per poll: more than anybody types in MONITOR_PACE_NS. */
#define MONITOR_INPUT_MAX 64u

/* What of a guest's past an attached console shows: two screens. */
#define MONITOR_REPLAY_BYTES 4096u

/* When the prompt comes back after log lines, and a guest's unfinished line is shown by `console all`: too short to
 * be waited for, longer than the gaps between a booting kernel's lines. */
#define MONITOR_QUIET_NS (200 * NSEC_PER_MSEC)

/* --- limits of VM definition files ------------------------------------------------------------- */

/* Bytes. A file with every key set is under 10 KiB. */
#define CONFIG_FILE_MAX 65536u

/* vCPUs per VM: what the virtual PC is tested for; its 8-bit APIC ids and the tables in guest low memory
 * would carry more. */
#define VM_VCPUS_MAX 32u

/* Guest memory, MB. The least has 1 MiB above the legacy hole, enough for test guests. The most keeps
 * guest-physical addresses within 41 bits, which every CPU and 4-level nested tables reach. */
#define VM_MEM_MB_MIN 2u
#define VM_MEM_MB_MAX 1048576u

/* Multiboot modules of one guest: their list must fit one page with command lines. */
#define CONFIG_GUEST_MODULES_MAX 8u

/* pCPUs that sched.cpu.affinity can name; PCPU_MAX of arch/arch.h, which pure code does not include. */
#define CONFIG_AFFINITY_PCPUS 256u

/* Shares, of a whole VM. Keeps products with virtual time (2^40 ns and more) within 64 bits. */
#define CONFIG_SHARES_MAX 1000000u

/* Shares per vCPU, pool and MB that low, normal and high stand for: the vendor's numbers, so that files
 * written for it mean the same here. */
#define CPU_SHARES_LOW	  500u
#define CPU_SHARES_NORMAL 1000u
#define CPU_SHARES_HIGH	  2000u
#define POOL_SHARES_LOW	   2000u
#define POOL_SHARES_NORMAL 4000u
#define POOL_SHARES_HIGH   8000u
#define MEM_SHARES_LOW	  5u
#define MEM_SHARES_NORMAL 10u
#define MEM_SHARES_HIGH	  20u

/* Resource pools of a machine: the vendor's users have a handful. */
#define POOLS_MAX 64u
/* Pools within pools, the root apart: what the scheduler takes (SCHED_POOL_DEPTH), less what is above and below. */
#define POOL_DEPTH_MAX 7u

/* sched.cpu.skew: below a tenth of a millisecond siblings on two pCPUs would stop each other without end; above a
 * second the rule means nothing. The default of 3 ms is in the table of keys: a few times shorter than what a guest's own
 * scheduler grants, and longer than most lock holds. */
#define CPU_SKEW_US_MIN 100u
#define CPU_SKEW_US_MAX 1000000u

/* MHz: a bound for sched.cpu.min and .max that sums over any machine without overflow. */
#define CONFIG_MHZ_MAX 10000000u

#endif
