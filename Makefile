# SPDX-License-Identifier: Apache-2.0
# oae: Overhead-Aware Efficiency. `make help` lists the targets.

BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
OPT ?= -O2
CFLAGS ?= -g
ALL_CFLAGS = -std=gnu11 $(OPT) $(CFLAGS) $(WARN) -I. -MMD -MP \
	-DOAE_BUILD_FLAGS='"$(OPT)"' $(EXTRA_CFLAGS)
LDFLAGS += $(EXTRA_LDFLAGS)
LIBS := -lcjson -lcsv -lcrypto -lzstd -lpcre2-8 -lpthread -ldl -lm

# ---- what belongs to which library -------------------------------------
src = $(filter-out $(2),$(wildcard $(1)))
BASE := $(wildcard base/*.c)
SCHEMA := $(wildcard schema/*.c)
WORKLOADS := $(call src,workloads/*.c workloads/corpus/*.c,workloads/corpus/items_main.c)
SDK := $(wildcard adapters/sdk/*.c)
REFERENCE := $(call src,adapters/reference/*.c adapters/reference/*/*.c, \
	adapters/reference/systems.c adapters/reference/oae-lm/%)
HARNESS := $(call src,harness/*.c harness/sensors/*.c,harness/main.c)
REPORTS := $(wildcard reports/*.c)
OAE_LM := $(wildcard adapters/reference/oae-lm/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
L := $(BUILD)/lib
ADAPTERS := $(BUILD)/adapters/null $(BUILD)/adapters/reference \
	$(BUILD)/adapters/skeleton
PROGRAMS := $(BUILD)/oae $(BUILD)/oae-lm $(BUILD)/oae-corpus $(ADAPTERS)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all
all: $(PROGRAMS) ## build every program

# ---- compiling ----------------------------------------------------------
# V=1 shows the commands.
ifeq ($(V),)
Q := @
say = @echo '  $(1) $@'
endif
# A score, a schedule or a weight must not depend on whether the machine fuses
# a multiply and an add.
$(BUILD)/obj/schema/%.o $(BUILD)/obj/base/%.o $(BUILD)/obj/workloads/%.o \
$(BUILD)/obj/adapters/reference/gguf/%.o: \
	ALL_CFLAGS += -ffp-contract=off
$(BUILD)/obj/adapters/reference/kernels/%.o: OPT := -O3 -ffp-contract=off
$(BUILD)/obj/adapters/reference/train/%.o: OPT := -O3
$(BUILD)/obj/tests/bench-engine/roofline%.o: OPT := -O3
ifeq ($(shell uname -m),x86_64)
AVX2 := -mavx2 -mfma -mf16c
AVX512BW := $(AVX2) -mavx512f -mavx512bw -mavx512dq -mavx512vl
AVX512VNNI := $(AVX512BW) -mavx512vnni
$(BUILD)/obj/%_avx2.o: ALL_CFLAGS += $(AVX2)
$(BUILD)/obj/%_avx512.o $(BUILD)/obj/%_avx512bw.o: ALL_CFLAGS += $(AVX512BW)
$(BUILD)/obj/%_avx512vnni.o: ALL_CFLAGS += $(AVX512VNNI)
endif
DOTPROD := -march=armv8.2-a+dotprod
ifeq ($(shell uname -m),aarch64)
$(BUILD)/obj/%_neondot.o: ALL_CFLAGS += $(DOTPROD)
endif

# The commit that results name; the file changes only when the commit does.
GIT := $(shell git describe --always --dirty --exclude='*' 2>/dev/null)
$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(GIT)' | cmp -s - $@ || echo '$(GIT)' >$@
.PHONY: FORCE
FORCE:
STAMPED := $(call obj,schema/result.c harness/campaign_folder.c \
	tests/bench/report.c)
$(STAMPED): $(BUILD)/commit
ifneq ($(GIT),)
$(STAMPED): ALL_CFLAGS += -DOAE_BUILD_GIT='"$(GIT)"'
endif

# The board's style sheet and script are in the program.
$(call obj,reports/board_assets.c): $(wildcard reports/templates/board.*)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

define library
$(L)/lib$(1).a: $(call obj,$(2))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,ar)
	$$(Q)ar rcs $$@ $$^
endef
$(eval $(call library,base,$(BASE)))
$(eval $(call library,oae,$(SCHEMA)))
$(eval $(call library,workloads,$(WORKLOADS)))
$(eval $(call library,sdk,$(SDK)))
$(eval $(call library,reference,$(REFERENCE)))
$(eval $(call library,harness,$(HARNESS)))
$(eval $(call library,reports,$(REPORTS)))

link = @mkdir -p $(@D) && $(CC) $(OPT) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/oae: $(call obj,harness/main.c) $(L)/libharness.a $(L)/libreports.a \
		$(L)/libworkloads.a $(L)/liboae.a $(L)/libbase.a
	$(link)
$(BUILD)/oae-lm: $(call obj,$(OAE_LM)) $(L)/libreference.a \
		$(L)/libworkloads.a $(L)/liboae.a $(L)/libbase.a
	$(link)
$(BUILD)/oae-corpus: $(call obj,workloads/corpus/items_main.c) \
		$(L)/libworkloads.a $(L)/liboae.a $(L)/libbase.a
	$(link)
$(BUILD)/adapters/reference: $(call obj,adapters/reference/systems.c) \
		$(L)/libreference.a $(L)/libworkloads.a $(L)/libsdk.a \
		$(L)/liboae.a $(L)/libbase.a
	$(link)
$(BUILD)/adapters/%: $(BUILD)/obj/adapters/%/main.o $(L)/libsdk.a \
		$(L)/libbase.a
	$(link)
$(BUILD)/bench-harness: $(call obj,$(wildcard tests/bench/*.c)) \
		$(L)/libharness.a $(L)/libworkloads.a $(L)/liboae.a \
		$(L)/libbase.a
	$(link)
ENGINE_BENCH := $(wildcard tests/bench-engine/*.c) tests/bench/report.c \
	tests/peer/client.c $(patsubst %,adapters/reference/oae-lm/%.c,\
	options speed)
$(BUILD)/bench-engine: $(call obj,$(ENGINE_BENCH)) $(L)/libreference.a \
		$(L)/libworkloads.a $(L)/liboae.a $(L)/libbase.a
	$(link)
# The checks of kernels, also of those for AVX-512, which SIMDe emulates.
FAKE_AVX512 := $(patsubst %.c,$(BUILD)/obj/%.fake.o, \
	$(wildcard adapters/reference/kernels/*avx512*.c))
$(FAKE_AVX512): $(BUILD)/obj/%.fake.o: %.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(ALL_CFLAGS) $(AVX2) -Wno-psabi \
		-include tests/fake/avx512.h -c -o $@ $<
$(FAKE_AVX512): OPT := -O1 -ffp-contract=off
$(BUILD)/obj/%vnni.fake.o: ALL_CFLAGS += -DOAE_FAKE_VNNI
$(BUILD)/tests/test_kernels: $(BUILD)/obj/tests/unit/test_kernels.o \
		$(call obj,$(call src,tests/kernels/*.c,tests/kernels/alone.c)) \
		$(FAKE_AVX512) \
		$(L)/libreference.a $(L)/liboae.a $(L)/libbase.a
	@mkdir -p $(@D) && $(CC) $(OPT) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(L)/libharness.a \
		$(L)/libreports.a $(L)/libreference.a $(L)/libworkloads.a \
		$(L)/libsdk.a $(L)/liboae.a $(L)/libbase.a
	@mkdir -p $(@D) && $(CC) $(OPT) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# A unit test that is skipped, for skips.t.
$(BUILD)/tests/skips: $(BUILD)/obj/tests/fake/skips.o
	@mkdir -p $(@D) && $(CC) $(OPT) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka
# A library with PAPI's habits, in a folder that stands for /.
FAKE_PAPI := $(BUILD)/tests/fake-papi/usr/lib/libpapi.so
$(FAKE_PAPI): tests/fake/papi.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) $(WARN) -shared -fPIC -o $@ $<
$(BUILD)/tests/test_papi: | $(FAKE_PAPI)
# The program of a later version of the spec: its own schema/version.c.
LATER := $(BUILD)/tests/oae-later
$(LATER): $(call obj,harness/main.c tests/fake/version_later.c) \
		$(L)/libharness.a $(L)/libreports.a $(L)/libworkloads.a \
		$(L)/liboae.a $(L)/libbase.a
	$(link)
$(BUILD)/tests/test_moved: | $(LATER)
# llama.cpp as a child process, for tests and tables; not of the product.
$(BUILD)/tests/llama-peer: $(call obj,tests/peer/llama_peer.c \
		tests/peer/llama_peer_compute.c tests/peer/llama_lib.c) $(L)/libbase.a
	$(link)
$(BUILD)/tests/agreement: $(call obj,tests/peer/agreement.c \
		tests/peer/client.c adapters/reference/oae-lm/options.c) \
		$(L)/libreference.a $(L)/libworkloads.a $(L)/liboae.a \
		$(L)/libbase.a
	$(link)
$(BUILD)/tests/tokenizers: $(call obj,tests/peer/tokenizers.c \
		tests/peer/vocab_file.c tests/peer/texts.c \
		tests/peer/llama_lib.c) $(L)/libreference.a \
		$(L)/libworkloads.a $(L)/liboae.a $(L)/libbase.a
	$(link)
$(BUILD)/tests/with-papi-test: $(BUILD)/obj/tests/packages/with_papi.o \
		$(L)/libharness.a $(L)/liboae.a $(L)/libbase.a
	$(link)

.PRECIOUS: $(BUILD)/obj/%.o
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- what people type ---------------------------------------------------
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

# A recipe calls make again after the set-up, so that nothing is compiled
# before the packages that it needs are there.
.PHONY: bench
bench: ## install what is missing, build, run the quick suite, draw the report
	@ci/setup bench
	@$(MAKE) --no-print-directory -j2 all
	@$(BUILD)/oae run --suite quick $(OAE_RUN_FLAGS)

.PHONY: bench-harness
bench-harness: ## what the harness itself costs, with targets (3 minutes)
	@ci/setup bench
	@$(MAKE) --no-print-directory -j2 $(BUILD)/bench-harness \
		$(BUILD)/adapters/null
	@$(BUILD)/bench-harness -o $(BUILD)/bench-harness.json

.PHONY: test
test: ## install what is missing, build, run every test
	@ci/setup test
	@$(MAKE) --no-print-directory -j2 all tests
	@ci/test $(BUILD)

PEER := $(BUILD)/tests/llama-peer $(BUILD)/tests/agreement \
	$(BUILD)/tests/tokenizers
.PHONY: test-peer
test-peer: ## install llama.cpp (npm, 70 MB) and compare the engine with it
	@ci/setup peer
	@$(MAKE) --no-print-directory -j2 $(BUILD)/oae-lm $(PEER)
	@ci/test $(BUILD) tests/peer/agreement.t tests/peer/tokenizers.t

# A user's checkout of llm.c, with its own flags: LLMC=/path/of/llm.c.
ifneq ($(LLMC),)
LLMC_PEER := $(BUILD)/tests/llmc-peer
$(LLMC_PEER): tests/peer/llmc_peer.c $(LLMC)/train_gpt2.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) -Ofast -march=native -fopenmp -DOMP -w \
		-DOAE_TRAIN_GPT2='"$(abspath $(LLMC))/train_gpt2.c"' -o $@ $< -lm
endif
.PHONY: bench-engine
bench-engine: ## the engine beside llama.cpp (see test-peer), with targets
	@ci/setup bench
	@$(MAKE) --no-print-directory -j2 $(BUILD)/bench-engine \
		$(BUILD)/oae-lm $(PEER) $(LLMC_PEER)
	@$(if $(LLMC),LLMC_PEER=$(LLMC_PEER)) $(BUILD)/bench-engine -o $(BUILD)/bench-engine.json \
		--models $(BUILD)/bench-models $(BENCH_ENGINE_FLAGS)

# The engine's kernels alone: no library is needed for the other processor.
NEON := $(BUILD)/tests/kernels-aarch64
NEON_CC := aarch64-linux-gnu-gcc -std=gnu11 -O2 -g -ffp-contract=off $(WARN) \
	-I. -static
NEON_SOURCES := $(wildcard adapters/reference/kernels/*neon.c \
	tests/kernels/*.c) $(addprefix adapters/reference/,kernels/dispatch.c \
	kernels/pack.c kernels/scalar.c gguf/tensor.c synth/tensor_random.c) \
	base/rng.c base/status.c base/utf8.c
NEON_DOT := adapters/reference/kernels/matmul_neondot.c
$(NEON): $(NEON_SOURCES) $(NEON_DOT) $(wildcard tests/kernels/*.h \
		adapters/reference/*/*.h)
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(NEON_CC) $(DOTPROD) -c -o $@.dot.o $(NEON_DOT)
	$(Q)$(NEON_CC) -o $@ $(NEON_SOURCES) $@.dot.o -lm

