/* The tables of GPUs and reported figures: they load, their ids are unique, and every row joins or says why not. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data_embed.h"
#include "json.h"
#include "model_config.h"
#include "target.h"

static struct tmk_gpu *gpus;
static struct tmk_claim *claims;
static int gpu_count, claim_count;

static void load(void)
{
  struct tmk_error err = {0};
  cr_assert_eq(tmk_gpus_load(&gpus, &gpu_count, &err), TMK_OK, "%s", err.message);
  cr_assert_eq(tmk_claims_load(&claims, &claim_count, &err), TMK_OK, "%s", err.message);
}

static void unload(void)
{
  free(gpus);
  free(claims);
}

TestSuite(tables, .init = load, .fini = unload);

static const struct tmk_gpu *gpu(const char *name)
{
  int at = tmk_gpu_find(name);
  cr_assert(at >= 0 && at < gpu_count, "%s is not in the table", name);
  return &gpus[at];
}

static bool is_slug(const char *text)
{
  return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text);
}

Test(tables, gpu_ids_are_unique_slugs_and_every_spelling_finds_its_row)
{
  cr_assert_eq(gpu_count, 24);
  cr_assert_eq(tmk_gpu_count(), gpu_count);
  for (int i = 0; i < gpu_count; i++) {
    cr_expect(is_slug(gpus[i].id), "%s", gpus[i].id);
    cr_expect_eq(tmk_gpu_find(gpus[i].id), i, "%s", gpus[i].id);
    for (int k = 0; k < 8 && gpus[i].aliases[k][0]; k++) {
      cr_expect_eq(tmk_gpu_find(gpus[i].aliases[k]), i, "%s of %s finds row %d", gpus[i].aliases[k], gpus[i].id,
                   tmk_gpu_find(gpus[i].aliases[k]));
    }
    cr_expect(gpus[i].source[0] != '\0', "%s has no source", gpus[i].id);
  }
}

/* As nvidia-smi and cudaDeviceProp print them. */
Test(tables, driver_names_find_their_gpu)
{
  static const char *const names[][2] = {
      {"NVIDIA H100 80GB HBM3", "h100-sxm5-80gb"},
      {"NVIDIA H100 PCIe", "h100-pcie-80gb"},
      {"NVIDIA H100 NVL", "h100-nvl-94gb"},
      {"NVIDIA H200", "h200-sxm-141gb"},
      {"NVIDIA H200 NVL", "h200-nvl-141gb"},
      {"NVIDIA A100-SXM4-40GB", "a100-sxm4-40gb"},
      {"NVIDIA A100-SXM4-80GB", "a100-sxm4-80gb"},
      {"NVIDIA A100-PCIE-40GB", "a100-pcie-40gb"},
      {"NVIDIA A100 80GB PCIe", "a100-pcie-80gb"},
      {"NVIDIA GH200 480GB", "gh200-96gb"},
      {"NVIDIA GH200 144G HBM3e", "gh200-144gb"},
      {"NVIDIA B200", "b200-sxm-180gb"},
      {"NVIDIA GB200", "gb200-nvl72"},
      {"NVIDIA B300 SXM6 AC", "b300-sxm-288gb"},
      {"NVIDIA GB300", "gb300-nvl72"},
      {"A100-SXM4-40GB", "a100-sxm4-40gb"}, /* of drivers before 470 */
      {"NVIDIA A10", "a10"},
      {"NVIDIA H20", "h20-96gb"},
      {"NVIDIA L4", "l4"},
      {"NVIDIA L40S", "l40s"},
      {"NVIDIA GeForce RTX 4090", "rtx-4090"},
      {"NVIDIA GeForce RTX 5090", "rtx-5090"},
      {"NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000-blackwell-server"},
      {"NVIDIA GB10", "dgx-spark-gb10"},
      {"nvidia h100 80gb hbm3", "h100-sxm5-80gb"},
      {"H200-SXM-141GB", "h200-sxm-141gb"},
      {"GeForce RTX 4090", "rtx-4090"},
      {"NVIDIA H200-SXM-141GB", "h200-sxm-141gb"},
      {"H100", "h100-sxm5-80gb"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) cr_expect_str_eq(gpu(names[i][0])->id, names[i][1]);
}

/* Parts that only look like a row of ours. */
Test(tables, near_names_find_nothing)
{
  static const char *const names[] = {
      "",
      "NVIDIA",
      "NVIDIA L40",
      "NVIDIA A100-SXM4-80GB MIG 1g.10gb", /* a slice has no datasheet of its own */
      "NVIDIA H100 80GB HBM3 MIG 3g.40gb",
      "NVIDIA H800",
      "NVIDIA H20-3e",
      "NVIDIA GeForce RTX 4090 D",
      "NVIDIA A10G",
      "H1000",
      "NVIDIA GB300-WS",
      "-",
      "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    cr_expect_eq(tmk_gpu_find(names[i]), -1, "\"%s\" finds row %d", names[i], tmk_gpu_find(names[i]));
  }
  cr_expect_eq(tmk_gpu_find(NULL), -1);
  char *huge = malloc(100001);
  memset(huge, 'h', 100000);
  huge[100000] = '\0';
  cr_expect_eq(tmk_gpu_find(huge), -1);
  free(huge);
}

