/* out_target.c: what `tokmark target` and the end of `tokmark run` say of a reported figure. The answer comes first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "target_report.h"

#define CELL 64

void tmk_text_clean(const char *from, char *text, int size)
{
  int used = 0;
  for (; *from && used + 1 < size; from++) {
    unsigned char byte = (unsigned char)*from;
    text[used++] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
  }
  /* a UTF-8 character cut in two is dropped whole */
  if (*from) {
    while (used > 0 && ((unsigned char)text[used - 1] & 0xc0) == 0x80) used--;
    if (used > 0 && (unsigned char)text[used - 1] >= 0xc0) used--;
  }
  text[used] = '\0';
}

void tmk_format_integer(double value, char *text, int size)
{
  char digits[64], grouped[96];
  if (!isfinite(value)) {
    snprintf(text, (size_t)size, "%s", isnan(value) ? "-" : value < 0 ? "-inf" : "inf");
    return;
  }
  if (fabs(value) >= 1e15) {
    snprintf(text, (size_t)size, "%.3e", value);
    return;
  }
  int length = snprintf(digits, sizeof digits, "%.0f", value), used = 0;
  for (int i = 0; i < length; i++) {
    grouped[used++] = digits[i];
    if ((length - 1 - i) % 3 == 0 && i + 1 < length && digits[i] != '-') grouped[used++] = ',';
  }
  grouped[used] = '\0';
  snprintf(text, (size_t)size, "%s", grouped);
}

/* --- pieces --- */

struct text {
  char s[256];
};

static struct text clean(const char *from)
{
  struct text text;
  tmk_text_clean(from, text.s, sizeof text.s);
  return text;
}

static struct text integer(double value)
{
  struct text text;
  tmk_format_integer(value, text.s, sizeof text.s);
  return text;
}

static struct text count(double value)
{
  struct text text;
  tmk_format_count(value, text.s, sizeof text.s);
  return text;
}

/* "0.0071 x", "0.328 x", "2.70 x", "81.2 x", "1,234 x" */
static struct text factor(double value)
{
  struct text text, whole;
  if (isnan(value)) {
    snprintf(text.s, sizeof text.s, "-");
  } else if (value >= 99.95) {
    whole = integer(value);
    snprintf(text.s, sizeof text.s, "%.200s x", whole.s);
  } else if (value < 0.0995) {
    snprintf(text.s, sizeof text.s, "%.2g x", value);
  } else {
    snprintf(text.s, sizeof text.s, "%.*f x", value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3, value);
  }
  return text;
}

/* A key without its "step/<model>/": what tells the points of one result apart. */
static struct text point_name(const struct tmk_point *point)
{
  const char *key = point->key;
  for (int slashes = 0; slashes < 2 && strchr(key, '/'); slashes++) key = strchr(key, '/') + 1;
  return clean(key[0] ? key : point->key);
}

static bool is_cpu(const struct tmk_target_report *report)
{
  return report->device && report->device->info.is_cpu;
}

static struct text device_name(const struct tmk_target_report *report)
{
  struct text text;
  if (!report->device) return clean("unknown device");
  const struct tmk_device_info *info = &report->device->info;
  struct text name = clean(info->name[0] ? info->name : info->backend);
  if (info->is_cpu && info->threads > 0) {
    snprintf(text.s, sizeof text.s, "%.150s (CPU, %lld thread%s)", name.s, (long long)info->threads,
             info->threads == 1 ? "" : "s");
    return text;
  }
  snprintf(text.s, sizeof text.s, "%.200s%s", name.s, info->is_cpu ? " (CPU)" : "");
  return text;
}

static struct text interval(double low, double high)
{
  struct text text;
  if (isnan(low) || isnan(high))
    snprintf(text.s, sizeof text.s, "no interval");
  else
    snprintf(text.s, sizeof text.s, "%.90s to %.90s", integer(low).s, integer(high).s);
  return text;
}

static const char *phase_meaning(const struct tmk_target_row *row)
{
  switch (row->phase) {
  case TMK_PHASE_DECODE: return "in decode alone, as if prompts cost nothing";
  case TMK_PHASE_E2E: return "in whole requests, the prompts' time included";
  case TMK_PHASE_PREFILL: return "in prefill alone";
  case TMK_PHASE_COUNT: break;
  }
  return "";
}

/* --- one result --- */

