/* The chain of callers.  Must never fault: it runs when something is already broken. */
#include "arch/x86/console/backtrace.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/symbols.h"
#include "arch/x86/paging/pgtable.h"

/* Lines printed, and frames looked at: a recursion is one line. */
#define MAX_LINES 40u
#define MAX_FRAMES 10000u

/* What `push ebp; mov ebp, esp` at the start of each function leaves. */
struct stack_frame {
	uintptr_t caller_ebp, return_address;
};

static bool is_mapped(uintptr_t address)
{
	return kernel_pgd && pgtable_walk(kernel_pgd, address).mapped;
}

/* A frame is two words; they may lie in two pages. */
static bool can_read_frame(uintptr_t ebp)
{
	return ebp >= PAGE_OFFSET && IS_ALIGNED(ebp, sizeof(uintptr_t)) &&
	       ebp <= UINTPTR_MAX - sizeof(struct stack_frame) && is_mapped(ebp) &&
	       is_mapped(ebp + sizeof(uintptr_t));
}

/*
 * The return address may lie behind the end of its function, if that ends in a call which never
 * returns: the byte before it belongs to the call.
 */
static void print_frame(uintptr_t return_address)
{
	u32 offset;
	const char *name = symbol_name(return_address - 1, &offset);

	console_printf("  [<%08x>] %s+0x%x\n", return_address, name, offset + 1);
}

static void print_repeats(u32 repeats)
{
	if (repeats)
		console_printf("  (the same %u times more)\n", repeats);
}

void backtrace_print(uintptr_t ebp)
{
	uintptr_t last = 0;
	u32 lines = 0, repeats = 0;

	console_printf("back trace:\n");
	for (u32 n = 0; n < MAX_FRAMES && lines < MAX_LINES && can_read_frame(ebp); n++) {
		const struct stack_frame *frame = (const struct stack_frame *)ebp;

		if (!frame->return_address)
			break;
		if (frame->return_address == last) {
			repeats++;
		} else {
			print_repeats(repeats);
			print_frame(frame->return_address);
			lines++;
			repeats = 0;
		}
		last = frame->return_address;
		if (frame->caller_ebp <= ebp)
			break;
		ebp = frame->caller_ebp;
	}
	print_repeats(repeats);
}
