// SPDX-License-Identifier: GPL-2.0-only
/* PCI configuration mechanism 1: widths, the address register, the host bridge, absent functions.
 * PCI 3.0, 3.2.2.3. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/platform.h"

static void test_address_register(void)
{
	outl(0xcf8, 0x80000000);
	report(inl(0xcf8) == 0x80000000, "CF8 reads back", "%x", inl(0xcf8));
	outb(0xcf8, 0x12);
	report(inl(0xcf8) == 0x80000000, "byte write does not reach CF8", "%x", inl(0xcf8));
	outl(0xcf8, 0);
	report_pc(inl(0xcfc) == 0xffffffff, "disabled: data reads ones", "%x", inl(0xcfc));
}

static void test_host_bridge(void)
{
	u32 id = pci_read32(0, 0), class = pci_read32(0, 8);

	report(id != 0xffffffff && id != 0, "function 0:0.0", "%x", id);
	report(class >> 16 == 0x0600, "is a host bridge", "class %x", class >> 8);
	outl(0xcf8, 0x80000000);
	u16 vendor = inw(0xcfc), device = inw(0xcfe);
	u8 bytes[4] = {inb(0xcfc), inb(0xcfd), inb(0xcfe), inb(0xcff)};
	report(((u32)device << 16 | vendor) == id, "16-bit reads", "%x %x", vendor, device);
	report(((u32)bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0]) == id,
	       "8-bit reads", "%x %x %x %x", bytes[0], bytes[1], bytes[2], bytes[3]);
	pci_write32(0, 0, 0);
	report(pci_read32(0, 0) == id, "ids are read-only", "%x", pci_read32(0, 0));
	pci_write32(0, 0x3c, (pci_read32(0, 0x3c) & ~0xffu) | 0x5a);
	u8 line = (u8)pci_read32(0, 0x3c);
	report_pc(line == 0x5a || line == 0, "interrupt line", "%x", line);
}

static void test_scan(void)
{
	u32 found = 0, odd = 0;

	for (u32 device = 0; device < 32; device++) {
		u32 id = pci_read32(device << 3, 0);
		if (id == 0xffffffff) {
			odd += pci_read32(device << 3, 8) != 0xffffffff;
			continue;
		}
		found++;
		u32 header = pci_read32(device << 3, 0xc) >> 16 & 0x7f;
		odd += header > 2;
		print("pci 0:%u.0 %x class %x\n", device, id, pci_read32(device << 3, 8) >> 8);
	}
	report(found >= 1 && odd == 0, "scan of bus 0", "%u devices, %u odd", found, odd);
	u32 other = pci_read32(7 << 8, 0);
	report(other == 0xffffffff, "bus 7 is empty", "%x", other);
}

void guest_main(void)
{
	test_address_register();
	test_host_bridge();
	test_scan();
}
