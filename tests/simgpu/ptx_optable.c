/* ptx_optable.c: types, and one row a form of each opcode: which modifiers it takes, in their order, and which operands.
 *
 * Modifiers are items apart by blanks; '?' before one: it may be missing. KIND(a|b|…): one of these words, stored as KIND says:
 *   T type (the next one)   M mode      C comparison   B boolean operation   R rounding   F flag       S state space
 *   D source space          O semantics P scope        V vector or count     H .L2::cache_hint (one operand more)
 *   X a hint without effect here (cache operators, eviction priorities, prefetch sizes, words that repeat what the opcode says)
 *
 * Operands are items apart by blanks, '?' as above:
 *   d s        result, source of type T[0]; d1 s1 …: of T[1]; d:u32 s:u32: of that type; n: any register of at most or at least
 *              that size (ld, st, cvt)
 *   p, !p      predicate result; predicate source, which may be negated
 *   q          a second result after '|' (predicate)
 *   v, w       result, source vector of insn.vector elements, of T[0]
 *   A          address   I  integer constant   L  label   T  branch table   x  any kind (mov)   m  matrix operand
 * A policy operand is added where H matched.
 *
 * Source: PTX ISA 9.0, "Instruction Set", the syntax box of each instruction. Rows are sorted by opcode.
 */
#include <string.h>

#include "ptx_internal.h"

static const struct ptx_type_info type_table[PTX_TYPE_COUNT] = {
    [PTX_TYPE_NONE] = {"none", 0, PTX_CLASS_BITS, 1, PTX_TYPE_NONE},
    [PTX_PRED] = {"pred", 1, PTX_CLASS_PRED, 1, PTX_PRED},
    [PTX_B1] = {"b1", 1, PTX_CLASS_BITS, 1, PTX_B1},
    [PTX_B8] = {"b8", 8, PTX_CLASS_BITS, 1, PTX_B8},
    [PTX_B16] = {"b16", 16, PTX_CLASS_BITS, 1, PTX_B16},
    [PTX_B32] = {"b32", 32, PTX_CLASS_BITS, 1, PTX_B32},
    [PTX_B64] = {"b64", 64, PTX_CLASS_BITS, 1, PTX_B64},
    [PTX_B128] = {"b128", 128, PTX_CLASS_BITS, 1, PTX_B128},
    [PTX_U4] = {"u4", 4, PTX_CLASS_UNSIGNED, 1, PTX_U4},
    [PTX_U8] = {"u8", 8, PTX_CLASS_UNSIGNED, 1, PTX_U8},
    [PTX_U16] = {"u16", 16, PTX_CLASS_UNSIGNED, 1, PTX_U16},
    [PTX_U32] = {"u32", 32, PTX_CLASS_UNSIGNED, 1, PTX_U32},
    [PTX_U64] = {"u64", 64, PTX_CLASS_UNSIGNED, 1, PTX_U64},
    [PTX_S4] = {"s4", 4, PTX_CLASS_SIGNED, 1, PTX_S4},
    [PTX_S8] = {"s8", 8, PTX_CLASS_SIGNED, 1, PTX_S8},
    [PTX_S16] = {"s16", 16, PTX_CLASS_SIGNED, 1, PTX_S16},
    [PTX_S32] = {"s32", 32, PTX_CLASS_SIGNED, 1, PTX_S32},
    [PTX_S64] = {"s64", 64, PTX_CLASS_SIGNED, 1, PTX_S64},
    [PTX_F16] = {"f16", 16, PTX_CLASS_FLOAT, 1, PTX_F16},
    [PTX_F16X2] = {"f16x2", 32, PTX_CLASS_FLOAT, 2, PTX_F16},
    [PTX_BF16] = {"bf16", 16, PTX_CLASS_FLOAT, 1, PTX_BF16},
    [PTX_BF16X2] = {"bf16x2", 32, PTX_CLASS_FLOAT, 2, PTX_BF16},
    [PTX_TF32] = {"tf32", 32, PTX_CLASS_FLOAT, 1, PTX_TF32},
    [PTX_F32] = {"f32", 32, PTX_CLASS_FLOAT, 1, PTX_F32},
    [PTX_F32X2] = {"f32x2", 64, PTX_CLASS_FLOAT, 2, PTX_F32},
    [PTX_F64] = {"f64", 64, PTX_CLASS_FLOAT, 1, PTX_F64},
    [PTX_E4M3] = {"e4m3", 8, PTX_CLASS_FLOAT, 1, PTX_E4M3},
    [PTX_E5M2] = {"e5m2", 8, PTX_CLASS_FLOAT, 1, PTX_E5M2},
    [PTX_E4M3X2] = {"e4m3x2", 16, PTX_CLASS_FLOAT, 2, PTX_E4M3},
    [PTX_E5M2X2] = {"e5m2x2", 16, PTX_CLASS_FLOAT, 2, PTX_E5M2},
    [PTX_E2M1] = {"e2m1", 4, PTX_CLASS_FLOAT, 1, PTX_E2M1},
    [PTX_E2M1X2] = {"e2m1x2", 8, PTX_CLASS_FLOAT, 2, PTX_E2M1},
    [PTX_E2M3] = {"e2m3", 8, PTX_CLASS_FLOAT, 1, PTX_E2M3},
    [PTX_E2M3X2] = {"e2m3x2", 16, PTX_CLASS_FLOAT, 2, PTX_E2M3},
    [PTX_E3M2] = {"e3m2", 8, PTX_CLASS_FLOAT, 1, PTX_E3M2},
    [PTX_E3M2X2] = {"e3m2x2", 16, PTX_CLASS_FLOAT, 2, PTX_E3M2},
    [PTX_UE8M0] = {"ue8m0", 8, PTX_CLASS_FLOAT, 1, PTX_UE8M0},
    [PTX_UE8M0X2] = {"ue8m0x2", 16, PTX_CLASS_FLOAT, 2, PTX_UE8M0},
    [PTX_U16X2] = {"u16x2", 32, PTX_CLASS_UNSIGNED, 2, PTX_U16},
    [PTX_S16X2] = {"s16x2", 32, PTX_CLASS_SIGNED, 2, PTX_S16},
};

