/* test_engine.c: kernels of data/engine.cu, through both of nvcc's front ends, on devices of each architecture, against answers
 * computed here; and what must be found: races, divergence, deadlock, faults. Each over several seeds. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim_device.h"
#include "sim_report.h"
#include "ptx_dir.h"

#define SEEDS 4

static const struct {
  const char *gpu;
  int arch;
} targets[] = {{"A100", 80}, {"H100", 90}, {"B200", 100}, {"GB300", 80}};
#define TARGETS (sizeof targets / sizeof targets[0])

static char printed[1024];

static void print_keep(void *context, const char *text, size_t size)
{
  (void)context;
  strncat(printed, text, size < sizeof printed - strlen(printed) - 1 ? size : 0);
}

struct bench {
  struct sim_device *device;
  struct sim_module *module;
  struct sim_report *report;
  struct sim_error error;
  enum sim_status status;
};

static char *read_text(const char *folder, const char *name, int arch, size_t *size)
{
  char path[512];
  snprintf(path, sizeof path, "%s/%s_%d.ptx", folder, name, arch);
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  char *text = malloc(1 << 22);
  *size = fread(text, 1, 1 << 22, file);
  fclose(file);
  return text;
}

static struct bench bench_load(size_t target, const char *name)
{
  struct bench b = {.report = sim_report_create(0)};
  struct sim_device_options options = {
      .arch = targets[target].gpu, .print = print_keep, .step_limit = 1 << 22, .threads = 2};
  size_t size = 0;
  char *text = read_text(ptx_dir(), name, targets[target].arch, &size);
  if (text == NULL) text = read_text("tests/simgpu/data", name, targets[target].arch >= 100 ? 100 : 80, &size);
  cr_assert_not_null(text, "no %s_%d.ptx", name, targets[target].arch);
  cr_assert_eq(sim_device_create(&options, &b.device, &b.error), SIM_OK);
  cr_assert_eq(sim_module_load(b.device, text, size, &b.module, &b.error), SIM_OK, "%s", b.error.message);
  free(text);
  return b;
}

static struct bench bench_open(size_t target)
{
  return bench_load(target, "engine");
}

static void bench_close(struct bench *b)
{
  sim_device_destroy(b->device);
  sim_report_destroy(b->report);
}

/* Device memory with `bytes` of `from`, or unwritten. */
static uint64_t put(struct bench *b, const void *from, size_t bytes)
{
  uint64_t address;
  cr_assert_eq(sim_device_alloc(b->device, bytes, &address, &b->error), SIM_OK);
  if (from != NULL) cr_assert_eq(sim_device_write(b->device, address, from, bytes, &b->error), SIM_OK);
  return address;
}

static void get(struct bench *b, void *to, uint64_t from, size_t bytes)
{
  cr_assert_eq(sim_device_read(b->device, to, from, bytes, b->report, &b->error), SIM_OK, "%s", b->error.message);
  cr_assert_eq(sim_report_errors(b->report), 0);
}

struct shape {
  uint32_t grid, block, dynamic;
  bool cooperative;
  uint64_t seed;
};

static enum sim_status run(struct bench *b, const char *kernel, struct shape shape, const void *const *arguments)
{
  struct sim_kernel *k = sim_module_kernel(b->module, kernel);
  cr_assert_not_null(k, "%s", kernel);
  struct sim_launch launch = {.grid = {shape.grid, 1, 1},
                              .block = {shape.block, 1, 1},
                              .dynamic_shared_bytes = shape.dynamic,
                              .cooperative = shape.cooperative,
                              .seed = shape.seed,
                              .arguments = arguments};
  b->error.message[0] = '\0';
  return b->status = sim_device_launch(b->device, k, &launch, b->report, NULL, &b->error);
}
#define RUN(b, kernel, shape, ...)                                                                                     \
  cr_assert_eq(run(b, kernel, shape, (const void *const[]){__VA_ARGS__}), SIM_OK, "%s", (b)->error.message)

#define FOR_ALL(t, seed)                                                                                               \
  for (size_t t = 0; t < TARGETS; t++)                                                                                 \
    for (uint64_t seed = 0; seed < SEEDS; seed++)

