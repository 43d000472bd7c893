/* engine_program.c: a module made ready to run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

/* Which handler an opcode has; ADD … MAX by type. */
static const engine_handler handler_table[PTX_OP_COUNT] = {
    [PTX_DO_ABS] = sim_step_integer,
    [PTX_DO_ACTIVEMASK] = sim_step_activemask,
    [PTX_DO_ADD] = sim_step_integer,
    [PTX_DO_ADDC] = sim_step_carry,
    [PTX_DO_ALLOCA] = sim_step_alloca,
    [PTX_DO_AND] = sim_step_logic,
    [PTX_DO_APPLYPRIORITY] = sim_step_nothing,
    [PTX_DO_ATOM] = sim_step_atomic,
    [PTX_DO_BAR_ARRIVE] = sim_step_bar,
    [PTX_DO_BAR_RED] = sim_step_bar,
    [PTX_DO_BAR_SYNC] = sim_step_bar,
    [PTX_DO_BAR_WARP] = sim_step_bar_warp,
    [PTX_DO_BFE] = sim_step_bits,
    [PTX_DO_BFI] = sim_step_bits,
    [PTX_DO_BFIND] = sim_step_bits,
    [PTX_DO_BMSK] = sim_step_bits,
    [PTX_DO_BRA] = sim_step_branch,
    [PTX_DO_BREV] = sim_step_bits,
    [PTX_DO_BRKPT] = sim_step_trap,
    [PTX_DO_BRX] = sim_step_branch_table,
    [PTX_DO_CALL] = sim_step_call,
    [PTX_DO_CLZ] = sim_step_bits,
    [PTX_DO_CNOT] = sim_step_logic,
    [PTX_DO_COPYSIGN] = sim_step_floating,
    [PTX_DO_COS] = sim_step_unary_float,
    [PTX_DO_CP_ASYNC] = sim_step_cp_async,
    [PTX_DO_CP_ASYNC_COMMIT] = sim_step_cp_async_group,
    [PTX_DO_CP_ASYNC_MBARRIER] = sim_step_cp_async_mbarrier,
    [PTX_DO_CP_ASYNC_WAIT] = sim_step_cp_async_group,
    [PTX_DO_CREATEPOLICY] = sim_step_createpolicy,
    [PTX_DO_CVT] = sim_step_convert,
    [PTX_DO_CVT_PACK] = sim_step_convert_pack,
    [PTX_DO_CVTA] = sim_step_cvta,
    [PTX_DO_DISCARD] = sim_step_nothing,
    [PTX_DO_DIV] = sim_step_integer,
    [PTX_DO_DP2A] = sim_step_dot,
    [PTX_DO_DP4A] = sim_step_dot,
    [PTX_DO_ELECT] = sim_step_elect,
    [PTX_DO_EX2] = sim_step_unary_float,
    [PTX_DO_EXIT] = sim_step_exit,
    [PTX_DO_FENCE] = sim_step_fence,
    [PTX_DO_FENCE_MBARRIER_INIT] = sim_step_fence,
    [PTX_DO_FENCE_PROXY] = sim_step_nothing,
    [PTX_DO_FMA] = sim_step_fma,
    [PTX_DO_FNS] = sim_step_bits,
    [PTX_DO_GRIDDEP] = sim_step_griddep,
    [PTX_DO_ISSPACEP] = sim_step_isspacep,
    [PTX_DO_LD] = sim_step_load,
    [PTX_DO_LDMATRIX] = sim_step_ldmatrix,
    [PTX_DO_LDU] = sim_step_load,
    [PTX_DO_LG2] = sim_step_unary_float,
    [PTX_DO_LOP3] = sim_step_lop3,
    [PTX_DO_MAD] = sim_step_integer,
    [PTX_DO_MAD24] = sim_step_mad24,
    [PTX_DO_MADC] = sim_step_carry,
    [PTX_DO_MATCH] = sim_step_match,
    [PTX_DO_MAX] = sim_step_integer,
    [PTX_DO_MBARRIER_ARRIVE] = sim_step_mbarrier,
    [PTX_DO_MBARRIER_ARRIVE_DROP] = sim_step_mbarrier,
    [PTX_DO_MBARRIER_COMPLETE_TX] = sim_step_mbarrier,
    [PTX_DO_MBARRIER_EXPECT_TX] = sim_step_mbarrier,
    [PTX_DO_MBARRIER_INIT] = sim_step_mbarrier,
    [PTX_DO_MBARRIER_INVAL] = sim_step_mbarrier,
    [PTX_DO_MBARRIER_PENDING_COUNT] = sim_step_mbarrier_pending,
    [PTX_DO_MBARRIER_TEST_WAIT] = sim_step_mbarrier_wait,
    [PTX_DO_MBARRIER_TRY_WAIT] = sim_step_mbarrier_wait,
    [PTX_DO_MIN] = sim_step_integer,
    [PTX_DO_MMA] = sim_step_mma,
    [PTX_DO_MOV] = sim_step_mov,
    [PTX_DO_MOVMATRIX] = sim_step_movmatrix,
    [PTX_DO_MUL] = sim_step_integer,
    [PTX_DO_MUL24] = sim_step_mad24,
    [PTX_DO_NANOSLEEP] = sim_step_nanosleep,
    [PTX_DO_NEG] = sim_step_integer,
    [PTX_DO_NOT] = sim_step_logic,
    [PTX_DO_OR] = sim_step_logic,
    [PTX_DO_PMEVENT] = sim_step_nothing,
    [PTX_DO_POPC] = sim_step_bits,
    [PTX_DO_PREFETCH] = sim_step_nothing,
    [PTX_DO_PRMT] = sim_step_prmt,
    [PTX_DO_RCP] = sim_step_unary_float,
    [PTX_DO_RED] = sim_step_atomic,
    [PTX_DO_REDUX] = sim_step_redux,
    [PTX_DO_REM] = sim_step_integer,
    [PTX_DO_RET] = sim_step_ret,
    [PTX_DO_RSQRT] = sim_step_unary_float,
    [PTX_DO_SAD] = sim_step_sad,
    [PTX_DO_SELP] = sim_step_selp,
    [PTX_DO_SET] = sim_step_set,
    [PTX_DO_SETP] = sim_step_setp,
    [PTX_DO_SHF] = sim_step_shf,
    [PTX_DO_SHFL] = sim_step_shfl,
    [PTX_DO_SHL] = sim_step_shift,
    [PTX_DO_SHR] = sim_step_shift,
    [PTX_DO_SIN] = sim_step_unary_float,
    [PTX_DO_SLCT] = sim_step_slct,
    [PTX_DO_SQRT] = sim_step_unary_float,
    [PTX_DO_ST] = sim_step_store,
    [PTX_DO_STACKRESTORE] = sim_step_stack,
    [PTX_DO_STACKSAVE] = sim_step_stack,
    [PTX_DO_STMATRIX] = sim_step_stmatrix,
    [PTX_DO_SUB] = sim_step_integer,
    [PTX_DO_SUBC] = sim_step_carry,
    [PTX_DO_SZEXT] = sim_step_bits,
    [PTX_DO_TANH] = sim_step_unary_float,
    [PTX_DO_TESTP] = sim_step_testp,
    [PTX_DO_TRAP] = sim_step_trap,
    [PTX_DO_VABSDIFF4] = sim_step_vabsdiff4,
    [PTX_DO_VOTE] = sim_step_vote,
    [PTX_DO_XOR] = sim_step_logic,
};

