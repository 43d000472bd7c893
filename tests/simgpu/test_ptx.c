/* test_ptx.c: the decoder: what nvcc writes for each architecture is taken whole, what a row does not have is refused by name, and
 * fields come out as written. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ptx.h"
#include "ptx_internal.h"
#include "ptx_dir.h"


#define HEAD "\n.version 9.0\n.target sm_80\n.address_size 64\n.extern .shared .align 16 .b8 dyn[];\n"
#define BODY                                                                                                           \
  HEAD ".visible .entry k(.param .u64 p, .param .u32 n)\n{\n.reg .pred %p<4>; .reg .b16 %h<9>;\n.reg .b32 %r<20>; "    \
       ".reg .f32 %f<20>;\n"                                                                                           \
       ".reg .b64 %d<9>; .reg .f64 %w<5>; .shared .align 8 .b64 bar;\n"
#define CODE_LINE 11 /* of the statement under test */

static struct ptx_module *decode(const char *statement, struct ptx_error *error)
{
  char text[4096];
  struct ptx_module *module;
  snprintf(text, sizeof text, "%s%s\nret;\n}\n", BODY, statement);
  sim_ptx_parse(text, strlen(text), &module, error);
  return module;
}

static int folder_parses(const char *folder)
{
  static char text[1 << 22];
  DIR *dir = opendir(folder);
  int count = 0;
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
    char path[600];
    if (strstr(entry->d_name, ".ptx") == NULL) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    struct ptx_module *module;
    struct ptx_error error;
    cr_assert(sim_ptx_parse(text, size, &module, &error), "%s: %s", path, error.message);
    cr_assert_gt(module->insn_count, 0);
    sim_ptx_destroy(module);
    count++;
  }
  if (dir != NULL) closedir(dir);
  return count;
}

Test(ptx, what_nvcc_writes_is_taken)
{
  cr_assert_geq(folder_parses("tests/simgpu/data"), 2);
  folder_parses(ptx_dir()); /* those of each architecture, where there is an nvcc */
  char kernels[600]; /* of kernels/cuda, by make check-frontend alone */
  snprintf(kernels, sizeof kernels, "%s/kernels", ptx_dir());
  folder_parses(kernels);
}

Test(ptx, table_is_sorted)
{
  for (uint32_t i = 0; sim_ptx_row_at(i + 1) != NULL; i++) {
    const char *name = sim_ptx_row_at(i)->name, *next = sim_ptx_row_at(i + 1)->name;
    uint32_t count;
    cr_assert_leq(strcmp(name, next), 0, "%s before %s", name, next);
    cr_assert_not_null(sim_ptx_rows(name, strlen(name), &count));
  }
}

Test(ptx, refusals_name_line_and_word)
{
  static const struct {
    const char *statement, *message;
  } cases[] = {
      {"frob.u32 %r1, %r2;", "unknown opcode 'frob.u32'"},
      {"add.rn.u32 %r1, %r2, %r3;", "unknown modifier '.u32'"},
      {"add.u32.sat %r1, %r2, %r3;", "unknown modifier '.sat'"},
      {"add.u32 %r1, %r2;", "operand 3: too few operands"},
      {"add.u32 %r1, %r2, %r3, %r4;", "too many operands"},
      {"add.u32 %r1, %r2, %d3;", "operand 3: a register whose size"},
      {"add.u32 %r1, %p1, %r3;", "operand 2: a predicate and a value mixed up"},
      {"add.f32 %f1, %f2, 1;", "an integer constant for a floating-point type"},
      {"add.u32 %r99, %r2, %r3;", "there is no register '%r99'"},
      {"bra nowhere;", "there is no label 'nowhere'"},
      {"wgmma.fence.sync.aligned;", "not simulated"},
      {"cp.async.bulk.commit_group;", "not simulated"},
      {"tcgen05.wait::ld.sync.aligned;", "not simulated"},
      {"ld.global.v3.u32 {%r1, %r2, %r3}, [%d1];", "unknown modifier '.v3'"},
      {"ld.global.v2.u32 {%r1, %r2, %r3}, [%d1];", "a vector whose length"},
      {"ld.global.u64 %r1, [%d1];", "narrower than the type"},
      {"mov.b64 {%r1, %r2, %r3}, %d1;", "parts that do not add up"},
      {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1,%f2,%f3,%f4}, {%r1,%r2}, {%r5,%r6}, "
       "{%f1,%f2,%f3,%f4};",
       "operand 2 has 2 registers: must be 4"},
      {"mma.sync.aligned.m16n8k17.row.col.f32.bf16.bf16.f32 {%f1}, {%r1}, {%r5}, {%f1};", "no mma of this shape"},
      {"@%r1 ret;", "not a predicate"},
      {"call nothing, (%r1);", "there is no 'nothing'"},
      {".reg .b32 %r<3>;", "is declared twice"},
      {"shfl.bfly.b32 %r1, %r2, 1, 31;", "unknown modifier"},
      {"mov.u32 %r1, 1.5e;", "not a number"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ptx_error error;
    struct ptx_module *module = decode(cases[i].statement, &error);
    cr_assert_null(module, "%s was taken", cases[i].statement);
    cr_assert_not_null(strstr(error.message, cases[i].message), "%s: %s", cases[i].statement, error.message);
    cr_assert_eq(error.line, CODE_LINE, "%s", error.message);
  }
}