static uint32_t noise(uint32_t *state)
{
  return *state = *state * 1664525u + 1013904223u;
}

Test(engine, scale_writes_only_its_elements)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    float x[100], y[101];
    int n = 100;
    float a = 1.5f;
    for (int i = 0; i < 100; i++) x[i] = (float)i;
    y[100] = -7.0f;
    uint64_t dx = put(&b, x, sizeof x), dy = put(&b, y, sizeof y);
    RUN(&b, "scale", ((struct shape){.grid = 4, .block = 32, .seed = seed}), &dx, &dy, &n, &a);
    get(&b, y, dy, sizeof y);
    for (int i = 0; i < 100; i++) cr_assert_eq(y[i], fmaf(a, x[i], 1.0f));
    cr_assert_eq(y[100], -7.0f);
    bench_close(&b);
  }
}

static uint32_t dot4(uint32_t a, uint32_t b, uint32_t c)
{
  for (int i = 0; i < 32; i += 8) c += (uint32_t)((int8_t)(a >> i) * (int8_t)(b >> i));
  return c;
}

static void integers_expected(int32_t a, int32_t b, int64_t *o)
{
  uint32_t x = (uint32_t)a, y = (uint32_t)b, reversed = 0;
  uint64_t bytes = (uint64_t)y << 32 | x;
  for (int i = 0; i < 32; i++) reversed |= (x >> i & 1) << (31 - i);
  o[0] = __builtin_popcount(x) + 100 * (x != 0 ? __builtin_clz(x) : 32);
  o[1] = reversed;
  o[2] = (int64_t)((bytes >> 8 & 0xff) | (bytes >> 40 & 0xff) << 8 | (bytes >> 24 & 0xff) << 16 | (bytes >> 56) << 24);
  o[3] = (uint32_t)((bytes << 7) >> 32);
  o[4] = (int64_t)((uint64_t)x * y >> 32);
  o[5] = (int64_t)a * b - 17;
  o[6] = (int32_t)((uint32_t)(a / (b | 1)) + (uint32_t)(a % (b | 1)));
  o[7] = (int32_t)dot4(x, y, 5);
  o[8] = (int32_t)((uint32_t)(a < b ? a : b) + (uint32_t)abs(b));
  o[9] = (int64_t)((uint64_t)x * y >> 13) ^ (int64_t)(uint32_t)(x << (y & 31)) ^ (a >> (y & 15));
  unsigned __int128 wide = (unsigned __int128)(((uint64_t)x << 32) | y) * (((uint64_t)y << 32) | x) + x;
  o[10] = (int64_t)(uint64_t)(wide >> 64);
  o[11] = (int64_t)(uint64_t)wide;
}

Test(engine, integers)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int32_t a[64], c[64];
    int64_t out[64 * 12], expected[12];
    uint32_t state = (uint32_t)seed;
    int n = 50;
    for (int i = 0; i < 64; i++) {
      a[i] = (int32_t)noise(&state);
      c[i] = (int32_t)noise(&state);
    }
    memset(out, 0x5a, sizeof out);
    uint64_t da = put(&b, a, sizeof a), dc = put(&b, c, sizeof c), dout = put(&b, out, sizeof out);
    RUN(&b, "integers", ((struct shape){.grid = 1, .block = 64, .seed = seed}), &da, &dc, &dout, &n);
    get(&b, out, dout, sizeof out);
    for (int i = 0; i < n; i++) {
      integers_expected(a[i], c[i], expected);
      for (int k = 0; k < 12; k++)
        cr_assert_eq(out[12 * i + k], expected[k], "sm_%d: lane %d result %d", targets[t].arch, i, k);
    }
    cr_assert_eq(out[12 * n], 0x5a5a5a5a5a5a5a5a);
    bench_close(&b);
  }
}

