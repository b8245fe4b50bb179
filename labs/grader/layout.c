/*
 * What the grader must know of the kernel's types: offsets, sizes, constants, as numbers that
 * layout.py reads from the object file.  Compiled with the kernel's own flags, from the reference's
 * headers: what a student's debug information says is the student's word.
 */
#include "arch/x86/paging/layout.h"
#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/pgtable.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"
#include "kernel/sched/sched.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/kernel_tables.h"
#include "mm/boot/options.h"
#include "mm/objects/kstack.h"
#include "mm/pages/page.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "mm/tables/quicklist.h"

#define CONSTANT(name) const unsigned layout_##name = (unsigned)(name)
#define SIZE(type) const unsigned layout_##type##_size = sizeof(struct type)
#define FIELD(type, field) const unsigned layout_##type##_##field = offsetof(struct type, field)

CONSTANT(PAGE_SIZE);
CONSTANT(PAGE_OFFSET);
CONSTANT(KERNEL_IMAGE_PHYS);
CONSTANT(TRAMPOLINE_PHYS);
CONSTANT(PKMAP_BASE);
CONSTANT(LAST_PKMAP);
CONSTANT(PKMAP_RETIRED);
CONSTANT(PTRS_PER_PTE);
CONSTANT(PMD_SIZE);
CONSTANT(VMALLOC_END);
CONSTANT(FIXADDR_START);
CONSTANT(FIXADDR_TOP);
CONSTANT(FIX_IOAPIC_0);

FIELD(trapframe, ebp);
FIELD(trapframe, vector);
FIELD(trapframe, error);
FIELD(trapframe, eip);

SIZE(phys_piece);
FIELD(phys_piece, kind);
FIELD(phys_piece, start);
FIELD(phys_piece, end);
CONSTANT(PHYS_RAM);
CONSTANT(PHYS_FIRMWARE);
CONSTANT(PHYS_TRAMPOLINE);
CONSTANT(PHYS_KERNEL);
CONSTANT(PHYS_MODULE);

SIZE(ram_range);
FIELD(ram_range, start);
FIELD(ram_range, end);

FIELD(bootinfo, nranges);
FIELD(bootinfo, range);
FIELD(bootinfo, nmodules);
FIELD(bootinfo, module);
SIZE(boot_module);
FIELD(boot_module, start);
FIELD(boot_module, end);
FIELD(boot_module, fault);

FIELD(cpu_features, pse);
FIELD(cpu_features, pge);
FIELD(mm_options, nolarge);

SIZE(paging_stats);
FIELD(paging_stats, large_pages);
FIELD(paging_stats, small_pages);
FIELD(paging_stats, tables);

SIZE(bootmem_stats);
FIELD(bootmem_stats, pages);
FIELD(bootmem_stats, free);
FIELD(bootmem_stats, reserved);
FIELD(bootmem_stats, bitmap_pages);
FIELD(bootmem_stats, allocations);
FIELD(bootmem_stats, merged);
FIELD(bootmem_stats, handed_over);

SIZE(page);
FIELD(page, list);
FIELD(page, flags);
FIELD(page, count);
FIELD(page, order);
FIELD(page, virtual);
CONSTANT(PG_ZONE_MASK);
CONSTANT(PG_RESERVED);
CONSTANT(PG_BUDDY);
CONSTANT(PG_PERCPU);
CONSTANT(PG_TABLE_LIVE);
CONSTANT(PG_TABLE_CACHED);
CONSTANT(PG_TABLE_GATHERED);

SIZE(zone);
FIELD(zone, start);
FIELD(zone, end);
FIELD(zone, managed);
FIELD(zone, free);
FIELD(zone, orders);
FIELD(zone, area);
SIZE(free_area);
FIELD(free_area, count);
CONSTANT(ZONE_DMA);
CONSTANT(ZONE_NORMAL);
CONSTANT(ZONE_HIGHMEM);
CONSTANT(NR_ZONES);
CONSTANT(MAX_ORDER);
CONSTANT(DMA_END_PFN);

CONSTANT(LOG_ERROR);
CONSTANT(VECTOR_CALL);

CONSTANT(GFP_KERNEL);
CONSTANT(GFP_ATOMIC);
CONSTANT(GFP_HIGHUSER);
CONSTANT(GFP_DMA);
CONSTANT(__GFP_ZERO);

SIZE(quicklist);
FIELD(quicklist, head);
FIELD(quicklist, count);
FIELD(quicklist, trimmed);

SIZE(kmap_stats);
FIELD(kmap_stats, maps);
FIELD(kmap_stats, new_maps);
FIELD(kmap_stats, revivals);
FIELD(kmap_stats, flushes);
FIELD(kmap_stats, reclaimed);
FIELD(kmap_stats, sleeps);

SIZE(thread);
FIELD(thread, node);
FIELD(thread, state);
FIELD(thread, priority);
FIELD(thread, stack_top);
FIELD(thread, on_cpu);
FIELD(thread, in_all);
FIELD(thread, on_end);
FIELD(thread, exited);
FIELD(thread, mm);
FIELD(thread, name);
CONSTANT(THREAD_DEAD);
CONSTANT(SLICE_TICKS);
CONSTANT(SPIN_NO_OWNER);
SIZE(run_queue);
FIELD(run_queue, lock);
SIZE(spinlock);
SIZE(wait_queue);
FIELD(wait_queue, lock);
FIELD(wait_queue, waiters);
SIZE(waiter);

SIZE(trapframe);
FIELD(trapframe, edi);
FIELD(trapframe, esi);
FIELD(trapframe, ebx);
FIELD(trapframe, eax);

SIZE(new_task);
FIELD(new_task, limit);
FIELD(new_task, slots);
FIELD(new_task, max_priority);
SIZE(new_thread);
FIELD(new_thread, task);
FIELD(new_thread, message_at);
FIELD(new_thread, priority);
FIELD(task, object);
FIELD(task, handles);
FIELD(task, pager);
FIELD(task, pager_badge);
FIELD(handle_table, page);
SIZE(handle);
FIELD(handle, object);
FIELD(handle, rights);
FIELD(endpoint, object);
FIELD(object, handles);
FIELD(object, receivers);
FIELD(object_ops, destroy);
FIELD(notification, object);
FIELD(user_thread, thread);
FIELD(user_thread, object);
FIELD(user_thread, message);
FIELD(user_thread, state);
FIELD(user_thread, call_number);
FIELD(message, item);
FIELD(message, place);
FIELD(message, places);
CONSTANT(KERNEL_STACK_SIZE);
CONSTANT(ITEM_HANDLE);
CONSTANT(MESSAGE_WORDS);
CONSTANT(RIGHT_SEND);
CONSTANT(RIGHT_RECEIVE);
CONSTANT(RIGHTS_ALL);
CONSTANT(RIGHT_RESERVED);
CONSTANT(IN_REPLY);
CONSTANT(ELEMENTS_A_HOLD);
CONSTANT(TIMEOUT_NEVER);
CONSTANT(TIMEOUT_POLL);
CONSTANT(TAG_CALL);
CONSTANT(TAG_NOTE);
CONSTANT(TAG_FAULT);
CONSTANT(TAG_REPLY);
CONSTANT(TICK_US);
CONSTANT(EPERM);
CONSTANT(EBADH);
CONSTANT(EAGAIN);
CONSTANT(EINVAL);
CONSTANT(EMSGSIZE);
CONSTANT(ENOSLOT);
CONSTANT(EDEAD);
CONSTANT(ETIMEDOUT);