Test(tables, a_row_past_the_end_is_refused)
{
  struct tmk_error err = {0};
  struct tmk_gpu row;
  struct tmk_claim claim;
  cr_expect_eq(tmk_gpu_get(24, &row, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "gpus.json: row 24: must be 0..23");
  cr_expect_eq(tmk_gpu_get(-1, &row, &err), TMK_ERR_USAGE);
  cr_expect_eq(tmk_claim_get(433, &claim, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "claims.json: row 433: must be 0..432");
  cr_expect_eq(tmk_claim_get(-1, &claim, &err), TMK_ERR_USAGE);
}

/* Datasheet figures, dense: H100 SXM 1,979 TFLOPS bf16 with sparsity, so 989.5 (printed 989); GB300 1,080 PFLOPS dense fp4 a
 * rack of 72, so 15 each; its int8 24 POPS sparse a rack, so 167 TOPS dense (165 in another table). */
Test(tables, peaks_are_dense_and_in_si_units)
{
  const struct tmk_gpu *h100 = gpu("H100"), *gb300 = gpu("GB300"), *a100 = gpu("NVIDIA A100-SXM4-80GB");
  cr_expect_eq(h100->flops_per_s[TMK_DTYPE_BF16], 989e12);
  cr_expect_eq(h100->flops_per_s[TMK_DTYPE_F8E4M3], 1979e12);
  cr_expect(isnan(h100->flops_per_s[TMK_DTYPE_NVFP4]));
  cr_expect_eq(h100->flops_per_s[TMK_DTYPE_F32], 67e12);
  cr_expect_eq(h100->read_bytes_per_s, 3.35e12);
  cr_expect_eq(h100->l2_bytes, 50 << 20);
  cr_expect_eq(h100->memory_bytes, 80000000000);
  cr_expect_eq(h100->compute_capability, 90);
  cr_expect_eq(h100->sm_count, 132);
  cr_expect_eq(h100->tdp_w, 700);
  cr_expect_eq(h100->gpus_per_node, 8);
  cr_expect_eq(h100->gpus_per_rack, TMK_UNKNOWN);
  cr_expect(isnan(h100->rack_power_w));
  cr_expect_eq(gb300->flops_per_s[TMK_DTYPE_NVFP4], 15e15);
  cr_expect_eq(gb300->flops_per_s[TMK_DTYPE_MXFP4], 15e15);
  cr_expect_eq(gb300->flops_per_s[TMK_DTYPE_I8], 165e12);
  cr_expect_eq(gb300->gpus_per_rack, 72);
  cr_expect_eq(gb300->rack_power_w, 140e3);
  cr_expect_eq(gb300->memory_bytes, 284208ll << 20);
  cr_expect(isnan(a100->flops_per_s[TMK_DTYPE_F8E4M3]));
  for (int i = 0; i < gpu_count; i++) {
    cr_expect(isnan(gpus[i].flops_per_s[TMK_DTYPE_NONE]) && isnan(gpus[i].flops_per_s[TMK_DTYPE_F64]));
    cr_expect(gpus[i].flops_per_s[TMK_DTYPE_F32] > 1e12 && gpus[i].flops_per_s[TMK_DTYPE_F32] < 200e12);
  }
}

/* Halving the width at most quadruples the rate (fp8 → fp4 on Blackwell Ultra is 3 to 4 times), and never lowers it: a row
 * with one sparse figure among dense ones, or with fp16 accumulation, breaks this. B300 and GB300 lost their int8 path. */
Test(tables, narrower_types_are_never_slower)
{
  for (int i = 0; i < gpu_count; i++) {
    const double *peak = gpus[i].flops_per_s;
    cr_expect_eq(peak[TMK_DTYPE_F16], peak[TMK_DTYPE_BF16], "%s: fp16 and bf16 differ", gpus[i].id);
    if (!isnan(peak[TMK_DTYPE_F8E4M3])) {
      double ratio = peak[TMK_DTYPE_F8E4M3] / peak[TMK_DTYPE_BF16];
      cr_expect(ratio > 1.9 && ratio < 2.1, "%s: fp8 is %g times bf16", gpus[i].id, ratio);
    }
    if (!isnan(peak[TMK_DTYPE_NVFP4])) {
      double ratio = peak[TMK_DTYPE_NVFP4] / peak[TMK_DTYPE_F8E4M3];
      cr_expect(ratio > 1.9 && ratio < 4.1, "%s: fp4 is %g times fp8", gpus[i].id, ratio);
    }
    cr_expect(gpus[i].read_bytes_per_s >= 0.2e12 && gpus[i].read_bytes_per_s <= 8.1e12, "%s", gpus[i].id);
  }
}

Test(tables, claim_ids_are_unique_lower_case_and_found_without_case)
{
  cr_assert_eq(claim_count, 433);
  cr_assert_eq(tmk_claim_count(), claim_count);
  for (int i = 0; i < claim_count; i++) {
    cr_expect(is_slug(claims[i].id), "%s", claims[i].id);
    for (int k = 0; k < i; k++) cr_expect_neq(strcasecmp(claims[i].id, claims[k].id), 0, "%s twice", claims[i].id);
  }
  cr_expect_eq(tmk_claim_find("GMI-Taiwan-GB300"), tmk_claim_find(TMK_CLAIM_DEFAULT_ID));
  for (int i = 0; i < claim_count; i += 37) cr_expect_eq(tmk_claim_find(claims[i].id), i, "%s", claims[i].id);
  cr_expect_eq(tmk_claim_find("gmi-taiwan"), -1);
  cr_expect_eq(tmk_claim_find(""), -1);
  cr_expect_eq(tmk_claim_find(NULL), -1);
}

/* No silent misses: a row has the id that its spelling finds in the other table, or a reason and no id. */
Test(tables, every_claim_joins_a_gpu_or_says_why_not)
{
  int joined = 0;
  for (int i = 0; i < claim_count; i++) {
    const struct tmk_claim *claim = &claims[i];
    int at = tmk_gpu_find(claim->gpu_text);
    joined += at >= 0;
    cr_expect_str_eq(claim->gpu_id, at >= 0 ? gpus[at].id : "", "%s: \"%s\"", claim->id, claim->gpu_text);
    cr_expect_eq(claim->gpu_unjoined[0] == '\0', at >= 0, "%s: \"%s\"", claim->id, claim->gpu_unjoined);
  }
  /* 2 × H800, 1 × Rubin, 4 that name no GPU */
  cr_expect_eq(claim_count - joined, 7);
}

Test(tables, every_claim_joins_a_model_or_says_why_not)
{
  int joined = 0;
  for (int i = 0; i < claim_count; i++) {
    const struct tmk_claim *claim = &claims[i];
    const char *id = claim->model_text[0] ? tmk_model_id_from_alias(claim->model_text) : NULL;
    joined += id != NULL;
    cr_expect_str_eq(claim->model_id, id ? id : "", "%s: \"%s\"", claim->id, claim->model_text);
    cr_expect_eq(claim->model_unjoined[0] == '\0', id != NULL, "%s: \"%s\"", claim->id, claim->model_unjoined);
  }
  /* 11 that name no model, and DeepSeek-V4-Pro, a "DeepSeek-class MoE", Qwen3.5, Nemotron 3 */
  cr_expect_eq(claim_count - joined, 15);
}

Test(tables, rates_agree_with_each_other)
{
  for (int i = 0; i < claim_count; i++) {
    const struct tmk_claim *claim = &claims[i];
    bool rate = claim->tokens_per_s > 0 || claim->tokens_per_s_per_gpu > 0;
    cr_expect_eq(rate, strcmp(claim->family, "statement") != 0, "%s", claim->id);
    cr_expect(claim->source[0] && claim->who[0] && claim->confidence[0], "%s", claim->id);
    if (!(claim->tokens_per_s > 0) || claim->gpu_count == TMK_UNKNOWN || !(claim->tokens_per_s_per_gpu > 0)) continue;
    double ratio = claim->tokens_per_s / (double)claim->gpu_count / claim->tokens_per_s_per_gpu;
    cr_expect(fabs(ratio - 1) < 2e-3, "%s: %g", claim->id, ratio);
    if (claim->accounting == TMK_ACCT_NONE) cr_expect(claim->accounting_text[0] != '\0', "%s", claim->id);
  }
}

Test(tables, accounting_is_counted)
{
  int counts[TMK_ACCT_COUNT] = {0};
  for (int i = 0; i < claim_count; i++) counts[claims[i].accounting]++;
  cr_expect_eq(counts[TMK_ACCT_OUTPUT], 410);
  cr_expect_eq(counts[TMK_ACCT_INPUT], 4);
  cr_expect_eq(counts[TMK_ACCT_TOTAL], 3);
  cr_expect_eq(counts[TMK_ACCT_NONE], 16);
}

/* 2,000,000 ÷ 6,912 = 289.35; ÷ 96 = 20,833.3; ÷ 16,000 kW = 125. */
Test(tables, the_default_claim_is_the_press_figure)
{
  struct tmk_claim claim;
  struct tmk_error err = {0};
  cr_assert_eq(tmk_claim_get(tmk_claim_find(TMK_CLAIM_DEFAULT_ID), &claim, &err), TMK_OK, "%s", err.message);
  cr_expect_eq(claim.tokens_per_s, 2e6);
  cr_expect_eq(claim.gpu_count, 6912);
  cr_expect_eq(claim.gpu_count_printed, 7000);
  cr_expect_eq(claim.racks, 96);
  cr_expect_eq(claim.power_w, 16e6);
  cr_expect_eq(claim.accounting, TMK_ACCT_NONE);
  cr_expect_str_eq(claim.gpu_id, "gb300-nvl72");
  cr_expect_str_eq(claim.model_id, "");
  cr_expect_float_eq(tmk_claim_rate_per_gpu(&claim), 289.3518518, 1e-6);
  cr_expect_eq(claim.input_len, TMK_UNKNOWN);
  cr_expect(strstr(claim.quote, "2 million tokens per second") != NULL);
}

Test(tables, the_rate_a_gpu_is_derived_or_stated_or_unknown)
{
  struct tmk_claim claim = {.tokens_per_s = 1000, .gpu_count = 3, .tokens_per_s_per_gpu = 999};
  cr_expect_float_eq(tmk_claim_rate_per_gpu(&claim), 333.333333, 1e-5);
  claim.gpu_count = TMK_UNKNOWN;
  cr_expect_eq(tmk_claim_rate_per_gpu(&claim), 999);
  claim.tokens_per_s_per_gpu = NAN;
  cr_expect(isnan(tmk_claim_rate_per_gpu(&claim)));
}

Test(tables, every_row_belongs_to_a_family_and_mlperf_rows_say_what_they_are)
{
  struct tmk_claim_family *families;
  struct tmk_error err = {0};
  int count;
  cr_assert_eq(tmk_claim_families_load(&families, &count, &err), TMK_OK, "%s", err.message);
  for (int i = 0; i < claim_count; i++) {
    int at = 0;
    while (at < count && strcmp(families[at].id, claims[i].family) != 0) at++;
    cr_assert_lt(at, count, "%s: family \"%s\"", claims[i].id, claims[i].family);
  }
  int mlperf = 0;
  for (int i = 0; i < count; i++) {
    if (strncmp(families[i].id, "mlperf", 6) != 0) continue;
    mlperf++;
    cr_expect(strstr(families[i].note, "no primary metric of MLPerf") != NULL, "%s", families[i].id);
    cr_expect(strstr(families[i].note, "MLCommons Association") != NULL, "%s", families[i].id);
  }
  cr_expect_eq(mlperf, 3);
  free(families);
}

/* The rest of the file, that no command reads yet: it must be there and join. */
Test(tables, systems_and_kernel_rows_join)
{
  struct tmk_error err = {0};
  struct tmk_json_doc *doc = NULL;
  struct tmk_data_file file = tmk_data_find("claims.json");
  cr_assert_eq(tmk_json_parse("claims.json", file.text, file.size, &doc, &err), TMK_OK, "%s", err.message);
  int rows = 0;
  struct tmk_json list = tmk_json_get(tmk_json_root(doc), "kernels");
  for (struct tmk_json v = tmk_json_first(list); !tmk_json_is_missing(v); v = tmk_json_next(v), rows++) {
    char id[64], source[512];
    cr_expect_eq(tmk_json_string_or(tmk_json_get(v, "gpu_id"), "", id, sizeof id, &err), TMK_OK, "%s", err.message);
    cr_expect_eq(tmk_json_string(tmk_json_get(v, "source"), source, sizeof source, &err), TMK_OK, "%s", err.message);
    if (id[0]) cr_expect_geq(tmk_gpu_find(id), 0, "%s", id);
  }
  cr_expect_eq(rows, 44);
  tmk_json_free(doc);
  file = tmk_data_find("gpus.json");
  cr_assert_eq(tmk_json_parse("gpus.json", file.text, file.size, &doc, &err), TMK_OK, "%s", err.message);
  rows = 0;
  list = tmk_json_get(tmk_json_root(doc), "systems");
  for (struct tmk_json v = tmk_json_first(list); !tmk_json_is_missing(v); v = tmk_json_next(v), rows++) {
    char id[64];
    cr_expect_eq(tmk_json_string(tmk_json_get(v, "gpu_id"), id, sizeof id, &err), TMK_OK, "%s", err.message);
    cr_expect_geq(tmk_gpu_find(id), 0, "%s", id);
  }
  cr_expect_eq(rows, 6);
  tmk_json_free(doc);
}