engine_handler sim_engine_handler(const struct ptx_insn *insn)
{
  enum ptx_type type = (enum ptx_type)insn->type[0];
  const struct ptx_type_info *info = sim_ptx_type(type);
  engine_handler handler = insn->op < PTX_OP_COUNT ? handler_table[insn->op] : NULL;
  if (type == PTX_F32 && (insn->type[1] == PTX_F16 || insn->type[1] == PTX_BF16) &&
      (insn->op == PTX_DO_ADD || insn->op == PTX_DO_SUB || insn->op == PTX_DO_FMA)) {
    handler = sim_step_mixed_float;
  } else if (handler == sim_step_integer && info->class == PTX_CLASS_FLOAT) {
    bool half = type == PTX_F16 || type == PTX_F16X2 || type == PTX_BF16 || type == PTX_BF16X2;
    handler = half ? sim_step_half : insn->op == PTX_DO_DIV ? sim_step_divide_float : sim_step_floating;
  } else if (handler == sim_step_integer && (insn->flags & PTX_CARRY_OUT) != 0) {
    handler = sim_step_carry;
  } else if (handler == sim_step_integer && insn->mode == PTX_WIDE) {
    handler = sim_step_mul_wide;
  } else if (handler == sim_step_fma && info->size_bits <= 32 && type != PTX_F32) {
    handler = sim_step_half;
  }
  return handler;
}