const struct ptx_type_info *sim_ptx_type(enum ptx_type type)
{
  return &type_table[type < PTX_TYPE_COUNT ? type : PTX_TYPE_NONE];
}

enum ptx_type sim_ptx_type_find(const char *name, size_t length)
{
  for (int i = 1; i < PTX_TYPE_COUNT; i++) {
    if (strlen(type_table[i].name) == length && memcmp(type_table[i].name, name, length) == 0) return (enum ptx_type)i;
  }
  return PTX_TYPE_NONE;
}

const char *sim_ptx_op_name(enum ptx_op op)
{
  static const char *const names[PTX_OP_COUNT] = {"none",
#define NAME(name) #name,
                                                  PTX_OPCODES(NAME)
#undef NAME
  };
  return op < PTX_OP_COUNT ? names[op] : "?";
}

#define INT    "u16|u32|u64|s16|s32|s64"
#define BITS   "b16|b32|b64"
#define SEM    "?O(relaxed|acquire|release|acq_rel) ?P(cta|cluster|gpu|sys) "
#define SHARED "shared|shared::cta|shared::cluster"
#define L2PRE  "?X(L2::64B|L2::128B|L2::256B) "
#define EVICT                                                                                                          \
  "?X(L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate) "                           \
  "?X(L2::evict_normal|L2::evict_first|L2::evict_last) "
#define HINT    "?H(L2::cache_hint) "
#define LDTYPE  "T(b8|b16|b32|b64|b128|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64)"
#define MOVTYPE "b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64"
#define ORDINAL "b16|b32|b64|u16|u32|u64|s16|s32|s64"
#define CMP     "C(eq|ne|lt|le|gt|ge|lo|ls|hi|hs)"                     /* of integers */
#define FCMP    "C(eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan)" /* of floats */
#define RND4    "R(rn|rz|rm|rp)"
#define MBAR    "?O(release|relaxed) ?P(cta|cluster) ?S(shared|shared::cta) X(b64)"
#define MBARRX  "?O(release|relaxed) ?P(cta|cluster) ?S(" SHARED ") X(b64)"
#define WAITS   "?O(acquire|relaxed) ?P(cta|cluster) ?S(shared|shared::cta) X(b64)"

