/* import.h: other benchmarks' result files as points of provenance `reported`, so that they can be held against measured ones.
 * docs/formats.md says for each field how it is taken. Text in, a result out; files and printing are the command's.
 *
 * What is malformed fails the file: USAGE, one line naming file, place, value and what is allowed. What is well-formed and has
 * no counterpart here (a weight type, a second machine, the same point twice) is refused row by row, and the rest goes on.
 */
#ifndef TMK_HARNESS_IMPORT_H
#define TMK_HARNESS_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "tokmark/result.h"

enum tmk_import_format { TMK_IMPORT_AUTO = 0, TMK_IMPORT_LLAMA_BENCH, TMK_IMPORT_NCCL_TESTS };

#define TMK_IMPORT_MAX_POINTS 100000 /* of a result file */
#define TMK_IMPORT_MAX_RANKS  16384

struct tmk_import_model { /* a built-in model as llama.cpp would count it */
  char name[96];
  enum tmk_model_family family;
  int64_t parameters, gguf_parameters;
};

struct tmk_import {
  struct tmk_result *result; /* borrowed: initialised, with an identity and nothing else */
  const char *model;         /* --model, as keys spell it; NULL: from the source */
  const char *source;        /* the tool of the first row; NULL before */
  int64_t rows, refused;     /* rows seen, and those that could not be taken */
  void (*on_refusal)(void *context, const char *line);
  void *context;
  /* the importer's own */
  const char *name; /* of the file that is read */
  struct tmk_import_model known[64];
  int known_count;
  int64_t point_capacity;
  int32_t *index;     /* owned: hash table of keys, point + 1 */
  char key_model[96]; /* of the first step */
  bool models_differ;
};

/* `model`: a built-in name or alias, or letters, digits, '.', '_' and '-'; NULL for none; else USAGE. */
enum tmk_status tmk_import_open(struct tmk_import *import, struct tmk_result *result, const char *model,
                                struct tmk_error *err);
/* One file's text; `name` stands for the file in messages. */
enum tmk_status tmk_import_text(struct tmk_import *import, enum tmk_import_format format, const char *name,
                                const char *text, size_t size, struct tmk_error *err);
/* The model, if all points have the same built-in one. FAILED if there is no point. */
enum tmk_status tmk_import_finish(struct tmk_import *import, struct tmk_error *err);
void tmk_import_close(struct tmk_import *import); /* not the result */

/* --- the formats --- */

enum tmk_status tmk_import_llama_row(struct tmk_import *import, struct tmk_json row, struct tmk_error *err);
enum tmk_status tmk_import_nccl_json(struct tmk_import *import, struct tmk_json root, struct tmk_error *err);
enum tmk_status tmk_import_nccl_table(struct tmk_import *import, const char *name, const char *text, size_t size,
                                      struct tmk_error *err);

/* --- for the formats --- */

/* Counts a refused row and hands its line on. */
void tmk_import_refuse(struct tmk_import *import, struct tmk_json at, const char *why);
void tmk_import_refuse_line(struct tmk_import *import, const char *name, int64_t line, const char *why);
/* Takes the point, with what it owns, whatever comes of it; *why is set, and nothing added, where its key is there already. */
enum tmk_status tmk_import_add(struct tmk_import *import, struct tmk_point *point, char why[256],
                               struct tmk_error *err);
/* A sample's passes, its statistics from them. */
enum tmk_status tmk_import_sample(struct tmk_point *point, const int64_t *times_ns, int64_t count, int64_t passes,
                                  struct tmk_error *err);
/* The first `length` bytes of a text, as far as they fit in whole characters. */
void tmk_import_copy(char *out, size_t size, const char *text, size_t length);
/* All unknown but the name, the slug and the GPU's row. */
void tmk_import_device_init(struct tmk_device_result *device, const char *backend, const char *name, bool is_cpu,
                            int64_t threads);
/* The machine of a row: `devices` is owned by the callee. The first row's is the file's; *why is set where it differs. */
void tmk_import_machine(struct tmk_import *import, struct tmk_device_result *devices, int64_t count, char why[256]);
/* llama.cpp's "llama 8B F16": the dtype of the weights, NONE with *why set if there is none for it here. */
enum tmk_dtype tmk_import_weight_dtype(const char *model_type, char why[256]);
/* The name in keys: --model; the one built-in model of that architecture and number of parameters; else from the file's name. */
void tmk_import_model_name(const struct tmk_import *import, const char *model_type, const char *filename,
                           int64_t parameters, char name[96], char why[256]);

#endif
