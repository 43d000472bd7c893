/* engine_control.c: branches, calls, the end; what has no effect on results. */
#include <string.h>

#include "engine_internal.h"

enum step_result sim_step_branch(struct step *s)
{
  uint32_t stay = s->group->mask & ~s->mask;
  if (stay == 0) {
    s->group->pc = s->insn->target;
  } else {
    s->group->pc++;
    sim_warp_split(s->warp, s->group, s->mask, s->insn->target, s->frame);
  }
  return STEP_MOVED;
}

enum step_result sim_step_branch_table(struct step *s)
{
  const struct ptx_module *m = s->program->module;
  const struct ptx_branch_table *table = &m->branch_tables[s->insn->target];
  uint32_t index[LANES];
  sim_engine_need(s, 0, "a branch index");
  memcpy(index, read32(s, 0), sizeof index);
  uint32_t stay = s->group->mask & ~s->mask, left = s->mask;
  s->group->pc++;
  while (left != 0) {
    uint32_t lane = (uint32_t)__builtin_ctz(left), lanes = 0;
    for (uint32_t l = lane; l < LANES; l++) {
      if ((left >> l & 1) != 0 && index[l] == index[lane]) lanes |= 1u << l;
    }
    left &= ~lanes;
    if (index[lane] >= table->count) {
      sim_engine_fail(s, SIM_CHECK_INSTRUCTION, lane, "branch index %u: the table has %u entries", index[lane],
                      table->count);
      return STEP_MOVED;
    }
    uint32_t target = m->table_entries[table->first + index[lane]];
    if (left == 0 && stay == 0)
      s->group->pc = target;
    else
      sim_warp_split(s->warp, s->group, lanes, target, s->frame);
  }
  return STEP_MOVED;
}

/* --- calls --- */

static uint8_t *lane_params(const struct step *s, const struct frame *frame, uint32_t lane)
{
  uint32_t stride = (s->program->module->functions[frame->function].call_bytes + 15u) & ~15u;
  return frame->params + (size_t)lane * stride;
}

/* One variable between caller and callee, in the callee's or the caller's .param space. */
static void copy_param(const struct step *s, const struct frame *from, const struct ptx_symbol *source,
                       const struct frame *to, const struct ptx_symbol *target, uint32_t lanes)
{
  size_t size = source->size_bytes < target->size_bytes ? source->size_bytes : target->size_bytes;
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(left);
    memcpy(lane_params(s, to, lane) + target->offset, lane_params(s, from, lane) + source->offset, size);
  }
}

/* A register or constant given for a .param of the callee (call (r), f, (%r1, 5)). */
static void pass_scalar(const struct step *s, uint32_t operand, const struct frame *to, const struct ptx_symbol *target,
                        uint32_t lanes)
{
  uint64_t values[LANES];
  sim_engine_read(s, operand, PTX_B64, values);
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    uint32_t lane = (uint32_t)__builtin_ctz(left);
    memcpy(lane_params(s, to, lane) + target->offset, &values[lane], target->size_bytes < 8 ? target->size_bytes : 8);
  }
}

static bool call_fits(const struct step *s, const struct ptx_call *call, uint32_t callee, uint32_t lane)
{
  const struct ptx_function *f = &s->program->module->functions[callee];
  if (f->param_count == call->argument_count && f->return_count == call->return_count && f->has_body) return true;
  sim_engine_fail(s, SIM_CHECK_INSTRUCTION, lane,
                  "call of '%.100s' with %u arguments and %u results: it takes %u and %u", f->name,
                  call->argument_count, call->return_count, f->param_count, f->return_count);
  return false;
}

