/* gpu_table.c: rows of data/gpus.json as struct tmk_gpu. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_embed.h"
#include "json.h"
#include "target.h"

#define TABLE_MAX_ROWS 4096

/* Datasheet field → the math dtypes whose peak it is. TF32 and FP6 are in the file, but are no dtype of ours. */
static const struct {
  const char *field;
  enum tmk_dtype dtype;
} flops_fields[] = {
    {"fp32_flops_per_s", TMK_DTYPE_F32},   {"bf16_flops_per_s", TMK_DTYPE_BF16}, {"fp16_flops_per_s", TMK_DTYPE_F16},
    {"fp8_flops_per_s", TMK_DTYPE_F8E4M3}, {"fp4_flops_per_s", TMK_DTYPE_NVFP4}, {"fp4_flops_per_s", TMK_DTYPE_MXFP4},
    {"int8_ops_per_s", TMK_DTYPE_I8},
};

static const char *const row_keys[] = {"id",
                                       "name",
                                       "aliases",
                                       "architecture",
                                       "compute_capability",
                                       "sm_count",
                                       "l2_bytes",
                                       "memory_bytes",
                                       "memory_usable_bytes",
                                       "memory_type",
                                       "read_bytes_per_s",
                                       "dense",
                                       "tdp_w",
                                       "nvlink_bytes_per_s_both_ways",
                                       "host_link",
                                       "form",
                                       "gpus_per_node",
                                       "rack",
                                       "sources",
                                       "from_memory",
                                       "notes",
                                       "confidence",
                                       NULL};

static enum tmk_status read_aliases(struct tmk_json list, struct tmk_gpu *gpu, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  size_t used = 0;
  for (struct tmk_json v = tmk_json_first(list); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    if (used == sizeof gpu->aliases / sizeof gpu->aliases[0]) {
      status = tmk_json_fail(v, err, "more than %zu aliases", sizeof gpu->aliases / sizeof gpu->aliases[0]);
      goto out;
    }
    TMK_TRY(tmk_json_string(v, gpu->aliases[used], sizeof gpu->aliases[0], err));
    used++;
  }
out:
  return status;
}

/* "flops: MLE; mem: AIC h100_sxm.yaml" */
static enum tmk_status read_sources(struct tmk_json sources, struct tmk_gpu *gpu, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  size_t used = 0;
  for (struct tmk_json v = tmk_json_first(sources); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    char text[sizeof gpu->source];
    TMK_TRY(tmk_json_string(v, text, sizeof text, err));
    int wrote =
        snprintf(gpu->source + used, sizeof gpu->source - used, "%s%s: %s", used ? "; " : "", tmk_json_key(v), text);
    if (wrote < 0 || (size_t)wrote >= sizeof gpu->source - used) {
      status = tmk_json_fail(sources, err, "longer than %zu characters in all", sizeof gpu->source - 1);
      goto out;
    }
    used += (size_t)wrote;
  }
out:
  return status;
}

/* What the rack that a GPU comes in adds: rows of "systems" with is_rack. */
static enum tmk_status read_rack(struct tmk_json systems, const char *rack, struct tmk_gpu *gpu, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (struct tmk_json v = tmk_json_first(systems); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    char id[48];
    TMK_TRY(tmk_json_string(tmk_json_get(v, "id"), id, sizeof id, err));
    if (strcmp(id, rack) != 0) continue;
    TMK_TRY(tmk_json_int(tmk_json_get(v, "gpus"), 1, 1 << 20, &gpu->gpus_per_rack, err));
    TMK_TRY(tmk_json_real_or(tmk_json_get(v, "power_w"), 1, 1e9, NAN, &gpu->rack_power_w, err));
    goto out;
  }
  status = tmk_json_fail(systems, err, "no system \"%s\"", rack);
out:
  return status;
}