static const struct ptx_row row_table[] = {
    {"abs", PTX_DO_ABS, "T(s16|s32|s64|f64)", "d s"},
    {"abs", PTX_DO_ABS, "?F(ftz) T(f32|f16|f16x2)", "d s"},
    {"abs", PTX_DO_ABS, "T(bf16|bf16x2)", "d s"},
    {"activemask", PTX_DO_ACTIVEMASK, "T(b32)", "d"},
    {"add", PTX_DO_ADD, "T(" INT "|u16x2|s16x2)", "d s s"},
    {"add", PTX_DO_ADD, "F(sat) T(s32)", "d s s"},
    {"add", PTX_DO_ADD, "F(cc) T(u32|s32|u64|s64)", "d s s"},
    {"add", PTX_DO_ADD, "?" RND4 " ?F(ftz) ?F(sat) T(f32)", "d s s"},
    {"add", PTX_DO_ADD, "?" RND4 " T(f64)", "d s s"},
    {"add", PTX_DO_ADD, "?" RND4 " ?F(ftz) T(f32x2)", "d s s"},
    {"add", PTX_DO_ADD, "?R(rn) ?F(ftz) ?F(sat) T(f16|f16x2)", "d s s"},
    {"add", PTX_DO_ADD, "?" RND4 " ?F(sat) T(f32) T(f16|bf16)", "d s1 s"},
    {"add", PTX_DO_ADD, "?R(rn) T(bf16|bf16x2)", "d s s"},
    {"addc", PTX_DO_ADDC, "?F(cc) T(u32|s32|u64|s64)", "d s s"},
    {"alloca", PTX_DO_ALLOCA, "T(u32|u64)", "d s ?I"},
    {"and", PTX_DO_AND, "T(pred)", "p !p !p"},
    {"and", PTX_DO_AND, "T(" BITS ")", "d s s"},
    {"applypriority", PTX_DO_APPLYPRIORITY, "?S(global) X(L2::evict_normal)", "A I"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(and|or|xor) " HINT "T(b32|b64)", "d A s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(exch) " HINT "T(b32|b64|b128)", "d A s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(cas) " HINT "T(b16|b32|b64|b128)", "d A s s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(add) " HINT "T(u32|s32|u64|f32|f64)", "d A s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(inc|dec) " HINT "T(u32)", "d A s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(min|max) " HINT "T(u32|s32|u64|s64)", "d A s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global|" SHARED ") M(add|min|max) F(noftz) " HINT "T(f16|f16x2|bf16|bf16x2)",
     "d A s"},
    {"atom", PTX_DO_ATOM, SEM "?S(global) M(add) " HINT "V(v2|v4) T(f32)", "v A w"},
    {"atom", PTX_DO_ATOM, SEM "?S(global) M(add|min|max) F(noftz) " HINT "V(v2|v4|v8) T(f16|bf16)", "v A w"},
    {"atom", PTX_DO_ATOM, SEM "?S(global) M(add|min|max) F(noftz) " HINT "V(v2|v4) T(f16x2|bf16x2)", "v A w"},
    {"bar", PTX_DO_BAR_SYNC, "?X(cta) X(sync)", "s:u32 ?s:u32"},
    {"bar", PTX_DO_BAR_ARRIVE, "?X(cta) X(arrive)", "s:u32 s:u32"},
    {"bar", PTX_DO_BAR_RED, "?X(cta) X(red) M(popc) T(u32)", "d s:u32 !p"},
    {"bar", PTX_DO_BAR_RED, "?X(cta) X(red) M(popc) T(u32)", "d s:u32 s:u32 !p"},
    {"bar", PTX_DO_BAR_RED, "?X(cta) X(red) M(and|or) T(pred)", "p s:u32 !p"},
    {"bar", PTX_DO_BAR_RED, "?X(cta) X(red) M(and|or) T(pred)", "p s:u32 s:u32 !p"},
    {"bar", PTX_DO_BAR_WARP, "X(warp) X(sync)", "s:u32"},
    {"barrier", PTX_DO_BAR_SYNC, "?X(cta) X(sync) ?F(aligned)", "s:u32 ?s:u32"},
    {"barrier", PTX_DO_BAR_ARRIVE, "?X(cta) X(arrive) ?F(aligned)", "s:u32 s:u32"},
    {"barrier", PTX_DO_BAR_RED, "?X(cta) X(red) M(popc) ?F(aligned) T(u32)", "d s:u32 !p"},
    {"barrier", PTX_DO_BAR_RED, "?X(cta) X(red) M(popc) ?F(aligned) T(u32)", "d s:u32 s:u32 !p"},
    {"barrier", PTX_DO_BAR_RED, "?X(cta) X(red) M(and|or) ?F(aligned) T(pred)", "p s:u32 !p"},
    {"barrier", PTX_DO_BAR_RED, "?X(cta) X(red) M(and|or) ?F(aligned) T(pred)", "p s:u32 s:u32 !p"},
    {"barrier", PTX_OP_NONE, "X(cluster)", ""},
    {"bfe", PTX_DO_BFE, "T(u32|u64|s32|s64)", "d s s:u32 s:u32"},
    {"bfi", PTX_DO_BFI, "T(b32|b64)", "d s s s:u32 s:u32"},
    {"bfind", PTX_DO_BFIND, "?F(shiftamt) T(u32|u64|s32|s64)", "d:u32 s"},
    {"bmsk", PTX_DO_BMSK, "F(clamp|wrap) T(b32)", "d s:u32 s:u32"},
    {"bra", PTX_DO_BRA, "?F(uni)", "L"},
    {"brev", PTX_DO_BREV, "T(b32|b64)", "d s"},
    {"brkpt", PTX_DO_BRKPT, "", ""},
    {"brx", PTX_DO_BRX, "X(idx) ?F(uni)", "s:u32 T"},
    {"clusterlaunchcontrol", PTX_OP_NONE, "", ""},
    {"clz", PTX_DO_CLZ, "T(b32|b64)", "d:u32 s"},
    {"cnot", PTX_DO_CNOT, "T(" BITS ")", "d s"},
    {"copysign", PTX_DO_COPYSIGN, "T(f32|f64)", "d s s"},
    {"cos", PTX_DO_COS, "F(approx) ?F(ftz) T(f32)", "d s"},
    {"cp", PTX_DO_CP_ASYNC, "X(async) M(ca|cg) S(shared|shared::cta) D(global) " HINT L2PRE, "A A I ?s:u32"},
    {"cp", PTX_DO_CP_ASYNC, "X(async) M(ca|cg) S(shared|shared::cta) D(global) " HINT L2PRE, "A A I !p"},
    {"cp", PTX_DO_CP_ASYNC_COMMIT, "X(async) X(commit_group)", ""},
    {"cp", PTX_DO_CP_ASYNC_WAIT, "X(async) X(wait_group)", "I"},
    {"cp", PTX_DO_CP_ASYNC_WAIT, "X(async) X(wait_all)", ""},
    {"cp", PTX_DO_CP_ASYNC_MBARRIER, "X(async) X(mbarrier) X(arrive) ?F(noinc) ?S(shared|shared::cta) X(b64)", "A"},
    {"cp", PTX_OP_NONE, "X(async) X(bulk)", ""},
    {"cp", PTX_OP_NONE, "X(reduce)", ""},
    {"createpolicy", PTX_DO_CREATEPOLICY,
     "X(fractional) X(L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged) "
     "?X(L2::evict_first|L2::evict_unchanged) X(b64)",
     "d:b64 ?s:f32"},
    {"createpolicy", PTX_DO_CREATEPOLICY,
     "X(range) ?X(global) X(L2::evict_last|L2::evict_normal|L2::evict_first|L2::evict_unchanged) "
     "?X(L2::evict_first|L2::evict_unchanged) X(b64)",
     "d:b64 A s:u32 s:u32"},
    {"createpolicy", PTX_DO_CREATEPOLICY, "X(cvt) X(L2) X(b64)", "d:b64 s:b64"},
    /* To and from integers and between floats; satfinite and pairs below. T[0] result, T[1] source. */
    {"cvt", PTX_DO_CVT,
     "?R(rni|rzi|rmi|rpi) ?F(ftz) ?F(sat) T(u8|u16|u32|u64|s8|s16|s32|s64|f16|f32|f64) "
     "T(u8|u16|u32|u64|s8|s16|s32|s64|f16|f32|f64)",
     "n s1n"},
    {"cvt", PTX_DO_CVT,
     "R(rn|rz|rm|rp) ?F(ftz) ?F(sat) T(f16|f32|f64) T(u8|u16|u32|u64|s8|s16|s32|s64|f16|f32|f64|bf16)", "n s1n"},
    {"cvt", PTX_DO_CVT, "R(rn|rz|rm|rp) T(bf16) T(u8|u16|u32|u64|s8|s16|s32|s64|f16|f64)", "n s1n"},
    {"cvt", PTX_DO_CVT, "R(rm|rp) T(bf16) T(f32)", "d s1"},
    {"cvt", PTX_DO_CVT, "?R(rni|rzi|rmi|rpi) ?F(ftz) ?F(sat) T(f16|f32|f64) T(bf16)", "n s1n"},
    {"cvt", PTX_DO_CVT, "R(rni|rzi|rmi|rpi) ?F(sat) T(u8|u16|u32|u64|s8|s16|s32|s64|bf16) T(bf16)", "n s1n"},
    {"cvt", PTX_DO_CVT, "R(rn|rz) ?F(relu) ?F(satfinite) T(bf16|f16) T(f32)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn|rz) ?F(satfinite) ?F(relu) T(bf16|f16) T(f32)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn|rz) ?F(relu) ?F(satfinite) T(f16x2|bf16x2) T(f32)", "d s1 s1"},
    {"cvt", PTX_DO_CVT, "R(rn|rz) ?F(satfinite) ?F(relu) T(f16x2|bf16x2) T(f32)", "d s1 s1"},
    {"cvt", PTX_DO_CVT, "R(rna) ?F(satfinite) T(tf32) T(f32)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn|rz) ?F(satfinite) ?F(relu) T(tf32) T(f32)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn|rz) ?F(relu) ?F(satfinite) T(tf32) T(f32)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn) F(satfinite) ?F(relu) T(e4m3x2|e5m2x2) T(f32)", "d s1 s1"},
    {"cvt", PTX_DO_CVT, "R(rn) F(satfinite) ?F(relu) T(e4m3x2|e5m2x2) T(f16x2)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn) ?F(relu) T(f16x2) T(e4m3x2|e5m2x2)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn) F(satfinite) ?F(relu) T(e2m1x2|e2m3x2|e3m2x2) T(f32)", "d s1 s1"},
    {"cvt", PTX_DO_CVT, "R(rn) ?F(relu) T(f16x2) T(e2m1x2|e2m3x2|e3m2x2)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rz|rp) ?F(satfinite) T(ue8m0x2) T(f32)", "d s1 s1"},
    {"cvt", PTX_DO_CVT, "R(rz|rp) ?F(satfinite) T(ue8m0x2) T(bf16x2)", "d s1"},
    {"cvt", PTX_DO_CVT, "R(rn) T(bf16x2) T(ue8m0x2)", "d s1"},
    {"cvt", PTX_DO_CVT_PACK, "X(pack) F(sat) T(u16|s16) T(s32)", "d:b32 s1 s1"},
    {"cvt", PTX_DO_CVT_PACK, "X(pack) F(sat) T(u8|s8|u4|s4) T(s32) X(b32)", "d:b32 s1 s1 s:b32"},
    {"cvta", PTX_DO_CVTA, "?F(to) S(global|const|local|param|param::entry|" SHARED ") T(u32|u64)", "d s"},
    {"discard", PTX_DO_DISCARD, "?S(global) X(L2)", "A I"},
    {"div", PTX_DO_DIV, "T(" INT ")", "d s s"},
    {"div", PTX_DO_DIV, "F(approx|full) ?F(ftz) T(f32)", "d s s"},
    {"div", PTX_DO_DIV, RND4 " ?F(ftz) T(f32)", "d s s"},
    {"div", PTX_DO_DIV, RND4 " T(f64)", "d s s"},
    {"dp2a", PTX_DO_DP2A, "M(lo|hi) T(u32|s32) T(u32|s32)", "d:b32 s s1 s:b32"},
    {"dp4a", PTX_DO_DP4A, "T(u32|s32) T(u32|s32)", "d:b32 s s1 s:b32"},
    {"elect", PTX_DO_ELECT, "F(sync)", "d:u32 q s:u32"},
    {"ex2", PTX_DO_EX2, "F(approx) ?F(ftz) T(f32)", "d s"},
    {"ex2", PTX_DO_EX2, "F(approx) T(f16|f16x2)", "d s"},
    {"ex2", PTX_DO_EX2, "F(approx) F(ftz) T(bf16|bf16x2)", "d s"},
    {"exit", PTX_DO_EXIT, "", ""},
    {"fence", PTX_DO_FENCE, "?O(sc|acq_rel|acquire|release) P(cta|cluster|gpu|sys)", ""},
    {"fence", PTX_DO_FENCE_PROXY, "X(proxy) X(alias)", ""},
    {"fence", PTX_DO_FENCE_PROXY, "X(proxy) M(async) ?S(global|" SHARED ")", ""},
    {"fence", PTX_OP_NONE, "X(proxy) X(tensormap::generic)", ""},
    {"fence", PTX_DO_FENCE_MBARRIER_INIT, "X(mbarrier_init) O(release) P(cluster)", ""},
    {"fma", PTX_DO_FMA, RND4 " ?F(ftz) ?F(sat) T(f32)", "d s s s"},
    {"fma", PTX_DO_FMA, RND4 " ?F(ftz) T(f32x2)", "d s s s"},
    {"fma", PTX_DO_FMA, RND4 " T(f64)", "d s s s"},
    {"fma", PTX_DO_FMA, "R(rn) ?F(ftz) ?F(sat) T(f16|f16x2)", "d s s s"},
    {"fma", PTX_DO_FMA, RND4 " ?F(sat) T(f32) T(f16|bf16)", "d s1 s1 s"},
    {"fma", PTX_DO_FMA, "R(rn) ?F(ftz) F(relu) T(f16|f16x2)", "d s s s"},
    {"fma", PTX_DO_FMA, "R(rn) ?F(relu) T(bf16|bf16x2)", "d s s s"},
    {"fma", PTX_OP_NONE, "X(rn) X(oob)", ""}, /* which bits an out-of-bounds NaN has is not documented */
    {"fns", PTX_DO_FNS, "T(b32)", "d s:u32 s:u32 s:s32"},
    {"getctarank", PTX_OP_NONE, "", ""},
    {"griddepcontrol", PTX_DO_GRIDDEP, "M(launch_dependents|wait)", ""},
    {"isspacep", PTX_DO_ISSPACEP, "S(const|global|local|param|param::entry|" SHARED ")", "p s:u64"},
    {"istypep", PTX_OP_NONE, "", ""},
    {"ld", PTX_DO_LD,
     "?O(weak|relaxed|acquire|volatile) ?P(cta|cluster|gpu|sys) "
     "?S(const|global|local|param|param::entry|param::func|" SHARED ") ?X(ca|cg|cs|lu|cv) ?F(nc) " EVICT HINT L2PRE
     "?V(v2|v4|v8) " LDTYPE,
     "v A"},
    {"ld", PTX_OP_NONE, "X(mmio)", ""},
    {"ldmatrix", PTX_DO_LDMATRIX, "F(sync) F(aligned) M(m8n8) V(x1|x2|x4) ?F(trans) ?S(shared|shared::cta) T(b16)",
     "m A"},
    {"ldmatrix", PTX_DO_LDMATRIX, "F(sync) F(aligned) V(x1|x2|x4) M(m8n8) ?F(trans) ?S(shared|shared::cta) T(b16)",
     "m A"}, /* CUTLASS's order */
    {"ldmatrix", PTX_OP_NONE, "X(sync) X(aligned) X(m16n16|m8n16)", ""},
    {"ldu", PTX_DO_LDU, "?S(global) ?V(v2|v4) " LDTYPE, "v A"},
    {"lg2", PTX_DO_LG2, "F(approx) ?F(ftz) T(f32)", "d s"},
    {"lop3", PTX_DO_LOP3, "T(b32)", "d s s s I"},
    {"lop3", PTX_DO_LOP3, "B(or|and) T(b32)", "d q s s s I !p"},
    {"mad", PTX_DO_MAD, "M(lo|hi) T(" INT ")", "d s s s"},
    {"mad", PTX_DO_MAD, "M(wide) T(u16|u32|s16|s32)", "dw s s sw"},
    {"mad", PTX_DO_MAD, "M(hi) F(sat) T(s32)", "d s s s"},
    {"mad", PTX_DO_MAD, "M(lo|hi) F(cc) T(u32|s32|u64|s64)", "d s s s"},
    {"mad", PTX_DO_FMA, "?" RND4 " ?F(ftz) ?F(sat) T(f32)", "d s s s"},
    {"mad", PTX_DO_FMA, RND4 " T(f64)", "d s s s"},
    {"mad24", PTX_DO_MAD24, "M(lo|hi) T(u32|s32)", "d s s s"},
    {"mad24", PTX_DO_MAD24, "M(hi) F(sat) T(s32)", "d s s s"},
    {"madc", PTX_DO_MADC, "M(lo|hi) ?F(cc) T(u32|s32|u64|s64)", "d s s s"},
    {"mapa", PTX_OP_NONE, "", ""},
    {"match", PTX_DO_MATCH, "M(any) F(sync) T(b32|b64)", "d:b32 s s:u32"},
    {"match", PTX_DO_MATCH, "M(all) F(sync) T(b32|b64)", "d:b32 ?q s s:u32"},
    {"max", PTX_DO_MAX, "T(" INT "|u16x2|s16x2)", "d s s"},
    {"max", PTX_DO_MAX, "F(relu) T(s32|s16x2)", "d s s"},
    {"max", PTX_DO_MAX, "T(s32|s16x2) F(relu)", "d s s"}, /* as nvcc writes it */
    {"max", PTX_DO_MAX, "?F(ftz) ?F(NaN) T(f32|f16|f16x2|bf16|bf16x2)", "d s s"},
    {"max", PTX_DO_MAX, "?F(ftz) ?F(NaN) F(xorsign) X(abs) T(f32|f16|f16x2|bf16|bf16x2)", "d s s"},
    {"max", PTX_DO_MAX, "?F(ftz) ?F(NaN) ?F(abs) T(f32)", "d s s s"},
    {"max", PTX_DO_MAX, "T(f64)", "d s s"},
    {"mbarrier", PTX_DO_MBARRIER_INIT, "X(init) ?S(shared|shared::cta) X(b64)", "A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_INVAL, "X(inval) ?S(shared|shared::cta) X(b64)", "A"},
    {"mbarrier", PTX_DO_MBARRIER_ARRIVE, "X(arrive) " MBAR, "d:b64 A ?s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_ARRIVE, "X(arrive) F(expect_tx) " MBAR, "d:b64 A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_ARRIVE, "X(arrive) F(noComplete) " MBAR, "d:b64 A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_ARRIVE_DROP, "X(arrive_drop) " MBAR, "d:b64 A ?s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_ARRIVE_DROP, "X(arrive_drop) F(expect_tx) " MBAR, "d:b64 A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_ARRIVE_DROP, "X(arrive_drop) F(noComplete) " MBAR, "d:b64 A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_EXPECT_TX, "X(expect_tx) ?O(relaxed) ?P(cta|cluster) ?S(" SHARED ") X(b64)",
     "A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_COMPLETE_TX, "X(complete_tx) ?O(relaxed) ?P(cta|cluster) ?S(" SHARED ") X(b64)",
     "A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_PENDING_COUNT, "X(pending_count) X(b64)", "d:u32 s:b64"},
    {"mbarrier", PTX_DO_MBARRIER_TEST_WAIT, "X(test_wait) " WAITS, "p A s:b64"},
    {"mbarrier", PTX_DO_MBARRIER_TEST_WAIT, "X(test_wait) F(parity) " WAITS, "p A s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_TRY_WAIT, "X(try_wait) " WAITS, "p A s:b64 ?s:u32"},
    {"mbarrier", PTX_DO_MBARRIER_TRY_WAIT, "X(try_wait) F(parity) " WAITS, "p A s:u32 ?s:u32"},
    {"membar", PTX_DO_FENCE, "P(cta|gl|sys)", ""},
    {"membar", PTX_DO_FENCE_PROXY, "X(proxy) X(alias)", ""},
    {"min", PTX_DO_MIN, "T(" INT "|u16x2|s16x2)", "d s s"},
    {"min", PTX_DO_MIN, "F(relu) T(s32|s16x2)", "d s s"},
    {"min", PTX_DO_MIN, "T(s32|s16x2) F(relu)", "d s s"}, /* as nvcc writes it */
    {"min", PTX_DO_MIN, "?F(ftz) ?F(NaN) T(f32|f16|f16x2|bf16|bf16x2)", "d s s"},
    {"min", PTX_DO_MIN, "?F(ftz) ?F(NaN) F(xorsign) X(abs) T(f32|f16|f16x2|bf16|bf16x2)", "d s s"},
    {"min", PTX_DO_MIN, "?F(ftz) ?F(NaN) ?F(abs) T(f32)", "d s s s"},
    {"min", PTX_DO_MIN, "T(f64)", "d s s"},
    {"mma", PTX_DO_MMA, "", ""}, /* ptx_decode_matrix.c */
    {"mov", PTX_DO_MOV, "T(pred|b128|" MOVTYPE "|f16|bf16)", "x x"},
    {"movmatrix", PTX_DO_MOVMATRIX, "F(sync) F(aligned) M(m8n8) F(trans) T(b16)", "d:b32 s:b32"},
    {"mul", PTX_DO_MUL, "M(lo|hi) T(" INT ")", "d s s"},
    {"mul", PTX_DO_MUL, "M(wide) T(u16|u32|s16|s32)", "dw s s"},
    {"mul", PTX_DO_MUL, "?" RND4 " ?F(ftz) ?F(sat) T(f32)", "d s s"},
    {"mul", PTX_DO_MUL, "?" RND4 " ?F(ftz) T(f32x2)", "d s s"},
    {"mul", PTX_DO_MUL, "?" RND4 " T(f64)", "d s s"},
    {"mul", PTX_DO_MUL, "?R(rn) ?F(ftz) ?F(sat) T(f16|f16x2)", "d s s"},
    {"mul", PTX_DO_MUL, "?R(rn) T(bf16|bf16x2)", "d s s"},
    {"mul24", PTX_DO_MUL24, "M(lo|hi) T(u32|s32)", "d s s"},
    {"multimem", PTX_OP_NONE, "", ""},
    {"nanosleep", PTX_DO_NANOSLEEP, "T(u32)", "s"},
    {"neg", PTX_DO_NEG, "T(s16|s32|s64|f64)", "d s"},
    {"neg", PTX_DO_NEG, "?F(ftz) T(f32|f16|f16x2)", "d s"},
    {"neg", PTX_DO_NEG, "T(bf16|bf16x2)", "d s"},
    {"not", PTX_DO_NOT, "T(pred)", "p !p"},
    {"not", PTX_DO_NOT, "T(" BITS ")", "d s"},
    {"or", PTX_DO_OR, "T(pred)", "p !p !p"},
    {"or", PTX_DO_OR, "T(" BITS ")", "d s s"},
    {"pmevent", PTX_DO_PMEVENT, "?X(mask)", "I"},
    {"popc", PTX_DO_POPC, "T(b32|b64)", "d:u32 s"},
    {"prefetch", PTX_DO_PREFETCH, "?S(global|local) X(L1|L2)", "A"},
    {"prefetch", PTX_DO_PREFETCH, "S(global) X(L2::evict_last|L2::evict_normal)", "A"},
    {"prefetch", PTX_OP_NONE, "?S(const|param|generic) X(tensormap)", ""},
    {"prefetchu", PTX_DO_PREFETCH, "X(L1)", "A"},
    {"prmt", PTX_DO_PRMT, "T(b32) ?M(f4e|b4e|rc8|ecl|ecr|rc16)", "d s s s:u32"},
    {"rcp", PTX_DO_RCP, "F(approx) ?F(ftz) T(f32)", "d s"},
    {"rcp", PTX_DO_RCP, RND4 " ?F(ftz) T(f32)", "d s"},
    {"rcp", PTX_DO_RCP, RND4 " T(f64)", "d s"},
    {"rcp", PTX_DO_RCP, "F(approx) F(ftz) T(f64)", "d s"},
    {"red", PTX_DO_RED, SEM "?S(global|" SHARED ") M(and|or|xor) " HINT "T(b32|b64)", "A s"},
    {"red", PTX_DO_RED, SEM "?S(global|" SHARED ") M(add) " HINT "T(u32|s32|u64|f32|f64)", "A s"},
    {"red", PTX_DO_RED, SEM "?S(global|" SHARED ") M(inc|dec) " HINT "T(u32)", "A s"},
    {"red", PTX_DO_RED, SEM "?S(global|" SHARED ") M(min|max) " HINT "T(u32|s32|u64|s64)", "A s"},
    {"red", PTX_DO_RED, SEM "?S(global|" SHARED ") M(add|min|max) F(noftz) " HINT "T(f16|f16x2|bf16|bf16x2)", "A s"},
    {"red", PTX_DO_RED, SEM "?S(global) M(add) " HINT "V(v2|v4) T(f32)", "A w"},
    {"red", PTX_DO_RED, SEM "?S(global) M(add|min|max) F(noftz) " HINT "V(v2|v4|v8) T(f16|bf16)", "A w"},
    {"red", PTX_DO_RED, SEM "?S(global) M(add|min|max) F(noftz) " HINT "V(v2|v4) T(f16x2|bf16x2)", "A w"},
    {"red", PTX_OP_NONE, "X(async)", ""},
    {"redux", PTX_DO_REDUX, "F(sync) M(add|min|max) T(u32|s32)", "d s s:u32"},
    {"redux", PTX_DO_REDUX, "F(sync) M(and|or|xor) T(b32)", "d s s:u32"},
    {"redux", PTX_DO_REDUX, "F(sync) M(min|max) ?F(abs) ?F(NaN) T(f32)", "d s s:u32"},
    {"rem", PTX_DO_REM, "T(" INT ")", "d s s"},
    {"ret", PTX_DO_RET, "?F(uni)", ""},
    {"rsqrt", PTX_DO_RSQRT, "F(approx) ?F(ftz) T(f32|f64)", "d s"},
    {"sad", PTX_DO_SAD, "T(" INT ")", "d s s s"},
    {"selp", PTX_DO_SELP, "T(" MOVTYPE ")", "d s s !p"},
    {"set", PTX_DO_SET, CMP " T(u32|s32|f32) T(" ORDINAL ")", "d s1 s1"},
    {"set", PTX_DO_SET, CMP " B(and|or|xor) T(u32|s32|f32) T(" ORDINAL ")", "d s1 s1 !p"},
    {"set", PTX_DO_SET, FCMP " ?F(ftz) T(u32|s32|f32) T(f32|f64)", "d s1 s1"},
    {"set", PTX_DO_SET, FCMP " B(and|or|xor) ?F(ftz) T(u32|s32|f32) T(f32|f64)", "d s1 s1 !p"},
    {"set", PTX_DO_SET, FCMP " ?F(ftz) T(f16|bf16|u16|s16|u32|s32|f32|f16x2|bf16x2) T(f16|bf16|f16x2|bf16x2)",
     "d s1 s1"},
    {"set", PTX_DO_SET,
     FCMP " B(and|or|xor) ?F(ftz) T(f16|bf16|u16|s16|u32|s32|f32|f16x2|bf16x2) T(f16|bf16|f16x2|bf16x2)", "d s1 s1 !p"},
    {"setmaxnreg", PTX_OP_NONE, "", ""},
    {"setp", PTX_DO_SETP, CMP " T(" ORDINAL ")", "p ?q s s"},
    {"setp", PTX_DO_SETP, CMP " B(and|or|xor) T(" ORDINAL ")", "p ?q s s !p"},
    {"setp", PTX_DO_SETP, FCMP " ?F(ftz) T(f32|f64|f16|bf16|f16x2|bf16x2)", "p ?q s s"},
    {"setp", PTX_DO_SETP, FCMP " B(and|or|xor) ?F(ftz) T(f32|f64|f16|bf16|f16x2|bf16x2)", "p ?q s s !p"},
    {"shf", PTX_DO_SHF, "M(l|r) F(clamp|wrap) T(b32)", "d s s s:u32"},
    {"shfl", PTX_DO_SHFL, "F(sync) M(up|down|bfly|idx) T(b32)", "d ?q s s:u32 s:u32 s:u32"},
    {"shl", PTX_DO_SHL, "T(" BITS ")", "d s s:u32"},
    {"shr", PTX_DO_SHR, "T(" BITS "|" INT ")", "d s s:u32"},
    {"sin", PTX_DO_SIN, "F(approx) ?F(ftz) T(f32)", "d s"},
    {"slct", PTX_DO_SLCT, "T(" MOVTYPE ") T(s32)", "d s s s1"},
    {"slct", PTX_DO_SLCT, "?F(ftz) T(" MOVTYPE ") T(f32)", "d s s s1"},
    {"sqrt", PTX_DO_SQRT, "F(approx) ?F(ftz) T(f32)", "d s"},
    {"sqrt", PTX_DO_SQRT, RND4 " ?F(ftz) T(f32)", "d s"},
    {"sqrt", PTX_DO_SQRT, RND4 " T(f64)", "d s"},
    {"st", PTX_DO_ST,
     "?O(weak|relaxed|release|volatile) ?P(cta|cluster|gpu|sys) ?S(global|local|param|param::func|" SHARED
     ") ?X(wb|cg|cs|wt) " EVICT HINT "?V(v2|v4|v8) " LDTYPE,
     "A w"},
    {"st", PTX_OP_NONE, "X(async|bulk|mmio)", ""},
    {"stackrestore", PTX_DO_STACKRESTORE, "T(u32|u64)", "s"},
    {"stacksave", PTX_DO_STACKSAVE, "T(u32|u64)", "d"},
    {"stmatrix", PTX_DO_STMATRIX, "F(sync) F(aligned) M(m8n8) V(x1|x2|x4) ?F(trans) ?S(shared|shared::cta) T(b16)",
     "A m"},
    {"stmatrix", PTX_DO_STMATRIX, "F(sync) F(aligned) V(x1|x2|x4) M(m8n8) ?F(trans) ?S(shared|shared::cta) T(b16)",
     "A m"}, /* CUTLASS's order */
    {"stmatrix", PTX_OP_NONE, "X(sync) X(aligned) X(m16n8)", ""},
    {"sub", PTX_DO_SUB, "T(" INT ")", "d s s"},
    {"sub", PTX_DO_SUB, "F(sat) T(s32)", "d s s"},
    {"sub", PTX_DO_SUB, "F(cc) T(u32|s32|u64|s64)", "d s s"},
    {"sub", PTX_DO_SUB, "?" RND4 " ?F(ftz) ?F(sat) T(f32)", "d s s"},
    {"sub", PTX_DO_SUB, "?" RND4 " T(f64)", "d s s"},
    {"sub", PTX_DO_SUB, "?" RND4 " ?F(ftz) T(f32x2)", "d s s"},
    {"sub", PTX_DO_SUB, "?R(rn) ?F(ftz) ?F(sat) T(f16|f16x2)", "d s s"},
    {"sub", PTX_DO_SUB, "?" RND4 " ?F(sat) T(f32) T(f16|bf16)", "d s1 s"},
    {"sub", PTX_DO_SUB, "?R(rn) T(bf16|bf16x2)", "d s s"},
    {"subc", PTX_DO_SUBC, "?F(cc) T(u32|s32|u64|s64)", "d s s"},
    {"suld", PTX_OP_NONE, "", ""},
    {"suq", PTX_OP_NONE, "", ""},
    {"sured", PTX_OP_NONE, "", ""},
    {"sust", PTX_OP_NONE, "", ""},
    {"szext", PTX_DO_SZEXT, "F(clamp|wrap) T(u32|s32)", "d s s:u32"},
    {"tanh", PTX_DO_TANH, "F(approx) T(f32|f16|f16x2|bf16|bf16x2)", "d s"},
    {"tcgen05", PTX_OP_NONE, "", ""},
    {"tensormap", PTX_OP_NONE, "", ""},
    {"testp", PTX_DO_TESTP, "M(finite|infinite|number|notanumber|normal|subnormal) T(f32|f64)", "p s"},
    {"tex", PTX_OP_NONE, "", ""},
    {"tld4", PTX_OP_NONE, "", ""},
    {"trap", PTX_DO_TRAP, "", ""},
    {"txq", PTX_OP_NONE, "", ""},
    {"vabsdiff", PTX_OP_NONE, "", ""},
    {"vabsdiff2", PTX_OP_NONE, "", ""},
    {"vabsdiff4", PTX_DO_VABSDIFF4, "T(u32|s32) T(u32|s32) T(u32|s32) ?F(sat)", "d:b32 s:b32 s:b32 s:b32"},
    {"vabsdiff4", PTX_DO_VABSDIFF4, "T(u32|s32) T(u32|s32) T(u32|s32) M(add)", "d:b32 s:b32 s:b32 s:b32"},
    {"vadd", PTX_OP_NONE, "", ""},
    {"vadd2", PTX_OP_NONE, "", ""},
    {"vadd4", PTX_OP_NONE, "", ""},
    {"vmad", PTX_OP_NONE, "", ""},
    {"vmax", PTX_OP_NONE, "", ""},
    {"vmin", PTX_OP_NONE, "", ""},
    {"vote", PTX_DO_VOTE, "F(sync) M(all|any|uni) T(pred)", "p !p s:u32"},
    {"vote", PTX_DO_VOTE, "F(sync) M(ballot) T(b32)", "d !p s:u32"},
    {"vset", PTX_OP_NONE, "", ""},
    {"vshl", PTX_OP_NONE, "", ""},
    {"vshr", PTX_OP_NONE, "", ""},
    {"vsub", PTX_OP_NONE, "", ""},
    {"wgmma", PTX_OP_NONE, "", ""},
    {"wmma", PTX_OP_NONE, "", ""},
    {"xor", PTX_DO_XOR, "T(pred)", "p !p !p"},
    {"xor", PTX_DO_XOR, "T(" BITS ")", "d s s"},
};
#define ROW_COUNT (sizeof row_table / sizeof row_table[0])

const struct ptx_row *sim_ptx_row_at(uint32_t index)
{
  return index < ROW_COUNT ? &row_table[index] : NULL;
}

static int compare_name(const char *name, size_t length, const char *row)
{
  int order = strncmp(name, row, length);
  return order != 0 ? order : row[length] != '\0' ? -1 : 0;
}

const struct ptx_row *sim_ptx_rows(const char *name, size_t length, uint32_t *count)
{
  size_t low = 0, high = ROW_COUNT;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (compare_name(name, length, row_table[middle].name) > 0)
      low = middle + 1;
    else
      high = middle;
  }
  *count = 0;
  while (low + *count < ROW_COUNT && compare_name(name, length, row_table[low + *count].name) == 0) (*count)++;
  return *count > 0 ? &row_table[low] : NULL;
}
