// SPDX-License-Identifier: GPL-2.0-only
/*
 * evenkeel.efi: starts the hypervisor straight from UEFI firmware. Reads evenkeel.cfg beside
 * itself, puts the image (which it carries) and the modules below 4 GiB, fills struct boot_info and
 * enters the image at its 32-bit entry. Whatever fails before firmware is left is said on the
 * firmware's console, and the application returns.
 */
#include <efi.h>
#include <efilib.h>
#include <elf.h>

#include "arch/arch.h"
#include "boot/boot_info.h"
#include "boot/efi/efi_config.h"
#include "boot/memory_map.h"
#include "kernel/lib/err.h"

#define CONFIG_NAME	L"evenkeel.cfg"
#define CONFIG_SIZE_MAX KIB(64)
#define BELOW_4G	0xffffffffull
#define ERROR_DELAY_US                                                                             \
	5000000 /* so that a person can read it before the firmware's menu is back                 \
		 */
#define EXIT_TRIES	  4
/* Room for the memory map to grow between asking its size and using it. */
#define MAP_SLACK_ENTRIES 16

extern const UINT8 payload_start[], payload_end[];
extern const UINT8 enter_start[], enter_end[];

/* Everything that outlives the application, in one allocation. */
struct handover {
	struct boot_info info;
	char loader[8];
};

static struct handover *handover;
static struct memory_map *map;
static EFI_PHYSICAL_ADDRESS enter_page;
static struct efi_config config;

/* --- memory ----------------------------------------------------------------------------------- */

static EFI_STATUS alloc(UINT64 size, EFI_MEMORY_TYPE type, EFI_PHYSICAL_ADDRESS *at)
{
	*at = BELOW_4G;
	return uefi_call_wrapper(BS->AllocatePages, 4, AllocateMaxAddress, type,
				 EFI_SIZE_TO_PAGES(size), at);
}

static VOID *alloc_zeroed(UINT64 size)
{
	EFI_PHYSICAL_ADDRESS at;

	if (EFI_ERROR(alloc(size, EfiLoaderData, &at))) {
		return NULL;
	}
	SetMem((VOID *)(UINTN)at, size, 0);
	return (VOID *)(UINTN)at;
}

/* What firmware's memory types are to us once boot services are over; types missing here are not
 * RAM, or not ours. */
static const struct {
	UINT32 efi;
	enum boot_range_type type;
} memory_types[] = {
	{EfiLoaderCode, BOOT_RAM_FREE},		 {EfiLoaderData, BOOT_RAM_FREE},
	{EfiBootServicesCode, BOOT_RAM_FREE},	 {EfiBootServicesData, BOOT_RAM_FREE},
	{EfiConventionalMemory, BOOT_RAM_FREE},	 {EfiACPIReclaimMemory, BOOT_RAM_ACPI},
	{EfiACPIMemoryNVS, BOOT_RAM_ACPI},	 {EfiReservedMemoryType, BOOT_RESERVED},
	{EfiRuntimeServicesCode, BOOT_RESERVED}, {EfiRuntimeServicesData, BOOT_RESERVED},
	{EfiUnusableMemory, BOOT_RESERVED},
};

static VOID add_descriptor(const EFI_MEMORY_DESCRIPTOR *d)
{
	for (UINTN i = 0; i < ARRAY_SIZE(memory_types); i++) {
		if (memory_types[i].efi == d->Type) {
			memory_map_add(map, d->PhysicalStart, d->NumberOfPages * EFI_PAGE_SIZE,
				       memory_types[i].type);
		}
	}
}

/* Gets the map and leaves boot services with its key; a key that went stale in between is fetched
 * anew. */
static EFI_STATUS leave_firmware(EFI_HANDLE image)
{
	UINTN size = 0, key, entry_size;
	UINT32 version;
	EFI_STATUS status =
		uefi_call_wrapper(BS->GetMemoryMap, 5, &size, NULL, &key, &entry_size, &version);
	UINTN room = size + MAP_SLACK_ENTRIES * entry_size;
	EFI_MEMORY_DESCRIPTOR *entries = AllocatePool(room);

	if (entries == NULL) {
		return EFI_OUT_OF_RESOURCES;
	}
	for (UINTN i = 0; i < EXIT_TRIES; i++) {
		size = room;
		status = uefi_call_wrapper(BS->GetMemoryMap, 5, &size, entries, &key, &entry_size,
					   &version);
		if (EFI_ERROR(status)) {
			return status;
		}
		status = uefi_call_wrapper(BS->ExitBootServices, 2, image, key);
		if (!EFI_ERROR(status)) {
			break;
		}
	}
	for (UINTN at = 0; !EFI_ERROR(status) && at < size; at += entry_size) {
		add_descriptor((EFI_MEMORY_DESCRIPTOR *)((UINT8 *)entries + at));
	}
	return status;
}

