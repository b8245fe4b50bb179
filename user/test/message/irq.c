/*
 * I/O ports and interrupts of devices, by the real-time clock: IRQ 8, ports 0x70 and 0x71.  Of its
 * registers (MC146818) A has the rate, B which interrupts, C which came.  Reading C
 * allows the next.
 */
#include "user/test/fellow.h"

u32 user_in8(u32 port);
void user_out8(u32 port, u32 value);
u32 user_in32(u32 port);

#define RTC_IRQ 8u
#define RTC_INDEX 0x70u
#define RTC_DATA 0x71u
#define RTC_A 10u
#define RTC_B 11u
#define RTC_C 12u
#define RTC_PERIODIC 0x40u
#define RTC_RATE 0x2Au /* 64 a second */
#define BIT 5u

static u32 rtc_read(u32 number)
{
	user_out8(RTC_INDEX, number);
	return user_in8(RTC_DATA);
}

static void rtc_write(u32 number, u32 value)
{
	user_out8(RTC_INDEX, number);
	user_out8(RTC_DATA, value);
}

static void rtc_begin(void)
{
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, RTC_INDEX, 2));
	rtc_write(RTC_A, RTC_RATE);
	/* Before, or the flag of an interrupt that has come would be taken from the test. */
	rtc_read(RTC_C);
	rtc_write(RTC_B, (rtc_read(RTC_B) & 0x0F) | RTC_PERIODIC);
}

static void rtc_end(void)
{
	rtc_write(RTC_B, rtc_read(RTC_B) & ~RTC_PERIODIC);
	rtc_read(RTC_C);
}

static void attach(u32 slot) { EXPECT(0, irq_ctl(SLOT_SYSTEM, slot, IRQ_ATTACH, RTC_IRQ, BIT)); }

static void interrupts_come(void)
{
	make_notification(SLOT_A);
	attach(SLOT_A);
	rtc_begin();
	for (u32 i = 0; i < 10; i++) {
		CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, SOON)).word0, 1u << BIT);
		CHECK(rtc_read(RTC_C) & RTC_PERIODIC, "no interrupt of the clock");
		EXPECT(0, irq_ctl(0, SLOT_A, IRQ_ACK, RTC_IRQ, 0));
	}
	rtc_end();
}

/* One receive for messages and for the device. */
static void send_once(void *unused)
{
	(void)unused;
	pause_us(30 * MS);
	ipc_send(SLOT_B, TAG(4u, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

static void interrupts_by_receive(void)
{
	u32 notes = 0, messages = 0;

	make_notification(SLOT_A);
	make_endpoint(SLOT_B);
	EXPECT(0, thread_ctl(0, SLOT_A, THREAD_BIND, 0, 0));
	attach(SLOT_A);
	rtc_begin();
	start_thread(0, send_once, NULL, 8, cpu_count() - 1);
	while (notes < 3 || !messages) {
		struct result got = EXPECT(0, ipc_recv(SLOT_B, 0, SOON));

		if (!(got.tag & TAG_NOTE)) {
			messages++;
			continue;
		}
		CHECK_EQUAL(got.word0, 1u << BIT);
		notes++;
		rtc_read(RTC_C);
		EXPECT(0, irq_ctl(0, SLOT_A, IRQ_ACK, RTC_IRQ, 0));
	}
	rtc_end();
}

static void detached_is_silent(void)
{
	make_notification(SLOT_A);
	attach(SLOT_A);
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_DETACH, RTC_IRQ, 0));
	rtc_begin();
	EXPECT(ETIMEDOUT, notify_wait(SLOT_A, ~0u, 60 * MS));
	rtc_read(RTC_C);
	/* And again: nothing is lost. */
	attach(SLOT_A);
	rtc_read(RTC_C);
	EXPECT(0, notify_wait(SLOT_A, ~0u, SOON));
	rtc_end();
}

static void one_at_a_time(void)
{
	make_notification(SLOT_A);
	make_notification(SLOT_B);
	attach(SLOT_A);
	EXPECT(EBUSY, irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_ATTACH, RTC_IRQ, 1));
	EXPECT(EBUSY, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, RTC_IRQ, 1));
	EXPECT(EINVAL, irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_DETACH, RTC_IRQ, 0));
	EXPECT(EINVAL, irq_ctl(0, SLOT_B, IRQ_ACK, RTC_IRQ, 0));
	EXPECT(EINVAL, irq_ctl(0, SLOT_A, IRQ_ACK, RTC_IRQ + 1, 0));
	/* The end of the notification detaches. */
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_ATTACH, RTC_IRQ, 1));
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_DETACH, RTC_IRQ, 0));
	EXPECT(EINVAL, irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_DETACH, RTC_IRQ, 0));
}

