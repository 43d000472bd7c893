/* device_choose.c: --device as text → a backend and the device's number in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "gemm_result.h"
#include "opt.h"
#include "tokmark/backend.h"
#include "tokmark/comm.h"

#define MAX_DEVICES 1024

/* "auto, cpu or null": what this build takes. */
static void allowed_text(char *text, size_t size)
{
  size_t used = (size_t)snprintf(text, size, "auto");
  for (int i = 0; tmk_backends[i] != NULL && used < size; i++) {
    used += (size_t)snprintf(text + used, size - used, "%s%s", tmk_backends[i + 1] == NULL ? " or " : ", ",
                             tmk_backends[i]->name);
  }
}

/* The GPU if the build and the machine have one, else the CPU. */
static const struct tmk_backend_ops *choose_auto(void)
{
  char reason[256] = "";
  const struct tmk_backend_ops *cuda = tmk_backend_find("cuda");
  if (cuda == NULL) return &tmk_backend_cpu;
  if (cuda->device_count(reason, (int)sizeof reason) > 0) return cuda;
  if (tmk_launch_detect().rank == 0) fprintf(stderr, "tokmark: no GPU (%s): using the CPU\n", reason);
  return &tmk_backend_cpu;
}

static enum tmk_status parse_index(const char *text, const char *digits, int64_t *index, struct tmk_error *err)
{
  if (strchr(digits, ',') != NULL) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--device %.64s: several devices: must be one, like %.*s0", text,
                    (int)(digits - text), text);
  }
  if (tmk_parse_int("", digits, 0, MAX_DEVICES - 1, false, index, NULL) == TMK_OK) return TMK_OK;
  return tmk_fail(err, TMK_ERR_USAGE, "--device %.64s: the device's number must be 0..%d", text, MAX_DEVICES - 1);
}

enum tmk_status tmk_device_choose(const char *text, const struct tmk_backend_ops **ops, struct tmk_open_args *open_args,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  char name[16], allowed[128], reason[256] = "";
  const struct tmk_backend_ops *found = NULL;
  int64_t index = 0;
  size_t name_length = strcspn(text, ":");
  allowed_text(allowed, sizeof allowed);
  if (name_length < sizeof name) {
    memcpy(name, text, name_length);
    name[name_length] = '\0';
    found = strcmp(text, "auto") == 0 ? choose_auto() : tmk_backend_find(name);
    if (found == NULL && strcmp(name, "cuda") == 0) {
      return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--device %.64s: this build has no CUDA: must be %s", text, allowed);
    }
  }
  if (found == NULL) return tmk_fail(err, TMK_ERR_USAGE, "--device %.64s: must be %s", text, allowed);
  if (text[name_length] == ':') TMK_TRY(parse_index(text, text + name_length + 1, &index, err));

  int count = found->device_count(reason, (int)sizeof reason);
  if (count <= 0) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED, "--device %.64s: no such device here: %s", text, reason);
  }
  if (index >= count) {
    return tmk_fail(err, TMK_ERR_USAGE, "--device %.64s: %s has %d device%s here, numbered from 0", text, found->name,
                    count, count == 1 ? "" : "s");
  }
  if (open_args->gemm == TMK_GEMM_VENDOR && found->provider == NULL) {
    return tmk_fail(err, TMK_ERR_UNSUPPORTED,
                    "--gemm %s: only --device cuda has it; this is %s: must be best or tokmark",
                    tmk_gemm_choices[open_args->gemm], found->name);
  }
  *ops = found;
  open_args->device_index = index;
  open_args->script = found == &tmk_backend_null ? getenv("TOKMARK_NULL_SCRIPT") : NULL;
out:
  return status;
}
