/* cmd_models.c: `tokmark models`: the built-in models, or one model, by name or config.json, in full. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "model_config.h"
#include "opt.h"
#include "out.h"

struct options {
  int format;
};
enum { FORMAT_TABLE = 0, FORMAT_JSON };
static const char *const formats[] = {"table", "json", NULL};

static const struct tmk_opt rows[] = {
    {.name = "format",
     .type = TMK_OPT_CHOICE,
     .offset = offsetof(struct options, format),
     .metavar = "FORMAT",
     .help = "Output",
     .default_text = "table",
     .choices = formats},
};
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

static const struct tmk_command_help help = {
    .usage = "tokmark models [options] [NAME | PATH]",
    .summary =
        "Lists the built-in models, or shows one in full: a built-in by name, or a Hugging Face config.json, or the "
        "folder it is in, by path. Weight bytes are with the layers' projections in that type and, below 16 bits, "
        "all else in bf16.",
    .epilogue = "Examples:\n"
                "  tokmark models\n"
                "  tokmark models llama-3.1-8b\n"
                "  tokmark models --format json ./my-model/config.json",
};

static const enum tmk_dtype weight_dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3, TMK_DTYPE_NVFP4};
#define WEIGHT_DTYPE_COUNT (sizeof weight_dtypes / sizeof weight_dtypes[0])

/* The row of a built-in model; false for any other. */
static bool find_facts(const struct tmk_model *model, struct tmk_model_facts *facts)
{
  for (int i = 0; i < tmk_model_builtin_count(); i++) {
    if (strcmp(tmk_model_builtin_name(i), model->name) != 0) continue;
    return tmk_model_builtin_facts(i, facts, NULL) == TMK_OK;
  }
  return false;
}

static int64_t kv_bytes(const struct tmk_model *model, enum tmk_dtype dtype)
{
  return tmk_dtype_bytes(dtype, tmk_model_kv_elements_per_token(model));
}

/* --- tables --- */

/* 3 digits and B or M, as models are named. */
static void format_parameters(int64_t count, char *text, size_t size)
{
  double value = (double)count;
  double unit = value >= 0.9995e9 ? 1e9 : 1e6;
  double shown = value / unit;
  snprintf(text, size, "%.*f %s", shown < 9.995 ? 2 : shown < 99.95 ? 1 : 0, shown, unit == 1e9 ? "B" : "M");
}

static void print_list_header(void)
{
  printf("%-17s %7s %7s %6s %6s %7s", "model", "params", "active", "layers", "hidden", "heads");
  for (size_t i = 0; i < WEIGHT_DTYPE_COUNT; i++) printf("  %8s", tmk_dtype_name(weight_dtypes[i]));
  printf("  %9s  %s\n", "KV/token", "runs");
}

static void print_list_row(const struct tmk_model *model)
{
  char parameters[32], active[32] = "=", heads[48], bytes[32], reason[96];
  format_parameters(tmk_model_parameters(model), parameters, sizeof parameters);
  if (model->moe.experts > 0) format_parameters(tmk_model_active_parameters(model), active, sizeof active);
  if (model->mla.kv_lora_rank > 0) {
    snprintf(heads, sizeof heads, "%lld/MLA", (long long)model->num_attention_heads);
  } else {
    snprintf(heads, sizeof heads, "%lld/%lld", (long long)model->num_attention_heads,
             (long long)model->num_key_value_heads);
  }
  printf("%-17s %7s %7s %6lld %6lld %7s", model->name, parameters, active, (long long)model->num_hidden_layers,
         (long long)model->hidden_size, heads);
  for (size_t i = 0; i < WEIGHT_DTYPE_COUNT; i++) {
    tmk_format_bytes((double)tmk_model_weight_bytes(model, weight_dtypes[i]), bytes, (int)sizeof bytes);
    printf("  %8s", bytes);
  }
  tmk_format_bytes((double)kv_bytes(model, TMK_DTYPE_BF16), bytes, (int)sizeof bytes);
  printf("  %9s  %s\n", bytes, tmk_model_is_runnable(model, reason, (int)sizeof reason) ? "yes" : "no");
}