/* `lanes` enter `callee`: a group of their own, unless all of the group go. */
static enum step_result enter(struct step *s, const struct ptx_call *call, uint32_t callee, uint32_t lanes)
{
  const struct ptx_module *m = s->program->module;
  const struct ptx_function *f = &m->functions[callee];
  uint32_t first = (uint32_t)__builtin_ctz(lanes);
  if (!call_fits(s, call, callee, first)) return STEP_MOVED;
  if (s->frame->depth + 1 >= FRAMES_MAX) {
    sim_engine_fail(s, SIM_CHECK_TRAP, first, "stack overflow: %u calls deep", FRAMES_MAX);
    return STEP_MOVED;
  }
  struct frame *frame = sim_warp_frame(s->warp, callee);
  if (frame == NULL) {
    sim_engine_fail(s, SIM_CHECK_TRAP, first, "out of host memory for a call");
    return STEP_MOVED;
  }
  frame->caller = s->frame;
  frame->call = s->pc;
  frame->lanes = lanes;
  frame->depth = s->frame->depth + 1;
  frame->local_base = (s->frame->local_end + 15u) & ~15u;
  frame->local_end = frame->local_base + f->local_bytes;
  for (uint32_t i = 0; i < call->argument_count; i++) {
    uint32_t operand = call->argument_group + i;
    const struct ptx_operand *o = sim_engine_operand(s, operand);
    const struct ptx_symbol *target = &m->symbols[f->param_symbol + i];
    if (o->kind == PTX_OPERAND_SYMBOL)
      copy_param(s, s->frame, &m->symbols[o->symbol], frame, target, lanes);
    else
      pass_scalar(s, operand, frame, target, lanes);
  }
  if (lanes == s->group->mask) {
    s->group->frame = frame;
    s->group->pc = f->first_insn;
  } else {
    sim_warp_split(s->warp, s->group, lanes, f->first_insn, frame);
  }
  return STEP_MOVED;
}

static enum step_result call_indirect(struct step *s, const struct ptx_call *call)
{
  uint32_t operand = call->return_count, left = s->mask;
  uint64_t address[LANES];
  sim_engine_need(s, operand, "a function's address");
  sim_engine_read(s, operand, PTX_B64, address);
  uint32_t stay = s->group->mask & ~s->mask;
  while (left != 0) {
    uint32_t lane = (uint32_t)__builtin_ctz(left), lanes = 0;
    for (uint32_t l = lane; l < LANES; l++) {
      if ((left >> l & 1) != 0 && address[l] == address[lane]) lanes |= 1u << l;
    }
    left &= ~lanes;
    int32_t callee = sim_program_function(s->program, address[lane]);
    if (callee < 0) {
      sim_engine_fail(s, SIM_CHECK_INSTRUCTION, lane, "call of 0x%llx, which is no function",
                      (unsigned long long)address[lane]);
      return STEP_MOVED;
    }
    if (left == 0 && stay != 0) {
      sim_warp_split(s->warp, s->group, stay, s->pc + 1, s->frame);
      stay = 0;
    }
    enter(s, call, (uint32_t)callee, lanes);
  }
  return STEP_MOVED;
}

enum step_result sim_step_call(struct step *s)
{
  const struct ptx_call *call = &s->program->module->calls[s->insn->target];
  if (call->function == PTX_NO_SYMBOL) return call_indirect(s, call);
  const struct ptx_function *f = &s->program->module->functions[call->function];
  if (!f->has_body && strcmp(f->name, "vprintf") == 0) return sim_engine_vprintf(s, call);
  if (!f->has_body && strcmp(f->name, "__assertfail") == 0) return sim_engine_assertfail(s, call);
  if (!f->has_body) {
    sim_engine_fail(s, SIM_CHECK_INSTRUCTION, (uint32_t)__builtin_ctz(s->mask), "device-side '%s' is not simulated",
                    f->name);
    return STEP_MOVED;
  }
  uint32_t stay = s->group->mask & ~s->mask;
  if (stay != 0) sim_warp_split(s->warp, s->group, stay, s->pc + 1, s->frame);
  return enter(s, call, call->function, s->mask);
}

static void return_results(struct step *s, const struct frame *caller, uint32_t call_insn)
{
  const struct ptx_module *m = s->program->module;
  const struct ptx_insn *insn = &m->insns[call_insn];
  const struct ptx_call *call = &m->calls[insn->target];
  const struct ptx_function *f = &m->functions[s->frame->function];
  for (uint32_t i = 0; i < call->return_count; i++) {
    const struct ptx_operand *o = &m->operands[insn->operand + i];
    const struct ptx_symbol *source = &m->symbols[f->return_symbol + i];
    if (o->kind == PTX_OPERAND_SYMBOL) {
      copy_param(s, s->frame, source, caller, &m->symbols[o->symbol], s->mask);
    } else if (o->kind == PTX_OPERAND_REGISTER) {
      uint64_t values[LANES] = {0};
      for (uint32_t l = 0; l < LANES; l++) {
        memcpy(&values[l], lane_params(s, s->frame, l) + source->offset,
               source->size_bytes < 8 ? source->size_bytes : 8);
      }
      struct step there = *s;
      there.insn = insn;
      there.places = &s->program->places[insn->operand];
      there.registers = caller->registers;
      there.defined = caller->defined;
      sim_engine_write(&there, i, (enum ptx_type)source->type, values, ALL_LANES);
    }
  }
}

