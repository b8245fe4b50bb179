/* A level-triggered line of a device: from an interrupt to its acknowledgement it is masked. */
#include "arch/x86/cpu/io.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "kernel/objects/irq.h"
#include "kernel/objects/notification.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

/* The real-time clock's periodic interrupt; reading register C allows the next (MC146818). */
#define RTC_IRQ 8u
#define RTC_INDEX 0x70u
#define RTC_DATA 0x71u
#define RTC_B 11u
#define RTC_C 12u
#define RTC_PERIODIC 0x40u
#define BIT 3u

static struct notification line;

static u8 rtc_read(u8 number)
{
	outb(RTC_INDEX, number);
	return inb(RTC_DATA);
}

static void rtc_write(u8 number, u8 value)
{
	outb(RTC_INDEX, number);
	outb(RTC_DATA, value);
}

static u32 take_bits(void)
{
	u32 flags = objects_lock_irq(), bits = notification_take(&line, ~0u);

	objects_unlock_irq(flags);
	return bits;
}

static void three_interrupts(void)
{
	for (u32 i = 0; i < 3; i++) {
		if (!EXPECT(0, WAIT_FOR(READ_ONCE(line.bits)), "interrupt %u does not come", i))
			return;
		EXPECT_EQ(0, take_bits(), 1u << BIT, "bits of interrupt %u", i);
		rtc_read(RTC_C);
		EXPECT_EQ(0, irq_acknowledge(RTC_IRQ, &line), 0, "acknowledgement %u", i);
	}
}

/* The clock holds its line up until C is read, as a level-triggered device does. */
SELFTEST(irq_line_level, "line.level", 8, "")
{
	bool level = topology.isa[RTC_IRQ].level;
	u8 interrupts;

	if (!apic_present || !topology.nioapics) {
		selftest_skip("no I/O APIC");
		return;
	}
	line = (struct notification){ .object.holds = 1 }; /* nobody frees it */
	list_init(&line.waiters);
	list_init(&line.object.owned);
	list_init(&line.object.reap);
	topology.isa[RTC_IRQ].level = true;
	EXPECT_EQ(0, irq_attach(RTC_IRQ, &line, BIT), 0, "the line is attached");
	interrupts = rtc_read(RTC_B);
	rtc_write(RTC_B, interrupts | RTC_PERIODIC);
	rtc_read(RTC_C);
	three_interrupts();
	rtc_write(RTC_B, interrupts);
	rtc_read(RTC_C);
	EXPECT_EQ(0, irq_detach(RTC_IRQ, &line), 0, "and detached");
	topology.isa[RTC_IRQ].level = level;
}
