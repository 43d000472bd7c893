/* data_embed.h: the files of harness/data, embedded in the binary byte for byte. */
#ifndef TMK_HARNESS_DATA_EMBED_H
#define TMK_HARNESS_DATA_EMBED_H

#include <stddef.h>

struct tmk_data_file {
  const char *text; /* NUL behind it, not counted; NULL if there is none of that name */
  size_t size;
};

/* `name`: "models.json", "gpus.json", "claims.json", "result.schema.json", "report.css", "report.js"; "chart.js" and
 * "chart.js.licence", which are empty where the machine that built this had no Chart.js. */
struct tmk_data_file tmk_data_find(const char *name);

#endif
