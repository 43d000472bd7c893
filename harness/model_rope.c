/* model_rope.c: the rotary embedding of a config.json → struct tmk_rope. See model_family.h. The formulas that use it
 * are in plan_rope.c. */
#include <string.h>

#include "model_family.h"

#define MAX_ROPE_FACTOR 1e6
#define MAX_ROPE_THETA  1e18
#define MAX_YARN_WEIGHT 100.0

static enum tmk_status read_yarn(struct tmk_json scaling, struct tmk_rope *rope, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  bool truncate = true;
  struct tmk_json fast = tmk_json_get(scaling, "beta_fast");
  TMK_TRY(tmk_json_real_or(fast, 1e-3, 1e6, 32, &rope->beta_fast, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(scaling, "beta_slow"), 1e-3, 1e6, 1, &rope->beta_slow, err));
  if (rope->beta_fast < rope->beta_slow) {
    TMK_TRY(tmk_json_fail(fast, err, "%g: must be at least beta_slow %g", rope->beta_fast, rope->beta_slow));
  }
  TMK_TRY(tmk_json_real_or(tmk_json_get(scaling, "mscale"), 0, MAX_YARN_WEIGHT, 0, &rope->mscale, err));
  TMK_TRY(tmk_json_real_or(tmk_json_get(scaling, "mscale_all_dim"), 0, MAX_YARN_WEIGHT, 0, &rope->mscale_all_dim, err));
  TMK_TRY(
      tmk_json_real_or(tmk_json_get(scaling, "attention_factor"), 0, MAX_YARN_WEIGHT, 0, &rope->attention_factor, err));
  TMK_TRY(tmk_json_bool_or(tmk_json_get(scaling, "truncate"), true, &truncate, err));
  rope->yarn_untruncated = !truncate;
out:
  return status;
}

static enum tmk_status read_llama3(struct tmk_json scaling, struct tmk_rope *rope, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json high = tmk_json_get(scaling, "high_freq_factor");
  TMK_TRY(tmk_json_real(tmk_json_get(scaling, "low_freq_factor"), 1e-3, 1e6, &rope->low_freq_factor, err));
  TMK_TRY(tmk_json_real(high, 1e-3, 1e6, &rope->high_freq_factor, err));
  if (!(rope->high_freq_factor > rope->low_freq_factor)) {
    TMK_TRY(tmk_json_fail(high, err, "%g: must be above low_freq_factor %g", rope->high_freq_factor,
                          rope->low_freq_factor));
  }
out:
  return status;
}

/* `scaling` is rope_scaling, or rope_parameters of transformers 5; its kind stands in rope_type or, of old, in type. */
static enum tmk_status read_scaling(struct tmk_json scaling, struct tmk_model *model, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  static const char *const kinds[] = {[TMK_ROPE_NONE] = "default",
                                      [TMK_ROPE_LINEAR] = "linear",
                                      [TMK_ROPE_LLAMA3] = "llama3",
                                      [TMK_ROPE_YARN] = "yarn"};
  struct tmk_json modern = tmk_json_get(scaling, "rope_type"), old = tmk_json_get(scaling, "type");
  struct tmk_json member = tmk_json_is_null(modern) ? old : modern;
  struct tmk_rope *rope = &model->rope;
  char kind[64], other[64];
  size_t found = 0;
  if (!tmk_json_is_object(scaling)) TMK_TRY(tmk_json_fail(scaling, err, "must be null or an object with rope_type"));
  TMK_TRY(tmk_json_string(member, kind, sizeof kind, err));
  TMK_TRY(tmk_json_string_or(old, kind, other, sizeof other, err));
  if (strcmp(kind, other) != 0) TMK_TRY(tmk_json_fail(old, err, "\"%s\": must be as rope_type, \"%s\"", other, kind));
  while (found < sizeof kinds / sizeof kinds[0] && strcmp(kind, kinds[found]) != 0) found++;
  if (found == sizeof kinds / sizeof kinds[0]) {
    TMK_TRY(tmk_json_fail(member, err, "\"%s\" is not supported: must be default, linear, llama3 or yarn", kind));
  }
  rope->scaling = (enum tmk_rope_scaling)found;
  if (rope->scaling == TMK_ROPE_NONE) return TMK_OK;
  TMK_TRY(tmk_json_real(tmk_json_get(scaling, "factor"), 1, MAX_ROPE_FACTOR, &rope->factor, err));
  if (rope->scaling == TMK_ROPE_LINEAR) return TMK_OK;
  struct tmk_json original = tmk_json_get(scaling, "original_max_position_embeddings");
  if (rope->scaling == TMK_ROPE_LLAMA3) {
    TMK_TRY(tmk_json_int(original, 1, TMK_MODEL_MAX_POSITIONS, &rope->original_max_position_embeddings, err));
    TMK_TRY(read_llama3(scaling, rope, err));
  } else {
    TMK_TRY(tmk_json_int_or(original, 1, TMK_MODEL_MAX_POSITIONS, model->max_position_embeddings,
                            &rope->original_max_position_embeddings, err));
    TMK_TRY(read_yarn(scaling, rope, err));
  }
out:
  return status;
}