static const struct ptx_insn *first(const struct ptx_module *module)
{
  return &module->insns[0];
}

Test(ptx, fields_of_an_instruction)
{
  struct ptx_error error;
  struct ptx_module *m = decode("@!%p1 ld.acquire.gpu.global.L1::no_allocate.v2.f32 {%f1, _}, [%d2+-16];", &error);
  cr_assert_not_null(m, "%s", error.message);
  cr_assert_eq(first(m)->op, PTX_DO_LD);
  cr_assert_eq(first(m)->semantics, PTX_ACQUIRE);
  cr_assert_eq(first(m)->scope, PTX_SCOPE_GPU);
  cr_assert_eq(first(m)->space, PTX_GLOBAL);
  cr_assert_eq(first(m)->vector, 2);
  cr_assert_eq(first(m)->guard, 1);
  cr_assert(first(m)->guard_negated);
  cr_assert_eq(sim_ptx_operand(m, first(m), 0, 1)->kind, PTX_OPERAND_SINK);
  cr_assert_eq(sim_ptx_operand(m, first(m), 1, 0)->value, -16);
  sim_ptx_destroy(m);

  m = decode("setp.geu.or.ftz.f32 %p1|%p2, %f1, 0f3F800000, !%p3;", &error);
  cr_assert_not_null(m, "%s", error.message);
  cr_assert_eq(first(m)->compare, PTX_GEU);
  cr_assert_eq(first(m)->bool_op, PTX_BOOL_OR);
  cr_assert_eq(first(m)->flags, PTX_FTZ | PTX_SECOND_RESULT);
  cr_assert_eq(sim_ptx_operand(m, first(m), 3, 0)->value, 0x3f800000);
  cr_assert(sim_ptx_operand(m, first(m), 4, 0)->negated);
  sim_ptx_destroy(m);

  m = decode("atom.add.release.gpu.u32 %r1, [%d1], 1;", &error); /* the order of CUDA's own headers */
  cr_assert_not_null(m, "%s", error.message);
  cr_assert_eq(first(m)->semantics, PTX_RELEASE);
  cr_assert_eq(first(m)->mode, PTX_OP_ADD);
  sim_ptx_destroy(m);

  m = decode("mov.u64 %d1, dyn; st.shared.u32 [dyn+4], %tid.x;", &error);
  cr_assert_not_null(m, "%s", error.message);
  cr_assert_eq(m->insn_count, 6); /* mov, two moves before the store, st, ret, and the end */
  cr_assert(m->functions[0].uses_dynamic_shared);
  cr_assert_eq(m->functions[0].shared_bytes, 0 + 8);
  cr_assert_eq(m->functions[0].param_bytes, 12);
  sim_ptx_destroy(m);
}

Test(ptx, every_cut_of_a_module_ends_well)
{
  static char text[1 << 16];
  FILE *file = fopen("tests/fuzz/corpus/ptx/grammar.ptx", "rb");
  cr_assert_not_null(file);
  size_t size = fread(text, 1, sizeof text, file);
  fclose(file);
  struct ptx_module *module;
  struct ptx_error error;
  cr_assert(sim_ptx_parse(text, size, &module, &error), "%s", error.message);
  sim_ptx_destroy(module);
  for (size_t cut = 0; cut < size; cut++) {
    char *exact = malloc(cut + 1);
    memcpy(exact, text, cut);
    bool good = sim_ptx_parse(exact, cut, &module, &error);
    cr_assert_eq(good, module != NULL);
    sim_ptx_destroy(module);
    free(exact);
  }
}