/* --- files ------------------------------------------------------------------------------------ */

/* The path of a file beside the application, or an absolute path as it is. */
static CHAR16 *beside(EFI_LOADED_IMAGE *self, const CHAR16 *name)
{
	CHAR16 *own = DevicePathToStr(self->FilePath);
	UINTN folder = 0;

	if (name[0] == L'\\') {
		return StrDuplicate(name);
	}
	for (UINTN i = 0; own[i] != 0; i++) {
		folder = own[i] == L'\\' ? i + 1 : folder;
	}
	own[folder] = 0;
	return PoolPrint(L"%s%s", own, name);
}

static EFI_STATUS read_file(EFI_FILE_HANDLE volume, CHAR16 *path, UINT64 limit, VOID **data,
			    UINTN *size)
{
	EFI_FILE_HANDLE file;
	EFI_STATUS status =
		uefi_call_wrapper(volume->Open, 5, volume, &file, path, EFI_FILE_MODE_READ, 0);

	if (EFI_ERROR(status)) {
		return status;
	}
	EFI_FILE_INFO *info = LibFileInfo(file);

	if (info == NULL || (info->Attribute & EFI_FILE_DIRECTORY) != 0) {
		status = EFI_INVALID_PARAMETER;
	} else if (info->FileSize > limit) {
		status = EFI_BAD_BUFFER_SIZE;
	} else {
		*size = info->FileSize;
		*data = alloc_zeroed(MAX(info->FileSize, 1));
		status = *data == NULL ? EFI_OUT_OF_RESOURCES
				       : uefi_call_wrapper(file->Read, 3, file, size, *data);
	}
	uefi_call_wrapper(file->Close, 1, file);
	return status;
}

static EFI_STATUS read_config(EFI_FILE_HANDLE volume, EFI_LOADED_IMAGE *self)
{
	CHAR16 *path = beside(self, CONFIG_NAME);
	struct efi_config_error error;
	VOID *text;
	UINTN size;
	EFI_STATUS status = read_file(volume, path, CONFIG_SIZE_MAX, &text, &size);

	if (EFI_ERROR(status)) {
		Print(L"Evenkeel: cannot read %s: %r\n", path, status);
		return status;
	}
	if (efi_config_parse(text, size, &config, &error) != ERR_OK) {
		Print(L"Evenkeel: %s, line %d: %a\n", path, error.line, error.what);
		return EFI_INVALID_PARAMETER;
	}
	return EFI_SUCCESS;
}

static EFI_STATUS load_module(EFI_FILE_HANDLE volume, EFI_LOADED_IMAGE *self,
			      const struct efi_config_module *m)
{
	struct boot_info *info = &handover->info;
	struct boot_module *loaded = &info->modules[info->module_count];
	CHAR16 name[EFI_CONFIG_PATH_MAX];
	UINTN i, size;
	VOID *data;

	for (i = 0; m->path[i] != '\0'; i++) {
		name[i] = m->path[i] == '/' ? L'\\' : (UINT8)m->path[i];
	}
	name[i] = 0;

	CHAR16 *path = beside(self, name);
	EFI_STATUS status = read_file(volume, path, BELOW_4G, &data, &size);

	if (EFI_ERROR(status)) {
		Print(L"Evenkeel: %s, line %d: cannot load %s: %r\n", CONFIG_NAME, m->line, path,
		      status);
		return status;
	}
	loaded->base = hpa((UINTN)data);
	loaded->size_bytes = size;
	CopyMem(loaded->name, m->name, sizeof(loaded->name));
	info->module_count++;
	memory_map_add(map, (UINTN)data, size, BOOT_RAM_LOADER);
	return EFI_SUCCESS;
}

/* --- the image -------------------------------------------------------------------------------- */

/* Puts the image at a 2 MiB boundary; *entry is then its entry's physical address. */
static EFI_STATUS load_image(UINT32 *entry)
{
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)payload_start;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(payload_start + elf->e_phoff);
	UINT64 low = UINT64_MAX, high = 0;
	EFI_PHYSICAL_ADDRESS at;

	for (UINTN i = 0; i < elf->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD) {
			low = MIN(low, segments[i].p_paddr);
			high = MAX(high, segments[i].p_paddr + segments[i].p_memsz);
		}
	}
	UINT64 size = ALIGN_UP(high - low, PAGE_SIZE);
	EFI_STATUS status = alloc(size + LARGE_SIZE, EfiLoaderCode, &at);

	if (EFI_ERROR(status)) {
		return status;
	}
	at = ALIGN_UP(at, LARGE_SIZE);
	SetMem((VOID *)(UINTN)at, size, 0);
	for (UINTN i = 0; i < elf->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD) {
			CopyMem((VOID *)(UINTN)(at + segments[i].p_paddr - low),
				payload_start + segments[i].p_offset, segments[i].p_filesz);
		}
	}
	handover->info.image_base = hpa(at);
	handover->info.image_size_bytes = size;
	memory_map_add(map, at, size, BOOT_RAM_LOADER);
	*entry = (UINT32)(elf->e_entry - low + at);
	return EFI_SUCCESS;
}

