# The programs of user/ and the archive build/user.tar, which every boot entry loads as a module.
# Included by the Makefile.  One set of programs for both kernels.
#
# user/bin/NAME.c is a program of one file; every other folder of user/ but lib/ is one too.  Their
# names here are bin/NAME and the folder's.  All are linked with user/lib/ and lib/; what a program
# does not use is left out.  In the archive programs of user/bin and the shell are in bin/, which
# ramfs shows as /bin; servers and what runs without them stand beside it.

# The kernel's flags, but arguments go on the stack; no kernel header is found.
USER_CFLAGS := $(subst $$$$,$$,$(filter-out -mregparm=3 -Ikernel -fsanitize-coverage=% \
	-fno-crossjumping -fno-tree-tail-merge,$(CFLAGS))) -march=pentium -mtune=generic \
	-ffunction-sections -fdata-sections
USER_LDFLAGS := -nostdlib -static -z noexecstack --build-id=none --gc-sections -T user/program.ld

USER := $(BUILD)/user
USER_CRT0 := user/lib/crt0.asm
USER_LIB := $(filter-out $(USER_CRT0),$(call sources_in,user/lib lib))
USER_FOLDERS := $(filter-out lib bin,$(sort \
	$(foreach file,$(wildcard user/*/*.c),$(word 2,$(subst /, ,$(file))))))
USER_FILES := $(patsubst user/%.c,%,$(wildcard user/bin/*.c))
USER_PROGRAMS := $(sort $(USER_FOLDERS) $(USER_FILES))

# What is packed, and its name in the archive.  Some of bin/ need no servers either, and tests and
# tours run them so.
USER_ALONE := args hello tour
USER_PACKED := $(foreach name,$(filter-out sh stage,$(USER_FOLDERS)),$(name):$(name)) \
	$(foreach name,$(USER_ALONE),bin/$(name):$(name)) \
	$(foreach name,$(USER_FILES),$(name):$(name)) sh:bin/sh

# The grader's stage (labs/9) is a first task too; the grader packs it in the place of root.
USER_MORE_stage := user/root/archive.c user/root/start.asm

# $(call user_sources,program): a folder with a start.asm begins there, and not in crt0.asm.
user_sources = $(USER_LIB) $(call sources_in,user/$1 user/$1.c) $(USER_MORE_$1) \
	$(if $(USER_MORE_$1)$(wildcard user/$1/start.asm),,$(USER_CRT0))
user_objects = $(patsubst %,$(USER)/objects/%.o,$(user_sources))

$(USER)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(USER_CFLAGS) $(USER_LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(USER_CFLAGS) $(USER_LDFLAGS)' >$@

# Which programs there are: the archive is packed anew, and those that are gone go from here too.
$(USER)/programs: FORCE
	@mkdir -p $(@D)
	@echo '$(USER_PROGRAMS)' | cmp -s - $@ || { \
		for old in $$(cat $@ 2>/dev/null); do \
			case ' $(USER_PROGRAMS) ' in *" $$old "*) ;; *) rm -f $(USER)/$$old ;; esac; \
		done; echo '$(USER_PROGRAMS)' >$@; }

$(USER)/objects/%.c.o: %.c $(USER)/flags
	@mkdir -p $(@D)
	@$(SAY) '$(notdir $(CC)) $< (user)'
	$(Q)$(CC) $(USER_CFLAGS) $(if $(filter lib/string,$*),$(STRING_CFLAGS)) -MMD -MP -c $< -o $@

$(USER)/objects/%.asm.o: %.asm $(USER)/flags
	@mkdir -p $(@D)
	@$(SAY) 'nasm $< (user)'
	$(Q)nasm -felf32 $(NASMFLAGS) -MD $(@:.o=.d) -MP $< -o $@

# With debug information: for GDB.  In the archive they are without.
define user_program
$(USER)/$1: $(call user_objects,$1) user/program.ld
	@mkdir -p $$(@D)
	@$(SAY) '$(notdir $(LD)) -o $$@'
	$(Q)$(LD) $(USER_LDFLAGS) $$(filter %.o,$$^) -o $$@

-include $(patsubst %.o,%.d,$(call user_objects,$1))
endef
$(foreach program,$(USER_PROGRAMS),$(eval $(call user_program,$(program))))

# The same bytes from the same programs, whoever packs them and when.
$(USER_TAR): $(USER_PROGRAMS:%=$(USER)/%) $(USER)/programs
	@rm -rf $(USER)/packed && mkdir -p $(USER)/packed/bin
	@for program in $(USER_PACKED); do \
		$(OBJCOPY) --strip-debug $(USER)/$${program%:*} \
			$(USER)/packed/$${program#*:} || exit 1; \
	done
	@$(SAY) 'tar $@'
	$(Q)tar -C $(USER)/packed --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
		--mode=a=r --format=ustar -cf $@ \
		$(foreach program,$(USER_PACKED),$(lastword $(subst :, ,$(program))))
