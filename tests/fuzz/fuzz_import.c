/* fuzz_import.c: any bytes as another benchmark's result. What is taken must be a result file that is read again to the same
 * text, every point of it reported, and every format of `show` must be able to write it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "out.h"
#include "out_export.h"
#include "result_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "fuzz_import.c:%d: %s: %s\n", __LINE__, #condition, err.message);                                \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

static void check_refusal(void *context, const char *line)
{
  struct tmk_error err = {0};
  REQUIRE(strncmp(line, "fuzz:", 5) == 0 && strchr(line, '\n') == NULL);
  ++*(int64_t *)context;
}

static void fill_identity(struct tmk_result *result)
{
  tmk_result_init(result);
  snprintf(result->tool_version, sizeof result->tool_version, "0");
  snprintf(result->run_id, sizeof result->run_id, "%032d", 0);
  snprintf(result->start_utc, sizeof result->start_utc, "2026-11-22T02:11:50Z");
  snprintf(result->end_utc, sizeof result->end_utc, "2026-11-22T02:11:50Z");
}

static void export_all(const struct tmk_result *result)
{
  struct tmk_error err = {0};
  for (int format = 0; format < TMK_EXPORT_COUNT; format++) {
    struct tmk_export export;
    char *text = NULL, left_out[256];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    REQUIRE(out != NULL);
    REQUIRE(tmk_export_begin(&export, (enum tmk_export_format)format, out, &err) == TMK_OK);
    REQUIRE(tmk_export_result(&export, result, &err) == TMK_OK);
    REQUIRE(tmk_export_end(&export, &err) == TMK_OK);
    tmk_export_left_out(&export, left_out, sizeof left_out);
    REQUIRE(fclose(out) == 0);
    for (size_t i = 0; i < size; i++) REQUIRE((unsigned char)text[i] >= 0x20 || text[i] == '\n');
    free(text);
  }
}

static void check_result(const struct tmk_result *result)
{
  struct tmk_error err = {0};
  struct tmk_result again;
  char *once = NULL, *twice = NULL;
  size_t once_size = 0, twice_size = 0;
  for (int64_t i = 0; i < result->point_count; i++) REQUIRE(result->points[i].provenance == TMK_PROV_REPORTED);
  REQUIRE(tmk_result_to_json(result, &once, &once_size, &err) == TMK_OK);
  REQUIRE(tmk_result_parse("again", once, once_size, &again, &err) == TMK_OK);
  REQUIRE(tmk_result_to_json(&again, &twice, &twice_size, &err) == TMK_OK);
  REQUIRE(once_size == twice_size && memcmp(once, twice, once_size) == 0);
  export_all(&again);
  free(once);
  free(twice);
  tmk_result_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct tmk_error err = {0};
  struct tmk_result result;
  struct tmk_import import;
  int64_t refused = 0;
  fill_identity(&result);
  REQUIRE(tmk_import_open(&import, &result, NULL, &err) == TMK_OK);
  import.on_refusal = check_refusal;
  import.context = &refused;
  enum tmk_status status = tmk_import_text(&import, TMK_IMPORT_AUTO, "fuzz", (const char *)data, size, &err);
  REQUIRE(status == TMK_OK || status == TMK_ERR_USAGE);
  REQUIRE(status == TMK_OK || (strncmp(err.message, "fuzz:", 5) == 0 && strchr(err.message, '\n') == NULL));
  REQUIRE(refused == import.refused && import.refused + result.point_count <= import.rows);
  if (status == TMK_OK) status = tmk_import_finish(&import, &err);
  REQUIRE(status == TMK_OK || status == TMK_ERR_USAGE || result.point_count == 0);
  if (status == TMK_OK) check_result(&result);
  tmk_import_close(&import);
  tmk_result_free(&result);
  return 0;
}