.PHONY: test-neon
test-neon: ## the kernels for 64-bit Arm under an emulator (56 MB of packages)
	@ci/setup neon
	@$(MAKE) --no-print-directory $(NEON)
	@qemu-aarch64 -cpu cortex-a53 $(NEON) neon
	@qemu-aarch64 -cpu max $(NEON) neondot

.PHONY: acceptance
acceptance: ## the measurement core's acceptance checks, each with its figure
	@ci/setup test
	@$(MAKE) --no-print-directory -j2 all tests
	@ci/acceptance $(BUILD)

.PHONY: with-papi-test
with-papi-test: ## what the installed PAPI and likwid count here, in their words
	@ci/setup bench
	@$(MAKE) --no-print-directory -j2 $(BUILD)/tests/with-papi-test
	@$(BUILD)/tests/with-papi-test

.PHONY: tests
tests: $(PROGRAMS) $(BUILD)/bench-harness $(BUILD)/tests/validate_batch $(UNIT) $(BUILD)/tests/skips $(PEER) $(BUILD)/bench-engine ## build the unit tests

.PHONY: asan
asan: ## the same tests under AddressSanitizer and UBSan, in build-asan/
	@ci/setup test
	@$(MAKE) --no-print-directory -j2 BUILD=build-asan OPT=-O1 \
		EXTRA_CFLAGS='$(SANITIZE)' EXTRA_LDFLAGS='$(SANITIZE)' all tests
	@ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		ci/test build-asan
SANITIZE := -fsanitize=address,undefined -fno-omit-frame-pointer

.PHONY: lint
lint: ## format, layers, headers alone, clang-tidy, cppcheck
	@ci/setup lint
	@ci/lint

.PHONY: models
models: ## train the embedded models again from nothing (about two hours)
	@ci/setup bench
	@$(MAKE) --no-print-directory -j2 all
	@adapters/reference/train/train_models.sh $(BUILD)

.PHONY: items
items: $(BUILD)/oae-corpus ## write the workloads' items again from their seed
	@workloads/make_items.sh $(BUILD)

.PHONY: clean
clean: ## remove what was built (results stay)
	rm -rf build build-asan
