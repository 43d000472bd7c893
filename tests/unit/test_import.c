/* test_import.c: llama-bench's and nccl-tests' files as points: values worked by hand, what is refused and what is an error. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import.h"

struct outcome {
  struct tmk_result result;
  struct tmk_import import;
  struct tmk_error err;
  enum tmk_status status;
  char refusal[1024]; /* the last one */
};

static void keep_refusal(void *context, const char *line)
{
  struct outcome *outcome = context;
  snprintf(outcome->refusal, sizeof outcome->refusal, "%s", line);
}

static void open_import(struct outcome *o, const char *model)
{
  memset(o, 0, sizeof *o);
  tmk_result_init(&o->result);
  o->status = tmk_import_open(&o->import, &o->result, model, &o->err);
  o->import.on_refusal = keep_refusal;
  o->import.context = o;
}

static void close_import(struct outcome *o)
{
  tmk_import_close(&o->import);
  tmk_result_free(&o->result);
}

static void import_as(struct outcome *o, const char *model, enum tmk_import_format format, const char *text)
{
  open_import(o, model);
  cr_assert_eq(o->status, TMK_OK, "%s", o->err.message);
  o->status = tmk_import_text(&o->import, format, "f", text, strlen(text), &o->err);
}

static void import(struct outcome *o, const char *text)
{
  import_as(o, NULL, TMK_IMPORT_AUTO, text);
}

#define LLAMA_8B "\"model_type\": \"llama 8B F16\", \"model_n_params\": 8030261312"

static void expect_near(double seen, double wanted)
{
  cr_expect(fabs(seen - wanted) <= 1e-9 * fabs(wanted), "%.17g, not %.17g", seen, wanted);
}

Test(import, a_prompt_is_a_prefill_that_counts_input)
{
  struct outcome o;
  import(&o, "[{\"n_prompt\": 512, \"n_gen\": 0, " LLAMA_8B ", \"samples_ns\": [50000000, 51200000, 52000000]}]");
  cr_assert_eq(o.status, TMK_OK, "%s", o.err.message);
  cr_assert_eq(o.result.point_count, 1, "%s", o.refusal);
  const struct tmk_point *point = &o.result.points[0];
  cr_expect_str_eq(point->key, "step/llama-3.1-8b/prefill/b1/i512/w=f16/kv=f16");
  cr_expect_eq(point->provenance, TMK_PROV_REPORTED);
  cr_expect_eq(point->verdict.value, TMK_VERDICT_NONE);
  cr_expect_eq(point->throughput.accounting, TMK_ACCT_INPUT);
  cr_expect_eq(point->sample_count, 3);
  cr_expect_eq(point->samples[1].time_ns, 51200000);
  cr_expect_eq(point->samples[2].round, 2);
  expect_near(point->throughput.input_tokens_per_s, 10000); /* 512 / 51.2 ms */
  expect_near(point->latency.ttft_ns, 51.2e6);
  cr_expect(isnan(point->throughput.output_tokens_per_s));
  close_import(&o);
}

Test(import, tokens_generated_are_decode_steps_at_their_mean_context)
{
  struct outcome o;
  import(&o, "[{\"n_prompt\": 0, \"n_gen\": 128, \"n_depth\": 4096, " LLAMA_8B ", \"samples_ns\": [1280000000]}]");
  cr_assert_eq(o.result.point_count, 1, "%s%s", o.refusal, o.err.message);
  const struct tmk_point *point = &o.result.points[0];
  cr_expect_eq(point->workload.step.context, 4160); /* 4096 + 128 / 2 */
  cr_expect_eq(point->passes_per_sample, 128);
  expect_near(point->latency.tpot_ns, 1e7);
  expect_near(point->throughput.output_tokens_per_s, 100);
  expect_near(point->throughput.output_tokens_per_s_per_user, 100);
  close_import(&o);
}