static void print_line(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void print_line(const char *label, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  printf("  %-14s ", label);
  vprintf(format, args);
  putchar('\n');
  va_end(args);
}

static void print_published(const char *label, const struct tmk_published_count *published)
{
  static const char *const left_out[] = {"", ", input embedding left out", ", embedding and head left out"};
  if (published->parameters == 0) return;
  char text[48];
  tmk_format_count((double)published->parameters, text, (int)sizeof text);
  print_line(label, "%s to %lld digits%s", text, (long long)published->digits, left_out[published->left_out]);
  print_line("", "%s", published->source);
}

static void print_counts(const struct tmk_model *model, const struct tmk_model_facts *facts)
{
  char text[48];
  tmk_format_count((double)tmk_model_parameters(model), text, (int)sizeof text);
  print_line("parameters", "%s", text);
  if (facts != NULL) print_published("  published", &facts->published);
  if (model->moe.experts == 0) return;
  tmk_format_count((double)tmk_model_active_parameters(model), text, (int)sizeof text);
  print_line("active", "%s for one token", text);
  if (facts != NULL) print_published("  published", &facts->published_active);
}

static void print_attention(const struct tmk_model *model)
{
  const struct tmk_mla *mla = &model->mla;
  if (mla->kv_lora_rank > 0) {
    print_line("attention", "MLA, %lld heads of %lld + %lld rotated, values of %lld, ranks q %lld, kv %lld",
               (long long)model->num_attention_heads, (long long)mla->qk_nope_head_dim,
               (long long)mla->qk_rope_head_dim, (long long)mla->v_head_dim, (long long)mla->q_lora_rank,
               (long long)mla->kv_lora_rank);
  } else {
    print_line("attention", "%lld heads, %lld KV heads, head dim %lld%s%s%s%s", (long long)model->num_attention_heads,
               (long long)model->num_key_value_heads, (long long)model->head_dim, model->qkv_bias ? ", QKV biases" : "",
               model->o_bias ? ", output bias" : "", model->qk_norm ? ", QK norms" : "",
               model->attention_sinks ? ", sinks" : "");
  }
  if (model->sliding_window_period > 0) {
    print_line("window", "%lld keys on %s", (long long)model->sliding_window,
               model->sliding_window_period == 1 ? "every layer" : "layers 0, 2, 4, ...");
  }
}

static void print_rope(const struct tmk_model *model)
{
  const struct tmk_rope *rope = &model->rope;
  char scaling[128] = "";
  if (rope->scaling == TMK_ROPE_LINEAR) snprintf(scaling, sizeof scaling, ", linear scaling by %g", rope->factor);
  if (rope->scaling == TMK_ROPE_LLAMA3) {
    snprintf(scaling, sizeof scaling, ", llama3 scaling by %g from %lld positions", rope->factor,
             (long long)rope->original_max_position_embeddings);
  }
  if (rope->scaling == TMK_ROPE_YARN) {
    snprintf(scaling, sizeof scaling, ", YaRN by %g from %lld positions", rope->factor,
             (long long)rope->original_max_position_embeddings);
  }
  print_line("rope", "theta %g, %lld dims of a head%s", rope->theta, (long long)rope->rotary_dim, scaling);
}

static void print_mlp(const struct tmk_model *model)
{
  const struct tmk_moe *moe = &model->moe;
  if (moe->experts > 0) {
    print_line("experts", "%lld of %lld of %lld a token, %lld shared%s", (long long)moe->experts_per_token,
               (long long)moe->experts, (long long)moe->intermediate_size, (long long)moe->shared_experts,
               model->mlp_bias ? ", biases" : "");
  }
  if (moe->experts == 0 || moe->first_dense_layers > 0) {
    print_line("mlp", "%lld%s", (long long)model->intermediate_size, model->mlp_bias ? ", biases" : "");
  }
  if (moe->first_dense_layers > 0) {
    print_line("", "on the first %lld layers; experts on the others", (long long)moe->first_dense_layers);
  }
}

static void print_bytes(const struct tmk_model *model)
{
  char text[32];
  for (size_t i = 0; i < WEIGHT_DTYPE_COUNT; i++) {
    int64_t bytes = tmk_model_weight_bytes(model, weight_dtypes[i]);
    tmk_format_bytes((double)bytes, text, (int)sizeof text);
    print_line(i == 0 ? "weights" : "", "%-6s %s (%lld bytes)", tmk_dtype_name(weight_dtypes[i]), text,
               (long long)bytes);
  }
  print_line("KV a token", "bf16   %lld bytes%s", (long long)kv_bytes(model, TMK_DTYPE_BF16),
             model->sliding_window_period > 0 ? ", windows ignored" : "");
  if (model->stored_dtype != TMK_DTYPE_NONE || model->quantization[0] != 0) {
    print_line("published as", "%s%s%s",
               model->stored_dtype != TMK_DTYPE_NONE ? tmk_dtype_name(model->stored_dtype) : "",
               model->stored_dtype != TMK_DTYPE_NONE && model->quantization[0] != 0 ? ", quantized: " : "",
               model->quantization);
  }
}

static void print_model(const struct tmk_model *model, const struct tmk_model_facts *facts)
{
  char reason[96];
  printf("%s%s%s\n", model->name, facts != NULL ? ": " : "", facts != NULL ? facts->title : "");
  print_line("architecture", "%s", model->architecture);
  print_counts(model, facts);
  print_line("layers", "%lld of hidden size %lld", (long long)model->num_hidden_layers, (long long)model->hidden_size);
  print_attention(model);
  print_rope(model);
  print_mlp(model);
  print_line("vocabulary", "%lld, %s head", (long long)model->vocab_size,
             model->tie_word_embeddings ? "tied" : "separate");
  print_line("positions", "%lld", (long long)model->max_position_embeddings);
  print_bytes(model);
  bool runs = tmk_model_is_runnable(model, reason, (int)sizeof reason);
  print_line("runs", "%s%s", runs ? "yes" : "no: ", reason);
  if (facts == NULL) return;
  print_line("shape from", "%s", facts->source);
  print_line("licence", "%s (of the weights, which are not here)", facts->licence);
  for (int i = 0; i < (int)(sizeof facts->aliases / sizeof facts->aliases[0]) && facts->aliases[i][0] != 0; i++) {
    print_line(i == 0 ? "also called" : "", "%s", facts->aliases[i]);
  }
}

/* --- JSON --- */

static void put_rope(struct tmk_json_writer *w, const struct tmk_rope *rope)
{
  static const char *const names[] = {[TMK_ROPE_NONE] = "default",
                                      [TMK_ROPE_LINEAR] = "linear",
                                      [TMK_ROPE_LLAMA3] = "llama3",
                                      [TMK_ROPE_YARN] = "yarn"};
  tmk_json_begin_object(w, "rope");
  tmk_json_put_real(w, "theta", rope->theta);
  tmk_json_put_string(w, "scaling", names[rope->scaling]);
  if (rope->scaling != TMK_ROPE_NONE) tmk_json_put_real(w, "factor", rope->factor);
  tmk_json_put_int(w, "rotary_dim", rope->rotary_dim);
  tmk_json_end_object(w);
}

static void put_moe(struct tmk_json_writer *w, const struct tmk_moe *moe)
{
  tmk_json_begin_object(w, "moe");
  tmk_json_put_int(w, "experts", moe->experts);
  tmk_json_put_int(w, "experts_per_token", moe->experts_per_token);
  tmk_json_put_int(w, "intermediate_size", moe->intermediate_size);
  tmk_json_put_int(w, "shared_experts", moe->shared_experts);
  tmk_json_put_int(w, "first_dense_layers", moe->first_dense_layers);
  tmk_json_end_object(w);
}

static void put_mla(struct tmk_json_writer *w, const struct tmk_mla *mla)
{
  tmk_json_begin_object(w, "mla");
  tmk_json_put_int(w, "q_lora_rank", mla->q_lora_rank);
  tmk_json_put_int(w, "kv_lora_rank", mla->kv_lora_rank);
  tmk_json_put_int(w, "qk_nope_head_dim", mla->qk_nope_head_dim);
  tmk_json_put_int(w, "qk_rope_head_dim", mla->qk_rope_head_dim);
  tmk_json_put_int(w, "v_head_dim", mla->v_head_dim);
  tmk_json_end_object(w);
}

static void put_published(struct tmk_json_writer *w, const char *key, const struct tmk_published_count *published)
{
  if (published->parameters == 0) return;
  tmk_json_begin_object(w, key);
  tmk_json_put_int(w, "parameters", published->parameters);
  tmk_json_put_int(w, "digits", published->digits);
  tmk_json_put_int(w, "left_out", published->left_out);
  tmk_json_put_string(w, "source", published->source);
  tmk_json_end_object(w);
}

static void put_facts(struct tmk_json_writer *w, const struct tmk_model_facts *facts)
{
  tmk_json_put_string(w, "title", facts->title);
  tmk_json_begin_array(w, "aliases");
  for (int i = 0; i < (int)(sizeof facts->aliases / sizeof facts->aliases[0]) && facts->aliases[i][0] != 0; i++) {
    tmk_json_put_string(w, NULL, facts->aliases[i]);
  }
  tmk_json_end_array(w);
  put_published(w, "published", &facts->published);
  put_published(w, "published_active", &facts->published_active);
  tmk_json_put_string(w, "licence", facts->licence);
  tmk_json_put_string(w, "source", facts->source);
}

static void put_model(struct tmk_json_writer *w, const struct tmk_model *model, const struct tmk_model_facts *facts)
{
  char reason[96];
  bool runs = tmk_model_is_runnable(model, reason, (int)sizeof reason);
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "name", model->name);
  tmk_json_put_string(w, "architecture", model->architecture);
  tmk_json_put_int(w, "parameters", tmk_model_parameters(model));
  tmk_json_put_int(w, "active_parameters", tmk_model_active_parameters(model));
  tmk_json_put_int(w, "num_hidden_layers", model->num_hidden_layers);
  tmk_json_put_int(w, "hidden_size", model->hidden_size);
  tmk_json_put_int(w, "num_attention_heads", model->num_attention_heads);
  tmk_json_put_int(w, "num_key_value_heads", model->num_key_value_heads);
  tmk_json_put_int(w, "head_dim", model->head_dim);
  tmk_json_put_int(w, "intermediate_size", model->intermediate_size);
  tmk_json_put_int(w, "vocab_size", model->vocab_size);
  tmk_json_put_int(w, "max_position_embeddings", model->max_position_embeddings);
  tmk_json_put_int(w, "sliding_window", model->sliding_window);
  tmk_json_put_int(w, "sliding_window_period", model->sliding_window_period);
  tmk_json_put_bool(w, "tie_word_embeddings", model->tie_word_embeddings);
  tmk_json_put_bool(w, "qkv_bias", model->qkv_bias);
  tmk_json_put_bool(w, "o_bias", model->o_bias);
  tmk_json_put_bool(w, "mlp_bias", model->mlp_bias);
  tmk_json_put_bool(w, "qk_norm", model->qk_norm);
  tmk_json_put_bool(w, "attention_sinks", model->attention_sinks);
  put_rope(w, &model->rope);
  if (model->moe.experts > 0) put_moe(w, &model->moe);
  if (model->mla.kv_lora_rank > 0) put_mla(w, &model->mla);
  tmk_json_begin_object(w, "weight_bytes");
  for (size_t i = 0; i < WEIGHT_DTYPE_COUNT; i++) {
    tmk_json_put_int(w, tmk_dtype_name(weight_dtypes[i]), tmk_model_weight_bytes(model, weight_dtypes[i]));
  }
  tmk_json_end_object(w);
  tmk_json_put_int(w, "kv_bytes_per_token_bf16", kv_bytes(model, TMK_DTYPE_BF16));
  tmk_json_put_string(w, "stored_dtype",
                      model->stored_dtype == TMK_DTYPE_NONE ? NULL : tmk_dtype_name(model->stored_dtype));
  tmk_json_put_string(w, "quantization", model->quantization[0] == 0 ? NULL : model->quantization);
  tmk_json_put_bool(w, "runnable", runs);
  tmk_json_put_string(w, "reason", runs ? NULL : reason);
  if (facts != NULL) put_facts(w, facts);
  tmk_json_end_object(w);
}

