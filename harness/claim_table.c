/* claim_table.c: rows of data/claims.json as struct tmk_claim. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data_embed.h"
#include "json.h"
#include "target.h"

#define TABLE_MAX_ROWS 65536
#define RATE_MAX       1e15 /* tokens/s: far beyond any claim */

static const char *const row_keys[] = {"id",
                                       "family",
                                       "who",
                                       "what",
                                       "system",
                                       "scenario",
                                       "precision",
                                       "gpu",
                                       "gpu_id",
                                       "gpu_unjoined",
                                       "gpu_count",
                                       "gpu_count_printed",
                                       "racks",
                                       "model",
                                       "model_id",
                                       "model_unjoined",
                                       "input_len",
                                       "output_len",
                                       "output_len_mean",
                                       "tokens_per_s",
                                       "tokens_per_s_per_gpu",
                                       "power_w",
                                       "accounting",
                                       "accounting_text",
                                       "source",
                                       "quote",
                                       "note",
                                       "confidence",
                                       "parallelism",
                                       "nodes",
                                       "gpus_per_node",
                                       "availability",
                                       "software",
                                       "output_len_note",
                                       "max_node_tokens_per_s",
                                       "min_node_tokens_per_s",
                                       "avg_node_tokens_per_s",
                                       "median_node_tokens_per_s",
                                       "power_source",
                                       NULL};

/* Text members: where they go, and whether they may be missing or null. */
#define TEXT(key, field, needed)                                                                                       \
  {                                                                                                                    \
    key, offsetof(struct tmk_claim, field), sizeof((struct tmk_claim *)0)->field, needed                               \
  }
static const struct {
  const char *key;
  size_t offset, size;
  bool needed;
} texts[] = {
    TEXT("id", id, true),
    TEXT("family", family, true),
    TEXT("who", who, true),
    TEXT("what", what, true),
    TEXT("system", system, true),
    TEXT("scenario", scenario, true),
    TEXT("source", source, true),
    TEXT("confidence", confidence, true),
    TEXT("precision", precision, false),
    TEXT("quote", quote, false),
    TEXT("note", note, false),
    TEXT("gpu", gpu_text, false),
    TEXT("gpu_id", gpu_id, false),
    TEXT("gpu_unjoined", gpu_unjoined, false),
    TEXT("model", model_text, false),
    TEXT("model_id", model_id, false),
    TEXT("model_unjoined", model_unjoined, false),
    TEXT("accounting_text", accounting_text, false),
};

/* Members that only a reader of one claim wants: into `details`, one after another. */
static const struct {
  const char *key, *label;
  bool number;
} detail_fields[] = {
    {"parallelism", "parallelism", false},
    {"nodes", "nodes", true},
    {"gpus_per_node", "GPUs a node", true},
    {"availability", "availability", false},
    {"software", "software", false},
    {"output_len_note", "output length", false},
    {"max_node_tokens_per_s", "best node tokens/s", true},
    {"min_node_tokens_per_s", "worst node tokens/s", true},
    {"avg_node_tokens_per_s", "mean node tokens/s", true},
    {"median_node_tokens_per_s", "median node tokens/s", true},
    {"power_source", "power", false},
};

static enum tmk_status read_details(struct tmk_json row, struct tmk_claim *claim, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  size_t used = 0;
  for (size_t i = 0; i < sizeof detail_fields / sizeof detail_fields[0]; i++) {
    struct tmk_json v = tmk_json_get(row, detail_fields[i].key);
    char text[sizeof claim->details];
    if (tmk_json_is_null(v)) continue;
    if (detail_fields[i].number) {
      double number;
      TMK_TRY(tmk_json_real(v, 0, RATE_MAX, &number, err));
      snprintf(text, sizeof text, "%.10g", number);
    } else {
      TMK_TRY(tmk_json_string(v, text, sizeof text, err));
    }
    int wrote = snprintf(claim->details + used, sizeof claim->details - used, "%s%s: %s", used ? "; " : "",
                         detail_fields[i].label, text);
    if (wrote < 0 || (size_t)wrote >= sizeof claim->details - used) {
      status = tmk_json_fail(v, err, "details are longer than %zu characters in all", sizeof claim->details - 1);
      goto out;
    }
    used += (size_t)wrote;
  }
out:
  return status;
}

static enum tmk_status read_row(struct tmk_json row, struct tmk_claim *claim, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t unknown = TMK_UNKNOWN, count_max = (int64_t)1 << 40;
  *claim = (struct tmk_claim){0};
  TMK_TRY(tmk_json_only(row, row_keys, err));
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct tmk_json v = tmk_json_get(row, texts[i].key);
    char *text = (char *)claim + texts[i].offset;
    TMK_TRY(texts[i].needed ? tmk_json_string(v, text, texts[i].size, err)
                            : tmk_json_string_or(v, "", text, texts[i].size, err));
  }
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "gpu_count"), 1, count_max, unknown, &claim->gpu_count, err));
  TMK_TRY(
      tmk_json_int_or(tmk_json_get(row, "gpu_count_printed"), 1, count_max, unknown, &claim->gpu_count_printed, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "racks"), 1, count_max, unknown, &claim->racks, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "input_len"), 1, count_max, unknown, &claim->input_len, err));
  TMK_TRY(tmk_json_int_or(tmk_json_get(row, "output_len"), 1, count_max, unknown, &claim->output_len, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(row, "output_len_mean"), 1, 1e9, NAN, &claim->output_len_mean, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(row, "tokens_per_s"), 1e-3, RATE_MAX, NAN, &claim->tokens_per_s, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(row, "tokens_per_s_per_gpu"), 1e-3, RATE_MAX, NAN, &claim->tokens_per_s_per_gpu,
                           err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(row, "power_w"), 1, 1e12, NAN, &claim->power_w, err));
  char accounting[32];
  TMK_TRY(tmk_json_string_or(tmk_json_get(row, "accounting"), "none", accounting, sizeof accounting, err));
  claim->accounting = tmk_accounting_from_name(accounting);
  if (claim->accounting == TMK_ACCT_COUNT) {
    status =
        tmk_json_fail(tmk_json_get(row, "accounting"), err, "\"%s\": must be output, input, total or null", accounting);
    goto out;
  }
  TMK_TRY(read_details(row, claim, err));
