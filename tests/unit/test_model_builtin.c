/* tests of harness/model_builtin.c: the rows of data/models.json against published figures, and models by name and
 * path */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model_config.h"

static struct tmk_error err;

static struct tmk_model load(const char *name)
{
  struct tmk_model model;
  cr_assert_eq(tmk_model_load(name, &model, &err), TMK_OK, "%s", err.message);
  return model;
}

/* Written here a second time, from the sources that data/models.json names, so that a slip in one of them shows. Active
 * counts are ours (all that one token uses, vocabulary matrices too), from the same public recounts where those have
 * one. */
static const struct {
  const char *id;
  int64_t parameters, active, kv_bytes_bf16;
} counts[] = {
    {"smollm2-135m", 134515008, 134515008, 23040}, /* 30·2·3·64·2 */
    {"qwen2.5-0.5b", 494032768, 494032768, 12288},          {"qwen3-0.6b", 596049920, 596049920, 114688},
    {"tinyllama-1.1b", 1100048384, 1100048384, 22528},      {"llama-3.2-1b", 1235814400, 1235814400, 32768},
    {"mistral-7b-v0.1", 7241732096, 7241732096, 131072},    {"mistral-7b-v0.3", 7248023552, 7248023552, 131072},
    {"qwen2.5-7b", 7615616512, 7615616512, 57344},          {"llama-3.1-8b", 8030261248, 8030261248, 131072},
    {"qwen3-8b", 8190735360, 8190735360, 147456},           {"qwen3-32b", 32762123264, 32762123264, 262144},
    {"llama-2-70b", 68976648192, 68976648192, 327680},      {"llama-3.1-70b", 70553706496, 70553706496, 327680},
    {"llama-3.3-70b", 70553706496, 70553706496, 327680},    {"qwen2.5-72b", 72706203648, 72706203648, 327680},
    {"llama-3.1-405b", 405853388800, 405853388800, 516096}, {"gpt-oss-20b", 20914757184, 4187440704, 49152},
    {"qwen3-30b-a3b", 30532122624, 3353032704, 98304},      {"mixtral-8x7b", 46702792704, 12879925248, 131072},
    {"gpt-oss-120b", 116829156672, 5711982912, 73728},      {"qwen3-235b-a22b", 235093634560, 22190763520, 192512},
    {"glm-4.5", 352797829024, 33632266144, 376832},         {"deepseek-v3", 671026419200, 37552297472, 70272},
    {"deepseek-r1", 671026419200, 37552297472, 70272},      {"kimi-k2-instruct", 1026408232448, 32861500928, 70272},
};
#define COUNT (sizeof counts / sizeof counts[0])

Test(model_builtin, counts_match_the_published_ones)
{
  cr_assert_eq(tmk_model_builtin_count(), COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    struct tmk_model m = load(counts[i].id);
    cr_expect_str_eq(tmk_model_builtin_name((int)i), counts[i].id);
    cr_expect_str_eq(m.name, counts[i].id);
    cr_expect_eq(tmk_model_parameters(&m), counts[i].parameters, "%s: %lld", m.name,
                 (long long)tmk_model_parameters(&m));
    cr_expect_eq(tmk_model_active_parameters(&m), counts[i].active, "%s: active %lld", m.name,
                 (long long)tmk_model_active_parameters(&m));
    cr_expect_eq(tmk_dtype_bytes(TMK_DTYPE_BF16, tmk_model_kv_elements_per_token(&m)), counts[i].kv_bytes_bf16, "%s",
                 m.name);
  }
  cr_expect_null(tmk_model_builtin_name((int)COUNT));
  cr_expect_null(tmk_model_builtin_name(-1));
}

static double round_to_digits(double value, int64_t digits)
{
  double unit = pow(10, floor(log10(value)) + 1 - (double)digits);
  return round(value / unit) * unit;
}

/* What the table calls published agrees with what the shape gives, to the digits that were published. */
Test(model_builtin, facts_agree_with_the_shapes)
{
  for (int i = 0; i < (int)COUNT; i++) {
    struct tmk_model_facts facts;
    struct tmk_model m = load(tmk_model_builtin_name(i));
    cr_assert_eq(tmk_model_builtin_facts(i, &facts, &err), TMK_OK, "%s", err.message);
    cr_expect_str_eq(facts.id, m.name);
    cr_expect(facts.title[0] != 0 && facts.source[0] != 0 && facts.licence[0] != 0 && facts.aliases[0][0] != 0, "%s",
              m.name);
    cr_expect(facts.published.parameters > 0 && facts.published.source[0] != 0, "%s", m.name);
    double counted = round_to_digits((double)tmk_model_parameters(&m), facts.published.digits);
    cr_expect_eq(counted, (double)facts.published.parameters, "%s: %.17g", m.name, counted);
    cr_expect_eq(facts.published_active.parameters > 0, m.moe.experts > 0, "%s", m.name);
    if (facts.published_active.parameters == 0) continue;
    int64_t left_out = facts.published_active.left_out * m.vocab_size * m.hidden_size;
    counted = round_to_digits((double)(tmk_model_active_parameters(&m) - left_out), facts.published_active.digits);
    cr_expect_eq(counted, (double)facts.published_active.parameters, "%s: active %.17g", m.name, counted);
  }
  struct tmk_model_facts facts;
  cr_expect_eq(tmk_model_builtin_facts((int)COUNT, &facts, &err), TMK_ERR_USAGE);
  cr_expect_eq(tmk_model_builtin_facts(-1, &facts, &err), TMK_ERR_USAGE);
}

