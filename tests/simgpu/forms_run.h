/* forms_run.h: runs rows of forms on inputs of their types and judges what they give. Part of test_forms.c. */
#ifndef SIMGPU_FORMS_RUN_H
#define SIMGPU_FORMS_RUN_H

#include <criterion/criterion.h>

#include "forms_text.h"
#include "sim_device.h"
#include "sim_report.h"

#define THREADS 256u /* of a form; scripts and memory: 64 */

static uint64_t noise_state = 88172645463325252u;
static uint64_t noise(void)
{
  noise_state ^= noise_state << 13;
  noise_state ^= noise_state >> 7;
  return noise_state ^= noise_state << 17;
}

/* --- inputs --- */

static uint64_t integer_input(uint32_t bits)
{
  static const uint64_t corners[] = {
      0,          1,           2,         3,          7,          0x7f,          0x80,       0xff,
      0x100,      0x7fff,      0x8000,    0xffff,     0x7fffff,   0x800000,      0x7fffffff, 0x80000000,
      0xffffffff, 0x100000000, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 1};
  uint64_t random = noise();
  if (random % 3 == 0) return corners[random / 3 % (sizeof corners / sizeof corners[0])] & form_ones(bits);
  if (random % 3 == 1) return noise() >> noise() % 64;
  return noise();
}

/* Subnormals, the ends of the range, infinities, NaN, halves; numbers near 1; any bits. */
static uint64_t float_input(const struct float_format *f)
{
  uint64_t one = encode(f, 1, NEAREST, true), random = noise(), ones = form_ones((uint32_t)f->bits);
  uint64_t sign = (noise() & 1) << (f->bits - 1), fraction = form_ones((uint32_t)f->precision - 1);
  uint64_t corners[] = {0,
                        1,
                        fraction,
                        fraction + 1,
                        one,
                        one + 1,
                        one - 1,
                        encode(f, 1.5, NEAREST, true),
                        encode(f, 2.5, NEAREST, true),
                        encode(f, 0.5, NEAREST, true),
                        encode(f, f->largest, NEAREST, true),
                        encode(f, (double)INFINITY, NEAREST, false),
                        ones >> 1,
                        encode(f, (double)NAN, NEAREST, false)};
  if (random % 3 == 0) return sign | corners[random / 3 % (sizeof corners / sizeof corners[0])];
  if (random % 3 == 1)
    return (sign | (encode(f, ldexp(1.0 + (double)(noise() % 4096) / 4096, (int)(noise() % 24) - 12), NEAREST, true))) &
           ones;
  return noise() & ones;
}

static uint64_t input_of(const struct form_call *call, char letter)
{
  const struct form_type *type = letter == 't' || letter == 'w' ? call->t
                                 : letter == 'u'                ? call->u
                                 : letter == 'v'                ? call->v
                                                                : NULL;
  if (letter == 'n') return noise() % 8 == 0 ? noise() : noise() % 72;
  if (letter == 'b') return noise() % 32;
  if (type == NULL || type->class != FORM_FLOAT || format_of(type) == NULL)
    return integer_input(type != NULL && letter != 'w' ? type->bits : 64);
  const struct float_format *f = format_of(type);
  uint64_t value = 0;
  bool packed = type->bits > (uint32_t)f->bits;
  for (uint32_t half = 0; half < (packed ? 2 : 1); half++) value |= float_input(f) << half * (type->bits / 2);
  return value;
}

/* --- a module of kernels, run one by one --- */

struct bench {
  struct sim_device *device;
  struct sim_module *module;
  struct sim_report *report;
  struct sim_error error;
  uint64_t in, out;
};

static struct bench bench_open(const struct text *text, uint32_t threads)
{
  struct bench b = {.report = sim_report_create(0)};
  struct sim_device_options options = {.arch = "B200", .threads = 1};
  cr_assert_eq(sim_device_create(&options, &b.device, &b.error), SIM_OK);
  cr_assert_eq(sim_module_load(b.device, text->data, text->size, &b.module, &b.error), SIM_OK, "%s", b.error.message);
  cr_assert_eq(sim_device_alloc(b.device, threads * 64, &b.in, &b.error), SIM_OK);
  cr_assert_eq(sim_device_alloc(b.device, threads * 64, &b.out, &b.error), SIM_OK);
  return b;
}