/* --- what firmware knows ---------------------------------------------------------------------- */

static VOID find_acpi(VOID)
{
	static EFI_GUID acpi1 = ACPI_TABLE_GUID, acpi2 = ACPI_20_TABLE_GUID;
	VOID *rsdp;

	if (!EFI_ERROR(LibGetSystemConfigurationTable(&acpi2, &rsdp)) ||
	    !EFI_ERROR(LibGetSystemConfigurationTable(&acpi1, &rsdp))) {
		handover->info.acpi_rsdp = hpa((UINTN)rsdp);
	}
}

static VOID find_framebuffer(VOID)
{
	static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	struct boot_framebuffer *fb = &handover->info.framebuffer;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;

	if (EFI_ERROR(LibLocateProtocol(&guid, (VOID **)&gop)) || gop->Mode == NULL) {
		return;
	}
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = gop->Mode->Info;
	BOOLEAN bgr = mode->PixelFormat == PixelBlueGreenRedReserved8BitPerColor;

	if (!bgr && mode->PixelFormat != PixelRedGreenBlueReserved8BitPerColor) {
		return; /* no linear buffer, or no 32-bit pixels of the usual kinds */
	}
	*fb = (struct boot_framebuffer){
		.base = hpa(gop->Mode->FrameBufferBase),
		.width_px = mode->HorizontalResolution,
		.height_px = mode->VerticalResolution,
		.pitch_bytes = mode->PixelsPerScanLine * 4,
		.red_shift = bgr ? 16 : 0,
		.green_shift = 8,
		.blue_shift = bgr ? 0 : 16,
	};
}

/* --- start ------------------------------------------------------------------------------------ */

static EFI_STATUS prepare(EFI_HANDLE image, UINT32 *entry)
{
	EFI_LOADED_IMAGE *self;
	EFI_STATUS status = uefi_call_wrapper(BS->HandleProtocol, 3, image, &LoadedImageProtocol,
					      (VOID **)&self);

	if (EFI_ERROR(status)) {
		return status;
	}
	EFI_FILE_HANDLE volume = LibOpenRoot(self->DeviceHandle);

	if (volume == NULL) {
		Print(L"Evenkeel: cannot read the volume it was started from\n");
		return EFI_NOT_FOUND;
	}
	status = read_config(volume, self);
	for (UINTN i = 0; !EFI_ERROR(status) && i < config.module_count; i++) {
		status = load_module(volume, self, &config.modules[i]);
	}
	if (EFI_ERROR(status)) {
		return status;
	}
	CopyMem(handover->info.cmdline, config.cmdline, sizeof(config.cmdline));
	return load_image(entry);
}

static EFI_STATUS allocate(VOID)
{
	EFI_STATUS status = alloc(EFI_PAGE_SIZE, EfiLoaderCode, &enter_page);

	handover = alloc_zeroed(sizeof(*handover));
	map = alloc_zeroed(sizeof(*map));
	if (EFI_ERROR(status) || handover == NULL || map == NULL) {
		return EFI_OUT_OF_RESOURCES;
	}
	CopyMem((VOID *)(UINTN)enter_page, enter_start, enter_end - enter_start);
	CopyMem(handover->loader, "EFI", 4);
	handover->info.loader = hpa_to_va(hpa((UINTN)handover->loader));
	memory_map_add(map, (UINTN)handover, sizeof(*handover), BOOT_RAM_LOADER);
	return EFI_SUCCESS;
}

/* Called by GNU-EFI's start-up code, which uses the System V convention. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	UINT32 entry;

	InitializeLib(image, system);
	/* Loading large modules may take longer than the watchdog's five minutes. */
	uefi_call_wrapper(BS->SetWatchdogTimer, 4, 0, 0, 0, NULL);

	EFI_STATUS status = allocate();

	if (!EFI_ERROR(status)) {
		status = prepare(image, &entry);
	}
	if (!EFI_ERROR(status)) {
		find_acpi();
		find_framebuffer();
		status = leave_firmware(image);
	}
	if (EFI_ERROR(status)) {
		Print(L"Evenkeel: not started: %r\n", status);
		uefi_call_wrapper(BS->Stall, 1, ERROR_DELAY_US);
		return status;
	}
	handover->info.ranges_dropped = memory_map_build(map, &handover->info) != ERR_OK;

	typedef void (*enter_fn)(u64 entry, u64 info, u64 page) __attribute__((sysv_abi));

	((enter_fn)(UINTN)enter_page)(entry, (UINTN)handover, enter_page);
	return EFI_LOAD_ERROR;
}
