# Goals with makefiles of their own: tests, benchmarks, the book, labs.  Included by the Makefile.
# A student's tree has another file in this place (labs/tree/tools/goals.mk).

.PHONY: check check-more check-full check-user check-strain check-faults check-book check-bochs \
	check-hosts check-host coverage coverage-boot interleave interleave-faults mutants bench \
	bench-diff bench-linux book lint lab grader check-labs check-labs-mutants \
	check-labs-class check-copied gradescope

check check-more check-full check-user check-strain check-faults check-book check-bochs \
check-hosts coverage-boot:
	@$(MAKE) --no-print-directory -f tests/Makefile $(TOLD) $@

mutants:
	@$(MAKE) --no-print-directory -f tests/mutants/Makefile $(TOLD) COUNT='$(COUNT)' $@

# kernel/mm and lib on the host, under sanitizers; and how much of kernel/mm those tests reach.
check-host coverage:
	@$(MAKE) --no-print-directory -f tests/host/Makefile BUILD='$(BUILD)' $@

# Every interleaving of the pool, the page-table caches and the TLB flushes; mistakes planted there.
interleave interleave-faults:
	@$(MAKE) --no-print-directory -f tests/interleave/Makefile BUILD='$(BUILD)' $@

bench bench-diff bench-linux: $(BUILD)/tarn.elf $(BUILD)/tarn-pae.elf
	@$(MAKE) --no-print-directory -f tests/bench/Makefile $(TOLD) $@

book:
	@$(MAKE) --no-print-directory -f docs/book/Makefile $(TOLD) $@

# Layers, budgets, format, clang-tidy, cppcheck.  Upward symbols and circles are read from objects.
lint:
	@$(MAKE) --no-print-directory -s DEBUG=1 kernels user
	@sh tools/lint.sh $(BUILD)/2level-debug $(BUILD)/pae-debug $(BUILD)/user/objects

# A student's tree of lab N in the folder DEST (docs/teaching.md); SHOW=all empties no later lab;
# files of earlier labs are those in OWN, but for the labs CATCHUP.
lab:
	$(if $(filter-out all,$(SHOW)),$(error SHOW=$(SHOW): SHOW=all, or nothing))
	@$(PYTHON) -B labs/cutter $(if $(filter all,$(SHOW)),--show-all) $(if $(OWN),--own '$(OWN)') \
		--caught-up '$(CATCHUP)' '$(N)' '$(DEST)'

# What grades lab N, in the folder DEST: the teacher's.  gradescope: the same as the archive of an
# autograder, in the file DEST.  What is wrong with these is said before anything is built.
grader gradescope:
	@$(PYTHON) -B labs/cutter/grader.py '$(N)' '$(DEST)' '$(BUILD)' --look $(filter --gradescope,--$@)
	@$(MAKE) --no-print-directory plain user
	@$(PYTHON) -B labs/cutter/grader.py '$(N)' '$(DEST)' '$(BUILD)' $(filter --gradescope,--$@)

# Every reference, skeleton, wrong and other right answer through the graders.
check-labs: plain user
	@$(PYTHON) -B labs/cutter/check.py '$(BUILD)' $(if $(N),--lab '$(N)')

# One-line mistakes made by rule in what the labs own: which lose no points.
check-labs-mutants: plain user
	@$(PYTHON) -B tests/labs/mutants.py '$(BUILD)' --count '$(COUNT)' $(if $(N),--lab '$(N)')

# Thirty made-up submissions, from the kit to who has copied.
check-labs-class: plain user
	@$(PYTHON) -B tests/labs/class_of_30.py '$(BUILD)' $(if $(N),--lab '$(N)')

# Which submissions in the folders FROM are alike, or like the reference.
check-copied:
	@$(PYTHON) -B labs/teacher/copied.py '$(N)' $(FROM) --build '$(BUILD)'