/* GLM-4.5's checkpoint holds 358,337,791,296 elements. Beyond the model they are one MTP layer: a MoE layer, a
 * projection of 2·5120 to 5120, three norms, and copies of embedding and head. */
Test(model_builtin, glm_with_its_mtp_layer)
{
  struct tmk_model one, two;
  one = load("glm-4.5");
  two = one;
  one.num_hidden_layers = 91;
  int64_t moe_layer = tmk_model_parameters(&two) - tmk_model_parameters(&one);
  int64_t mtp = moe_layer + 2 * 5120 * 5120 + 3 * 5120 + 2 * (int64_t)151552 * 5120;
  cr_expect_eq(tmk_model_parameters(&two) + mtp, 358337791296, "%lld", (long long)mtp);
}

Test(model_builtin, shapes_of_three_kinds)
{
  struct tmk_model m = load("llama-3.1-8b");
  cr_expect_eq(m.family, TMK_FAMILY_LLAMA);
  cr_expect(m.num_hidden_layers == 32 && m.hidden_size == 4096 && m.num_attention_heads == 32 &&
            m.num_key_value_heads == 8 && m.head_dim == 128 && m.intermediate_size == 14336 && m.vocab_size == 128256);
  cr_expect(m.rope.scaling == TMK_ROPE_LLAMA3 && m.rope.factor == 8 && m.rope.theta == 500000);
  cr_expect_eq(m.stored_dtype, TMK_DTYPE_BF16);
  cr_expect_eq(tmk_model_weight_bytes(&m, TMK_DTYPE_BF16), 16060522496);
  m = load("gpt-oss-20b");
  cr_expect(m.attention_sinks && m.o_bias && m.moe.router_bias && m.rope.yarn_untruncated);
  cr_expect(m.sliding_window == 128 && m.sliding_window_period == 2);
  cr_expect_str_eq(m.quantization, "mxfp4");
  m = load("deepseek-v3");
  cr_expect(m.mla.kv_lora_rank == 512 && m.moe.experts == 256 && m.moe.first_dense_layers == 3 && m.moe.router_bias);
  cr_expect(m.rope.rotary_dim == 64 && m.rope.mscale == 1 && m.rope.factor == 40);
  m = load("glm-4.5");
  cr_expect(m.rope.rotary_dim == 64 && m.head_dim == 128 && m.qk_norm && m.qkv_bias && !m.o_bias);
}

Test(model_builtin, dense_models_run_and_others_say_why_not)
{
  for (size_t i = 0; i < COUNT; i++) {
    char reason[96] = "x";
    struct tmk_model m = load(counts[i].id);
    bool runs = tmk_model_is_runnable(&m, reason, sizeof reason);
    cr_expect_eq(runs, m.moe.experts == 0, "%s", m.name);
    cr_expect_eq(reason[0] == 0, runs, "%s: %s", m.name, reason);
  }
}

Test(model_builtin, names_and_aliases_are_each_of_one_model)
{
  static struct tmk_model_facts facts[COUNT];
  for (int i = 0; i < (int)COUNT; i++) cr_assert_eq(tmk_model_builtin_facts(i, &facts[i], &err), TMK_OK);
  for (int i = 0; i < (int)COUNT; i++) {
    for (int a = 0; a < 8 && facts[i].aliases[a][0] != 0; a++) {
      cr_expect_str_eq(tmk_model_id_from_alias(facts[i].aliases[a]), facts[i].id, "%s is of two models",
                       facts[i].aliases[a]);
    }
    cr_expect_str_eq(tmk_model_id_from_alias(facts[i].id), facts[i].id);
    cr_expect_null(strchr(facts[i].id, '/'), "an id is part of keys");
  }
}

