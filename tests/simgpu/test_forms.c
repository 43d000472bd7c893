/* test_forms.c: each form of each instruction that the decoder takes, against what the PTX ISA says it gives: rows of forms_*.h. And the
 * proof that they are all: no row and no word of the opcode table is left out. */
#include <criterion/criterion.h>

#include "forms_convert.h"
#include "forms_lanes.h"
#include "forms_run.h"
#include "forms_run_memory.h"
#include "ptx.h"
#include "ptx_internal.h"

#define TABLE(table) table, sizeof table / sizeof table[0]
Test(forms, integers)
{
  run_table(TABLE(forms_integer));
}
Test(forms, floats)
{
  run_table(TABLE(forms_float));
}
Test(forms, conversions)
{
  run_table(TABLE(forms_convert));
}
Test(forms, lanes)
{
  run_table(TABLE(forms_lanes));
}

Test(forms, memory)
{
  struct text text = {NULL, 0, 0};
  char opcode[128];
  uint32_t number = 0;
  say_module(&text);
  say_memory_tables(&text);
  struct bench b = bench_open(&text, 64);
  for (size_t t = 0; t < 3; t++)
    for (size_t i = 0; i < memory_tables[t].count; i++)
      for (uint32_t k = 0; expand(memory_tables[t].opcodes[i], k, opcode, sizeof opcode); k++)
        run_memory(&b, number++, opcode);
  cr_expect_eq(failures, 0, "%u wrong results", failures);
  cr_log_info("%u forms", number);
  bench_close(&b);
  free(text.data);
}

/* --- scripts --- */

Test(forms, scripts)
{
  for (uint32_t i = 0; i < SCRIPTS; i++) {
    uint64_t in[64][8], out[64][8];
    struct text text = {NULL, 0, 0};
    for (int k = 0; k < 64 * 8; k++) in[k / 8][k % 8] = noise();
    in[0][0] |= 1, in[1][0] &= ~1ull;
    say_module(&text);
    say_script(&text, i, &scripts[i]);
    struct bench b = bench_open(&text, 64);
    enum sim_status status = bench_run(&b, i, 64, in, out);
    if (scripts[i].trap) {
      cr_expect_eq(status, SIM_ERR_FAULT_TRAP, "%s: %s", scripts[i].name, sim_status_name(status));
    } else {
      cr_expect_eq(status, SIM_OK, "%s: %s", scripts[i].name, b.error.message);
      for (uint32_t thread = 0; status == SIM_OK && thread < 64; thread++) {
        uint64_t expected = scripts[i].expect(thread, (const uint64_t(*)[8])in);
        if (out[thread][0] == expected) continue;
        cr_expect(false, "%s: thread %u has %llx, not %llx", scripts[i].name, thread,
                  (unsigned long long)out[thread][0], (unsigned long long)expected);
        break;
      }
    }
    bench_close(&b);
    free(text.data);
  }
}

/* --- the opcode table --- */

#define ROWS_MAX       1024u
#define WORDS_MAX_SEEN 96u
static char seen[ROWS_MAX][WORDS_MAX_SEEN][32];

static void see(uint32_t row, const char *word, size_t length)
{
  for (uint32_t i = 0; i < WORDS_MAX_SEEN; i++) {
    if (seen[row][i][0] == '\0') snprintf(seen[row][i], sizeof seen[row][i], "%.*s", (int)length, word);
    if (strlen(seen[row][i]) == length && memcmp(seen[row][i], word, length) == 0) return;
  }
}

static bool was_seen(uint32_t row, const char *word, size_t length)
{
  for (uint32_t i = 0; i < WORDS_MAX_SEEN && seen[row][i][0] != '\0'; i++)
    if (strlen(seen[row][i]) == length && memcmp(seen[row][i], word, length) == 0) return true;
  return false;
}

/* The words of the instruction on a line of text. */
static void see_line(uint32_t row, const char *line)
{
  if (*line == '@') line += strcspn(line, " ") + 1;
  size_t length = strcspn(line, " ;\n");
  for (const char *at = line; at < line + length; at += strcspn(at, ". ;\n") + 1) see(row, at, strcspn(at, ". ;\n"));
}

static void see_module(const struct text *text)
{
  struct ptx_module *module;
  struct ptx_error error;
  cr_assert(sim_ptx_parse(text->data, text->size, &module, &error), "%s", error.message);
  uint32_t line = 1;
  const char *at = text->data;
  for (uint32_t i = 0; i < module->insn_count; i++) {
    for (; line < module->insns[i].line; line++) at = strchr(at, '\n') + 1;
    if (module->insns[i].row > 0) see_line(module->insns[i].row - 1u, at);
  }
  sim_ptx_destroy(module);
}

Test(forms, reach_each_word_of_the_opcode_table)
{
  struct visit v = {.number = 0};
  struct text memory = {NULL, 0, 0}, text = {NULL, 0, 0};
  say_module(&v.text);
  each_form(TABLE(forms_integer), visit_say, &v);
  each_form(TABLE(forms_float), visit_say, &v);
  each_form(TABLE(forms_convert), visit_say, &v);
  each_form(TABLE(forms_lanes), visit_say, &v);
  see_module(&v.text);
  say_module(&memory);
  say_memory_tables(&memory);
  see_module(&memory);
  say_module(&text);
  for (uint32_t i = 0; i < SCRIPTS; i++) say_script(&text, i, &scripts[i]);
  see_module(&text);
  const struct ptx_row *row;
  for (uint32_t i = 0; (row = sim_ptx_row_at(i)) != NULL; i++) {
    if (row->op == PTX_OP_NONE) continue;
    cr_expect(was_seen(i, row->name, strlen(row->name)), "no form of %s \"%s\"", row->name, row->modifiers);
    for (const char *item = row->modifiers; (item = strchr(item, '(')) != NULL; item++) {
      for (const char *word = item + 1; word[-1] != ')'; word += strcspn(word, "|)") + 1) {
        size_t length = strcspn(word, "|)");
        cr_expect(was_seen(i, word, length), "no form of %s \"%s\" with .%.*s", row->name, row->modifiers, (int)length,
                  word);
      }
    }
  }
  free(v.text.data);
  free(memory.data);
  free(text.data);
}