/* "counting output tokens, 8,125 in decode alone, 48,438 in whole requests; counting total tokens, …" */
static void print_counts(FILE *out, const struct tmk_target_report *report)
{
  static const char *const phases[] = {"in decode alone", "in prefill alone", "in whole requests"};
  enum tmk_accounting current = TMK_ACCT_NONE;
  for (int i = 0; i < report->row_count; i++) {
    const struct tmk_target_row *row = &report->rows[i];
    if (!row->point || row->interactivity > 0) continue;
    if (row->accounting != current) {
      fprintf(out, "%s counting %s tokens", current == TMK_ACCT_NONE ? ":" : ";", tmk_accounting_name(row->accounting));
    }
    current = row->accounting;
    fprintf(out, ", %s %s", integer(row->need.devices).s, phases[row->phase]);
  }
}

static void print_answer(FILE *out, const struct tmk_target_spec *spec, const struct tmk_target_report *report)
{
  double least = INFINITY, most = 0;
  fprintf(out, "%s: %s, %s\n", clean(report->file).s, device_name(report).s,
          report->result->model.name[0] ? clean(report->result->model.name).s : "no model");
  if (!report->result->complete) fprintf(out, "  The run did not end: the points below are those it had.\n");
  if (!report->usable) {
    fprintf(out, "  No answer: no point of this file can be held against %s tokens/s.\n",
            integer(spec->tokens_per_s).s);
    return;
  }
  fprintf(out, "  %s tokens/s take this many of these %s", integer(spec->tokens_per_s).s,
          is_cpu(report) ? "CPUs" : "devices");
  print_counts(out, report);
  fprintf(out, ".\n");
  for (int i = 0; i < report->row_count; i++) {
    const struct tmk_target_row *row = &report->rows[i];
    if (!row->point || row->interactivity > 0) continue;
    if (row->factor < least) least = row->factor;
    if (row->factor > most) most = row->factor;
  }
  if (most > 0) {
    fprintf(out, "  One makes %s%s%s the claim's %s tokens/s a GPU.\n", least < most ? factor(least).s : "",
            least < most ? " to " : "", factor(most).s, count(spec->rate_per_gpu).s);
  }
  const struct tmk_claim *claim = spec->claim;
  const char *model = report->result->model.name;
  if (!claim->model_text[0]) {
    fprintf(out, "  The claim names no model; a smaller one than %s makes more, a larger one less.\n", clean(model).s);
  } else if (!report->claim_model) {
    fprintf(out, "  The claim is of %s, these points are of %s: not the same work.\n", claim->model_text,
            clean(model).s);
  }
  if (is_cpu(report)) fprintf(out, "  These are CPUs: a count of them is an illustration, not a plan.\n");
}

/* Which columns have anything in them. */
struct columns {
  bool racks, power_measured, power_datasheet, usd;
};

static struct columns find_columns(const struct tmk_target_report *report)
{
  struct columns columns = {0};
  for (int i = 0; i < report->row_count; i++) {
    const struct tmk_target_row *row = &report->rows[i];
    if (!row->point) continue;
    columns.racks |= !isnan(row->need.racks);
    columns.power_measured |= !isnan(row->need.power_w) && row->power_measured;
    columns.power_datasheet |= !isnan(row->need.power_w) && !row->power_measured;
    columns.usd |= !isnan(row->need.usd_per_million_tokens);
  }
  return columns;
}

static void print_row(FILE *out, const struct tmk_target_row *row, struct columns columns, int width)
{
  char power[CELL] = "-", usd[CELL] = "-";
  const char *accounting = tmk_accounting_name(row->accounting);
  if (!row->point) {
    fprintf(out, "  %-7s -  %s\n", accounting, clean(row->reason).s);
    return;
  }
  if (!isnan(row->need.power_w)) {
    snprintf(power, sizeof power, "%.3g%s", row->need.power_w / 1e6, row->power_measured ? " " : "*");
  }
  if (!isnan(row->need.usd_per_million_tokens)) snprintf(usd, sizeof usd, "%.3g", row->need.usd_per_million_tokens);
  fprintf(out, "  %-7s %-*s  %10s  %9s  %10s  %-20s", accounting, width, point_name(row->point).s,
          count(row->rate_per_device).s, factor(row->factor).s, integer(row->need.devices).s,
          interval(row->need.devices_low, row->need.devices_high).s);
  if (columns.racks) fprintf(out, " %6s", integer(row->need.racks).s);
  if (columns.power_measured || columns.power_datasheet) fprintf(out, " %8s", power);
  if (columns.usd) fprintf(out, " %8s", usd);
  double per_user = row->phase == TMK_PHASE_PREFILL ? NAN : row->point->throughput.output_tokens_per_s_per_user;
  fprintf(out, " %9s", count(per_user).s);
  if (row->interactivity > 0) fprintf(out, "  %.6g or more", row->interactivity);
  fprintf(out, "%s\n", row->point->verdict.value == TMK_VERDICT_SUSPECT ? "  SUSPECT" : "");
}