static int fibonacci(int n)
{
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

Test(engine, calls_direct_indirect_recursive_by_value)
{
  FOR_ALL(t, seed)
  {
    static const int weights[4] = {3, -1, 4, 1};
    struct bench b = bench_open(t);
    struct {
      int v[5];
      double d;
    } pack = {{10, 20, 30, 40, 50}, 2.5};
    int out[64];
    uint64_t dout = put(&b, NULL, sizeof out);
    RUN(&b, "calls", ((struct shape){.grid = 1, .block = 64, .seed = seed}), &dout, &pack);
    get(&b, out, dout, sizeof out);
    for (int i = 0; i < 64; i++) {
      int op = (i & 1) != 0 ? i * i : 2 * i;
      cr_assert_eq(out[i], op + fibonacci(i % 10) + pack.v[i % 5] + 100 + 5 + weights[i & 3] + 5, "lane %d: %d", i,
                   out[i]);
    }
    bench_close(&b);
  }
}

Test(engine, local_arrays_are_of_each_thread)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int out[64], n = 45;
    uint64_t dout = put(&b, NULL, sizeof out);
    RUN(&b, "local_array", ((struct shape){.grid = 1, .block = 64, .seed = seed}), &dout, &n);
    get(&b, out, dout, sizeof out);
    for (int thread = 0; thread < 64; thread++) {
      int sum = 0;
      for (int i = 0; i < n; i++) sum += ((i * 7 + thread) & 31) * thread;
      cr_assert_eq(out[thread], sum);
    }
    bench_close(&b);
  }
}

Test(engine, lanes_exchange)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int in[32], out[32 * 6], sum = 0, largest = -1;
    uint32_t state = (uint32_t)seed, ballot = 0;
    for (int i = 0; i < 32; i++) {
      in[i] = (int)(noise(&state) >> 20);
      sum += in[i];
      ballot |= (uint32_t)(in[i] & 1) << i;
      largest = in[i] > largest ? in[i] : largest;
    }
    uint64_t din = put(&b, in, sizeof in), dout = put(&b, NULL, sizeof out);
    RUN(&b, "lanes", ((struct shape){.grid = 1, .block = 32, .seed = seed}), &din, &dout);
    get(&b, out, dout, sizeof out);
    for (int i = 0; i < 32; i++) {
      uint32_t same = 0;
      for (int j = 0; j < 32; j++) same |= (uint32_t)(in[j] % 4 == in[i] % 4) << j;
      cr_assert_eq(out[6 * i], i >= 3 ? in[i - 3] : in[i]);
      cr_assert_eq(out[6 * i + 1], i % 16 + 5 < 16 ? in[i + 5] : in[i]);
      cr_assert_eq(out[6 * i + 2], in[i ^ 9]);
      cr_assert_eq((uint32_t)out[6 * i + 3], ballot);
      cr_assert_eq(out[6 * i + 4], sum);
      cr_assert_eq((uint32_t)out[6 * i + 5], same + (uint32_t)largest);
    }
    bench_close(&b);
  }
}

Test(engine, diverged_lanes_meet_again)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int out[32], n[32];
    uint64_t dout = put(&b, NULL, sizeof out);
    for (int i = 0; i < 32; i++) {
      n[i] = 0;
      for (int x = i + 1; x != 1; n[i]++) x = x % 2 != 0 ? 3 * x + 1 : x / 2;
      n[i] += (i & 1) != 0 ? 16 : -1;
    }
    RUN(&b, "diverge", ((struct shape){.grid = 1, .block = 32, .seed = seed}), &dout);
    get(&b, out, dout, sizeof out);
    for (int i = 0; i < 32; i++) cr_assert_eq(out[i], n[(i + 1) & 31], "lane %d: %d", i, out[i]);
    bench_close(&b);
  }
}

Test(engine, block_sum_over_host_threads)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    float x[1000], total = 0, expected = 0;
    int n = 1000;
    for (int i = 0; i < n; i++) expected += x[i] = (float)(i % 13);
    uint64_t dx = put(&b, x, sizeof x), dtotal = put(&b, &total, sizeof total);
    RUN(&b, "block_sum", ((struct shape){.grid = 6, .block = 96, .seed = seed}), &dx, &dtotal, &n);
    get(&b, &total, dtotal, sizeof total);
    cr_assert_eq(total, expected);
    bench_close(&b);
  }
}