/* --- registers and constants --- */

/* Registers lie in a frame by size class: predicates 4 bytes, up to 32 bits 128, 64 bits 256, 128 bits 512. */
static uint32_t slot_bytes(enum ptx_type type)
{
  uint32_t bits = sim_ptx_type(type)->size_bits;
  return type == PTX_PRED ? 4 : bits <= 32 ? 4 * LANES : bits == 64 ? 8 * LANES : 16 * LANES;
}

static void layout_registers(struct sim_program *program)
{
  const struct ptx_module *m = program->module;
  for (uint32_t f = 0; f < m->function_count; f++) {
    const struct ptx_function *function = &m->functions[f];
    uint32_t offset = 0;
    /* The wide ones first, so that each is aligned; predicates last. */
    for (int pass = 0; pass < 2; pass++) {
      for (uint32_t s = 0; s < function->slot_count; s++) {
        enum ptx_type type = (enum ptx_type)m->slot_types[function->first_slot + s];
        if ((type == PTX_PRED) != (pass == 1)) continue;
        program->slot_offset[function->first_slot + s] = offset;
        offset += slot_bytes(type);
      }
    }
    program->frame_bytes[f] = (offset + 63u) & ~63u;
  }
}

/* The value of an operand that is one and the same in all lanes and blocks, if it is. */
static bool operand_constant(const struct sim_program *program, const struct ptx_insn *insn,
                             const struct ptx_operand *operand, uint64_t *value)
{
  const struct ptx_module *m = program->module;
  *value = (uint64_t)operand->value;
  if (operand->kind == PTX_OPERAND_CONSTANT) return true;
  if (operand->kind == PTX_OPERAND_FUNCTION) {
    *value = sim_program_function_address((uint32_t)operand->value);
    return true;
  }
  if (operand->kind != PTX_OPERAND_ADDRESS || operand->slot != PTX_NO_SLOT) return false;
  if (operand->symbol == PTX_NO_SYMBOL) return true;
  const struct ptx_symbol *symbol = &m->symbols[operand->symbol];
  uint64_t base = 0;
  if (symbol->space == PTX_GLOBAL || symbol->space == PTX_CONST)
    base = program->symbol_address[operand->symbol];
  else if (symbol->space == PTX_SHARED)
    base = SIM_SHARED_BASE + symbol->offset;
  else if (symbol->space == PTX_PARAM)
    base = symbol->offset + (symbol->entry_param ? 0 : ENGINE_CALL_PARAMS);
  else
    return false; /* local: depends on the activation */
  if (symbol->space == PTX_SHARED && insn->space == PTX_GENERIC) base += SIM_SHARED_WINDOW;
  *value += base;
  return true;
}

/* Constants are kept once a value; a hash table finds them. */
struct constants {
  uint64_t *values;
  uint32_t count, capacity, bucket_count;
  uint32_t *buckets; /* index + 1 */
};

static bool constant_place(struct constants *c, uint64_t value, bool wide, int32_t *offset)
{
  uint32_t bucket = (uint32_t)((value * 0x9e3779b97f4a7c15ull) >> 40) & (c->bucket_count - 1);
  /* A 32-bit reader takes words: such a constant is stored twice over in each 8 bytes, a different entry from the wide one. */
  uint64_t stored = wide ? value : (value & 0xffffffffu) | value << 32;
  while (c->buckets[bucket] != 0 && c->values[c->buckets[bucket] - 1] != stored) {
    bucket = (bucket + 1) & (c->bucket_count - 1);
  }
  if (c->buckets[bucket] == 0) {
    if (c->count == c->capacity) return false;
    c->values[c->count++] = stored;
    c->buckets[bucket] = c->count;
  }
  *offset = ~(int32_t)((c->buckets[bucket] - 1) * 8 * LANES);
  return true;
}