/*
 * Lines 0 and 2 are the same input of the PC's I/O APIC: the old timer's.  Without one the kernel
 * uses both.
 */
static void one_input_once(void)
{
	struct result first, second;

	make_notification(SLOT_A);
	make_notification(SLOT_B);
	first = irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, 2, 1);
	second = irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_ATTACH, 0, 1);
	CHECK(second.error == (first.error ? first.error : EBUSY), "errors %u, %u", first.error,
		second.error);
	if (first.error)
		return;
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_DETACH, 2, 0));
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_B, IRQ_ATTACH, 0, 1));
}

/* The driver's task ends with its interrupt attached: the next driver finds the line free. */
static void be_driver(void *unused)
{
	(void)unused;
	obj_create(0, SLOT_A, KIND_NOTIFICATION, 0, 0, 0);
	shared->value[0] = irq_ctl(SLOT_F, SLOT_A, IRQ_ATTACH, RTC_IRQ, BIT).error;
	shared->done = 1;
	pause_us(TIMEOUT_NEVER - 1);
}

static void drivers_task_dies(void)
{
	struct fellow driver = { .slot = SLOT_FELLOW, .area = 60, .run = be_driver };

	EXPECT(0, handle_copy(0, SLOT_F, SLOT_SYSTEM, RIGHTS_ALL, 0));
	fellow_start(&driver);
	WAIT_FOR(shared->done);
	CHECK_EQUAL(shared->value[0], 0);
	make_notification(SLOT_A);
	EXPECT(EBUSY, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, RTC_IRQ, BIT));
	fellow_end(SLOT_FELLOW);
	WAIT_FOR(!irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, RTC_IRQ, BIT).error);
}

/* ---- The console's lines ---- */

/*
 * The serial line (PC16550D, section 8): IRQ 4.  Its transmitter is empty, which interrupts as soon
 * as that is let through; reading the cause takes it back.
 */
#define UART_INTERRUPTS 0x3F9u
#define UART_CAUSE 0x3FAu
#define UART_STATUS 0x3FDu
#define SERIAL_IRQ 4u
#define CAN_SEND 2u
#define ALL_SENT 0x60u

static void serial_line_interrupts(void)
{
	make_notification(SLOT_A);
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x3F8, 8));
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, SERIAL_IRQ, BIT));
	WAIT_FOR((user_in8(UART_STATUS) & ALL_SENT) == ALL_SENT);
	for (u32 i = 0; i < 3; i++) {
		user_out8(UART_INTERRUPTS, CAN_SEND);
		CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, SOON)).word0, 1u << BIT);
		CHECK_EQUAL(user_in8(UART_CAUSE) & 15, CAN_SEND);
		CHECK_EQUAL(user_in8(UART_CAUSE) & 15, 1);
		user_out8(UART_INTERRUPTS, 0);
		EXPECT(0, irq_ctl(0, SLOT_A, IRQ_ACK, SERIAL_IRQ, 0));
	}
	EXPECT(EAGAIN, notify_wait(SLOT_A, ~0u, TIMEOUT_POLL));
}

/* An edge amid acknowledgements is not lost: none comes after it before the cause is read. */
static void acknowledge_on(void *unused)
{
	(void)unused;
	for (;;)
		EXPECT(0, irq_ctl(0, SLOT_A, IRQ_ACK, SERIAL_IRQ, 0));
}

static void acknowledged_amid_edges(void)
{
	make_notification(SLOT_A);
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x3F8, 8));
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, SERIAL_IRQ, BIT));
	WAIT_FOR((user_in8(UART_STATUS) & ALL_SENT) == ALL_SENT);
	start_thread(0, acknowledge_on, NULL, 8, cpu_count() - 1);
	for (u32 i = 0; i < 3000; i++) {
		user_out8(UART_INTERRUPTS, CAN_SEND);
		EXPECT(0, notify_wait(SLOT_A, ~0u, SOON));
		CHECK_EQUAL(user_in8(UART_CAUSE) & 15, CAN_SEND);
		user_out8(UART_INTERRUPTS, 0);
	}
}

