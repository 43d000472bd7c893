/* data_embed.c: .incbin of each table; gcc, clang, x86-64 and aarch64 all take it. The Makefile makes this object depend on
 * the files and gives their folder as TMK_DATA_DIR. */
#include "data_embed.h"

#include <string.h>

#define EMBED(symbol, file) EMBED_FROM(symbol, TMK_DATA_DIR, file)
#define EMBED_FROM(symbol, folder, file)                                                                               \
  __asm__(".section .rodata\n"                                                                                         \
          ".balign 16\n"                                                                                               \
          ".global tmk_data_" #symbol "_begin\n"                                                                       \
          ".global tmk_data_" #symbol "_end\n"                                                                         \
          "tmk_data_" #symbol "_begin:\n"                                                                              \
          ".incbin \"" folder "/" file "\"\n"                                                                          \
          "tmk_data_" #symbol "_end:\n"                                                                                \
          ".byte 0\n"                                                                                                  \
          ".previous\n");                                                                                              \
  extern const char tmk_data_##symbol##_begin[], tmk_data_##symbol##_end[]

EMBED(models, "models.json");
EMBED(gpus, "gpus.json");
EMBED(claims, "claims.json");
EMBED(schema, "result.schema.json");
EMBED(report_css, "report.css");
EMBED(report_js, "report.js");
/* Of the distribution's package, copied by the Makefile; empty where there is none. */
EMBED_FROM(chart_js, TMK_VENDOR_DIR, "chart.js");
EMBED_FROM(chart_js_licence, TMK_VENDOR_DIR, "chart.js.licence");

struct tmk_data_file tmk_data_find(const char *name)
{
  static const struct {
    const char *name, *begin, *end;
  } files[] = {
      {"models.json", tmk_data_models_begin, tmk_data_models_end},
      {"gpus.json", tmk_data_gpus_begin, tmk_data_gpus_end},
      {"claims.json", tmk_data_claims_begin, tmk_data_claims_end},
      {"result.schema.json", tmk_data_schema_begin, tmk_data_schema_end},
      {"report.css", tmk_data_report_css_begin, tmk_data_report_css_end},
      {"report.js", tmk_data_report_js_begin, tmk_data_report_js_end},
      {"chart.js", tmk_data_chart_js_begin, tmk_data_chart_js_end},
      {"chart.js.licence", tmk_data_chart_js_licence_begin, tmk_data_chart_js_licence_end},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    if (strcmp(files[i].name, name) == 0) {
      return (struct tmk_data_file){files[i].begin, (size_t)(files[i].end - files[i].begin)};
    }
  }
  return (struct tmk_data_file){NULL, 0};
}
