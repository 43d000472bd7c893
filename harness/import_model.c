/* import_model.c: llama.cpp's description of a model, "llama 8B F16": architecture, size, file type. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* File types that are a type here. The types of blocks with scales of their own kind (Q8_0, Q4_K, …) are none. */
static const struct {
  const char *text;
  enum tmk_dtype dtype;
} file_types[] = {
    {"all F32", TMK_DTYPE_F32}, {"F16", TMK_DTYPE_F16},         {"BF16", TMK_DTYPE_BF16},
    {"NVFP4", TMK_DTYPE_NVFP4}, {"MXFP4 MoE", TMK_DTYPE_MXFP4},
};

/* Its architectures, and which families here have them. */
static const struct {
  const char *name;
  unsigned families;
} architectures[] = {
    {"llama", 1u << TMK_FAMILY_LLAMA | 1u << TMK_FAMILY_MISTRAL | 1u << TMK_FAMILY_MIXTRAL},
    {"qwen2", 1u << TMK_FAMILY_QWEN2},
    {"qwen3", 1u << TMK_FAMILY_QWEN3},
    {"qwen3moe", 1u << TMK_FAMILY_QWEN3_MOE},
    {"gpt-oss", 1u << TMK_FAMILY_GPT_OSS},
    {"glm4moe", 1u << TMK_FAMILY_GLM4_MOE},
    {"deepseek2", 1u << TMK_FAMILY_DEEPSEEK_V3},
};

/* What follows the second word, without "mostly " before it and " (guessed)" behind. */
static void file_type_of(const char *model_type, char text[256])
{
  const char *size = strchr(model_type, ' ');
  const char *rest = size ? strchr(size + 1, ' ') : NULL;
  snprintf(text, 256, "%s", rest ? rest + 1 : "");
  if (strncmp(text, "mostly ", 7) == 0) memmove(text, text + 7, strlen(text + 7) + 1);
  char *guessed = strstr(text, " (guessed)");
  if (guessed) *guessed = '\0';
}

enum tmk_dtype tmk_import_weight_dtype(const char *model_type, char why[256])
{
  char text[256];
  file_type_of(model_type, text);
  for (size_t i = 0; i < sizeof file_types / sizeof file_types[0]; i++) {
    if (strcmp(text, file_types[i].text) == 0) return file_types[i].dtype;
  }
  snprintf(why, 256, "model_type \"%.80s\": weights of type \"%.40s\": must be all F32, F16, BF16, NVFP4 or MXFP4 MoE",
           model_type, text);
  return TMK_DTYPE_NONE;
}

static unsigned families_of(const char *model_type)
{
  const size_t length = strcspn(model_type, " ");
  for (size_t i = 0; i < sizeof architectures / sizeof architectures[0]; i++) {
    const char *name = architectures[i].name;
    if (strlen(name) == length && memcmp(name, model_type, length) == 0) return architectures[i].families;
  }
  return 0;
}

/* The one model of that architecture and number of parameters; NULL if none or several have it (Llama 3.1 and 3.3 70B). */
static const struct tmk_import_model *find_model(const struct tmk_import *import, unsigned families, int64_t parameters)
{
  const struct tmk_import_model *found = NULL;
  for (int i = 0; i < import->known_count; i++) {
    const struct tmk_import_model *known = &import->known[i];
    if (!(families & 1u << known->family) || known->gguf_parameters != parameters) continue;
    if (found) return NULL;
    found = known;
  }
  return found;
}

/* A name that was given must not contradict the number of parameters. */
static void check_given(const struct tmk_import *import, int64_t parameters, char why[256])
{
  for (int i = 0; i < import->known_count && parameters != TMK_UNKNOWN; i++) {
    const struct tmk_import_model *known = &import->known[i];
    if (strcmp(known->name, import->model) != 0) continue;
    if (fabs((double)parameters - (double)known->parameters) <= 0.01 * (double)known->parameters) return;
    snprintf(why, 256, "model_n_params %lld: --model %s has %lld", (long long)parameters, import->model,
             (long long)known->parameters);
  }
}

/* The file's name without folder and .gguf; else the model's type. */
static void slug_name(const char *model_type, const char *filename, char name[96])
{
  const char *slash = strrchr(filename, '/');
  const char *base = slash ? slash + 1 : filename;
  const char *backslash = strrchr(base, '\\');
  if (backslash) base = backslash + 1;
  snprintf(name, 96, "%.95s", base[0] ? base : model_type);
  size_t length = strlen(name);
  if (length > 5 && strcmp(name + length - 5, ".gguf") == 0) name[length - 5] = '\0';
  for (char *c = name; *c; c++) {
    const bool plain = (unsigned char)*c < 128 && (isalnum((unsigned char)*c) || strchr("._-", *c));
    *c = plain ? (char)tolower((unsigned char)*c) : '-';
  }
  if (name[0] == '\0') memcpy(name, "model", 6);
}

void tmk_import_model_name(const struct tmk_import *import, const char *model_type, const char *filename,
                           int64_t parameters, char name[96], char why[256])
{
  const struct tmk_import_model *found = find_model(import, families_of(model_type), parameters);
  if (import->model) {
    snprintf(name, 96, "%s", import->model);
    check_given(import, parameters, why);
  } else if (found) {
    memcpy(name, found->name, sizeof found->name);
  } else {
    slug_name(model_type, filename, name);
  }
}