static void print_rows(FILE *out, const struct tmk_target_spec *spec, const struct tmk_target_report *report)
{
  int width = 10;
  for (int i = 0; i < report->row_count; i++) {
    const struct tmk_target_row *row = &report->rows[i];
    int length = row->point ? (int)strlen(point_name(row->point).s) : 0;
    if (length > width) width = length;
  }
  struct columns columns = find_columns(report);
  bool power = columns.power_measured || columns.power_datasheet;
  fprintf(out, "\n  %-7s %-*s  %10s  %9s  %10s  %-20s%s%s%s %9s\n", "counted", width, "best point", "each", "of claim",
          "devices", "95 % interval", columns.racks ? "  racks" : "", power ? "      MW " : "",
          columns.usd ? "  $/M tok" : "", "each user");
  for (int i = 0; i < report->row_count; i++) print_row(out, &report->rows[i], columns, width);
  fprintf(out, "  each: tokens/s of one device; each user: output tokens/s of one sequence.\n");
  if (columns.power_measured) {
    fprintf(out, "  MW: the devices' power as measured, x %.3g for the facility (--overhead).\n", spec->overhead);
  }
  if (columns.power_datasheet) {
    fprintf(out, "  MW*: the devices' power by the datasheet, x %.3g for the facility (--overhead).\n", spec->overhead);
  }
  if (!isnan(report->rack_power_w)) {
    fprintf(out, "  A rack of these draws up to %.4g kW in all, by the table of GPUs.\n", report->rack_power_w / 1e3);
  }
}

/* Which of the readings a point meets: "no", "yes" for the only one, else which. */
static const char *meets_text(const struct tmk_target_spec *spec, const double rates[2])
{
  if (isnan(spec->rate_per_gpu)) return "-";
  bool first = rates[0] >= spec->rate_per_gpu, second = spec->reading_count > 1 && rates[1] >= spec->rate_per_gpu;
  if (!first && !second) return "no";
  if (spec->reading_count == 1 || (first && second)) return spec->reading_count == 1 ? "yes" : "both";
  return tmk_accounting_name(spec->readings[first ? 0 : 1]);
}

/* Every point that counts under some reading, with its factor; then those that do not count, with the reason. */
static void print_points(FILE *out, const struct tmk_target_spec *spec, const struct tmk_target_report *report)
{
  const struct tmk_result *result = report->result;
  int width = 5;
  int64_t counted = 0, meeting = 0;
  for (int64_t i = 0; i < result->point_count; i++) {
    int length = (int)strlen(point_name(&result->points[i]).s);
    if (length > width) width = length;
  }
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    double rates[2] = {NAN, NAN}, devices = point->throughput.devices >= 1 ? (double)point->throughput.devices : 1;
    bool counts = false;
    for (int k = 0; k < spec->reading_count; k++) {
      rates[k] = tmk_point_rate_as(point, spec->readings[k], NULL, NULL) / devices;
      counts |= !isnan(rates[k]);
    }
    if (!counts) continue;
    if (counted++ == 0) {
      fprintf(out, "\n  Points against %s tokens/s a GPU\n  %-6s %-*s", count(spec->rate_per_gpu).s, "makes", width,
              "point");
      for (int k = 0; k < spec->reading_count; k++) {
        fprintf(out, "  %12s  %9s", tmk_accounting_name(spec->readings[k]), "of claim");
      }
      fprintf(out, "  %9s\n", "each user");
    }
    const char *meets = meets_text(spec, rates);
    if (meets[0] != 'n' && meets[0] != '-') meeting++;
    fprintf(out, "  %-6s %-*s", meets, width, point_name(point).s);
    for (int k = 0; k < spec->reading_count; k++) {
      fprintf(out, "  %12s  %9s", count(rates[k]).s, factor(rates[k] / spec->rate_per_gpu).s);
    }
    fprintf(out, "  %9s%s%s\n", count(point->throughput.output_tokens_per_s_per_user).s,
            point->verdict.value == TMK_VERDICT_SUSPECT ? "  SUSPECT" : "",
            point->provenance == TMK_PROV_EXTRAPOLATED ? "  extrapolated"
            : point->provenance == TMK_PROV_PREDICTED  ? "  predicted"
                                                       : "");
  }
  if (counted > 0 && !isnan(spec->rate_per_gpu)) {
    fprintf(out, "  %lld of %lld points make it.\n", (long long)meeting, (long long)counted);
  }
  if (counted == result->point_count) return;
  fprintf(out, "\n  Not counted\n");
  for (int64_t i = 0; i < result->point_count; i++) {
    const struct tmk_point *point = &result->points[i];
    char why[320], other[320];
    if (tmk_target_counts(point, spec->readings[0], why, sizeof why)) continue;
    if (spec->reading_count > 1 && tmk_target_counts(point, spec->readings[1], other, sizeof other)) continue;
    fprintf(out, "  %-*s  %s\n", width, point_name(point).s, clean(why).s);
  }
}

