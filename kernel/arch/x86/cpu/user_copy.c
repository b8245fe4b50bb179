/* Copies from and to user memory: see user_copy.h. */
#include "arch/x86/cpu/user_copy.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/paging/layout.h"

static bool in_user_part(const void *user, size_t n)
{
	return n <= USER_TOP && (uintptr_t)user <= USER_TOP - n;
}

/*
 * A string instruction that faults has its registers at the element at which it faulted (SDM vol.
 * 2, REP), so it can be repeated as it stands.
 */
static bool copy(void *to, const void *from, size_t n)
{
	size_t count = n / 4;
	u32 done = 0;

	user_access_begin();
	__asm__ volatile("1: rep movsl\n\t"
			 "movl %4, %0\n"
			 "2: rep movsb\n\t"
			 "movl $1, %3\n"
			 "3:\n\t"
			 ".pushsection .extable, \"a\"\n\t"
			 ".long 1b, 3b, 2b, 3b\n\t"
			 ".popsection"
			 : "+&c"(count), "+&D"(to), "+&S"(from), "+&r"(done)
			 : "r"(n % 4)
			 : "memory");
	user_access_end();
	return done;
}

bool copy_from_user(void *to, const void *user, size_t n)
{
	return in_user_part(user, n) && copy(to, user, n);
}

bool copy_to_user(void *user, const void *from, size_t n)
{
	return in_user_part(user, n) && copy(user, from, n);
}