static enum tmk_status read_row(struct tmk_json row, struct tmk_json systems, struct tmk_gpu *gpu,
                                struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t unknown = TMK_UNKNOWN;
  *gpu = (struct tmk_gpu){.gpus_per_rack = TMK_UNKNOWN, .rack_power_w = NAN};
  for (int i = 0; i < TMK_DTYPE_COUNT; i++) gpu->flops_per_s[i] = NAN;
  TMK_TRY(tmk_json_only(row, row_keys, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "id"), gpu->id, sizeof gpu->id, err));
  TMK_TRY(tmk_json_string(tmk_json_get(row, "name"), gpu->name, sizeof gpu->name, err));
  TMK_TRY(read_aliases(tmk_json_get(row, "aliases"), gpu, err));
  TMK_TRY(tmk_json_int(tmk_json_get(row, "compute_capability"), 80, 999, &gpu->compute_capability, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "sm_count"), 1, 4096, unknown, &gpu->sm_count, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "gpus_per_node"), 1, 4096, unknown, &gpu->gpus_per_node, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "l2_bytes"), 1, (int64_t)1 << 40, unknown, &gpu->l2_bytes, err));
  TMK_TRY(tmk_json_int(tmk_json_get(row, "memory_bytes"), 1, (int64_t)1 << 50, &gpu->memory_bytes, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "memory_usable_bytes"), 1, (int64_t)1 << 50, gpu->memory_bytes,
                          &gpu->memory_bytes, err));
  TMK_TRY(tmk_json_real(tmk_json_get(row, "read_bytes_per_s"), 1e9, 1e15, &gpu->read_bytes_per_s, err));
  for (size_t i = 0; i < sizeof flops_fields / sizeof flops_fields[0]; i++) {
    struct tmk_json v = tmk_json_get(tmk_json_get(row, "dense"), flops_fields[i].field);
    TMK_TRY(tmk_json_real_or(v, 1e9, 1e18, NAN, &gpu->flops_per_s[flops_fields[i].dtype], err));
  }
  TMK_TRY(tmk_json_real_or(tmk_json_get(row, "tdp_w"), 1, 1e5, NAN, &gpu->tdp_w, err));
  TMK_TRY(read_sources(tmk_json_get(row, "sources"), gpu, err));
  char rack[48];
  TMK_TRY(tmk_json_string_or(tmk_json_get(row, "rack"), "", rack, sizeof rack, err));
  if (rack[0]) TMK_TRY(read_rack(systems, rack, gpu, err));
out:
  return status;
}

/* Letters and digits of `name` in lower case, a leading "nvidia" left out: what two spellings of one part share. */
static void normalise(const char *name, char *text, size_t size)
{
  size_t used = 0;
  for (; *name && used + 1 < size; name++) {
    if (isalnum((unsigned char)*name)) text[used++] = (char)tolower((unsigned char)*name);
  }
  text[used] = '\0';
  if (strncmp(text, "nvidia", 6) == 0) memmove(text, text + 6, used - 6 + 1);
}

static bool same_spelling(const char *wanted, const char *spelling)
{
  char text[256];
  normalise(spelling, text, sizeof text);
  return strcmp(wanted, text) == 0;
}

enum tmk_status tmk_gpus_load(struct tmk_gpu **gpus, int *count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct tmk_gpu *rows = NULL;
  struct tmk_data_file file = tmk_data_find("gpus.json");
  *gpus = NULL;
  *count = 0;
  TMK_TRY(tmk_json_parse("gpus.json", file.text, file.size, &doc, err));
  struct tmk_json list = tmk_json_get(tmk_json_root(doc), "gpus");
  struct tmk_json systems = tmk_json_get(tmk_json_root(doc), "systems");
  int64_t total = tmk_json_count(list);
  if (total < 1 || total > TABLE_MAX_ROWS) {
    status = tmk_json_fail(list, err, "%lld rows: must be 1..%d", (long long)total, TABLE_MAX_ROWS);
    goto out;
  }
  rows = calloc((size_t)total, sizeof *rows);
  if (!rows) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "no memory for the table of GPUs");
    goto out;
  }
  int used = 0;
  for (struct tmk_json v = tmk_json_first(list); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    TMK_TRY(read_row(v, systems, &rows[used++], err));
  }
  *gpus = rows;
  *count = used;
  rows = NULL;
out:
  free(rows);
  tmk_json_free(doc);
  return status;
}

int tmk_gpu_count(void)
{
  struct tmk_gpu *gpus;
  int count;
  if (tmk_gpus_load(&gpus, &count, NULL) != TMK_OK) return 0;
  free(gpus);
  return count;
}

enum tmk_status tmk_gpu_get(int index, struct tmk_gpu *gpu, struct tmk_error *err)
{
  struct tmk_gpu *gpus;
  int count;
  enum tmk_status status = tmk_gpus_load(&gpus, &count, err);
  if (status != TMK_OK) return status;
  if (index >= 0 && index < count) {
    *gpu = gpus[index];
  } else {
    status = tmk_fail(err, TMK_ERR_USAGE, "gpus.json: row %d: must be 0..%d", index, count - 1);
  }
  free(gpus);
  return status;
}

int tmk_gpu_find(const char *name)
{
  struct tmk_gpu *gpus;
  int count, found = -1;
  char wanted[256];
  if (!name || strlen(name) >= sizeof wanted) return -1;
  normalise(name, wanted, sizeof wanted);
  if (!wanted[0] || tmk_gpus_load(&gpus, &count, NULL) != TMK_OK) return -1;
  for (int i = 0; i < count && found < 0; i++) {
    const struct tmk_gpu *gpu = &gpus[i];
    if (same_spelling(wanted, gpu->id)) found = i;
    for (size_t k = 0; k < sizeof gpu->aliases / sizeof gpu->aliases[0] && gpu->aliases[k][0]; k++) {
      if (same_spelling(wanted, gpu->aliases[k])) found = i;
    }
  }
  free(gpus);
  return found;
}