/* The keyboard's controller (8042): IRQ 1.  It is told a byte that the keyboard is to have sent. */
#define KEYBOARD_DATA 0x60u
#define KEYBOARD_STATUS 0x64u
#define KEYBOARD_COMMAND 0x64u
#define KEYBOARD_IRQ 1u
#define AS_FROM_KEYBOARD 0xD2u
#define FOR_US 1u
#define NOT_TAKEN 2u

static void keyboard_interrupts(void)
{
	make_notification(SLOT_A);
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, KEYBOARD_DATA, 1));
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, KEYBOARD_STATUS, 1));
	while (user_in8(KEYBOARD_STATUS) & FOR_US)
		user_in8(KEYBOARD_DATA);
	EXPECT(0, irq_ctl(SLOT_SYSTEM, SLOT_A, IRQ_ATTACH, KEYBOARD_IRQ, BIT));
	for (u32 code = 0x1E; code < 0x21; code++) {
		user_out8(KEYBOARD_COMMAND, AS_FROM_KEYBOARD);
		WAIT_FOR(!(user_in8(KEYBOARD_STATUS) & NOT_TAKEN));
		user_out8(KEYBOARD_DATA, code);
		CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, SOON)).word0, 1u << BIT);
		CHECK_EQUAL(user_in8(KEYBOARD_DATA), code);
		EXPECT(0, irq_ctl(0, SLOT_A, IRQ_ACK, KEYBOARD_IRQ, 0));
	}
}

/* ---- Ports ---- */

/* Port 0x80 and those beside it: granted singly, and the last. */
static void granted_ports(void)
{
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x80, 1));
	user_in8(0x80);
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x3FF, 1));
	user_in8(0x3FF);
	EXPECT(EINVAL, io_grant(SLOT_SYSTEM, 0, 0x3FF, 2));
	EXPECT(EINVAL, io_grant(SLOT_SYSTEM, 0, 0, 0));
	EXPECT(EINVAL, io_grant(SLOT_SYSTEM, 0, 1, IO_PORTS));
}

static void port_beside(void)
{
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x80, 1));
	user_in8(0x80);
	user_in8(0x81);
}

/* Four ports are read, of which three are granted. */
static void wide_access(void)
{
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x80, 3));
	user_in8(0x82);
	user_in32(0x80);
}

static void beyond_the_map(void)
{
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0, IO_PORTS));
	user_in8(0x80);
	user_in8(IO_PORTS);
}

/* Another task's ports are not this one's: the map changes with the task. */
static void touch_port(void *unused)
{
	(void)unused;
	for (;;) {
		user_in8(0x80);
		shared->count++;
	}
}

static void other_tasks_ports(void)
{
	struct fellow other = { .slot = SLOT_FELLOW, .area = 60, .run = touch_port };

	fellow_make(&other);
	EXPECT(0, io_grant(SLOT_SYSTEM, SLOT_FELLOW, 0x80, 1));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_START, 0, 0));
	WAIT_FOR(shared->count > 1000);
	user_in8(0x80);
}

/* Granted while another thread of the task runs on another CPU, in user mode. */
static volatile u32 go, went;

static void touch_when_told(void *unused)
{
	(void)unused;
	while (!go)
		continue;
	user_in8(0x80);
	went = 1;
}

static void granted_across_cpus(void)
{
	start_thread(0, touch_when_told, NULL, 8, cpu_count() - 1);
	pause_us(20 * MS);
	EXPECT(0, io_grant(SLOT_SYSTEM, 0, 0x80, 1));
	go = 1;
	WAIT_FOR(went);
}

static const struct test tests[] = {
	{ "irq.come", interrupts_come, 0 },
	{ "irq.receive", interrupts_by_receive, 0 },
	{ "irq.detached", detached_is_silent, 0 },
	{ "irq.one_at_a_time", one_at_a_time, 0 },
	{ "irq.one_input", one_input_once, 0 },
	{ "irq.driver_dies", drivers_task_dies, 0 },
	{ "irq.serial_line", serial_line_interrupts, 0 },
	{ "irq.acknowledged", acknowledged_amid_edges, 0 },
	{ "irq.keyboard", keyboard_interrupts, 0 },
	{ "port.granted", granted_ports, 0 },
	{ "port.beside", port_beside, STATUS_KILLED + 13 },
	{ "port.wide", wide_access, STATUS_KILLED + 13 },
	{ "port.beyond_the_map", beyond_the_map, STATUS_KILLED + 13 },
	{ "port.other_task", other_tasks_ports, STATUS_KILLED + 13 },
	{ "port.across_cpus", granted_across_cpus, 0 },
};
TEST_LIST(irq_tests, tests);