/* --- command --- */

/* One model, or with `wanted` NULL all built-ins, to the table or to `w`. */
static enum tmk_status report(const char *wanted, struct tmk_json_writer *w, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  int count = wanted != NULL ? 1 : tmk_model_builtin_count();
  if (w == NULL && wanted == NULL) print_list_header();
  for (int i = 0; i < count; i++) {
    struct tmk_model model;
    struct tmk_model_facts facts;
    TMK_TRY(tmk_model_load(wanted != NULL ? wanted : tmk_model_builtin_name(i), &model, err));
    bool built_in = tmk_model_id_from_alias(wanted != NULL ? wanted : model.name) != NULL && find_facts(&model, &facts);
    if (w != NULL) {
      put_model(w, &model, built_in ? &facts : NULL);
    } else if (wanted != NULL) {
      print_model(&model, built_in ? &facts : NULL);
    } else {
      print_list_row(&model);
    }
  }
  if (w == NULL && wanted == NULL) {
    puts("\nactive: parameters used for one token, = all. KV/token: cache bytes of a token in bf16. "
         "`tokmark models NAME` shows one in full.");
  }
out:
  return status;
}

static enum tmk_status report_json(const char *wanted, struct tmk_error *err)
{
  char *text = NULL;
  size_t size = 0;
  struct tmk_json_writer *w = tmk_json_writer_create();
  if (w == NULL) return tmk_fail(err, TMK_ERR_MEMORY, "out of memory listing models");
  tmk_json_begin_object(w, NULL);
  tmk_json_put_string(w, "schema", "tokmark-models");
  tmk_json_put_string(w, "schema_version", "1.0.0");
  tmk_json_begin_array(w, "models");
  enum tmk_status status = report(wanted, w, err);
  tmk_json_end_array(w);
  tmk_json_end_object(w);
  enum tmk_status finished = tmk_json_finish(w, &text, &size, status == TMK_OK ? err : NULL);
  if (status == TMK_OK) status = finished;
  if (status == TMK_OK) fwrite(text, 1, size, stdout); /* main() notices a failed write */
  free(text);
  return status;
}

enum tmk_status tmk_cmd_models(int argc, char **argv, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct options options = {.format = FORMAT_TABLE};
  struct tmk_opt_result given = {0};
  TMK_TRY(tmk_opt_parse(rows, ROW_COUNT, &options, &help, argc, argv, 0, 1, &given, err));
  if (given.help) goto out;
  const char *wanted = given.positional_count > 0 ? given.positionals[0] : NULL;
  status = options.format == FORMAT_JSON ? report_json(wanted, err) : report(wanted, NULL, err);
out:
  tmk_opt_free(&given);
  return status;
}
