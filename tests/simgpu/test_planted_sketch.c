/* test_planted_sketch.c: the RMSNorm and the sm_80 GEMM of data/planted_sketch.cu: right answers, and each of their planted bugs
 * caught by a check or, where memory and order are in order, by the answer. */
#include <math.h>
#include <string.h>

#include "test_planted.h"

#define SEEDS       3
#define WRONG_VALUE SIM_CHECK_COUNT /* no check: the answer differs */
#define UNWRITTEN   (1ull << SIM_CHECK_UNINIT_SHARED)
#define IN_A_WARP   (1ull << SIM_CHECK_RACE_WARP)

struct bug {
  int number;
  enum sim_check check;
  uint64_t also; /* checks, as bits: what another order of execution shows beside it or instead */
};

static uint32_t noise(uint32_t *state)
{
  return *state = *state * 1664525u + 1013904223u;
}

static float bf16_value(uint16_t bits)
{
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

/* Integers of −8..7: exact in bf16. */
static void fill_integers(uint16_t *to, uint32_t count, uint32_t *state)
{
  for (uint32_t i = 0; i < count; i++) {
    float value = (float)(int)(noise(state) >> 28) - 8.0f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    to[i] = (uint16_t)(bits >> 16);
  }
}

static uint64_t put(struct planted_device *d, const void *from, size_t bytes)
{
  struct sim_error error;
  uint64_t address = 0;
  cr_assert_eq(sim_device_alloc(d->device, bytes, &address, &error), SIM_OK);
  if (from != NULL) cr_assert_eq(sim_device_write(d->device, address, from, bytes, &error), SIM_OK);
  return address;
}

/* Findings of the wanted checks and of no other; or a wrong answer, where that is what is wanted. */
static void judge(const char *kernel, const struct bug *bug, const struct planted_bench *bench, int seed,
                  enum sim_status status, bool right, const struct sim_report *report, const struct sim_error *error)
{
  bool good;
  if (bug->number == 0) {
    good = status == SIM_OK && sim_report_listed(report) == 0 && right;
  } else if (bug->check == WRONG_VALUE) {
    good = status == SIM_OK && sim_report_errors(report) == 0 && !right;
  } else {
    uint64_t found = 0;
    for (int check = 0; check < SIM_CHECK_COUNT; check++)
      if (check == (int)bug->check || (bug->also >> check & 1) != 0)
        found += sim_report_count(report, (enum sim_check)check);
    good = found > 0 && found == sim_report_errors(report);
  }
  cr_expect(good, "%s bug %d on %s, seed %d: right %d, %s", kernel, bug->number, bench->name, seed, right,
            planted_text(report, error));
}

/* --- RMSNorm --- */

#define ROWS 3u
#define LONG 300u /* more than a block has threads */

static void run_rmsnorm(const struct planted_bench *bench, const struct bug *bug, uint64_t seed)
{
  uint16_t x[ROWS * LONG], w[LONG], y[ROWS * LONG];
  uint32_t state = (uint32_t)seed;
  int n = (int)LONG, number = bug->number;
  float eps = 1e-5f;
  fill_integers(x, ROWS * LONG, &state);
  fill_integers(w, LONG, &state);
  struct planted_device d = planted_open(bench, "rmsnorm", 1 << 20);
  struct sim_report *report = sim_report_create(0);
  struct sim_error error;
  uint64_t dx = put(&d, x, sizeof x), dw = put(&d, w, sizeof w), dy = put(&d, NULL, sizeof y);
  const void *arguments[] = {&dx, &dw, &dy, &n, &eps, &number};
  struct sim_launch launch = {.grid = {ROWS, 1, 1}, .block = {256, 1, 1}, .seed = seed, .arguments = arguments};
  enum sim_status status = sim_device_launch(d.device, d.kernel, &launch, report, NULL, &error);
  bool right = status == SIM_OK;
  if (right) cr_assert_eq(sim_device_read(d.device, y, dy, sizeof y, report, &error), SIM_OK);
  for (uint32_t row = 0; row < ROWS && right; row++) {
    double squares = 0;
    for (uint32_t i = 0; i < LONG; i++) squares += pow((double)bf16_value(x[row * LONG + i]), 2);
    double scale = 1 / sqrt(squares / LONG + (double)eps);
    for (uint32_t i = 0; i < LONG; i++) {
      double exact = (double)bf16_value(x[row * LONG + i]) * scale * (double)bf16_value(w[i]);
      /* Half a unit in the last of bf16's 8 bits, and what f32 lost before: under 2^-18, with rsqrt.approx within 2^-22.9. */
      right = right && fabs((double)bf16_value(y[row * LONG + i]) - exact) <= fabs(exact) * (0x1p-8 + 0x1p-18);
    }
  }
  judge("rmsnorm", bug, bench, (int)seed, status, right, report, &error);
  sim_report_destroy(report);
  planted_close(&d);
}

/* --- GEMM --- */

/* Ragged in m and n, k through both stages twice and a half tile. */
#define M 140u
#define N 136u
#define K 112u

static void run_gemm(const struct planted_bench *bench, const struct bug *bug, uint64_t seed)
{
  static uint16_t a[M * K], b[N * K];
  static float c[M * N];
  uint32_t state = (uint32_t)seed;
  int m = (int)M, n = (int)N, k = (int)K, number = bug->number;
  fill_integers(a, M * K, &state);
  fill_integers(b, N * K, &state);
  struct planted_device d = planted_open(bench, "gemm_sm80", 1 << 22);
  struct sim_report *report = sim_report_create(0);
  struct sim_error error;
  uint64_t da = put(&d, a, sizeof a), db = put(&d, b, sizeof b), dc = put(&d, NULL, sizeof c);
  const void *arguments[] = {&da, &db, &dc, &m, &n, &k, &number};
  struct sim_launch launch = {.grid = {2, 2, 1}, .block = {256, 1, 1}, .seed = seed, .arguments = arguments};
  enum sim_status status = sim_device_launch(d.device, d.kernel, &launch, report, NULL, &error);
  bool right = status == SIM_OK;
  if (right) cr_assert_eq(sim_device_read(d.device, c, dc, sizeof c, report, &error), SIM_OK);
  for (uint32_t i = 0; i < M * N && right; i++) {
    float sum = 0;
    for (uint32_t x = 0; x < K; x++) sum += bf16_value(a[i / N * K + x]) * bf16_value(b[i % N * K + x]);
    right = c[i] == sum; /* integers below 2^24: exact */
  }
  judge("gemm_sm80", bug, bench, (int)seed, status, right, report, &error);
  sim_report_destroy(report);
  planted_close(&d);
}

static void run_all(void (*run)(const struct planted_bench *, const struct bug *, uint64_t), const struct bug *bugs,
                    size_t count)
{
  for (size_t target = 0; target < PLANTED_TARGETS; target++) {
    struct planted_bench bench = planted_load(target);
    for (size_t i = 0; i < count; i++)
      for (uint64_t seed = 0; seed < SEEDS; seed++) run(&bench, &bugs[i], seed);
    planted_unload(&bench);
  }
}

Test(planted_sketch, rmsnorm)
{
  static const struct bug bugs[] = {
      {0, WRONG_VALUE, 0},
      {1, SIM_CHECK_BOUNDS_GLOBAL, 0},
      {2, WRONG_VALUE, 0},
      {3, SIM_CHECK_RACE_SHARED, UNWRITTEN},
      {4, SIM_CHECK_RACE_SHARED, UNWRITTEN | IN_A_WARP},
  };
  run_all(run_rmsnorm, bugs, sizeof bugs / sizeof bugs[0]);
}

Test(planted_sketch, gemm_sm80)
{
  static const struct bug bugs[] = {
      {0, WRONG_VALUE, 0},
      {1, WRONG_VALUE, 0},
      {2, SIM_CHECK_BOUNDS_GLOBAL, 0},
      {3, SIM_CHECK_RACE_SHARED, 0},
      {4, SIM_CHECK_RACE_SHARED, UNWRITTEN},
      {5, SIM_CHECK_RACE_SHARED, 0},
      {6, WRONG_VALUE, 0},
      {7, SIM_CHECK_BOUNDS_GLOBAL, 0},
  };
  run_all(run_gemm, bugs, sizeof bugs / sizeof bugs[0]);
}