static uint32_t operand_end(const struct ptx_module *m, uint32_t insn)
{
  return insn + 1 < m->insn_count ? m->insns[insn + 1].operand : m->operand_count;
}

static bool place_operands(struct sim_program *program, struct constants *constants)
{
  const struct ptx_module *m = program->module;
  for (uint32_t f = 0; f < m->function_count; f++) {
    const struct ptx_function *function = &m->functions[f];
    for (uint32_t i = function->first_insn; i < function->first_insn + function->insn_count; i++) {
      for (uint32_t o = m->insns[i].operand; o < operand_end(m, i); o++) {
        const struct ptx_operand *operand = &m->operands[o];
        struct place *place = &program->places[o];
        uint64_t value;
        *place = (struct place){.slot = PTX_NO_SLOT};
        if (operand->slot != PTX_NO_SLOT &&
            (operand->kind == PTX_OPERAND_REGISTER || operand->kind == PTX_OPERAND_ADDRESS)) {
          place->slot = operand->slot;
          place->offset = (int32_t)program->slot_offset[function->first_slot + operand->slot];
          place->bits = sim_ptx_type((enum ptx_type)operand->type)->size_bits;
        } else if (operand_constant(program, &m->insns[i], operand, &value)) {
          bool wide =
              operand->kind != PTX_OPERAND_CONSTANT || sim_ptx_type((enum ptx_type)operand->type)->size_bits > 32;
          if (!constant_place(constants, value, wide, &place->offset)) return false;
          place->bits = wide ? 64 : 32;
        }
      }
    }
  }
  return true;
}

static bool broadcast_constants(struct sim_program *program, const struct constants *constants)
{
  program->constants = aligned_alloc(64, (size_t)(constants->count + 1) * 8 * LANES);
  if (program->constants == NULL) return false;
  uint64_t *out = (uint64_t *)(void *)program->constants;
  for (uint32_t i = 0; i < constants->count; i++) {
    for (uint32_t lane = 0; lane < LANES; lane++) out[i * LANES + lane] = constants->values[i];
  }
  return true;
}

static bool prepare_matrices(struct sim_program *program, struct sim_error *error)
{
  const struct ptx_module *m = program->module;
  for (uint32_t i = 0; i < m->insn_count; i++) {
    const struct ptx_insn *insn = &m->insns[i];
    if (insn->op != PTX_DO_MMA) continue;
    struct sim_mma mma = {.m = insn->shape[0],
                          .n = insn->shape[1],
                          .k = insn->shape[2],
                          .d = insn->type[0],
                          .a = insn->type[1],
                          .b = insn->type[2],
                          .c = insn->type[3],
                          .satfinite = (insn->flags & PTX_SATFINITE) != 0,
                          .bits = insn->mode};
    if (sim_mma_prepare(&mma, &program->plans[i])) continue;
    snprintf(error->message, sizeof error->message, "line %u: no mma m%un%uk%u of these types is simulated", insn->line,
             mma.m, mma.n, mma.k);
    error->status = SIM_ERR_INVALID_PTX;
    return false;
  }
  return true;
}

static enum sim_status out_of_memory(struct sim_error *error)
{
  snprintf(error->message, sizeof error->message, "out of host memory for a module");
  return error->status = SIM_ERR_OUT_OF_MEMORY;
}

/* Extern functions that the runtime of the device provides; any other without a body is missing. */
static bool is_builtin(const char *name)
{
  return strcmp(name, "vprintf") == 0 || strcmp(name, "__assertfail") == 0 || strcmp(name, "malloc") == 0 ||
         strcmp(name, "free") == 0;
}

static enum sim_status check_complete(const struct ptx_module *m, struct sim_error *error)
{
  for (uint32_t i = 0; i < m->function_count; i++) {
    if (!m->functions[i].has_body && !is_builtin(m->functions[i].name)) {
      snprintf(error->message, sizeof error->message, "function '%.200s' is declared but not defined",
               m->functions[i].name);
      return error->status = SIM_ERR_NOT_FOUND;
    }
  }
  for (uint32_t i = 0; i < m->insn_count; i++) {
    if (sim_engine_handler(&m->insns[i]) == NULL) {
      snprintf(error->message, sizeof error->message, "line %u: %s cannot be executed", m->insns[i].line,
               sim_ptx_op_name((enum ptx_op)m->insns[i].op));
      return error->status = SIM_ERR_INVALID_PTX;
    }
  }
  return SIM_OK;
}