static void print_mlperf(FILE *out, const struct tmk_target_report *report)
{
  const struct tmk_target_mlperf *mlperf = &report->mlperf;
  const struct tmk_target_row *own = mlperf->own.point ? &mlperf->own : NULL;
  fprintf(out, "\n  Against MLPerf Inference%s%s", mlperf->same_model ? ", " : "",
          mlperf->same_model ? mlperf->model_id : "");
  if (mlperf->reason[0]) fprintf(out, ": %s", clean(mlperf->reason).s);
  fprintf(out, "\n");
  if (mlperf->row_count == 0) return;
  if (own) {
    fprintf(out, "  Here: %s output tokens/s a device %s (%s)\n", count(own->rate_per_device).s, phase_meaning(own),
            point_name(own->point).s);
  } else {
    fprintf(out, "  Here: no output rate to compare, and MLPerf counts output tokens\n");
  }
  fprintf(out, "  %-38s %5s  %-20s %-14s %12s  %9s  %9s  %s\n", "best row of", "GPUs", "scenario", "precision",
          "tokens/s/GPU", "here", "points", "row");
  bool unverified = false, press = false;
  for (int i = 0; i < mlperf->row_count; i++) {
    const struct tmk_claim *claim = mlperf->rows[i];
    double rate = tmk_claim_rate_per_gpu(claim);
    const char *version = strncmp(claim->scenario, "MLPerf ", 7) == 0 ? claim->scenario + 7 : claim->scenario;
    unverified |= strcmp(claim->family, "mlperf-unverified") == 0;
    press |= strcmp(claim->family, "mlperf-6.0") == 0;
    bool same =
        report->device && report->device->info.gpu_id[0] && strcmp(report->device->info.gpu_id, claim->gpu_id) == 0;
    char over[CELL];
    snprintf(over, sizeof over, "%lld of %lld", (long long)mlperf->points_over[i], (long long)mlperf->points);
    fprintf(out, "  %-38.38s %5lld  %-20.20s %-14s %12s  %9s  %9s  %s%s\n", claim->gpu_text,
            (long long)claim->gpu_count, version, claim->precision[0] ? claim->precision : "-", count(rate).s,
            own ? factor(own->rate_per_device / rate).s : "-", over, claim->id, same ? "  (this GPU)" : "");
  }
  fprintf(out,
          "  MLPerf states rates of systems; a rate a GPU is derived from them and is no primary metric of MLPerf.\n"
          "  Its requests pass a scheduler and, but for Offline, latency limits; those here do not.\n");
  if (press) fprintf(out, "  v6.0 rows are as press and submitters give them, not read from MLCommons' results.\n");
  if (unverified) fprintf(out, "  Unverified rows: result not verified by MLCommons Association.\n");
  fprintf(out, "  The MLPerf name and logo are registered and unregistered trademarks of MLCommons Association in the\n"
               "  United States and other countries.\n");
}

/* --- the claim, and all results --- */