enum step_result sim_step_ret(struct step *s)
{
  struct frame *frame = s->frame, *caller = frame->caller;
  if (caller == NULL) return sim_step_exit(s);
  uint32_t back = frame->call + 1, lanes = s->mask;
  return_results(s, caller, frame->call);
  if (lanes == s->group->mask) {
    s->group->frame = caller;
    s->group->pc = back;
  } else {
    s->group->pc++;
    sim_warp_split(s->warp, s->group, lanes, back, caller);
  }
  sim_warp_frame_leave(s->warp, frame, lanes);
  return STEP_MOVED;
}

enum step_result sim_step_exit(struct step *s)
{
  if (s->mask != s->group->mask) s->group->pc++;
  sim_warp_exit(s, s->mask);
  return STEP_MOVED;
}

enum step_result sim_step_trap(struct step *s)
{
  sim_engine_fail(s, SIM_CHECK_TRAP, (uint32_t)__builtin_ctz(s->mask), "%s",
                  s->insn->op == PTX_DO_TRAP ? "trap was executed" : "brkpt was executed without a debugger");
  return STEP_MOVED;
}

/* Hints: prefetch, discard, priorities, performance events. */
enum step_result sim_step_nothing(struct step *s)
{
  (void)s;
  return STEP_NEXT;
}

enum step_result sim_step_nanosleep(struct step *s)
{
  sim_engine_need(s, 0, "a time to sleep");
  return STEP_YIELD;
}

enum step_result sim_step_createpolicy(struct step *s)
{
  uint64_t values[LANES];
  for (int l = 0; l < LANES; l++) values[l] = 0x1000000000000000ull; /* opaque: caches are not simulated */
  sim_engine_write(s, 0, PTX_B64, values, ALL_LANES);
  return STEP_NEXT;
}

/* --- the stack of an activation --- */

enum step_result sim_step_alloca(struct step *s)
{
  uint64_t sizes[LANES], values[LANES];
  uint64_t largest = 0, align = s->insn->group_count > 2 ? (uint64_t)s->insn->immediate : 8;
  sim_engine_need(s, 1, "a size");
  sim_engine_read(s, 1, PTX_U64, sizes);
  for (uint32_t left = s->mask; left != 0; left &= left - 1) {
    uint64_t size = sizes[__builtin_ctz(left)];
    if (size > largest) largest = size;
  }
  if (align == 0 || (align & (align - 1)) != 0 || largest > 1u << 20) {
    sim_engine_fail(s, SIM_CHECK_TRAP, (uint32_t)__builtin_ctz(s->mask), "alloca of %llu bytes aligned to %llu",
                    (unsigned long long)largest, (unsigned long long)align);
    return STEP_MOVED;
  }
  uint64_t base = (s->frame->local_end + align - 1) / align * align;
  s->frame->local_end = (uint32_t)(base + largest);
  for (int l = 0; l < LANES; l++) values[l] = base;
  sim_engine_write(s, 0, (enum ptx_type)s->insn->type[0], values, ALL_LANES);
  return STEP_NEXT;
}

enum step_result sim_step_stack(struct step *s)
{
  uint64_t values[LANES];
  if (s->insn->op == PTX_DO_STACKSAVE) {
    for (int l = 0; l < LANES; l++) values[l] = s->frame->local_end;
    sim_engine_write(s, 0, (enum ptx_type)s->insn->type[0], values, ALL_LANES);
    return STEP_NEXT;
  }
  sim_engine_need(s, 0, "a stack pointer");
  sim_engine_read(s, 0, (enum ptx_type)s->insn->type[0], values);
  s->frame->local_end = (uint32_t)values[__builtin_ctz(s->mask)];
  return STEP_NEXT;
}
