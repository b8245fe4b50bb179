/* The calls that map, move and unmap pages. */
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"
#include "kernel/calls/call.h"
#include "kernel/calls/range.h"
#include "kernel/objects/system.h"
#include "mm/boot/ram_layout.h"
#include "mm/user/user_map.h"
#include "mm/user/user_revoke.h"
#include "mm/user/user_rights.h"

static u32 positive(int error) { return (u32)-error; }

/* ---- mem_alloc ---- */

/* Frames of devices: neither RAM nor an interrupt controller's registers. */
static bool is_device(pfn_t pfn)
{
	enum phys_kind kind = phys_kind_at(pfn_to_phys(pfn));

	for (u32 i = 0; i < topology.nioapics; i++)
		if (topology.ioapic[i].address >> PAGE_SHIFT == pfn)
			return false;
	return kind == PHYS_HOLE || kind == PHYS_ISA_HOLE;
}

static bool device_frames(pfn_t pfn, u32 n)
{
	if (pfn >= reachable_pfns() || n > reachable_pfns() - pfn)
		return false;
	while (n && is_device(pfn + n - 1))
		n--;
	return n == 0;
}

static u32 may_map_devices(struct user_thread *self, u32 slot)
{
	u32 error = 0;
	struct object *system = call_object(self, slot, KIND_SYSTEM, RIGHT_MANAGE, &error);

	object_let_go(system);
	return error;
}

static u32 map_devices(struct user_thread *self, const struct call *call, const struct range *to,
	u32 prot, u32 *done)
{
	u32 error = may_map_devices(self, call->h2);

	if (error)
		return error;
	if ((prot & PROT_EXEC) || !device_frames(call->ebp, to->n))
		return EINVAL;
	return positive(user_map_device(to, prot, call->ebp, done));
}

u32 call_mem_alloc(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 address = call.edi & PAGE_MASK, prot = call.edi & PROT_MASK, done = 0, error = 0;
	bool phys = call.edi & ALLOC_PHYS;
	struct task *task;

	if ((call.edi & ~PAGE_MASK & ~(PROT_MASK | ALLOC_PHYS)) || !prot_is_valid(prot) ||
		!range_is_valid(address, call.esi) || (!phys && (call.h2 || call.ebp)))
		return EINVAL;
	task = call_task(self, call.h1, RIGHT_MANAGE, &error);
	if (!task)
		return error;
	struct range to = { task->mm, address, call.esi };

	if (phys)
		error = map_devices(self, &call, &to, prot, &done);
	else
		error = positive(user_alloc(&to, prot, &done));
	call_task_done(self, task);
	frame->edi = done;
	return error;
}

/* ---- mem_map ---- */

static u32 map(const struct range *to, const struct range *from, u32 prot, u32 how, u32 *done)
{
	switch (how & MAP_OP_MASK) {
	case MAP_MAP: return positive(user_map(to, from, prot, done));
	case MAP_GRANT: return positive(user_grant(to, from, prot, done));
	case MAP_COPY: return positive(user_copy(to, from, prot, how & MAP_REPLACE, done));
	case MAP_SHARE: return positive(user_share(to, from, prot, done));
	default: return positive(user_protect(to, prot, done));
	}
}

/* Only a copy replaces; PROTECT has no source. */
static bool map_arguments_are_valid(const struct call *call, u32 prot, u32 how)
{
	u32 op = how & MAP_OP_MASK, source = call->ebp & PAGE_MASK;

	if ((how & ~(MAP_OP_MASK | MAP_REPLACE)) || op > MAP_PROTECT ||
		((how & MAP_REPLACE) && op != MAP_COPY))
		return false;
	if ((call->edi & ~PAGE_MASK & ~PROT_MASK) || !prot_is_valid(prot) ||
		!range_is_valid(call->edi & PAGE_MASK, call->esi))
		return false;
	return op == MAP_PROTECT ? !source && !call->h2 : range_is_valid(source, call->esi);
}

/* From the same handle it is the same task, which is there. */
static u32 map_from(struct user_thread *self, struct task *to, const struct call *call, u32 *done)
{
	struct range place = { to->mm, call->edi & PAGE_MASK, call->esi };
	bool same = call->h2 == call->h1;
	u32 error = 0;
	struct task *from = same ? to : call_task(self, call->h2, RIGHT_MANAGE, &error);

	if (!from)
		return error;
	struct range source = { from->mm, call->ebp & PAGE_MASK, call->esi };

	error = map(&place, &source, call->edi & PROT_MASK, call->ebp & ~PAGE_MASK, done);
	if (!same)
		call_task_done(self, from);
	return error;
}

u32 call_mem_map(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 done = 0, error = 0;
	struct task *to;

	if (!map_arguments_are_valid(&call, call.edi & PROT_MASK, call.ebp & ~PAGE_MASK))
		return EINVAL;
	to = call_task(self, call.h1, RIGHT_MANAGE, &error);
	if (!to)
		return error;
	error = map_from(self, to, &call, &done);
	call_task_done(self, to);
	frame->edi = done;
	return error;
}

/* ---- mem_unmap ---- */

u32 call_mem_unmap(struct user_thread *self, struct trapframe *frame)
{
	struct call call = call_begin(frame);
	u32 how = call.edi & ~PAGE_MASK, done = call.esi, error = 0;
	struct task *task;

	if ((how & ~UNMAP_REVOKE) || !range_is_valid(call.edi & PAGE_MASK, call.esi))
		return EINVAL;
	task = call_task(self, call.h1, RIGHT_MANAGE, &error);
	if (!task)
		return error;
	struct range range = { task->mm, call.edi & PAGE_MASK, call.esi };

	if (how & UNMAP_REVOKE)
		error = positive(user_revoke(&range, &done));
	else
		user_unmap(&range);
	call_task_done(self, task);
	frame->edi = done;
	return error;
}
