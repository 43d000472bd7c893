/* engine_print.c: device-side printf and assert: the functions that the compiler calls and the device provides. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine_internal.h"

#define TEXT_MAX 4096

/* The bytes of a NUL-terminated string in device memory; what can't be read ends it. */
static void read_string(const struct step *s, uint64_t address, char *text, size_t size)
{
  size_t used = 0;
  while (used + 1 < size &&
         sim_memory_host_read(s->warp->block->engine->grid->memory, text + used, address + used, 1, NULL) &&
         text[used] != '\0') {
    used++;
  }
  text[used] = '\0';
}

/* Argument `index` of a call: the .param variable or register that was given. */
static uint64_t call_argument(const struct step *s, const struct ptx_call *call, uint32_t index, uint32_t lane)
{
  uint32_t operand = call->argument_group + index;
  const struct ptx_operand *o = sim_engine_operand(s, operand);
  uint64_t value = 0, values[LANES];
  if (o->kind == PTX_OPERAND_SYMBOL) {
    const struct ptx_symbol *symbol = &s->program->module->symbols[o->symbol];
    uint32_t stride = (s->program->module->functions[s->frame->function].call_bytes + 15u) & ~15u;
    memcpy(&value, s->frame->params + (size_t)lane * stride + symbol->offset,
           symbol->size_bytes < 8 ? symbol->size_bytes : 8);
    return value;
  }
  sim_engine_read(s, operand, PTX_B64, values);
  return values[lane];
}

static void write_result(struct step *s, const struct ptx_call *call, uint32_t lane, int32_t result)
{
  if (call->return_count == 0) return;
  const struct ptx_operand *o = sim_engine_operand(s, 0);
  if (o->kind != PTX_OPERAND_SYMBOL) return;
  uint32_t stride = (s->program->module->functions[s->frame->function].call_bytes + 15u) & ~15u;
  memcpy(s->frame->params + (size_t)lane * stride + s->program->module->symbols[o->symbol].offset, &result, 4);
}

/* The next value of the argument block, aligned to its size. */
static uint64_t next_value(const struct step *s, uint64_t *at, uint32_t size, uint32_t lane)
{
  uint64_t address[LANES], value = 0;
  uint8_t values[LANES * 8];
  *at = (*at + size - 1) / size * size;
  for (int l = 0; l < LANES; l++) address[l] = *at;
  struct sim_access access = {.block = s->warp->block->memory,
                              .warp = s->warp->number,
                              .insn = s->pc,
                              .mask = 1u << lane,
                              .address = address,
                              .bytes = size};
  if (sim_access_load(&access, values, NULL) != 0) memcpy(&value, values + (size_t)lane * size, size);
  *at += size;
  return value;
}

struct text {
  char bytes[TEXT_MAX];
  size_t used;
};

static void append(struct text *text, const char *piece)
{
  size_t length = strlen(piece), room = sizeof text->bytes - 1 - text->used;
  if (length > room) length = room;
  memcpy(text->bytes + text->used, piece, length);
  text->used += length;
  text->bytes[text->used] = '\0';
}

/* One conversion: flags, width and precision are kept, the length is replaced by the host's for 64 bits. */
static const char *convert(struct step *s, const char *format, uint64_t *arguments, uint32_t lane, struct text *out)
{
  char spec[64] = "%", piece[1024];
  size_t used = 1;
  const char *c = format + 1;
  uint32_t size = 4;
  while (*c != '\0' && strchr("-+ #0123456789.*", *c) != NULL && used < 40) {
    if (*c == '*')
      used += (size_t)snprintf(spec + used, 12, "%d", (int)next_value(s, arguments, 4, lane));
    else
      spec[used++] = *c;
    c++;
  }
  for (; *c != '\0' && strchr("hlLjzt", *c) != NULL; c++) size = *c == 'h' ? 4 : 8;
  char kind = *c != '\0' ? *c : '%';
  if (strchr("di", kind) != NULL) {
    uint64_t value = next_value(s, arguments, size, lane);
    snprintf(spec + used, sizeof spec - used, "%s", PRId64);
    snprintf(piece, sizeof piece, spec, size == 8 ? (int64_t)value : (int64_t)(int32_t)value);
  } else if (strchr("uxXo", kind) != NULL) {
    snprintf(spec + used, sizeof spec - used, "l%c", kind);
    snprintf(piece, sizeof piece, spec, (unsigned long)next_value(s, arguments, size, lane));
  } else if (strchr("eEfFgGaA", kind) != NULL) {
    uint64_t bits = next_value(s, arguments, 8, lane);
    double value;
    memcpy(&value, &bits, sizeof value);
    snprintf(spec + used, sizeof spec - used, "%c", kind);
    snprintf(piece, sizeof piece, spec, value);
  } else if (kind == 'c') {
    snprintf(piece, sizeof piece, "%c", (int)next_value(s, arguments, 4, lane));
  } else if (kind == 'p') {
    snprintf(piece, sizeof piece, "0x%" PRIx64, next_value(s, arguments, 8, lane));
  } else if (kind == 's') {
    char string[512];
    read_string(s, next_value(s, arguments, 8, lane), string, sizeof string);
    snprintf(spec + used, sizeof spec - used, "s");
    snprintf(piece, sizeof piece, spec, string);
  } else {
    snprintf(piece, sizeof piece, "%%");
  }
  append(out, piece);
  return *c != '\0' ? c + 1 : c;
}

static void emit(struct step *s, const struct text *text)
{
  struct engine *engine = s->warp->block->engine;
  pthread_mutex_lock(&engine->lock);
  engine->grid->print(engine->grid->print_context, text->bytes, text->used);
  pthread_mutex_unlock(&engine->lock);
}

enum step_result sim_engine_vprintf(struct step *s, const struct ptx_call *call)
{
  for (uint32_t left = s->mask; left != 0; left &= left - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(left);
    char format[TEXT_MAX];
    struct text out = {.used = 0};
    uint64_t arguments = call_argument(s, call, 1, lane);
    read_string(s, call_argument(s, call, 0, lane), format, sizeof format);
    int32_t count = 0;
    for (const char *c = format; *c != '\0';) {
      char one[2] = {*c, '\0'};
      if (*c == '%' && c[1] == '%') {
        append(&out, "%");
        c += 2;
      } else if (*c == '%') {
        c = convert(s, c, &arguments, lane, &out);
        count++;
      } else {
        append(&out, one);
        c++;
      }
    }
    emit(s, &out);
    write_result(s, call, lane, count);
  }
  return STEP_NEXT;
}

enum step_result sim_engine_assertfail(struct step *s, const struct ptx_call *call)
{
  uint32_t lane = (uint32_t)__builtin_ctz(s->mask);
  char message[200], file[200], function[200];
  read_string(s, call_argument(s, call, 0, lane), message, sizeof message);
  read_string(s, call_argument(s, call, 1, lane), file, sizeof file);
  read_string(s, call_argument(s, call, 3, lane), function, sizeof function);
  const uint32_t *b = s->warp->block->coordinates;
  struct text out = {.used = 0};
  char line[800];
  snprintf(line, sizeof line, "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.\n", file,
           (unsigned)call_argument(s, call, 2, lane), function, b[0], b[1], b[2], s->warp->tid[0][lane],
           s->warp->tid[1][lane], s->warp->tid[2][lane], message);
  append(&out, line);
  emit(s, &out);
  sim_engine_fail(s, SIM_CHECK_ASSERT, lane, "assertion `%.150s` failed", message);
  return STEP_MOVED;
}
