/* identity.h: who, where, when and with what: the part of a result that every command that measures fills alike. */
#ifndef TMK_HARNESS_IDENTITY_H
#define TMK_HARNESS_IDENTITY_H

#include "tokmark/result.h"

/* NCCL's variables where ranks differ: of each rank whose value is not rank 0's the environment gets "rank3:NCCL_ALGO". Collective over
 * the world; only rank 0's result changes. */
struct tmk_world;
enum tmk_status tmk_identity_add_ranks(struct tmk_world *world, struct tmk_result *result, struct tmk_error *err);


/* Tool, build, run id, start, command line ("tokmark COMMAND" and argv from 1 on, quoted for a shell, as far as it fits),
 * environment and host of an initialised result. */
enum tmk_status tmk_identity_fill(const char *command, int argc, char **argv, struct tmk_result *result,
                                  struct tmk_error *err);
/* End and load, now: before each writing. */
void tmk_identity_touch(struct tmk_result *result);
/* The model with its counts; bytes are those of the dtypes given. */
void tmk_identity_set_model(const struct tmk_model *model, enum tmk_dtype weight_dtype, enum tmk_dtype kv_dtype,
                            struct tmk_result *result);

#endif