static void print_claim(FILE *out, const struct tmk_target_spec *spec)
{
  const struct tmk_claim *claim = spec->claim;
  fprintf(out, "The claim: %s", claim->id);
  if (!isnan(claim->tokens_per_s)) fprintf(out, ", %s tokens/s", integer(claim->tokens_per_s).s);
  if (claim->gpu_count > 0) fprintf(out, " by %s %s", integer((double)claim->gpu_count).s, claim->gpu_text);
  if (claim->racks > 0) fprintf(out, " in %s racks", integer((double)claim->racks).s);
  if (!isnan(claim->power_w)) fprintf(out, ", %.4g MW", claim->power_w / 1e6);
  fprintf(out, "; said by %s\n", claim->who);
  fprintf(out, "  comes to %s tokens/s a GPU", count(spec->rate_per_gpu).s);
  double rate = claim->tokens_per_s;
  if (claim->racks > 0 && !isnan(rate)) fprintf(out, ", %s a rack", integer(rate / (double)claim->racks).s);
  if (!isnan(rate) && !isnan(claim->power_w)) {
    fprintf(out, ", %s a kW, %.3g J a token", count(rate / (claim->power_w / 1e3)).s, claim->power_w / rate);
    if (claim->gpu_count > 0) fprintf(out, ", %.3g kW a GPU all told", claim->power_w / 1e3 / (double)claim->gpu_count);
  }
  fprintf(out, "\n");
  if (claim->accounting == TMK_ACCT_NONE) {
    fprintf(out, "  which tokens are counted: not stated%s\n",
            spec->reading_count > 1 ? ", so it is read as output tokens and as total (input + output) tokens"
                                    : "; read as asked for by --accounting");
  } else {
    fprintf(out, "  which tokens are counted: %s\n", tmk_accounting_name(claim->accounting));
  }
  char model[128] = "not stated", lengths[96] = "not stated";
  if (claim->model_text[0]) snprintf(model, sizeof model, "%s", claim->model_text);
  if (claim->input_len > 0 && claim->output_len > 0) {
    snprintf(lengths, sizeof lengths, "%lld / %lld", (long long)claim->input_len, (long long)claim->output_len);
  } else if (claim->input_len > 0) {
    snprintf(lengths, sizeof lengths, "%lld / not stated", (long long)claim->input_len);
  } else if (claim->output_len > 0) {
    snprintf(lengths, sizeof lengths, "not stated / %lld", (long long)claim->output_len);
  } else if (!isnan(claim->output_len_mean)) {
    snprintf(lengths, sizeof lengths, "not stated / %.4g in the mean", claim->output_len_mean);
  }
  fprintf(out, "  model: %s; precision: %s; input / output length: %s\n", model,
          claim->precision[0] ? claim->precision : "not stated", lengths);
  if (spec->tokens_per_s != claim->tokens_per_s) {
    fprintf(out, "  asked for here: %s tokens/s", integer(spec->tokens_per_s).s);
    if (!isnan(spec->rate_per_gpu)) {
      fprintf(out, ", which is %s GPUs at the claim's rate", integer(ceil(spec->tokens_per_s / spec->rate_per_gpu)).s);
    }
    fprintf(out, "\n");
  }
  fprintf(out, "  source: %s\n", claim->source);
}

static void print_comparison(FILE *out, const struct tmk_target_report *reports, int report_count)
{
  const struct tmk_target_row *best = NULL;
  int best_at = 0, usable = 0;
  bool one_model = true, one_accounting = true;
  for (int i = 0; i < report_count; i++) {
    const struct tmk_target_row *row = tmk_target_headline(&reports[i]);
    if (!row) continue;
    usable++;
    if (best && (row->accounting != best->accounting || row->phase != best->phase)) one_accounting = false;
    if (best && strcmp(reports[i].result->model.name, reports[best_at].result->model.name) != 0) one_model = false;
    if (!best || row->rate_per_device > best->rate_per_device) {
      best = row;
      best_at = i;
    }
  }
  if (report_count < 2) return;
  fprintf(out, "\nOf %d results", report_count);
  if (usable < 2) {
    fprintf(out, " %d can be used: nothing to compare.\n", usable);
    return;
  }
  fprintf(out, ", %s makes most a device: %s %s tokens/s (%s)", clean(reports[best_at].file).s,
          count(best->rate_per_device).s, tmk_accounting_name(best->accounting), tmk_phase_name(best->phase));
  for (int i = 0; i < report_count; i++) {
    const struct tmk_target_row *row = tmk_target_headline(&reports[i]);
    if (!row || i == best_at) continue;
    fprintf(out, "; %s that of %s", factor(best->rate_per_device / row->rate_per_device).s, clean(reports[i].file).s);
  }
  fprintf(out, ".%s%s\n", one_model ? "" : " The models differ: this compares no devices.",
          one_accounting ? "" : " Phases or accountings differ: see each block.");
}

void tmk_out_target(FILE *out, const struct tmk_target_spec *spec, const struct tmk_target_report *reports,
                    int report_count)
{
  for (int i = 0; i < report_count; i++) {
    if (i > 0) fprintf(out, "\n");
    print_answer(out, spec, &reports[i]);
    print_rows(out, spec, &reports[i]);
    print_points(out, spec, &reports[i]);
    if (reports[i].usable) print_mlperf(out, &reports[i]);
  }
  print_comparison(out, reports, report_count);
  fprintf(out, "\n");
  print_claim(out, spec);
  fprintf(
      out,
      "\nThese are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a\n"
      "service, not a serving benchmark.\n");
}
