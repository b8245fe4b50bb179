# Goals of a student's tree.  Included by the Makefile.

.PHONY: grade check explore bench book

# The kernel of this tree comes as far as this step of the boot (docs/boot.md).
override APPEND := $(or $(APPEND),until=@UNTIL@)

# What operations of the kernel cost, in guest instructions, by which alone its clock goes
# (docs/bench.md): BENCH= chooses some.
bench: $(BUILD)/tarn.elf
	@qemu-system-i386 -kernel $< -append 'selftest=none bench=$(BENCH) exit' -m 1G \
		-smp '$(SMP)' -icount shift=0,sleep=off -rtc base=2024-01-01,clock=vm -seed 1 \
		-nic none -display none -serial stdio \
		-device isa-debug-exit,iobase=0xf4,iosize=4; test $$? = 33

# What an editor's task asks for.
check: grade

# Tries the files that the lab owns, in the tree as it was at the start.
# TEST= names one.
grade:
	@$(PYTHON) -B labs/grader --tree $(if $(TEST),--test '$(TEST)') --page '$(BUILD)/grade.html' .

# The book as pages with pictures, under build/book: what you have not written is a gap there.
book:
	@$(MAKE) --no-print-directory -f docs/book/Makefile $(TOLD) GAPS=--gaps $@

# What a test of races does, with this tree as it is: every order of steps, in full
# (docs/interleave.md).  SCENARIO= names those that are wanted.
EXPLORER := interleave/2level-2-1-lab@N@/interleave
explore:
ifeq ($(wildcard labs/@N@/explorer),)
	@echo 'This lab has no scenarios for the explorer.'
else
	@$(MAKE) --no-print-directory -s -f tests/interleave/Makefile BUILD='$(BUILD)' $(BUILD)/$(EXPLORER)
	@$(BUILD)/$(EXPLORER) $(SCENARIO)
endif