Test(engine, cooperative_grid_waits_for_all_blocks)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int out[5 * 48];
    uint64_t da = put(&b, NULL, sizeof out), db = put(&b, NULL, sizeof out);
    RUN(&b, "grid_sync", ((struct shape){.grid = 5, .block = 48, .cooperative = true, .seed = seed}), &da, &db);
    get(&b, out, db, sizeof out);
    for (int i = 0; i < 5 * 48; i++) cr_assert_eq(out[i], (239 - i) * (239 - i));
    bench_close(&b);
  }
  struct bench b = bench_open(0);
  uint64_t a = put(&b, NULL, 64);
  run(&b, "grid_sync", (struct shape){.grid = 100000, .block = 1024, .cooperative = true},
      (const void *const[]){&a, &a});
  cr_assert_eq(b.status, SIM_ERR_COOPERATIVE_TOO_LARGE);
  bench_close(&b);
}

Test(engine, dynamic_shared_memory_and_its_limit)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int out[64], n = 100;
    uint64_t dout = put(&b, NULL, sizeof out);
    struct shape shape = {.grid = 1, .block = 64, .dynamic = 400, .seed = seed};
    RUN(&b, "dynamic_shared", shape, &dout, &n);
    get(&b, out, dout, sizeof out);
    for (int i = 0; i < 64; i++) cr_assert_eq(out[i], 99 - i + 100 * (i % 7));
    shape.dynamic = 60000;
    run(&b, "dynamic_shared", shape, (const void *const[]){&dout, &n});
    cr_assert_eq(b.status, SIM_ERR_INVALID_VALUE);
    cr_assert_eq(sim_kernel_set_max_dynamic_shared(sim_module_kernel(b.module, "dynamic_shared"), 60000, &b.error),
                 SIM_OK);
    RUN(&b, "dynamic_shared", shape, &dout, &n);
    shape.dynamic = 396; /* one element too few */
    run(&b, "dynamic_shared", shape, (const void *const[]){&dout, &n});
    cr_assert_eq(b.status, SIM_ERR_FAULT_ADDRESS, "%s", b.error.message);
    bench_close(&b);
  }
}

Test(engine, branch_tables)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int in[64], out[64];
    for (int i = 0; i < 64; i++) in[i] = i * 5;
    uint64_t din = put(&b, in, sizeof in), dout = put(&b, NULL, sizeof out);
    RUN(&b, "choose", ((struct shape){.grid = 1, .block = 64, .seed = seed}), &din, &dout);
    get(&b, out, dout, sizeof out);
    for (int i = 0; i < 64; i++) {
      int v = in[i], r[11] = {v + 1, v * 3, v ^ 0x55, v - 1000, v << 3, v / 7, -v, ~v, 42, 42, 42};
      cr_assert_eq(out[i], r[v % 11]);
    }
    bench_close(&b);
  }
}

Test(engine, lanes_of_a_warp_take_a_lock_in_turn)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int zero = 0, value = 0;
    uint64_t lock = put(&b, &zero, 4), dvalue = put(&b, &zero, 4);
    RUN(&b, "locks", ((struct shape){.grid = 1, .block = 64, .seed = seed}), &lock, &dvalue);
    get(&b, &value, dvalue, 4);
    cr_assert_eq(value, 64);
    bench_close(&b);
  }
}

Test(engine, printf_reaches_the_device_s_printer)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    int x = -3;
    printed[0] = '\0';
    RUN(&b, "say", ((struct shape){.grid = 1, .block = 32, .seed = seed}), &x);
    cr_assert_str_eq(printed, "x=-3  1.50 word 1099511627776%\n");
    bench_close(&b);
  }
}

static void expect_fault(const char *kernel, uint32_t block, enum sim_status status, enum sim_check check,
                         const void *argument)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    uint64_t out = put(&b, NULL, 256);
    int far = 1000;
    (void)argument;
    run(&b, kernel, (struct shape){.grid = 1, .block = block, .seed = seed}, (const void *const[]){&out, &far});
    cr_assert_eq(b.status, status, "%s: %s: %s", kernel, sim_status_name(b.status), b.error.message);
    cr_assert_gt(sim_report_count(b.report, check), 0);
    cr_assert_eq(sim_device_health(b.device, NULL), status, "a fault is sticky");
    bench_close(&b);
  }
}

