/* forms_memory.h: ld, ldu, st, atom and red: opcodes with alternatives; test_forms_memory.c makes their kernels. From PTX ISA 9.0, "Data
 * Movement and Conversion Instructions" and "Parallel Synchronization and Communication Instructions: atom, red". */
#ifndef SIMGPU_FORMS_MEMORY_H
#define SIMGPU_FORMS_MEMORY_H

#include "forms_float.h"

#define LOADED "{b8,b16,b32,b64,u8,u16,u32,u64,s8,s16,s32,s64,f32,f64}"
static const char *const forms_load[] = {
    "ld.{global,shared,shared::cta,shared::cluster,local,const,param,param::entry}." LOADED,
    "ld." LOADED,
    "ld.{global,shared,local}.b128",
    "ld.global.v2." LOADED,
    "ld.{shared,local,const,param}.v4.{b8,u16,s32,f32}",
    "ld.global.v8.{b8,b32,f32}",
    "ld.global.v4.{u64,f64}",
    "ld{.weak,.volatile,.relaxed.cta,.relaxed.cluster,.relaxed.gpu,.relaxed.sys,.acquire.cta,.acquire.gpu,.acquire.sys}"
    ".global.u32",
    "ld{.volatile,.acquire.cta,.relaxed.cta}.shared.u64",
    "ld.global{.ca,.cg,.cs,.lu,.cv}.u32",
    "ld.global{.ca,.cg,.cs,}.nc.v4.f32",
    "ld.global{.L1::evict_normal,.L1::evict_unchanged,.L1::evict_first,.L1::evict_last,.L1::no_allocate}.v4.u32",
    "ld.global.nc.L1::no_allocate{.L2::64B,.L2::128B,.L2::256B}.v4.u32",
    "ld.global.nc.L1::evict_last{.L2::evict_normal,.L2::evict_first,.L2::evict_last}.v8.b32",
    "ld.global.L2::cache_hint.v2.u64",
    "ldu.global." LOADED,
    "ldu.global.{v2.b64,v4.f32,v2.b128}",
    "ldu.b128",
};

static const char *const forms_store[] = {
    "st.{global,shared,shared::cta,shared::cluster,local}." LOADED,
    "st." LOADED,
    "st.{global,shared,local}.b128",
    "st.global.v2." LOADED,
    "st.{shared,local}.v4.{b8,u16,s32,f32}",
    "st.global.v8.{b8,b32,f32}",
    "st.global.v4.{u64,f64}",
    "st{.weak,.volatile,.relaxed.cta,.relaxed.cluster,.relaxed.gpu,.relaxed.sys,.release.cta,.release.gpu,.release.sys}"
    ".global.u32",
    "st{.volatile,.release.cta}.shared.u64",
    "st.global{.wb,.cg,.cs,.wt}.u32",
    "st.global{.L1::evict_normal,.L1::evict_unchanged,.L1::evict_first,.L1::evict_last,.L1::no_allocate}.v4.u32",
    "st.global{.L2::evict_normal,.L2::evict_first,.L2::evict_last}.v8.b32",
    "st.global.L2::cache_hint.v2.u64",
};

#define ORDERS "{.relaxed,.acquire,.release,.acq_rel}{.cta,.cluster,.gpu,.sys}"
#define PLACES "{.global,.shared,.shared::cta,.shared::cluster,}"
static const char *const forms_atomic[] = {
    "{atom,red}" PLACES ".{and,or,xor}.{b32,b64}",
    "atom" PLACES ".exch.{b32,b64,b128}",
    "atom" PLACES ".cas.{b16,b32,b64,b128}",
    "{atom,red}" PLACES ".add.{u32,s32,u64,f32,f64}",
    "{atom,red}" PLACES ".{inc,dec}.u32",
    "{atom,red}" PLACES ".{min,max}.{u32,s32,u64,s64}",
    "{atom,red}" PLACES ".{add,min,max}.noftz.{f16,f16x2,bf16,bf16x2}",
    "{atom,red}" ORDERS ".global.and.b32",
    "{atom,red}" ORDERS ".global.add.u32",
    "{atom,red}" ORDERS ".global.inc.u32",
    "{atom,red}" ORDERS ".global.max.s32",
    "{atom,red}" ORDERS ".global.add.noftz.f16x2",
    "atom" ORDERS ".global.exch.b32",
    "atom" ORDERS ".global.cas.b32",
    "{atom,red}" ORDERS ".global.add.v4.f32",
    "{atom,red}" ORDERS ".global.add.noftz.v8.f16",
    "{atom,red}" ORDERS ".global.add.noftz.v4.bf16x2",
    "{atom,red}.global.add.{v2,v4}.f32",
    "{atom,red}.global.{add,min,max}.noftz.{v2,v4,v8}.{f16,bf16}",
    "{atom,red}.global.{add,min,max}.noftz.{v2,v4}.{f16x2,bf16x2}",
    "{atom,red}.global.or.L2::cache_hint.b64",
    "{atom,red}.global.add.L2::cache_hint.u64",
    "{atom,red}.global.dec.L2::cache_hint.u32",
    "{atom,red}.global.min.L2::cache_hint.u32",
    "{atom,red}.global.max.noftz.L2::cache_hint.bf16",
    "atom.global.exch.L2::cache_hint.b64",
    "atom.global.cas.L2::cache_hint.b64",
    "{atom,red}.global.add.L2::cache_hint.v2.f32",
    "{atom,red}.global.add.noftz.L2::cache_hint.v2.f16",
    "{atom,red}.global.add.noftz.L2::cache_hint.v2.f16x2",
};

/* One element: the new value of memory. Floats: to nearest; f32 in global memory (generic too, when it is global) is flushed. */
static uint64_t atomic_element(const struct form_call *c, uint64_t old, uint64_t operand_bits, uint64_t swap)
{
  const struct float_format *f = c->t->class == FORM_FLOAT ? format_of(c->t) : NULL;
  wide x = number(c->t, old), y = number(c->t, operand_bits);
  if (form_has(c, "exch")) return operand_bits;
  if (form_has(c, "cas")) return ((old ^ operand_bits) & form_ones(c->t->bits)) == 0 ? swap : old;
  if (form_has(c, "inc")) return (uint32_t)old >= (uint32_t)operand_bits ? 0 : old + 1;
  if (form_has(c, "dec")) return (uint32_t)old == 0 || (uint32_t)old > (uint32_t)operand_bits ? operand_bits : old - 1;
  if (form_has(c, "and")) return old & operand_bits;
  if (form_has(c, "or")) return old | operand_bits;
  if (form_has(c, "xor")) return old ^ operand_bits;
  if (f == NULL && form_has(c, "add")) return old + operand_bits;
  if (f == NULL) return (uint64_t)(form_has(c, "min") == (x < y) ? x : y);
  struct form_call lane = *c;
  lane.a[0] = old;
  lane.a[1] = operand_bits;
  bool shared = form_has(c, "shared") || form_has(c, "shared::cta") || form_has(c, "shared::cluster");
  if (f->bits == 32 && !shared) strcpy(lane.word[lane.words++], "ftz");
  strcpy(lane.word[0], form_has(c, "add") ? "add" : form_has(c, "min") ? "min" : "max");
  return elementwise(&lane, form_has(c, "add") ? float_scalar : min_max_scalar);
}

#endif
