/* The ranges without which a CPU cannot even report a fault. */
#include "arch/x86/paging/vital.h"

#include "arch/x86/paging/layout.h"

struct table_register {
	u16 limit;
	uintptr_t base;
} __packed;

static struct vital_range table_range(const char *name, struct table_register reg)
{
	return (struct vital_range){ name, reg.base, reg.base + reg.limit + 1, false, false };
}

static struct vital_range gdt_range(void)
{
	struct table_register reg;

	__asm__ volatile("sgdt %0" : "=m"(reg));
	return table_range("GDT", reg);
}

static struct vital_range idt_range(void)
{
	struct table_register reg;

	__asm__ volatile("sidt %0" : "=m"(reg));
	return table_range("IDT", reg);
}

bool vital_range(u32 i, struct vital_range *range)
{
	uintptr_t screen = (uintptr_t)phys_to_virt(0xB8000);

	switch (i) {
	case 0:
		*range = (struct vital_range){ "code", (uintptr_t)kernel_start,
			(uintptr_t)kernel_text_end, false, true };
		return true;
	case 1:
		*range = (struct vital_range){ "constants", (uintptr_t)kernel_text_end,
			(uintptr_t)kernel_rodata_end, false, false };
		return true;
	case 2:
		*range = (struct vital_range){ "data", (uintptr_t)kernel_rodata_end,
			(uintptr_t)boot_stack_guard, true, false };
		return true;
	case 3:
		*range = (struct vital_range){ "stack and zeroed data", (uintptr_t)boot_stack,
			(uintptr_t)kernel_end, true, false };
		return true;
	case 4: *range = gdt_range(); return true;
	case 5: *range = idt_range(); return true;
	case 6:
		*range =
			(struct vital_range){ "screen", screen, screen + 80 * 25 * 2, true, false };
		return true;
	default: return false;
	}
}
