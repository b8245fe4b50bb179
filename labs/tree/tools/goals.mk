# Goals of a student's tree.  Included by the Makefile.

.PHONY: grade

# The kernel of this tree comes as far as this step of the boot (docs/boot.md).
override APPEND := $(or $(APPEND),until=@UNTIL@)

# Builds what the lab owns beside the tree as it was at the start, and tries it.
grade: plain
	@$(PYTHON) -B labs/grader --tree . --build '$(BUILD)'
