# The variables of make, looked at before anything is made; then what the goals need is installed.
# Included by the Makefile.  Sets GOALS (those that build), CC if it was given as GIVEN_CC, TOUR.

# make tour NAME: the name is no goal of its own.
TOUR := $(or $(t),$(if $(filter tour,$(firstword $(MAKECMDGOALS))),$(word 2,$(MAKECMDGOALS))))
ifneq ($(filter tour,$(firstword $(MAKECMDGOALS))),)
$(wordlist 2,9,$(MAKECMDGOALS)): ; @:
.PHONY: $(wordlist 2,9,$(MAKECMDGOALS))
endif
GOALS := $(filter-out toolchain loc clean help $(TOUR),$(or $(MAKECMDGOALS),all))
DRY_RUN := $(findstring n,$(firstword -$(MAKEFLAGS)))
GIVEN_CC := $(if $(filter default undefined,$(origin CC)),,$(CC))

# Which variables there are, and what they take, stands in one table.  One that is switched off
# (PAE=0) is as one not given.
VARIABLES := $(shell awk -v what=names -f tools/variables.awk tools/variables.txt)
SWITCHES := $(shell awk -v what=switches -f tools/variables.awk tools/variables.txt)
# GNU make before 4.4 gives the command line's variables to recipes, but not to $(shell).
quoted = '$(subst ','\'',$1)'
SETTINGS = $(foreach name,$(filter-out CC CURDIR,$(VARIABLES)),$(name)=$(call quoted,$($(name))))
$(foreach name,$(SWITCHES),$(if $(filter 0,$($(name))),$(eval override $(name) :=)))

ifneq ($(GOALS),)
from_command = $(filter command,$(firstword $(origin $1)))
GIVEN := $(foreach name,$(.VARIABLES),$(if $(call from_command,$(name)),$(name)))
UNKNOWN := $(filter-out $(VARIABLES),$(GIVEN))
$(if $(UNKNOWN),$(error There is no variable $(UNKNOWN) here: `make help` names them))
REFUSED := $(shell $(SETTINGS) awk -v what=refuse -f tools/variables.awk tools/variables.txt)
$(if $(REFUSED),$(error $(REFUSED)))

ifeq ($(DRY_RUN),)
ifneq ($(shell $(SETTINGS) sh tools/deps.sh $(call quoted,$(GIVEN_CC)) $(GOALS) >&2 && echo ok),ok)
$(error Something that '$(GOALS)' needs is missing, see above)
endif
endif
endif

# What is only built is built in parallel, unless make was told how many jobs there may be.
BUILT := all kernels plain user iso run size $(filter %.elf %.iso %.tar,$(GOALS))
ifeq ($(findstring -j,$(MAKEFLAGS))$(filter-out $(BUILT),$(or $(MAKECMDGOALS),all)),)
MAKEFLAGS += -j$(or $(shell getconf _NPROCESSORS_ONLN 2>/dev/null),2)
endif
