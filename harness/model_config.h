/* model_config.h: a Hugging Face config.json, or a built-in name, → struct tmk_model, or the reason it can't be taken.
 *
 * Built-in models are rows of data/models.json, embedded in the binary. Claims join models by tmk_model_id_from_alias;
 * a row stands for every spelling that means a model of its very shape. A model that merely has the shape of another
 * (Llama 3.3 70B, DeepSeek-R1) has a row of its own.
 */
#ifndef TMK_HARNESS_MODEL_CONFIG_H
#define TMK_HARNESS_MODEL_CONFIG_H

#include "json.h"
#include "tokmark/model.h"

/* `name_or_path`: a built-in name or alias, compared without case; else, if it has a '/' or ends in .json, a path (a
 * folder means its config.json). Unknown name: USAGE with the nearest built-in. Unknown architecture, missing,
 * contradictory or absurd dimensions: USAGE naming file, field, value and what is allowed. */
enum tmk_status tmk_model_load(const char *name_or_path, struct tmk_model *model, struct tmk_error *err);
/* From a parsed document; `name` becomes model->name. */
enum tmk_status tmk_model_from_json(struct tmk_json config, const char *name, struct tmk_model *model,
                                    struct tmk_error *err);
/* The built-in models in the order of data/models.json; NULL behind the last. */
int tmk_model_builtin_count(void);
const char *tmk_model_builtin_name(int index);
/* All of them in that order, from one reading of the table. */
enum tmk_status tmk_model_builtin_each(void (*take)(void *context, const struct tmk_model *model), void *context,
                                       struct tmk_error *err);
/* A model's row of facts beside its shape. */
struct tmk_published_count {
  int64_t parameters;   /* 0: none published */
  int64_t digits;       /* significant digits published: 671 B has 3 */
  int64_t left_out;     /* how many of the two vocabulary matrices (embedding, head) that count leaves out */
  char source[256];
};
struct tmk_model_facts {
  char id[96], title[96], source[512], licence[96]; /* licence of the weights */
  char aliases[8][96]; /* other spellings, as claims use them; "" behind the last */
  struct tmk_published_count published, published_active;
};
enum tmk_status tmk_model_builtin_facts(int index, struct tmk_model_facts *facts, struct tmk_error *err);
/* Row id for any spelling in ids and aliases, compared without case; NULL if none. */
const char *tmk_model_id_from_alias(const char *spelling);

/* Cuts the model to its first `layers` layers: another model, "+L<layers>" behind its name (all of them: the same
 * model, the same name). USAGE if layers is not 1 … num_hidden_layers. */
enum tmk_status tmk_model_truncate(struct tmk_model *model, int64_t layers, struct tmk_error *err);

#endif