Test(model_builtin, spellings_of_claims)
{
  static const struct {
    const char *spelling, *id;
  } rows[] = {
      {"Llama-3.1-8B", "llama-3.1-8b"},
      {"llama3.1-8b", "llama-3.1-8b"},
      {"LLAMA-3.1-8B", "llama-3.1-8b"},
      {"llama2-70b-99", "llama-2-70b"},
      {"llama3.1-405b", "llama-3.1-405b"},
      {"Llama-3.3-70B", "llama-3.3-70b"},
      {"mixtral-8x7b", "mixtral-8x7b"},
      {"DeepSeek-R1-0528", "deepseek-r1"},
      {"DeepSeek-V3/R1", "deepseek-v3"},
      {"DeepSeek 671B", "deepseek-v3"},
      {"gpt-oss-120b (Eagle3-v2)", "gpt-oss-120b"},
      {"Mistral-7B", "mistral-7b-v0.1"},
      {"Qwen3-0.6B", "qwen3-0.6b"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *id = tmk_model_id_from_alias(rows[i].spelling);
    cr_assert_not_null(id, "%s", rows[i].spelling);
    cr_expect_str_eq(id, rows[i].id);
  }
  static const char *const none[] = {"",
                                     "llama",
                                     "DeepSeek-V4-Pro (1.6T/49B active)",
                                     "DeepSeek-class MoE",
                                     "None",
                                     "Qwen3.5-397B-A17B",
                                     "Nemotron-3-Super-120B-A12B",
                                     " llama-3.1-8b"};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    cr_expect_null(tmk_model_id_from_alias(none[i]), "%s", none[i]);
  }
}

static void expect_unloaded(const char *name, enum tmk_status expected, const char *message)
{
  struct tmk_model model;
  cr_expect_eq(tmk_model_load(name, &model, &err), expected, "%s", name);
  cr_expect_str_eq(err.message, message);
}

Test(model_builtin, unknown_names)
{
  expect_unloaded(
      "llama-3.1-8c", TMK_ERR_USAGE,
      "model \"llama-3.1-8c\": unknown (did you mean llama-3.1-8b?): must be one that `tokmark models` lists, "
      "or a path with a '/' or .json in it");
  expect_unloaded("zzzzzzzzzzzz", TMK_ERR_USAGE,
                  "model \"zzzzzzzzzzzz\": unknown: must be one that `tokmark models` lists, or a path with a '/' or "
                  ".json in it");
  expect_unloaded("", TMK_ERR_USAGE,
                  "model \"\": unknown: must be one that `tokmark models` lists, or a path with a '/' or .json in it");
  char name[5001];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = 0;
  struct tmk_model model;
  cr_expect_eq(tmk_model_load(name, &model, &err), TMK_ERR_USAGE);
  name[4999] = '/';
  cr_expect_eq(tmk_model_load(name, &model, &err), TMK_ERR_USAGE);
}

Test(model_builtin, an_alias_loads_its_model)
{
  struct tmk_model m = load("Mistral-7B");
  cr_expect_str_eq(m.name, "mistral-7b-v0.1");
  cr_expect_eq(m.sliding_window, 4096);
}

/* --- files --- */

#define CONFIGS "tests/data/configs/"

Test(model_builtin, good_files)
{
  struct tmk_model old = load(CONFIGS "llama-transformers-4.json"), modern = load(CONFIGS "llama-transformers-5.json");
  cr_expect_str_eq(old.name, "llama-transformers-4");
  cr_expect_str_eq(modern.name, "llama-transformers-5");
  memset(old.name, 0, sizeof old.name);
  memset(modern.name, 0, sizeof modern.name);
  cr_expect_eq(memcmp(&old, &modern, sizeof old), 0, "the two spellings of one shape");
  struct tmk_model m = load(CONFIGS "mistral-window.json");
  cr_expect(m.family == TMK_FAMILY_MISTRAL && m.sliding_window == 32 && m.sliding_window_period == 1);
  m = load(CONFIGS "qwen3-tied.json");
  cr_expect(m.family == TMK_FAMILY_QWEN3 && m.qk_norm && m.tie_word_embeddings && m.head_dim == 32);
  m = load(CONFIGS "bom.json");
  cr_expect_eq(m.hidden_size, 64);
}

