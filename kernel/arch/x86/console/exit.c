/* Ending the emulated machine. */
#include "arch/x86/console/exit.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/serial.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"

/* QEMU's isa-debug-exit ends QEMU with status 2 * value + 1: 33 for pass, 35 for fail. */
#define DEBUG_EXIT_PORT 0xF4u
#define DEBUG_EXIT_PASS 16u
#define DEBUG_EXIT_FAIL 17u
#define DEBUG_EXIT_STATUS 64u
#define STATUS_MAX 63u
/* Bochs powers off when this word is written here. */
#define BOCHS_SHUTDOWN_PORT 0x8900u

__noreturn static void exit_with(u32 value)
{
	irq_disable();
	console_seize();
	serial_flush();
	outb(DEBUG_EXIT_PORT, (u8)value);
	for (const char *word = "Shutdown"; *word; word++)
		outb(BOCHS_SHUTDOWN_PORT, (u8)*word);
	cpu_stop();
}

void machine_exit(bool pass) { exit_with(pass ? DEBUG_EXIT_PASS : DEBUG_EXIT_FAIL); }

void machine_exit_with(u32 status)
{
	exit_with(status ? DEBUG_EXIT_STATUS + MIN(status, STATUS_MAX) : DEBUG_EXIT_PASS);
}