Test(engine, a_missing_barrier_is_a_race)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    uint64_t out = put(&b, NULL, 256);
    run(&b, "no_barrier", (struct shape){.grid = 1, .block = 64, .seed = seed}, (const void *const[]){&out});
    /* Either way of running it: the read may also come before the write. */
    uint64_t found =
        sim_report_count(b.report, SIM_CHECK_RACE_SHARED) + sim_report_count(b.report, SIM_CHECK_UNINIT_SHARED);
    cr_assert_eq(b.status, SIM_ERR_FAULT_CHECK);
    cr_assert_gt(found, 0);
    bench_close(&b);
  }
}

Test(engine, faults)
{
  expect_fault("half_a_warp", 32, SIM_ERR_FAULT_CHECK, SIM_CHECK_DIVERGENCE, NULL);
  expect_fault("lost_barrier", 64, SIM_ERR_FAULT_HANG, SIM_CHECK_DEADLOCK, NULL);
  expect_fault("stop", 32, SIM_ERR_FAULT_TRAP, SIM_CHECK_TRAP, NULL);
  expect_fault("outside", 1, SIM_ERR_FAULT_ADDRESS, SIM_CHECK_BOUNDS_GLOBAL, NULL);
}

Test(engine, launches_that_a_gpu_refuses)
{
  struct bench b = bench_open(0);
  uint64_t out = put(&b, NULL, 256);
  const void *arguments[] = {&out};
  run(&b, "diverge", (struct shape){.grid = 1, .block = 1025}, arguments);
  cr_assert_eq(b.status, SIM_ERR_INVALID_CONFIG);
  run(&b, "diverge", (struct shape){.grid = 0, .block = 32}, arguments);
  cr_assert_eq(b.status, SIM_ERR_INVALID_CONFIG);
  cr_assert_eq(sim_device_health(b.device, NULL), SIM_OK);
  cr_assert_null(sim_module_kernel(b.module, "nothing"));
  uint64_t size;
  cr_assert(sim_module_variable(b.module, "counter", NULL, &size));
  cr_assert_eq(size, 4);
  bench_close(&b);
}

/* --- a GEMM as kernels for sm_80 have it --- */

struct product {
  int m, n, k;
  uint16_t *a, *b;
  float *c;
};

/* Small integers: every sum is exact in bf16 products and f32 sums. */
static struct product product_make(int m, int n, int k)
{
  struct product p = {m, n, k, malloc((size_t)(m * k) * 2), malloc((size_t)(n * k) * 2), malloc((size_t)(m * n) * 4)};
  uint32_t state = 1;
  for (int i = 0; i < m * k + n * k; i++) {
    float value = (float)(int)(noise(&state) >> 24) / 16 - 8;
    value = (float)(int)value;
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if (i < m * k)
      p.a[i] = (uint16_t)(bits >> 16);
    else
      p.b[i - m * k] = (uint16_t)(bits >> 16);
  }
  return p;
}

