/* fuzz_result.c: any bytes as a result file. What is taken must be written, read and written again to the same text, and
 * every table must be able to print it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "result_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "fuzz_result.c:%d: %s: %s\n", __LINE__, #condition, err.message);                                \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

static void print_all(const struct tmk_result *result)
{
  struct tmk_error err = {0};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  REQUIRE(out != NULL);
  tmk_out_preamble(out, result);
  tmk_out_table_header(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_table_row(out, result, &result->points[i]);
  tmk_out_table_footer(out, result);
  for (int64_t i = 0; i < result->point_count; i++) tmk_out_per_op(out, &result->points[i]);
  tmk_out_headline(out, result);
  tmk_out_markdown(out, result);
  tmk_out_csv(out, result);
  REQUIRE(fclose(out) == 0);
  for (size_t i = 0; i < size; i++) {
    REQUIRE((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\r'); /* nothing that steers a terminal */
  }
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct tmk_result first, second;
  struct tmk_error err = {0};
  char *once = NULL, *twice = NULL;
  size_t once_size = 0, twice_size = 0;
  enum tmk_status status = tmk_result_parse("fuzz", (const char *)data, size, &first, &err);
  if (status != TMK_OK) {
    REQUIRE(status == TMK_ERR_USAGE);
    REQUIRE(strncmp(err.message, "fuzz:", 5) == 0 && strchr(err.message, '\n') == NULL);
    REQUIRE(first.points == NULL && first.devices == NULL && first.environment == NULL);
    return 0;
  }
  REQUIRE(tmk_result_to_json(&first, &once, &once_size, &err) == TMK_OK);
  REQUIRE(tmk_result_parse("again", once, once_size, &second, &err) == TMK_OK);
  REQUIRE(tmk_result_to_json(&second, &twice, &twice_size, &err) == TMK_OK);
  REQUIRE(once_size == twice_size && memcmp(once, twice, once_size) == 0);
  print_all(&second);
  free(once);
  free(twice);
  tmk_result_free(&first);
  tmk_result_free(&second);
  return 0;
}
