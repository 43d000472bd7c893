/* test_plan_models.c: plans of the built-in models against the counts of model.c, which knows nothing of plans. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "model_config.h"
#include "shapes.h"

static struct tmk_model load(const char *name)
{
  struct tmk_model model;
  struct tmk_error err = {0};
  cr_assert(eq(int, (int)tmk_model_load(name, &model, &err), TMK_OK), "%s", err.message);
  return model;
}

/* Weights of a plan are the parameters of the model, a token adds the model's KV elements to the cache. */
static void expect_sizes(const struct tmk_model *model, enum tmk_dtype dtype)
{
  struct tmk_error err = {0};
  struct tmk_plan *plan;
  struct tmk_workload workload = shape_workload(TMK_PHASE_DECODE, 3, 16);
  workload.weight_dtype = dtype;
  const struct tmk_plan_args args = {.model = model, .workload = &workload, .act_dtype = TMK_DTYPE_F32};
  cr_assert(eq(int, (int)tmk_plan_create(&args, &plan, &err), TMK_OK), "%s: %s", model->name, err.message);
  const struct tmk_plan_memory memory = tmk_plan_memory_needed(plan);
  cr_expect(eq(i64, memory.weight_bytes, tmk_model_weight_bytes(model, dtype)), "%s in %s", model->name,
            tmk_dtype_name(dtype));
  cr_expect(eq(i64, memory.kv_bytes, 3 * 17 * 2 * tmk_model_kv_elements_per_token(model)), "%s", model->name);
  tmk_plan_destroy(plan);
}

Test(plan_models, sizes_agree)
{
  const enum tmk_dtype dtypes[] = {TMK_DTYPE_F32, TMK_DTYPE_BF16, TMK_DTYPE_F8E4M3, TMK_DTYPE_NVFP4};
  int runnable = 0;
  for (int i = 0; i < tmk_model_builtin_count(); i++) {
    const struct tmk_model model = load(tmk_model_builtin_name(i));
    char reason[128];
    if (!tmk_model_is_runnable(&model, reason, sizeof reason)) continue;
    runnable++;
    for (int d = 0; d < 4; d++) expect_sizes(&model, dtypes[d]);
  }
  cr_expect(gt(int, runnable, 4));
}

/* Figures that other tests work by hand are those of the real shapes. */
Test(plan_models, shapes_of_these_tests_are_the_built_in_ones)
{
  const struct tmk_model *const shapes[] = {&shape_tinyllama, &shape_llama_8b, &shape_mistral_7b};
  for (int i = 0; i < 3; i++) {
    const struct tmk_model model = load(shapes[i]->name), *shape = shapes[i];
    cr_expect(eq(i64, tmk_model_parameters(&model), tmk_model_parameters(shape)), "%s", shape->name);
    cr_expect(eq(i64, model.num_attention_heads, shape->num_attention_heads));
    cr_expect(eq(i64, model.head_dim, shape->head_dim));
    cr_expect(eq(i64, model.max_position_embeddings, shape->max_position_embeddings));
    cr_expect(eq(i64, tmk_model_layer_window(&model, 1), tmk_model_layer_window(shape, 1)));
    cr_expect(eq(int, (int)model.rope.scaling, (int)shape->rope.scaling));
    cr_expect(eq(dbl, model.rope.theta, shape->rope.theta));
  }
}
