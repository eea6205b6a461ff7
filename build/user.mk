# SPDX-License-Identifier: Apache-2.0
comma := ,
# User side: one object per source, one archive per folder, in three flavours:
# plain (.output/obj), sanitized (.output/san), fuzzing (.output/fuzz).

FOLDERS := base host resolve probe facts audit stream proto exchange model dialect reader policy semconv otlp export view app
SRCS_OF = $(filter-out user/main.c,$(wildcard user/$(1)/*.c))

# Who may be linked with a folder's tests: what the include table allows, transitively.
DEPS_base     := base
DEPS_host     := host base
DEPS_resolve  := resolve host base
DEPS_probe    := probe resolve host base
DEPS_model    := model base
DEPS_facts    := facts model base
DEPS_audit    := audit facts model base
DEPS_stream   := stream base
DEPS_proto    := proto base
DEPS_exchange := exchange stream proto base
DEPS_dialect  := dialect exchange stream proto model base
DEPS_reader   := reader dialect exchange stream proto model base
DEPS_policy   := policy model base
DEPS_semconv  := semconv model base
DEPS_otlp     := otlp semconv model base
DEPS_export   := export otlp semconv model base
DEPS_view     := view model base
DEPS_app      := app view export otlp semconv policy reader dialect exchange proto stream audit facts probe resolve host model base

# Generated C (protobuf-c) is compiled with fewer warnings; it is not our code.
PROTOS := $(wildcard user/otlp/proto/*.proto)
GEN_C  := $(patsubst user/otlp/proto/%.proto,$O/gen/%.pb-c.c,$(PROTOS))
$O/gen/%.pb-c.c $O/gen/%.pb-c.h &: user/otlp/proto/%.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$<)protoc-c --proto_path=user/otlp/proto --c_out=$O/gen $<
GEN_H := $(GEN_C:.c=.h)

# $(1) flavour dir, $(2) flags
define flavour
$O/$(1)/user/%.o: user/%.c | $(GEN_H)
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$$(CC) $$(CPPFLAGS) $$(CFLAGS) $(2) -MMD -MP -c $$< -o $$@
$O/$(1)/gen/%.o: $O/gen/%.c
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$$(CC) $$(CPPFLAGS) -O2 -g -w $(2) -fPIE -c $$< -o $$@
$(foreach f,$(FOLDERS),$O/$(1)/lib$(f).a: $(patsubst %.c,$O/$(1)/%.o,$(call SRCS_OF,$(f))) $(if $(filter otlp,$(f)),$(patsubst $O/gen/%.c,$O/$(1)/gen/%.o,$(GEN_C)))
	@rm -f $$@
	$$(call say,AR,$$@)ar rcs $$@ $$^
)
endef
$(eval $(call flavour,obj,))
$(eval $(call flavour,san,$(SAN)))
$(eval $(call flavour,fuzz,-fsanitize=fuzzer-no-link$(comma)address$(comma)undefined -fno-sanitize-recover=all))

# Only the kernel edge sees the skeleton.
$(foreach d,obj san fuzz,$(patsubst %.c,$O/$(d)/%.o,$(call SRCS_OF,probe))): | $O/earshot.skel.h

ALL_LIBS = $(foreach f,$(DEPS_app),$O/$(1)/lib$(f).a)
$O/earshot: $O/obj/user/main.o $(call ALL_LIBS,obj)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call ALL_LIBS,obj) -Wl,--end-group $(LIBS)
$O/earshot-san: $O/san/user/main.o $(call ALL_LIBS,san)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(SAN) -o $@ $< -Wl,--start-group $(call ALL_LIBS,san) -Wl,--end-group $(LIBS)

-include $(shell find $O/obj $O/san $O/fuzz -name '*.d' 2>/dev/null)