static void bench_close(struct bench *b)
{
  sim_device_destroy(b->device);
  sim_report_destroy(b->report);
}

/* in and out: [threads][8]. */
static enum sim_status bench_run(struct bench *b, uint32_t number, uint32_t threads, const void *in, void *out)
{
  char name[16];
  uint8_t pattern[32];
  for (int i = 0; i < 32; i++) pattern[i] = (uint8_t)(i * 37 + 129);
  snprintf(name, sizeof name, "k%u", number);
  sim_device_write(b->device, b->in, in, threads * 64, &b->error);
  sim_device_fill(b->device, b->out, 0, 4, threads * 16, &b->error);
  const void *arguments[] = {&b->in, &b->out, pattern};
  struct sim_launch launch = {.grid = {1, 1, 1}, .block = {threads, 1, 1}, .seed = number, .arguments = arguments};
  enum sim_status status =
      sim_device_launch(b->device, sim_module_kernel(b->module, name), &launch, b->report, NULL, &b->error);
  if (status == SIM_OK)
    cr_assert_eq(sim_device_read(b->device, out, b->out, threads * 64, b->report, &b->error), SIM_OK);
  return status;
}

/* --- forms --- */

static uint32_t failures;

/* One of an opcode is enough to read. */
static bool worth_telling(const char *opcode)
{
  static char last[128];
  bool fresh = strcmp(last, opcode) != 0;
  snprintf(last, sizeof last, "%s", opcode);
  failures++;
  return fresh;
}

static uint32_t bits_of_class(char class)
{
  return class == 'p' ? 1 : class == 'c' ? 8 : class == 'h' ? 16 : class == 'r' ? 32 : 64;
}

/* As a register of the class keeps a result: an integer narrower than it is extended by its sign. */
static uint64_t kept(const struct form_call *call, char letter, uint64_t value)
{
  const struct form_type *type = letter == 't' ? call->t : NULL;
  if (type != NULL && type->bits < 16 && type->class == FORM_SIGNED) value = (uint64_t)form_signed(value, type->bits);
  if (type != NULL && type->bits < 16 && type->class == FORM_UNSIGNED) value &= form_ones(type->bits);
  return value & form_ones(bits_of_class(register_class(call, letter)));
}

static bool is_near(const struct float_format *f, uint64_t got, double exact, double bound)
{
  double value = decode(f, got & form_ones((uint32_t)f->bits));
  if (isnan(exact)) return isnan(value);
  if (isinf(exact)) return value == exact || (fabs(value) == f->largest && signbit(value) == signbit(exact));
  return fabs(value - exact) <= bound;
}

static bool judge_near(const struct form *form, const struct form_call *call, uint64_t got)
{
  const struct float_format *f = format_of(call->t);
  bool good = true;
  for (uint32_t at = 0; at < call->t->bits; at += (uint32_t)f->bits) {
    struct form_call part_of = *call;
    uint64_t bound;
    for (int i = 0; i < FORM_SOURCES; i++) part_of.a[i] >>= at;
    double exact = double_of(form->expect(&part_of, &bound));
    good = good && is_near(f, got >> at, exact, double_of(bound));
  }
  return good;
}

static void judge(const struct form *form, const char *opcode, const struct form_call *call, const uint64_t *got,
                  uint64_t first, uint64_t second)
{
  const char *results = form->shape;
  if (results[0] == '=') return;
  bool good;
  if (form->judge == FORM_NEAR) {
    good = judge_near(form, call, got[0]);
  } else {
    first = kept(call, results[0], first);
    good = got[0] == first;
    if (form->judge == FORM_ANY_NAN && call->t->bits == 64)
      good = good || (isnan(double_of(got[0])) && isnan(double_of(first)));
  }
  if (results[1] == '|') good = good && got[1] == kept(call, results[2], second);
  if (!good && worth_telling(opcode))
    cr_log_error("%s %s: %llx %llx %llx %llx gives %llx|%llx, not %llx|%llx", opcode,
                 form->tail != NULL ? form->tail : "", (unsigned long long)call->a[0], (unsigned long long)call->a[1],
                 (unsigned long long)call->a[2], (unsigned long long)call->a[3], (unsigned long long)got[0],
                 (unsigned long long)got[1], (unsigned long long)first, (unsigned long long)second);
}