Test(model_builtin, bad_files)
{
  static const struct {
    const char *name, *message;
  } rows[] = {
      {"bad-multimodal.json",
       ": text_config: Llama4ForConditionalGeneration is multimodal: must be the config of a text model alone"},
      {"bad-architecture.json",
       ": architectures[0]: \"MambaForCausalLM\" is not supported: must be one of LlamaForCausalLM, "
       "MistralForCausalLM, "
       "Qwen2ForCausalLM, Qwen3ForCausalLM, MixtralForCausalLM, Qwen3MoeForCausalLM, GptOssForCausalLM, "
       "Glm4MoeForCausalLM, DeepseekV3ForCausalLM"},
      {"bad-heads.json", ": num_key_value_heads: 3: must divide num_attention_heads 4"},
      {"bad-activation.json", ": hidden_act: \"gelu\" is not supported: must be silu"},
      {"bad-rope.json", ": rope_scaling.type: \"dynamic\" is not supported: must be default, linear, llama3 or yarn"},
      {"bad-result.json", ": architectures: missing: must name the model's class, as [\"LlamaForCausalLM\"]"},
      {"bad-cut.json", ":11:2: the file ends where a key in double quotes should stand"},
      {"bad-utf16.json", ":1:1: expected a value, found byte 0xff"},
      {"bad-latin1.json", ":14:21: byte 0xfc is not UTF-8"},
      {"bad-comma.json", ":15:1: expected a key in double quotes, found '}'"},
      {"bad-comment.json", ":1:1: expected a value, found '/'"},
      {"bad-empty.json", ": is empty: must be a JSON document"},
      {"none.json", ": cannot be opened: No such file or directory"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char path[128], message[512];
    snprintf(path, sizeof path, CONFIGS "%s", rows[i].name);
    snprintf(message, sizeof message, "%s%s", path, rows[i].message);
    expect_unloaded(path, TMK_ERR_USAGE, message);
  }
}

static char folder[64];

static void make_folder(void)
{
  snprintf(folder, sizeof folder, "/tmp/tmk-model-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  cr_assert_eq(system(command), 0);
}

static const char *place(const char *name)
{
  static char path[256], command[600];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\" && cp " CONFIGS "qwen3-tied.json '%s'", path, path);
  cr_assert_eq(system(command), 0);
  return path;
}

Test(model_builtin, names_of_files, .init = make_folder, .fini = remove_folder)
{
  cr_expect_str_eq(load(place("my model+L2=x.json")).name, "my-model-L2-x");
  cr_expect_str_eq(load(place("plain")).name, "plain");
  cr_expect_str_eq(load(place("Some-Model/config.json")).name, "Some-Model");
  char path[300];
  snprintf(path, sizeof path, "%s/Some-Model", folder);
  cr_expect_str_eq(load(path).name, "Some-Model", "a folder means its config.json");
  snprintf(path, sizeof path, "%s/Some-Model/", folder);
  cr_expect_str_eq(load(path).name, "Some-Model");
  cr_expect_str_eq(load(place("models--Org--A-Model-7B/snapshots/0123abc/config.json")).name, "A-Model-7B");
  char longest[200];
  memset(longest, 'n', sizeof longest);
  memcpy(longest + 190, ".json", 6);
  struct tmk_model m = load(place(longest));
  cr_expect_eq(strlen(m.name), 89);
  cr_assert_eq(tmk_model_truncate(&m, 2, &err), TMK_OK);
  cr_expect_str_eq(m.name + 89, "+L2", "room for it");
  cr_assert_eq(chdir(folder), 0);
  cr_expect_str_eq(load("Some-Model/config.json").name, "Some-Model");
  cr_assert_eq(chdir("Some-Model"), 0);
  cr_expect_str_eq(load("config.json").name, "Some-Model");
  cr_expect_str_eq(load("./config.json").name, "Some-Model");
}

Test(model_builtin, truncation_makes_another_model)
{
  struct tmk_model m = load("deepseek-v3");
  cr_assert_eq(tmk_model_truncate(&m, 5, &err), TMK_OK);
  cr_expect_str_eq(m.name, "deepseek-v3+L5");
  cr_expect_eq(m.num_hidden_layers, 5);
  cr_expect_eq(m.moe.first_dense_layers, 3);
  cr_assert_eq(tmk_model_truncate(&m, 2, &err), TMK_OK);
  cr_expect_str_eq(m.name, "deepseek-v3+L2");
  cr_expect_eq(m.moe.first_dense_layers, 2);
  cr_assert_eq(tmk_model_truncate(&m, 2, &err), TMK_OK);
  cr_expect_str_eq(m.name, "deepseek-v3+L2");
  struct tmk_model before = m;
  static const int64_t bad[] = {0, -1, 3, INT64_MAX, INT64_MIN};
  for (int i = 0; i < 5; i++) {
    cr_expect_eq(tmk_model_truncate(&m, bad[i], &err), TMK_ERR_USAGE);
    cr_expect_eq(memcmp(&m, &before, sizeof m), 0);
  }
  cr_expect_eq(tmk_model_truncate(&m, 3, &err), TMK_ERR_USAGE);
  cr_expect_str_eq(err.message, "deepseek-v3+L2 cut to 3 layers: must be 1..2");
  m = load("llama-3.1-8b");
  cr_assert_eq(tmk_model_truncate(&m, 32, &err), TMK_OK);
  cr_expect_str_eq(m.name, "llama-3.1-8b", "all layers: the same model");
}