static float bf16_value(uint16_t bits)
{
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

static enum sim_status product_run(struct bench *b, const char *kernel, struct product *p, uint64_t seed)
{
  struct sim_kernel *k = sim_module_kernel(b->module, kernel);
  cr_assert_not_null(k);
  uint64_t a = put(b, p->a, (size_t)(p->m * p->k) * 2), w = put(b, p->b, (size_t)(p->n * p->k) * 2);
  uint64_t c = put(b, NULL, (size_t)(p->m * p->n) * 4);
  const void *arguments[] = {&a, &w, &c, &p->n, &p->k};
  struct sim_launch launch = {.grid = {(uint32_t)p->n / 64, (uint32_t)p->m / 64, 1},
                              .block = {128, 1, 1},
                              .seed = seed,
                              .arguments = arguments};
  b->status = sim_device_launch(b->device, k, &launch, b->report, NULL, &b->error);
  if (b->status == SIM_OK) get(b, p->c, c, (size_t)(p->m * p->n) * 4);
  return b->status;
}

static void product_free(struct product *p)
{
  free(p->a);
  free(p->b);
  free(p->c);
}

Test(engine, gemm_is_exact)
{
  struct product p = product_make(128, 64, 96);
  FOR_ALL(t, seed)
  {
    struct bench b = bench_load(t, "gemm");
    cr_assert_eq(product_run(&b, "gemm_good", &p, seed), SIM_OK, "%s", b.error.message);
    for (int i = 0; i < p.m; i++) {
      for (int j = 0; j < p.n; j++) {
        float sum = 0;
        for (int x = 0; x < p.k; x++) sum += bf16_value(p.a[i * p.k + x]) * bf16_value(p.b[j * p.k + x]);
        cr_assert_eq(p.c[i * p.n + j], sum, "row %d column %d", i, j);
      }
    }
    bench_close(&b);
  }
  product_free(&p);
}

Test(engine, gemm_with_a_wait_or_barrier_missing_is_a_race)
{
  static const char *const kernels[] = {"gemm_waits_too_little", "gemm_without_first_barrier",
                                        "gemm_without_second_barrier"};
  struct product p = product_make(64, 64, 128);
  for (size_t kernel = 0; kernel < 3; kernel++) {
    FOR_ALL(t, seed)
    {
      struct bench b = bench_load(t, "gemm");
      cr_assert_eq(product_run(&b, kernels[kernel], &p, seed), SIM_ERR_FAULT_CHECK, "%s on %s, seed %d",
                   kernels[kernel], targets[t].gpu, (int)seed);
      uint64_t found =
          sim_report_count(b.report, SIM_CHECK_RACE_SHARED) + sim_report_count(b.report, SIM_CHECK_UNINIT_SHARED);
      cr_assert_gt(found, 0);
      bench_close(&b);
    }
  }
  product_free(&p);
}

/* 512³ with all checks: 0.4 s on an idle core of 2024; processor time, and room for a slow or shared one. */
Test(engine, gemm_of_512_is_fast_enough)
{
  struct product p = product_make(512, 512, 512);
  struct bench b = bench_load(0, "gemm");
  clock_t start = clock();
  cr_assert_eq(product_run(&b, "gemm_good", &p, 1), SIM_OK, "%s", b.error.message);
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  cr_log_info("512^3 in %.3f s", seconds);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
  cr_assert_lt(seconds, 1.6);
#endif
  bench_close(&b);
  product_free(&p);
}

static float half_value(uint16_t h)
{
  float value = ldexpf((float)(h & 0x3ff) + ((h >> 10 & 31) != 0 ? 1024.0f : 0.0f),
                       (h >> 10 & 31) != 0 ? (h >> 10 & 31) - 25 : -24);
  return (h & 0x8000) != 0 ? -value : value;
}

Test(engine, packed_halves)
{
  FOR_ALL(t, seed)
  {
    struct bench b = bench_open(t);
    uint32_t a[32], w[32], c[32], d[32];
    float e[32];
    for (uint32_t i = 0; i < 32; i++) {
      a[i] = 0x3c004000; /* 1.0, 2.0 */
      w[i] = 0x40003f80; /* bf16 2.0, 1.0 */
      e[i] = (float)(i * i);
    }
    uint64_t da = put(&b, a, 128), dw = put(&b, w, 128), dc = put(&b, NULL, 128), dd = put(&b, NULL, 128),
             de = put(&b, e, 128);
    RUN(&b, "halves", ((struct shape){.grid = 1, .block = 32, .seed = seed}), &da, &dw, &dc, &dd, &de);
    get(&b, c, dc, 128);
    get(&b, d, dd, 128);
    get(&b, e, de, 128);
    for (int i = 0; i < 32; i++) {
      float x = (float)(i * i);
      cr_assert_eq(half_value((uint16_t)c[i]), 4.5f);
      cr_assert_eq(half_value((uint16_t)(c[i] >> 16)), 1.5f);
      cr_assert_eq(d[i], 0x40c04040); /* 6.0, 3.0 */
      cr_assert_float_eq(e[i], 4.5f + 6.0f + (float)i + x / 3.0f + x, 1e-3f);
    }
    bench_close(&b);
  }
}