/* Warp 0: all lanes alike; warp 1: zeros first. */
static void fill_inputs(const struct form *form, const struct form_call *call, uint64_t (*in)[8])
{
  const char *sources = strchr(form->shape, '=') + 1;
  memset(in, 0, THREADS * 64);
  for (uint32_t thread = 0; thread < THREADS; thread++) {
    uint32_t i = 0;
    for (const char *at = sources; *at != '\0'; at += at[1] == ',' ? 2 : 1, i++) in[thread][i] = input_of(call, *at);
    if (form->no_zero && (in[thread][1] & form_ones(call->t->bits)) == 0) in[thread][1] = 1;
    if (form->expect_warp != NULL && thread < 32) memcpy(in[thread], in[0], 64);
    if (form->expect_warp != NULL && thread / 32 == 1) in[thread][0] = 0;
  }
}

static void run_form(struct bench *b, uint32_t number, const struct form *form, const char *opcode, const char *tail)
{
  static uint64_t in[THREADS][8], out[THREADS][8];
  struct form_call call, warp[32];
  uint64_t first[32], second[32];
  take_apart(opcode, &call);
  call.tail = strtoll(tail, NULL, 0);
  fill_inputs(form, &call, in);
  cr_assert_eq(bench_run(b, number, THREADS, in, out), SIM_OK, "%s: %s", opcode, b->error.message);
  for (uint32_t thread = 0; thread < THREADS; thread++) {
    memcpy(call.a, in[thread], sizeof call.a);
    warp[thread % 32] = call;
    if (form->expect_warp == NULL) {
      second[0] = 0;
      first[0] = form->judge == FORM_NEAR ? 0 : form->expect(&call, &second[0]);
      judge(form, opcode, &call, out[thread], first[0], second[0]);
    } else if (thread % 32 == 31) {
      form->expect_warp(warp, first, second);
      for (uint32_t lane = 0; lane < 32; lane++)
        judge(form, opcode, &warp[lane], out[thread - 31 + lane], first[lane], second[lane]);
    }
  }
}

/* Calls back with each opcode and tail of a table. */
static void each_form(const struct form *table, size_t count,
                      void (*visit)(void *, const struct form *, const char *, const char *), void *context)
{
  char opcode[128], tail[32];
  for (size_t i = 0; i < count; i++)
    for (uint32_t k = 0; expand(table[i].opcodes, k, opcode, sizeof opcode); k++)
      for (uint32_t j = 0; expand(table[i].tail != NULL ? table[i].tail : "", j, tail, sizeof tail); j++)
        visit(context, &table[i], opcode, tail);
}

struct visit {
  struct text text;
  struct bench bench;
  uint32_t number;
};
static void visit_say(void *context, const struct form *form, const char *opcode, const char *tail)
{
  struct visit *v = context;
  say_form(&v->text, v->number++, form, opcode, tail);
}
static void visit_run(void *context, const struct form *form, const char *opcode, const char *tail)
{
  struct visit *v = context;
  run_form(&v->bench, v->number++, form, opcode, tail);
}

static void run_table(const struct form *table, size_t count)
{
  struct visit v = {.number = 0};
  failures = 0;
  say_module(&v.text);
  each_form(table, count, visit_say, &v);
  v.bench = bench_open(&v.text, THREADS);
  v.number = 0;
  each_form(table, count, visit_run, &v);
  cr_expect_eq(failures, 0, "%u wrong results", failures);
  cr_log_info("%u forms", v.number);
  bench_close(&v.bench);
  free(v.text.data);
}

#endif