Test(import, prompt_and_generation_are_an_e2e_of_one_token_more)
{
  struct outcome o;
  import(&o, "[{\"n_prompt\": 512, \"n_gen\": 127, " LLAMA_8B ", \"avg_ns\": 1280000000}]");
  cr_assert_eq(o.result.point_count, 1, "%s%s", o.refusal, o.err.message);
  const struct tmk_point *point = &o.result.points[0];
  cr_expect_str_eq(point->key, "step/llama-3.1-8b/e2e/b1/i512/o128/w=f16/kv=f16");
  expect_near(point->throughput.output_tokens_per_s, 100);
  expect_near(point->throughput.total_tokens_per_s, 500);
  expect_near(point->latency.e2e_ns, 1.28e9);
  cr_expect(isnan(point->latency.ttft_ns) && isnan(point->latency.tpot_ns));
  close_import(&o);
}

Test(import, a_prompt_over_the_microbatch_is_chunked)
{
  struct outcome o;
  import(&o, "{\"n_prompt\": 513, \"n_gen\": 0, \"n_ubatch\": 512, " LLAMA_8B ", \"avg_ns\": 1}\n"
             "{\"n_prompt\": 512, \"n_gen\": 0, \"n_ubatch\": 512, " LLAMA_8B ", \"avg_ns\": 1}\n");
  cr_assert_eq(o.result.point_count, 2, "%s%s", o.refusal, o.err.message);
  cr_expect_str_eq(o.result.points[0].key, "step/llama-3.1-8b/prefill/b1/i513/w=f16/kv=f16/chunk512");
  cr_expect_str_eq(o.result.points[1].key, "step/llama-3.1-8b/prefill/b1/i512/w=f16/kv=f16");
  close_import(&o);
}

Test(import, the_machine_is_taken_from_the_row)
{
  struct outcome o;
  import(&o, "{\"n_prompt\": 0, \"n_gen\": 1, " LLAMA_8B ", \"avg_ns\": 5, \"gpu_info\": \"NVIDIA H100 80GB HBM3, "
             "NVIDIA H100 80GB HBM3\", \"backends\": \"CUDA\", \"cpu_info\": \"Xeon\", \"n_threads\": 16, "
             "\"split_mode\": \"layer\", \"build_commit\": \"a1b2c3d4\", \"build_number\": 6500, "
             "\"test_time\": \"2026-10-01T08:00:00Z\"}");
  cr_assert_eq(o.result.point_count, 1, "%s%s", o.refusal, o.err.message);
  cr_assert_eq(o.result.device_count, 2);
  const struct tmk_device_info *info = &o.result.devices[1].info;
  cr_expect_str_eq(info->backend, "cuda");
  cr_expect_str_eq(info->name, "NVIDIA H100 80GB HBM3");
  cr_expect_str_eq(info->slug, "nvidia-h100-80gb-hbm3");
  cr_expect_str_eq(info->runtime_version, "llama.cpp b6500 a1b2c3d4");
  cr_expect_str_eq(info->gpu_id, o.result.devices[0].info.gpu_id);
  cr_expect(info->gpu_id[0] != '\0');
  cr_expect_eq(o.result.settings.threads, 16);
  cr_expect_str_eq(o.result.host.cpu, "Xeon");
  cr_expect_str_eq(o.result.start_utc, "2026-10-01T08:00:00Z");
  cr_expect_eq(o.result.points[0].workload.step.layout.pp, 2);
  cr_expect_eq(o.result.points[0].throughput.devices, 2);
  cr_expect_eq(tmk_import_finish(&o.import, &o.err), TMK_OK);
  cr_expect_str_eq(o.result.model.name, "llama-3.1-8b");
  cr_expect_str_eq(o.result.settings.suite, "llama-bench");
  close_import(&o);
}

static void expect_model(const char *given, const char *members, const char *name)
{
  char text[512];
  struct outcome o;
  snprintf(text, sizeof text, "{\"n_prompt\": 1, \"n_gen\": 0, \"avg_ns\": 1, %s}", members);
  import_as(&o, given, TMK_IMPORT_AUTO, text);
  cr_assert_eq(o.result.point_count, 1, "%s: %s%s", members, o.refusal, o.err.message);
  cr_expect_str_eq(o.result.points[0].workload.step.model, name);
  close_import(&o);
}

