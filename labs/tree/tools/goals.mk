# Goals of a student's tree.  Included by the Makefile.

.PHONY: grade check

# The kernel of this tree comes as far as this step of the boot (docs/boot.md).
override APPEND := $(or $(APPEND),until=@UNTIL@)

# What an editor's task asks for.
check: grade

# Tries the files that the lab owns, in the tree as it was at the start.
grade:
	@$(PYTHON) -B labs/grader --tree --page '$(BUILD)/grade.html' .