enum sim_status sim_program_create(const struct ptx_module *module, const uint64_t *symbol_address,
                                   struct sim_program **out, struct sim_error *error)
{
  *out = NULL;
  enum sim_status status = check_complete(module, error);
  if (status != SIM_OK) return status;
  struct sim_program *program = calloc(1, sizeof *program);
  struct constants constants = {.capacity = module->operand_count + 1, .bucket_count = 64};
  while (constants.bucket_count < 2 * constants.capacity) constants.bucket_count *= 2;
  constants.values = calloc(constants.capacity, sizeof *constants.values);
  constants.buckets = calloc(constants.bucket_count, sizeof *constants.buckets);
  uint64_t *addresses = calloc(module->symbol_count + 1, sizeof *addresses);
  bool good = program != NULL && constants.values != NULL && constants.buckets != NULL && addresses != NULL;
  if (good) {
    if (symbol_address != NULL) memcpy(addresses, symbol_address, module->symbol_count * sizeof *addresses);
    program->module = module;
    program->handlers = calloc(module->insn_count + 1, sizeof *program->handlers);
    program->places = calloc(module->operand_count + 1, sizeof *program->places);
    program->slot_offset = calloc(module->slot_count + 1, sizeof *program->slot_offset);
    program->frame_bytes = calloc(module->function_count + 1, sizeof *program->frame_bytes);
    program->symbol_address = addresses;
    addresses = NULL;
    good = program->handlers != NULL && program->places != NULL && program->slot_offset != NULL &&
           program->frame_bytes != NULL;
    program->plans = calloc(module->insn_count + 1, sizeof *program->plans);
    good = good && program->plans != NULL;
  }
  if (good && !prepare_matrices(program, error)) {
    sim_program_destroy(program);
    free(constants.values);
    free(constants.buckets);
    return error->status;
  }
  if (good) {
    layout_registers(program);
    for (uint32_t i = 0; i < module->insn_count; i++) program->handlers[i] = sim_engine_handler(&module->insns[i]);
    good = place_operands(program, &constants) && broadcast_constants(program, &constants);
  }
  free(addresses);
  free(constants.values);
  free(constants.buckets);
  if (!good) {
    sim_program_destroy(program);
    return out_of_memory(error);
  }
  *out = program;
  return SIM_OK;
}

void sim_program_destroy(struct sim_program *program)
{
  if (program == NULL) return;
  free((void *)(uintptr_t)program->symbol_address);
  free(program->handlers);
  free(program->places);
  free(program->constants);
  free(program->slot_offset);
  free(program->frame_bytes);
  free(program->plans);
  free(program);
}

void sim_program_trace(struct sim_program *program, uint8_t *reached)
{
  program->reached = reached;
}

/* Function addresses are small numbers in a page that no data has. */
#define FUNCTION_BASE 0x0001000300000000ull
#define FUNCTION_STEP 16u

uint64_t sim_program_function_address(uint32_t function)
{
  return FUNCTION_BASE + (uint64_t)(function + 1) * FUNCTION_STEP;
}

int32_t sim_program_function(const struct sim_program *program, uint64_t address)
{
  if (address < FUNCTION_BASE + FUNCTION_STEP || (address - FUNCTION_BASE) % FUNCTION_STEP != 0) return -1;
  uint64_t number = (address - FUNCTION_BASE) / FUNCTION_STEP - 1;
  return number < program->module->function_count ? (int32_t)number : -1;
}

void sim_program_site(const struct sim_program *program, uint32_t insn, struct sim_site *site)
{
  const struct ptx_module *m = program->module;
  *site = (struct sim_site){.file = "?"};
  if (insn >= m->insn_count) return;
  const struct ptx_loc *loc = &m->locs[m->insns[insn].loc];
  site->ptx_line = m->insns[insn].line;
  site->line = loc->line;
  site->file = loc->line != 0 ? sim_ptx_file(m, loc->file) : "?";
}