Test(import, a_built_in_model_is_recognised_by_architecture_and_parameters)
{
  expect_model(NULL, "\"model_type\": \"qwen2 0.5B BF16\", \"model_n_params\": 494032768", "qwen2.5-0.5b");
  /* The architecture must be its own; Llama 3 has no factors of rotary scaling, Llama 3.1 has 64; two have 70 B. */
  expect_model(NULL,
               "\"model_type\": \"llama 1B BF16\", \"model_n_params\": 494032768, \"model_filename\": \"a/B c.gguf\"",
               "b-c");
  expect_model(NULL, "\"model_type\": \"llama 8B F16\", \"model_n_params\": 8030261248", "llama-8b-f16");
  expect_model(NULL,
               "\"model_type\": \"llama 70B F16\", \"model_n_params\": 70553706560, \"model_filename\": \"L70.gguf\"",
               "l70");
  expect_model("Llama-3.3-70B", "\"model_type\": \"llama 70B F16\", \"model_n_params\": 70553706560", "llama-3.3-70b");
  expect_model("mine_1", "\"model_type\": \"llama 70B F16\"", "mine_1");
}

Test(import, a_name_for_keys_is_plain)
{
  struct outcome o;
  open_import(&o, "a/b");
  cr_expect_eq(o.status, TMK_ERR_USAGE);
  cr_expect_str_eq(o.err.message,
                   "--model a/b: must be one that `tokmark models` lists, or 1..95 letters, digits, '.', "
                   "'_' and '-'");
  close_import(&o);
}

