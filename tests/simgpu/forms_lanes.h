/* forms_lanes.h: exchange between the lanes of a warp. From PTX ISA 9.0, "Parallel Synchronization and Communication Instructions":
 * shfl.sync, vote.sync, match.sync, redux.sync, activemask, elect.sync. All 32 lanes are members. */
#ifndef SIMGPU_FORMS_LANES_H
#define SIMGPU_FORMS_LANES_H

#include "forms_float.h"

static void form_shfl(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  for (int lane = 0; lane < 32; lane++) {
    int bval = (int)(call[lane].a[1] & 31), cval = (int)(call[lane].a[2] & 31), mask = (int)(call[lane].a[2] >> 8 & 31);
    int max_lane = (lane & mask) | (cval & ~mask), min_lane = lane & mask, j;
    bool inside;
    if (form_has(call, "up"))
      j = lane - bval, inside = j >= max_lane;
    else if (form_has(call, "down"))
      j = lane + bval, inside = j <= max_lane;
    else if (form_has(call, "bfly"))
      j = lane ^ bval, inside = j <= max_lane;
    else
      j = min_lane | (bval & ~mask), inside = j <= max_lane;
    if (!inside) j = lane;
    first[lane] = call[j].a[0];
    second[lane] = inside;
  }
}

static void form_vote(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  uint32_t ballot = 0;
  (void)second;
  for (int lane = 0; lane < 32; lane++) ballot |= (uint32_t)(call[lane].a[0] & 1) << lane;
  for (int lane = 0; lane < 32; lane++)
    first[lane] = form_has(call, "all")   ? ballot == ~0u
                  : form_has(call, "any") ? ballot != 0
                  : form_has(call, "uni") ? ballot == 0 || ballot == ~0u
                                          : ballot;
}

static void form_match(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  uint64_t mask = form_ones(call->t->bits);
  for (int lane = 0; lane < 32; lane++) {
    uint32_t same = 0;
    for (int other = 0; other < 32; other++)
      same |= (uint32_t)(((call[other].a[0] ^ call[lane].a[0]) & mask) == 0) << other;
    second[lane] = same == ~0u;
    first[lane] = form_has(call, "any") || same == ~0u ? same : 0;
  }
}

static void form_redux(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  wide r = number(call->t, call[0].a[0]);
  (void)second;
  for (int lane = 1; lane < 32; lane++) {
    wide x = number(call->t, call[lane].a[0]);
    if (form_has(call, "add"))
      r += x;
    else if (form_has(call, "min"))
      r = x < r ? x : r;
    else if (form_has(call, "max"))
      r = x > r ? x : r;
    else if (form_has(call, "and"))
      r &= x;
    else if (form_has(call, "or"))
      r |= x;
    else
      r ^= x;
  }
  for (int lane = 0; lane < 32; lane++) first[lane] = (uint64_t)r;
}

/* .f32: numbers win over NaN, unless .NaN; .abs takes magnitudes. */
static void form_redux_float(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  struct form_call pair = call[0];
  strcpy(pair.word[0], form_has(call, "min") ? "min" : "max");
  uint64_t r = call[0].a[0] & (form_has(call, "abs") ? 0x7fffffff : 0xffffffff);
  (void)second;
  for (int lane = 1; lane < 32; lane++) {
    const uint64_t bits[3] = {r, call[lane].a[0] & 0xffffffff, 0};
    r = min_max_scalar(&pair, format_of(call->t), bits);
  }
  if (isnan(decode(format_of(call->t), r))) r = 0x7fffffff;
  for (int lane = 0; lane < 32; lane++) first[lane] = r;
}

static void form_activemask(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  (void)call;
  (void)second;
  for (int lane = 0; lane < 32; lane++) first[lane] = 0xffffffff;
}

/* One lane is elected, the same for all: here the lowest, as current GPUs do. */
static void form_elect(const struct form_call call[32], uint64_t first[32], uint64_t second[32])
{
  (void)call;
  for (int lane = 0; lane < 32; lane++) first[lane] = 0, second[lane] = lane == 0;
}

#define ALL "0xffffffff"
static const struct form forms_lanes[] = {
    {"shfl.sync.{up,down,bfly,idx}.b32", "r|p=r,n,n", .expect_warp = form_shfl, .tail = ALL},
    {"shfl.sync.idx.b32", "r=r,n,n", .expect_warp = form_shfl, .tail = ALL},
    {"vote.sync.{all,any,uni}.pred", "p=p", .expect_warp = form_vote, .tail = ALL},
    {"vote.sync.ballot.b32", "r=p", .expect_warp = form_vote, .tail = ALL},
    {"match.any.sync.{b32,b64}", "r=t", .expect_warp = form_match, .tail = ALL},
    {"match.all.sync.{b32,b64}", "r|p=t", .expect_warp = form_match, .tail = ALL},
    {"redux.sync.{add,min,max}.{u32,s32}", "r=t", .expect_warp = form_redux, .tail = ALL},
    {"redux.sync.{and,or,xor}.b32", "r=t", .expect_warp = form_redux, .tail = ALL},
    {"redux.sync.{min,max}{.abs,}{.NaN,}.f32", "r=t", .expect_warp = form_redux_float, .tail = ALL},
    {"activemask.b32", "r=", .expect_warp = form_activemask},
    {"elect.sync", "r|p=", .expect_warp = form_elect, .tail = ALL},
};

#endif
