# The rules of the kernels.  Included by the Makefile, which says what BUILDS there are.

# $(call format,build), $(call kind,build): of 2level-debug they are 2level and debug.
format = $(firstword $(subst -, ,$1))
kind = $(word 2,$(subst -, ,$1))
# $(call flags,build) of the C compiler, $(call defines,build) of assembler too.
defines = $(strip $(DEFINES_$(call format,$1)) $(DEFINES_$(call kind,$1)))
flags = $(CFLAGS) $(CFLAGS_$(call format,$1)) \
	$(if $(filter debug,$(call kind,$1)),$(DEBUG_CFLAGS)) $(call defines,$1)
# $(call file_flags,build,file without .c): what one file has besides.  The debug build is compiled
# for GDB, hot or cold.
file_flags = $(if $(filter lib/string,$2),$(STRING_CFLAGS)) \
	$(if $(filter debug,$(call kind,$1)),,$(if $(filter $2.c,$(COLD)),$(COLD_CFLAGS)))

# $(call objects,build,sources)
objects = $(patsubst %,$(BUILD)/$1/%.o,$2)
kernel_objects = $(call objects,$1,$(KERNEL) boot/early_$(call format,$1).asm) \
	$(call objects,$1,$(DEBUG_$(call kind,$1)))

# $(call compile,build): its objects.
define compile
$(BUILD)/$1/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$(CC) $(call flags,$1) $(COLD_CFLAGS) $(COLD)' | cmp -s - $$@ || \
		echo '$(CC) $(call flags,$1) $(COLD_CFLAGS) $(COLD)' >$$@

$(BUILD)/$1/%.c.o: %.c $(BUILD)/$1/flags
	@mkdir -p $$(@D)
	@$(SAY) '$(notdir $(CC)) $$<'
	$(Q)$(CC) $(call flags,$1) $$(call file_flags,$1,$$*) -MMD -MP -c $$< -o $$@

$(BUILD)/$1/%.asm.o: %.asm $(BUILD)/$1/flags
	@mkdir -p $$(@D)
	@$(SAY) 'nasm $$<'
	$(Q)nasm -felf32 $(NASMFLAGS) $(call defines,$1) -MD $$(@:.o=.d) -MP $$< -o $$@

-include $(patsubst %.o,%.d,$(call kernel_objects,$1) $(call objects,$1,$(ABOVE) $(NO_TESTS)))
endef

# $(call link,ELF file,its folder,objects): it is linked twice.  From the names of the first link
# comes the symbol table of the second (for back traces), and no function may have moved between the
# two.
define link
$2/symbols_none.asm: tools/ksyms.awk
	@mkdir -p $$(@D)
	@awk -f $$< /dev/null >$$@

$2/symbols_all.asm: $2/first.elf tools/ksyms.awk
	@$(NM) -n $$< | awk -f tools/ksyms.awk >$$@

$2/symbols_%.o: $2/symbols_%.asm
	@nasm -felf32 $$< -o $$@

$2/first.elf: $3 $2/symbols_none.o linker.ld
	@$(SAY) '$(notdir $(LD)) -o $$@'
	$(Q)$(LD) $(LDFLAGS) $$(filter %.o,$$^) -o $$@

$1: $3 $2/symbols_all.o linker.ld
	@$(SAY) '$(notdir $(LD)) -o $$@'
	$(Q)$(LD) $(LDFLAGS) $$(filter %.o,$$^) -o $$@
	@$(NM) -n $$@ | awk -f tools/ksyms.awk | cmp - $2/symbols_all.asm
endef

# $(call kernel_name,build): of pae-debug it is build/tarn-pae-debug.
kernel_words = $(patsubst %,-%,$(filter-out 2level,$(call format,$1)) $(call kind,$1))
kernel_name = $(BUILD)/tarn$(subst $() ,,$(call kernel_words,$1))

define rules
$(call compile,$1)
$(call link,$(call kernel_name,$1).elf,$(BUILD)/$1,$(call kernel_objects,$1) \
	$(call objects,$1,$(ABOVE)))
$(call link,$(call kernel_name,$1)-plain.elf,$(BUILD)/$1/plain,$(call kernel_objects,$1) \
	$(call objects,$1,$(NO_TESTS)))
endef
$(foreach build,$(BUILDS),$(eval $(call rules,$(build))))