Test(import, rows_without_a_counterpart_are_refused_by_name)
{
  static const struct {
    const char *members, *line;
  } cases[] = {
      {"\"n_prompt\": 0, \"n_gen\": 0, " LLAMA_8B, "n_prompt 0 and n_gen 0: no tokens"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"n_depth\": 1, " LLAMA_8B,
       "n_prompt 8 at n_depth 1: a prefill starts from an empty cache here"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"model_type\": \"llama 8B Q4_K - Medium\"",
       "model_type \"llama 8B Q4_K - Medium\": weights of type \"Q4_K - Medium\": must be all F32, F16, BF16, NVFP4 or "
       "MXFP4 MoE"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"model_type\": \"F16\"",
       "model_type \"F16\": weights of type \"\": must be all F32, F16, BF16, NVFP4 or MXFP4 MoE"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"type_k\": \"q8_0\", \"type_v\": \"q8_0\", " LLAMA_8B,
       "type_k q8_0, type_v q8_0: must be the same, and f32, f16 or bf16"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"type_k\": \"f32\", " LLAMA_8B,
       "type_k f32, type_v f16: must be the same, and f32, f16 or bf16"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"n_gpu_layers\": 0, \"gpu_info\": \"G\", \"backends\": \"CUDA\", " LLAMA_8B,
       "n_gpu_layers 0 with backend CUDA: both CPU and GPU may have worked"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"n_cpu_moe\": 2, " LLAMA_8B, "n_cpu_moe 2: both CPU and GPU worked"},
      {"\"n_prompt\": 8, \"n_gen\": 0, \"embeddings\": true, " LLAMA_8B, "embeddings true: no tokens are generated"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[1024], line[512];
    struct outcome o;
    snprintf(text, sizeof text, "[{\"avg_ns\": 1, %s}]", cases[i].members);
    snprintf(line, sizeof line, "f: [0]: %s", cases[i].line);
    import(&o, text);
    cr_expect_eq(o.status, TMK_OK, "%s", o.err.message);
    cr_expect_str_eq(o.refusal, line);
    cr_expect_eq(o.import.refused, 1);
    cr_expect_eq(tmk_import_finish(&o.import, &o.err), TMK_ERR_FAILED);
    cr_expect_str_eq(o.err.message, "nothing to import: 1 of 1 rows left out");
    close_import(&o);
  }
}

Test(import, a_name_that_contradicts_the_parameters_is_refused)
{
  struct outcome o;
  import_as(&o, "llama-3.1-8b", TMK_IMPORT_AUTO,
            "[{\"n_prompt\": 1, \"n_gen\": 0, \"avg_ns\": 1, \"model_type\": \"llama 1B F16\", \"model_n_params\": "
            "1235814432}]");
  cr_expect_str_eq(o.refusal, "f: [0]: model_n_params 1235814432: --model llama-3.1-8b has 8030261248");
  close_import(&o);
}

Test(import, a_file_is_of_one_machine_and_a_key_stands_once)
{
  struct outcome o;
  import(&o, "{\"n_prompt\": 1, \"n_gen\": 0, \"avg_ns\": 1, \"cpu_info\": \"A\", \"n_threads\": 4, " LLAMA_8B "}\n\n"
             "{\"n_prompt\": 2, \"n_gen\": 0, \"avg_ns\": 1, \"cpu_info\": \"B\", \"n_threads\": 4, " LLAMA_8B "}\n");
  cr_expect_eq(o.result.point_count, 1);
  cr_expect_str_eq(o.refusal, "f:3: cpu: B, where the rows before are of cpu: A: a result file is of one machine");
  const char *threads =
      "[{\"n_prompt\": 2, \"n_gen\": 0, \"avg_ns\": 1, \"cpu_info\": \"A\", \"n_threads\": 8, " LLAMA_8B "}]";
  cr_expect_eq(tmk_import_text(&o.import, TMK_IMPORT_AUTO, "g", threads, strlen(threads), &o.err), TMK_OK);
  cr_expect_str_eq(o.refusal, "g: [0]: n_threads 8, where the rows before have 4: a result file has one number");
  const char *twice =
      "[{\"n_prompt\": 1, \"n_gen\": 0, \"avg_ns\": 7, \"cpu_info\": \"A\", \"n_threads\": 4, " LLAMA_8B "}]";
  cr_expect_eq(tmk_import_text(&o.import, TMK_IMPORT_AUTO, "g", twice, strlen(twice), &o.err), TMK_OK);
  cr_expect_str_eq(o.refusal, "g: [0]: step/llama-3.1-8b/prefill/b1/i1/w=f16/kv=f16: there is such a point already");
  cr_expect_eq(o.result.point_count, 1);
  cr_expect_eq(o.import.refused, 3);
  close_import(&o);
}

static void expect_error(const char *text, const char *message)
{
  struct outcome o;
  import(&o, text);
  cr_expect_eq(o.status, TMK_ERR_USAGE, "%s", text);
  cr_expect_str_eq(o.err.message, message);
  close_import(&o);
}

Test(import, malformed_rows_are_errors_that_name_the_place)
{
  expect_error(" \n", "f: is empty");
  expect_error("[7]", "f: [0]: must be an object: a test of llama-bench");
  expect_error("[{\"n_gen\": 1}]", "f: [0].n_prompt: missing: must be an integer 0..2147483647");
  expect_error("[{\"n_prompt\": -1, \"n_gen\": 1}]", "f: [0].n_prompt: -1: must be an integer 0..2147483647");
  expect_error("[{\"n_prompt\": 2147483648, \"n_gen\": 1}]",
               "f: [0].n_prompt: 2147483648: must be an integer 0..2147483647");
  expect_error("[{\"n_prompt\": \"1\", \"n_gen\": 1}]", "f: [0].n_prompt: \"1\": must be an integer 0..2147483647");
  expect_error("[{\"n_prompt\": 1, \"n_gen\": 0}]", "f: [0].model_type: missing: must be a string");
  expect_error("[{\"n_prompt\": 1, \"n_gen\": 0, " LLAMA_8B "}]",
               "f: [0].samples_ns: is missing or empty, and so is avg_ns: one of them must be there");
  expect_error("[{\"n_prompt\": 1, \"n_gen\": 0, " LLAMA_8B ", \"samples_ns\": [1, 0]}]",
               "f: [0].samples_ns[1]: 0: must be an integer 1..9007199254740991");
  expect_error("[{\"n_prompt\": 1, \"n_gen\": 0, " LLAMA_8B ", \"avg_ns\": 1.5}]",
               "f: [0].avg_ns: 1.5: must be an integer 1..9007199254740991");
  expect_error("[{\"n_prompt\": 1, \"n_gen\": 0, " LLAMA_8B ", \"avg_ns\": 1, \"test_time\": \"2026-10-01 08:00:00\"}]",
               "f: [0].test_time: \"2026-10-01 08:00:00\": must be like 2026-11-22T02:11:50Z");
  expect_error("{\"n_prompt\": 1, \"n_gen\": 0, " LLAMA_8B ", \"avg_ns\": 1}\n{\"n_prompt\": 1}\n",
               "f:2: n_gen: missing: must be an integer 0..2147483647");
}

#define NCCL(program, config, rows)                                                                                    \
  "{\"args\": [\"/x/" program "\"], \"nccl_version\": 22703, \"config\": {" config                                     \
  ", \"devices\": [{\"hostname\": \"n1\", \"device_info\": \"NVIDIA H100 80GB HBM3\"}]}, \"results\": [" rows "]}"
#define EIGHT "\"nthreads\": 2, \"ngpus\": 4, \"iterations\": 20, \"aggregated_iterations\": 5"

Test(import, a_side_of_nccl_tests_is_one_sample_of_its_iterations)
{
  struct outcome o;
  /* 64 MiB in 320 us: 209.7152 GB/s, × 2 · 7 / 8 on 8 ranks = 367.0016 GB/s */
  import(&o,
         NCCL("all_reduce_perf", EIGHT,
              "{\"size\": 67108864, \"type\": \"bfloat16\", \"out_of_place\": null, \"in_place\": {\"time\": 320.0, "
              "\"alg_bw\": 209.7152, \"bus_bw\": 367.0016, \"nwrong\": 0.0}}"));
  cr_assert_eq(o.result.point_count, 1, "%s%s", o.refusal, o.err.message);
  const struct tmk_point *point = &o.result.points[0];
  cr_expect_str_eq(point->key, "comm/all-reduce/bf16/67108864B/n8/in-place");
  cr_expect(point->workload.comm.in_place);
  cr_expect_eq(point->passes_per_sample, 100);
  cr_expect_eq(point->samples[0].time_ns, 32000000);
  expect_near(point->stats.median_ns, 320000);
  cr_expect_eq(o.result.device_count, 8);
  cr_expect_str_eq(o.result.devices[7].info.runtime_version, "NCCL 2.27.3");
  cr_expect_str_eq(o.result.host.hostname, "n1");
  close_import(&o);
}

Test(import, iterations_timed_apart_are_samples)
{
  struct outcome o;
  import(
      &o,
      NCCL("sendrecv_perf", EIGHT,
           "{\"size\": 1000, \"type\": \"int8\", \"out_of_place\": {\"time\": 3.0, \"alg_bw\": 0.333333, \"bus_bw\": "
           "0.333333, \"nwrong\": null}, \"out_of_place_per_iter\": {\"skipped_iterations\": 1, \"times_us\": [9, "
           "2.5, 3, 3.5]}}"));
  cr_assert_eq(o.result.point_count, 1, "%s%s", o.refusal, o.err.message);
  const struct tmk_point *point = &o.result.points[0];
  cr_expect_str_eq(point->key, "comm/send-recv/i8/1000B/n8");
  cr_expect_eq(point->sample_count, 3);
  cr_expect_eq(point->samples[0].time_ns, 2500);
  expect_near(point->stats.median_ns, 3000);
  close_import(&o);
}

static void expect_side_refused(const char *text, const char *line)
{
  struct outcome o;
  import(&o, text);
  cr_expect_eq(o.status, TMK_OK, "%s", o.err.message);
  cr_expect_eq(o.result.point_count, 0);
  cr_expect_str_eq(o.refusal, line);
  close_import(&o);
}

#define SIDE(type, time, alg, bus, wrong)                                                                              \
  "{\"size\": 67108864, \"type\": \"" type "\", \"in_place\": {\"time\": " time ", \"alg_bw\": " alg                   \
  ", \"bus_bw\": " bus ", \"nwrong\": " wrong "}}"

Test(import, sides_of_nccl_tests_without_a_counterpart_are_refused)
{
  expect_side_refused(NCCL("all_reduce_perf", EIGHT, SIDE("float", "320.0", "209.7152", "314.5728", "0.0")),
                      "f: results[0].in_place: busbw 314.573 is 1.5 of algbw 209.715: over 8 ranks it must be 1.75");
  expect_side_refused(NCCL("all_reduce_perf", EIGHT, SIDE("uint64", "320.0", "209.7152", "367.0016", "0.0")),
                      "f: results[0].in_place: type \"uint64\": must be float, half, bfloat16, double, int8, int32 or "
                      "f8e4m3");
  expect_side_refused(NCCL("all_reduce_perf", EIGHT, SIDE("float", "320.0", "209.7152", "367.0016", "2.0")),
                      "f: results[0].in_place: 2 wrong elements");
  expect_side_refused(NCCL("gather_perf", EIGHT, SIDE("float", "320.0", "209.7152", "367.0016", "0.0")),
                      "f: results[0].in_place: gather_perf: must be all_reduce, all_gather, reduce_scatter, alltoall, "
                      "broadcast or sendrecv_perf");
}

Test(import, malformed_files_of_nccl_tests_are_errors)
{
  expect_error(NCCL("all_reduce_perf", EIGHT, SIDE("float", "\"nan\"", "1", "1", "0.0")),
               "f: results[0].in_place.time: \"nan\": must be a number 0..9000000000000");
  expect_error(NCCL("all_reduce_perf", "\"nthreads\": 0, \"ngpus\": 1, \"iterations\": 1", ""),
               "f: config.nthreads: 0: must be an integer 1..16384");
  expect_error(NCCL("all_reduce_perf", "\"nthreads\": 16384, \"ngpus\": 2, \"iterations\": 1", ""),
               "f: config.devices: 1 processes of 32768 ranks: must be 1..16384 ranks in all");
  expect_error("{\"results\": []}", "f: args: must be an array: the program and its arguments");
}

#define HEAD                                                                                                           \
  "# Collective test starting: all_gather_perf\n# nThread 1 nGpus 2 step: 2 warmup iters: 7 iters: 20 agg iters: 2\n"  \
  "#  Rank  0 Group  0 Pid 1 on  node-a device  3 [0000:0f:00] NVIDIA A100\n#  Rank  1 device  4 NVIDIA A100\n"

Test(import, the_table_of_nccl_tests_is_read)
{
  struct outcome o;
  import(&o,
         HEAD "  4096  512  float  none  -1  10.00  0.41  0.20  0  N/A  N/A  N/A  N/A\n# Avg bus bandwidth : 0.2\n");
  cr_assert_eq(o.result.point_count, 1, "%s%s", o.refusal, o.err.message);
  cr_expect_str_eq(o.result.points[0].key, "comm/all-gather/f32/4096B/n2");
  cr_expect_eq(o.result.points[0].passes_per_sample, 40);
  cr_expect_eq(o.result.points[0].samples[0].time_ns, 400000);
  cr_expect_str_eq(o.result.host.hostname, "node-a");
  cr_expect_str_eq(o.result.devices[0].info.name, "NVIDIA A100");
  close_import(&o);
}

Test(import, a_malformed_table_is_an_error_that_names_the_line)
{
  expect_error(HEAD "  4096  512  float\n", "f:5: 3 columns: must be 13");
  expect_error(HEAD "  4096  512  float  none  -1  ten  0.41  0.20  0  1  1  1  0\n",
               "f:5: time \"ten\": must be a number 0..9e15");
  expect_error(HEAD "  4.5  512  float  none  -1  1  0.41  0.20  0  1  1  1  0\n",
               "f:5: size \"4.5\": must be whole bytes");
  expect_error("#\n 4 1 float none -1 1 1 1 0 1 1 1 0\n", "f:2: 0 lines \"#  Rank\" before it: must be 1..16384");
  expect_error("# \x01\n", "f:1: must be a line of at most 2047 ASCII characters");
}