/* A member that may stand in the config or, in transformers 5, in rope_parameters; in both only if they agree. */
struct rope_member {
  const char *key;
  double min, max, fallback;
};

static enum tmk_status read_member(struct tmk_json config, struct rope_member member, double *out,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json outer = tmk_json_get(config, member.key);
  struct tmk_json inner = tmk_json_get(tmk_json_get(config, "rope_parameters"), member.key);
  double value = member.fallback;
  TMK_TRY(tmk_json_real_or(outer, member.min, member.max, member.fallback, &value, err));
  TMK_TRY(tmk_json_real_or(inner, member.min, member.max, value, out, err));
  if (*out != value && !tmk_json_is_null(outer)) {
    TMK_TRY(tmk_json_fail(inner, err, "%g: must be as %s of the config, %g", *out, member.key, value));
  }
out:
  return status;
}

enum tmk_status tmk_model_read_rope(struct tmk_json config, const struct tmk_family_row *row, struct tmk_model *model,
                                    struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_json scaling = tmk_json_get(config, "rope_scaling"), parameters = tmk_json_get(config, "rope_parameters");
  int64_t rotated = row->mla ? model->mla.qk_rope_head_dim : model->head_dim;
  double factor = 1;
  if (!tmk_json_is_null(scaling) && !tmk_json_is_null(parameters)) {
    TMK_TRY(tmk_json_fail(scaling, err, "must be null where rope_parameters is given"));
  }
  if (!tmk_json_is_missing(tmk_json_get(parameters, "full_attention"))) {
    TMK_TRY(
        tmk_json_fail(parameters, err, "one object a layer type is not supported: must have rope_theta, rope_type"));
  }
  struct rope_member theta = {"rope_theta", 1.001, MAX_ROPE_THETA, row->default_theta};
  TMK_TRY(read_member(config, theta, &model->rope.theta, err));
  if (!row->mla) {
    double fallback = row->default_rotary_factor > 0 ? row->default_rotary_factor : 1;
    TMK_TRY(read_member(config, (struct rope_member){"partial_rotary_factor", 1e-6, 1, fallback}, &factor, err));
  }
  model->rope.rotary_dim = (int64_t)((double)rotated * factor);
  if (model->rope.rotary_dim < 2 || model->rope.rotary_dim % 2 != 0) {
    TMK_TRY(tmk_json_fail(tmk_json_get(config, "partial_rotary_factor"), err,
                          "%g: rotates %lld of %lld dims of a head: must be an even number from 2 on", factor,
                          (long long)model->rope.rotary_dim, (long long)rotated));
  }
  if (!tmk_json_is_null(scaling)) TMK_TRY(read_scaling(scaling, model, err));
  if (!tmk_json_is_null(parameters)) TMK_TRY(read_scaling(parameters, model, err));
out:
  return status;
}
