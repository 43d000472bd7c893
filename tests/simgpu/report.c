/* report.c: implements sim_report.h */
#include "sim_report.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FINDINGS 32u

struct sim_report {
  pthread_mutex_t lock;
  uint32_t capacity, listed;
  uint64_t counts[SIM_CHECK_COUNT];
  struct sim_finding findings[]; /* in the order of before() */
};

static const struct {
  const char *name;
  enum sim_status status;
  enum sim_severity severity;
} checks[SIM_CHECK_COUNT] = {
#define SIM_CHECK_ROW(name, text, status, severity) [SIM_CHECK_##name] = {text, status, SIM_SEVERITY_##severity},
    SIM_CHECKS(SIM_CHECK_ROW)
#undef SIM_CHECK_ROW
};

const char *sim_check_name(enum sim_check check)
{
  return checks[check].name;
}

enum sim_status sim_check_status(enum sim_check check)
{
  return checks[check].status;
}

enum sim_severity sim_check_severity(enum sim_check check)
{
  return checks[check].severity;
}

/* --- the list --- */

static bool same_place(const struct sim_party *a, const struct sim_party *b)
{
  return a->ptx_line == b->ptx_line && a->line == b->line && strcmp(a->file, b->file) == 0 &&
         (a->agent == NULL) == (b->agent == NULL) && (a->agent == NULL || strcmp(a->agent, b->agent) == 0);
}

/* Findings without a place are told apart by what they say, and so are the waiters of a deadlock. */
static bool names_itself(const struct sim_finding *finding)
{
  return finding->first.ptx_line != 0 && finding->check != SIM_CHECK_DEADLOCK;
}

static bool same_finding(const struct sim_finding *a, const struct sim_finding *b)
{
  return a->check == b->check && strcmp(a->kernel, b->kernel) == 0 && same_place(&a->first, &b->first) &&
         same_place(&a->second, &b->second) && (names_itself(a) || strcmp(a->message, b->message) == 0);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
  return a < b ? -1 : a > b;
}

static int compare_parties(const struct sim_party *a, const struct sim_party *b)
{
  int order = compare_numbers(a->block_number, b->block_number);
  if (order == 0) order = compare_numbers(a->warp, b->warp);
  if (order == 0) order = compare_numbers(a->lane, b->lane);
  if (order == 0) order = compare_numbers(a->ptx_line, b->ptx_line);
  return order;
}

static bool before(const struct sim_finding *a, const struct sim_finding *b)
{
  int order = compare_parties(&a->first, &b->first);
  if (order == 0) order = compare_parties(&a->second, &b->second);
  if (order == 0) order = (int)a->check - (int)b->check;
  if (order == 0) order = strcmp(a->message, b->message);
  return order < 0;
}

struct sim_report *sim_report_create(uint32_t max_findings)
{
  uint32_t capacity = max_findings != 0 ? max_findings : DEFAULT_FINDINGS;
  struct sim_report *report = calloc(1, sizeof *report + capacity * sizeof report->findings[0]);
  if (report == NULL) return NULL;
  report->capacity = capacity;
  pthread_mutex_init(&report->lock, NULL);
  return report;
}

void sim_report_destroy(struct sim_report *report)
{
  if (report == NULL) return;
  pthread_mutex_destroy(&report->lock);
  free(report);
}

void sim_report_clear(struct sim_report *report)
{
  pthread_mutex_lock(&report->lock);
  report->listed = 0;
  memset(report->counts, 0, sizeof report->counts);
  pthread_mutex_unlock(&report->lock);
}

static void insert(struct sim_report *report, const struct sim_finding *finding)
{
  uint32_t at = report->listed;
  while (at > 0 && before(finding, &report->findings[at - 1])) at--;
  if (at == report->capacity) return;
  if (report->listed < report->capacity) report->listed++;
  memmove(&report->findings[at + 1], &report->findings[at], (report->listed - 1 - at) * sizeof *finding);
  report->findings[at] = *finding;
}

static void add_locked(struct sim_report *report, const struct sim_finding *finding)
{
  struct sim_finding entry = *finding;
  entry.count = 1;
  report->counts[finding->check]++;
  for (uint32_t i = 0; i < report->listed; i++) {
    struct sim_finding *listed = &report->findings[i];
    if (!same_finding(listed, finding)) continue;
    entry.count = ++listed->count;
    if (!before(&entry, listed)) return;
    memmove(listed, listed + 1, (report->listed - 1 - i) * sizeof *listed);
    report->listed--;
    break;
  }
  insert(report, &entry);
}