out:
  return status;
}

static enum tmk_status open_list(const char *name, struct tmk_json_doc **doc, struct tmk_json *list, int64_t *count,
                                 struct tmk_error *err)
{
  struct tmk_data_file file = tmk_data_find("claims.json");
  enum tmk_status status = tmk_json_parse("claims.json", file.text, file.size, doc, err);
  if (status != TMK_OK) return status;
  *list = tmk_json_get(tmk_json_root(*doc), name);
  *count = tmk_json_count(*list);
  if (*count >= 1 && *count <= TABLE_MAX_ROWS) return TMK_OK;
  return tmk_json_fail(*list, err, "%lld rows: must be 1..%d", (long long)*count, TABLE_MAX_ROWS);
}

enum tmk_status tmk_claims_load(struct tmk_claim **claims, int *count, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct tmk_json list;
  struct tmk_claim *rows = NULL;
  int64_t total;
  *claims = NULL;
  *count = 0;
  TMK_TRY(open_list("claims", &doc, &list, &total, err));
  rows = calloc((size_t)total, sizeof *rows);
  if (!rows) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "no memory for the table of claims");
    goto out;
  }
  int used = 0;
  for (struct tmk_json v = tmk_json_first(list); !tmk_json_is_missing(v); v = tmk_json_next(v)) {
    TMK_TRY(read_row(v, &rows[used++], err));
  }
  *claims = rows;
  *count = used;
  rows = NULL;
out:
  free(rows);
  tmk_json_free(doc);
  return status;
}

enum tmk_status tmk_claim_families_load(struct tmk_claim_family **families, int *count, struct tmk_error *err)
{
  static const char *const keys[] = {"id", "title", "note", NULL};
  enum tmk_status status = TMK_OK;
  struct tmk_json_doc *doc = NULL;
  struct tmk_json list;
  struct tmk_claim_family *rows = NULL;
  int64_t total;
  *families = NULL;
  *count = 0;
  TMK_TRY(open_list("families", &doc, &list, &total, err));
  rows = calloc((size_t)total, sizeof *rows);
  if (!rows) {
    status = tmk_fail(err, TMK_ERR_MEMORY, "no memory for the families of claims");
    goto out;
  }
  int used = 0;
  for (struct tmk_json v = tmk_json_first(list); !tmk_json_is_missing(v); v = tmk_json_next(v), used++) {
    TMK_TRY(tmk_json_only(v, keys, err));
    TMK_TRY(tmk_json_string(tmk_json_get(v, "id"), rows[used].id, sizeof rows[used].id, err));
    TMK_TRY(tmk_json_string(tmk_json_get(v, "title"), rows[used].title, sizeof rows[used].title, err));
    TMK_TRY(tmk_json_string(tmk_json_get(v, "note"), rows[used].note, sizeof rows[used].note, err));
  }
  *families = rows;
  *count = used;
  rows = NULL;
out:
  free(rows);
  tmk_json_free(doc);
  return status;
}

int tmk_claim_count(void)
{
  struct tmk_claim *claims;
  int count;
  if (tmk_claims_load(&claims, &count, NULL) != TMK_OK) return 0;
  free(claims);
  return count;
}

enum tmk_status tmk_claim_get(int index, struct tmk_claim *claim, struct tmk_error *err)
{
  struct tmk_claim *claims;
  int count;
  enum tmk_status status = tmk_claims_load(&claims, &count, err);
  if (status != TMK_OK) return status;
  if (index >= 0 && index < count) {
    *claim = claims[index];
  } else {
    status = tmk_fail(err, TMK_ERR_USAGE, "claims.json: row %d: must be 0..%d", index, count - 1);
  }
  free(claims);
  return status;
}

int tmk_claim_find(const char *id)
{
  struct tmk_claim *claims;
  int count, found = -1;
  if (!id || tmk_claims_load(&claims, &count, NULL) != TMK_OK) return -1;
  for (int i = 0; i < count && found < 0; i++) {
    if (strcasecmp(claims[i].id, id) == 0) found = i;
  }
  free(claims);
  return found;
}

double tmk_claim_rate_per_gpu(const struct tmk_claim *claim)
{
  if (claim->tokens_per_s > 0 && claim->gpu_count > 0) return claim->tokens_per_s / (double)claim->gpu_count;
  return claim->tokens_per_s_per_gpu;
}
