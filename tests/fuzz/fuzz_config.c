/* fuzz_config.c: any bytes as a model's config.json. What must hold: no crash, no hang; an error is one line with a
 * message and leaves the model alone; a model that is taken has a shape within the limits; what the writer makes of a
 * document that was read can be read again, to the same text. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what, const struct tmk_error *err)
{
  if (condition) return;
  fprintf(stderr, "fuzz_config: %s: %s\n", what, err == NULL ? "" : err->message);
  abort();
}

static void require_message(enum tmk_status status, const struct tmk_error *err)
{
  require(status == TMK_ERR_USAGE, "another status than usage", err);
  require(err->message[0] != 0, "no message", err);
  for (const char *p = err->message; *p != 0; p++) require((unsigned char)*p >= 0x20 && *p != 0x7f, "control", err);
}

/* Through the getters into the writer. */
static void copy_value(struct tmk_json v, struct tmk_json_writer *w, const char *key)
{
  static char text[1 << 16];
  struct tmk_error err = {0};
  bool flag;
  double number;
  if (tmk_json_is_object(v) || tmk_json_is_array(v)) {
    bool object = tmk_json_is_object(v);
    int64_t count = 0;
    if (object) {
      tmk_json_begin_object(w, key);
    } else {
      tmk_json_begin_array(w, key);
    }
    for (struct tmk_json c = tmk_json_first(v); !tmk_json_is_missing(c); c = tmk_json_next(c), count++) {
      copy_value(c, w, object ? tmk_json_key(c) : NULL);
    }
    require(count == tmk_json_count(v), "count", NULL);
    if (object) {
      tmk_json_end_object(w);
    } else {
      tmk_json_end_array(w);
    }
  } else if (tmk_json_bool(v, &flag, NULL) == TMK_OK) {
    tmk_json_put_bool(w, key, flag);
  } else if (tmk_json_real(v, -INFINITY, INFINITY, &number, NULL) == TMK_OK) {
    tmk_json_put_real(w, key, number);
  } else if (tmk_json_string(v, text, sizeof text, &err) == TMK_OK) {
    tmk_json_put_string(w, key, text);
  } else {
    tmk_json_put_null(w, key);
  }
}

static char *write_again(struct tmk_json root, size_t *size)
{
  struct tmk_error err = {0};
  char *text = NULL;
  struct tmk_json_writer *w = tmk_json_writer_create();
  copy_value(root, w, NULL);
  require(tmk_json_finish(w, &text, size, &err) == TMK_OK, "the writer failed", &err);
  return text;
}

static void check_writer(struct tmk_json root)
{
  struct tmk_error err = {0};
  struct tmk_json_doc *again = NULL;
  size_t first_size = 0, second_size = 0;
  char *first = write_again(root, &first_size);
  require(tmk_json_parse("again", first, first_size, &again, &err) == TMK_OK, "written text can't be read", &err);
  char *second = write_again(tmk_json_root(again), &second_size);
  require(first_size == second_size && memcmp(first, second, first_size) == 0, "written text changed", NULL);
  tmk_json_free(again);
  free(first);
  free(second);
}

static void check_model(struct tmk_model *model)
{
  char reason[96];
  struct tmk_error err = {0};
  int64_t parameters = tmk_model_parameters(model), active = tmk_model_active_parameters(model);
  require(parameters > 0 && parameters <= (int64_t)1 << 50, "parameters", NULL);
  require(active > 0 && active <= parameters, "active parameters", NULL);
  require(tmk_model_weight_bytes(model, TMK_DTYPE_F64) == 8 * parameters, "bytes", NULL);
  require(tmk_model_weight_bytes(model, TMK_DTYPE_NVFP4) < 3 * parameters, "nvfp4 bytes", NULL);
  require(tmk_model_kv_elements_per_token(model) > 0, "KV elements", NULL);
  require(model->head_dim >= 2 && model->rope.rotary_dim >= 2 && model->rope.rotary_dim <= model->head_dim, "head",
          NULL);
  require(model->num_attention_heads % model->num_key_value_heads == 0, "heads", NULL);
  require((model->sliding_window == 0) == (model->sliding_window_period == 0), "window", NULL);
  require(tmk_model_is_runnable(model, reason, sizeof reason) == (reason[0] == 0), "reason", NULL);
  require(tmk_model_truncate(model, 1, &err) == TMK_OK, "truncate", &err);
  require(tmk_model_parameters(model) <= parameters, "truncated parameters", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct tmk_error err = {0};
  struct tmk_json_doc *doc = NULL;
  enum tmk_status status = tmk_json_parse("fuzz", (const char *)data, size, &doc, &err);
  if (status != TMK_OK) {
    require(doc == NULL, "a document with an error", &err);
    require_message(status, &err);
    return 0;
  }
  struct tmk_model model, before;
  memset(&model, 0x5a, sizeof model);
  before = model;
  status = tmk_model_from_json(tmk_json_root(doc), "fuzz", &model, &err);
  if (status != TMK_OK) {
    require_message(status, &err);
    require(memcmp(&model, &before, sizeof model) == 0, "model touched", &err);
  } else {
    check_model(&model);
  }
  check_writer(tmk_json_root(doc));
  tmk_json_free(doc);
  return 0;
}