void sim_report_add(struct sim_report *report, const struct sim_finding *finding)
{
  if (report == NULL) {
    char text[1024];
    sim_finding_print(finding, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return;
  }
  pthread_mutex_lock(&report->lock);
  add_locked(report, finding);
  pthread_mutex_unlock(&report->lock);
}

void sim_report_addf(struct sim_report *report, const struct sim_finding *finding, const char *format, ...)
{
  struct sim_finding copy = *finding;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(copy.message, sizeof copy.message, format, arguments);
  va_end(arguments);
  sim_report_add(report, &copy);
}

uint64_t sim_report_count(const struct sim_report *report, enum sim_check check)
{
  return report->counts[check];
}

uint64_t sim_report_errors(const struct sim_report *report)
{
  uint64_t errors = 0;
  for (uint32_t check = 0; check < SIM_CHECK_COUNT; check++)
    if (checks[check].severity == SIM_SEVERITY_ERROR) errors += report->counts[check];
  return errors;
}

uint32_t sim_report_listed(const struct sim_report *report)
{
  return report->listed;
}

bool sim_report_at(const struct sim_report *report, uint32_t index, struct sim_finding *out)
{
  if (index >= report->listed) return false;
  *out = report->findings[index];
  return true;
}

/* --- text --- */

static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...)
{
  size_t used = strlen(text);
  if (used + 1 >= size) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

static void append_party(char *text, size_t size, const char *lead, const struct sim_party *party)
{
  append(text, size, "\n    %s", lead);
  if (party->access != NULL) append(text, size, " %s of %u bytes", party->access, party->bytes);
  if (party->file[0] != '\0') append(text, size, " at %s:%u", party->file, party->line);
  if (party->ptx_line != 0) append(text, size, " (PTX line %u)", party->ptx_line);
  append(text, size, " by %s", party->agent);
  if (party->warp != SIM_NO_WARP) {
    bool is_warp = strcmp(party->agent, "warp") == 0;
    append(text, size, is_warp ? " %u" : " of warp %u", party->warp);
  }
  if (party->lane != SIM_NO_LANE) append(text, size, " lane %u", party->lane);
  append(text, size, " of block (%u,%u,%u)", party->block[0], party->block[1], party->block[2]);
}

void sim_finding_print(const struct sim_finding *finding, char *text, size_t size)
{
  if (size == 0) return;
  text[0] = '\0';
  append(text, size, "%s: %s", sim_check_name(finding->check), finding->message);
  if (finding->kernel[0] != '\0') append(text, size, " [%s]", finding->kernel);
  if (finding->count > 1) append(text, size, " (%llu times)", (unsigned long long)finding->count);
  if (finding->first.agent != NULL) append_party(text, size, "at:", &finding->first);
  if (finding->second.agent != NULL) append_party(text, size, "and:", &finding->second);
}

void sim_report_print(const struct sim_report *report, FILE *to)
{
  char text[1024];
  for (uint32_t i = 0; i < report->listed; i++) {
    sim_finding_print(&report->findings[i], text, sizeof text);
    fprintf(to, "%s\n", text);
  }
  uint64_t all = 0, shown = 0;
  for (uint32_t check = 0; check < SIM_CHECK_COUNT; check++) all += report->counts[check];
  for (uint32_t i = 0; i < report->listed; i++) shown += report->findings[i].count;
  if (all > shown) fprintf(to, "… and %llu more\n", (unsigned long long)(all - shown));
}

/* --- JSON --- */

static void print_string(const char *text, FILE *to)
{
  fputc('"', to);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(to, "\\%c", c);
    else if (c < 0x20)
      fprintf(to, "\\u%04x", c);
    else
      fputc(c, to);
  }
  fputc('"', to);
}

static void print_index(const char *key, uint32_t value, FILE *to)
{
  if (value == UINT32_MAX)
    fprintf(to, "\"%s\": null, ", key);
  else
    fprintf(to, "\"%s\": %u, ", key, value);
}

static void print_party(const struct sim_party *party, FILE *to)
{
  if (party->agent == NULL) {
    fprintf(to, "null");
    return;
  }
  fprintf(to, "{\"agent\": \"%s\", \"block\": [%u, %u, %u], ", party->agent, party->block[0], party->block[1],
          party->block[2]);
  print_index("warp", party->warp, to);
  print_index("lane", party->lane, to);
  if (party->access != NULL) fprintf(to, "\"access\": \"%s\", \"bytes\": %u, ", party->access, party->bytes);
  fprintf(to, "\"file\": ");
  print_string(party->file, to);
  fprintf(to, ", \"line\": %u, \"ptx_line\": %u}", party->line, party->ptx_line);
}

void sim_report_print_json(const struct sim_report *report, FILE *to)
{
  fprintf(to, "[");
  for (uint32_t i = 0; i < report->listed; i++) {
    const struct sim_finding *finding = &report->findings[i];
    fprintf(to, "%s\n  {\"check\": \"%s\", \"kernel\": ", i > 0 ? "," : "", sim_check_name(finding->check));
    print_string(finding->kernel, to);
    fprintf(to, ", \"count\": %llu, \"message\": ", (unsigned long long)finding->count);
    print_string(finding->message, to);
    fprintf(to, ",\n   \"at\": ");
    print_party(&finding->first, to);
    fprintf(to, ",\n   \"other\": ");
    print_party(&finding->second, to);
    fprintf(to, "}");
  }
  fprintf(to, "%s]\n", report->listed > 0 ? "\n" : "");
}
