/* forms_integer.h: integer arithmetic, logic, shifts, bit fields, comparisons. From PTX ISA 9.0, "Integer Arithmetic Instructions" to
 * "Logic and Shift Instructions". */
#ifndef SIMGPU_FORMS_INTEGER_H
#define SIMGPU_FORMS_INTEGER_H

#include "test_forms.h"

typedef __int128 wide;

static wide number(const struct form_type *type, uint64_t value)
{
  value &= form_ones(type->bits);
  return type->class == FORM_SIGNED ? (wide)form_signed(value, type->bits) : (wide)value;
}

static wide clamp_s32(wide value)
{
  return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
}

/* A product of two 64-bit numbers needs all 128 bits, and a sum of it may need one more: modulo 2^128. */
static wide times(wide x, wide y)
{
  return (wide)((unsigned __int128)x * (unsigned __int128)y);
}
static wide plus(wide x, wide y)
{
  return (wide)((unsigned __int128)x + (unsigned __int128)y);
}

/* The part of a product that .lo, .hi, .wide mean. */
static wide part(const struct form_call *c, wide product)
{
  return form_has(c, "hi") ? product >> c->t->bits : product;
}

static wide arithmetic(const struct form_call *c, wide x, wide y, wide z)
{
  const char *op = c->word[0];
  if (strcmp(op, "add") == 0) return x + y;
  if (strcmp(op, "sub") == 0) return x - y;
  if (strcmp(op, "mul") == 0) return part(c, times(x, y));
  if (strcmp(op, "mad") == 0) return plus(part(c, times(x, y)), z);
  if (strcmp(op, "div") == 0) return x / y;
  if (strcmp(op, "rem") == 0) return x % y;
  if (strcmp(op, "abs") == 0) return x < 0 ? -x : x;
  if (strcmp(op, "neg") == 0) return -x;
  if (strcmp(op, "min") == 0) return x < y ? x : y;
  if (strcmp(op, "max") == 0) return x > y ? x : y;
  return (x < y ? y - x : x - y) + z; /* sad */
}

static uint64_t form_arithmetic(const struct form_call *c, uint64_t *second)
{
  (void)second;
  /* mad.wide adds a number of twice the width. */
  struct form_type sum = {"", form_has(c, "wide") ? 2 * c->t->bits : c->t->bits, c->t->class};
  wide r = arithmetic(c, number(c->t, c->a[0]), number(c->t, c->a[1]), number(&sum, c->a[2]));
  if (form_has(c, "sat")) r = clamp_s32(r);
  if (form_has(c, "relu") && r < 0) r = 0;
  return (uint64_t)r;
}

/* Two of 16 bits. */
static uint64_t form_pairs(const struct form_call *c, uint64_t *second)
{
  (void)second;
  const struct form_type half = {"", 16, c->t->class};
  uint64_t r = 0;
  for (int at = 0; at < 32; at += 16) {
    wide x = arithmetic(c, number(&half, c->a[0] >> at), number(&half, c->a[1] >> at), 0);
    if (form_has(c, "relu") && x < 0) x = 0;
    r |= ((uint64_t)x & 0xffff) << at;
  }
  return r;
}

/* Sources: a, b, (c of mad), then CC.CF where the opcode reads it. */
static uint64_t form_carry(const struct form_call *c, uint64_t *second)
{
  typedef unsigned __int128 uwide;
  bool mad = strncmp(c->word[0], "mad", 3) == 0, sub = strncmp(c->word[0], "sub", 3) == 0;
  bool reads = strlen(c->word[0]) == 4; /* addc subc madc */
  uint64_t mask = form_ones(c->t->bits), in = reads ? c->a[mad ? 3 : 2] & 1 : 0;
  uint64_t x = c->a[0] & mask, y = c->a[1] & mask;
  if (mad) {
    x = (uint64_t)(form_has(c, "hi") ? times(number(c->t, c->a[0]), number(c->t, c->a[1])) >> c->t->bits
                                     : (wide)(c->a[0] * c->a[1])) &
        mask;
    y = c->a[2] & mask;
  }
  uwide sum = sub ? (uwide)x - y - in : (uwide)x + y + in;
  *second = (uint64_t)(sum >> c->t->bits) & 1;
  return (uint64_t)sum;
}

static uint64_t form_mul24(const struct form_call *c, uint64_t *second)
{
  (void)second;
  const struct form_type low = {"", 24, c->t->class};
  wide product = number(&low, c->a[0]) * number(&low, c->a[1]);
  wide r = form_has(c, "hi") ? product >> 16 : product;
  r = number(c->t, (uint64_t)r); /* 32 of the 48 bits */
  if (strcmp(c->word[0], "mad24") == 0) r += number(c->t, c->a[2]);
  return (uint64_t)(form_has(c, "sat") ? clamp_s32(r) : r);
}

static int64_t piece(uint64_t value, int at, uint32_t bits, const struct form_type *type)
{
  struct form_type small = {"", bits, type->class};
  return (int64_t)number(&small, value >> at);
}

static uint64_t form_dot(const struct form_call *c, uint64_t *second)
{
  (void)second;
  int64_t sum = (int32_t)c->a[2];
  if (strcmp(c->word[0], "dp4a") == 0) {
    for (int i = 0; i < 4; i++) sum += piece(c->a[0], 8 * i, 8, c->t) * piece(c->a[1], 8 * i, 8, c->u);
  } else {
    int from = form_has(c, "hi") ? 16 : 0;
    for (int i = 0; i < 2; i++) sum += piece(c->a[0], 16 * i, 16, c->t) * piece(c->a[1], from + 8 * i, 8, c->u);
  }
  return (uint64_t)sum;
}

static uint64_t form_vabsdiff4(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint64_t packed = 0, sum = c->a[2];
  for (int at = 0; at < 32; at += 8) {
    int64_t d = piece(c->a[0], at, 8, c->u) - piece(c->a[1], at, 8, c->v);
    if (d < 0) d = -d;
    int64_t most = c->t->class == FORM_SIGNED ? 127 : 255;
    if (form_has(c, "sat") && d > most) d = most;
    packed |= ((uint64_t)d & 0xff) << at;
    sum += (uint64_t)d;
  }
  return form_has(c, "add") ? sum : packed;
}

static uint64_t form_logic(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint64_t a = c->a[0] & form_ones(c->t->bits), b = c->a[1];
  if (strcmp(c->word[0], "and") == 0) return a & b;
  if (strcmp(c->word[0], "or") == 0) return a | b;
  if (strcmp(c->word[0], "xor") == 0) return a ^ b;
  if (strcmp(c->word[0], "not") == 0) return ~a;
  return a == 0; /* cnot */
}

static uint64_t form_shift(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint64_t count = c->a[1] & 0xffffffff, n = count > c->t->bits ? c->t->bits : count;
  if (strcmp(c->word[0], "shl") == 0) return n >= 64 ? 0 : c->a[0] << n;
  if (c->t->class == FORM_SIGNED) return (uint64_t)(number(c->t, c->a[0]) >> n);
  return (uint64_t)((unsigned __int128)(c->a[0] & form_ones(c->t->bits)) >> n);
}

static uint64_t form_shf(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint64_t both = c->a[1] << 32 | (c->a[0] & 0xffffffff), n = c->a[2] & 0xffffffff;
  n = form_has(c, "wrap") ? n & 31 : n > 32 ? 32 : n;
  return form_has(c, "l") ? both << n >> 32 : both >> n;
}

static uint64_t form_bfe(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t msb = c->t->bits - 1, pos = c->a[1] & 0xff, len = c->a[2] & 0xff;
  uint32_t last = pos + len - 1 < msb ? pos + len - 1 : msb;
  uint64_t sign = c->t->class == FORM_SIGNED && len > 0 ? c->a[0] >> last & 1 : 0, r = 0;
  for (uint32_t i = 0; i <= msb; i++) r |= (i < len && pos + i <= msb ? c->a[0] >> (pos + i) & 1 : sign) << i;
  return r;
}

static uint64_t form_bfi(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t msb = c->t->bits - 1, pos = c->a[2] & 0xff, len = c->a[3] & 0xff;
  uint64_t f = c->a[1];
  for (uint32_t i = 0; i < len && pos + i <= msb; i++) f = (f & ~(1ull << (pos + i))) | (c->a[0] >> i & 1) << (pos + i);
  return f;
}

static uint64_t form_bfind(const struct form_call *c, uint64_t *second)
{
  (void)second;
  int msb = (int)c->t->bits - 1;
  wide x = number(c->t, c->a[0]);
  uint64_t a = (uint64_t)(x < 0 ? ~x : x) & form_ones(c->t->bits);
  for (int i = msb; i >= 0; i--)
    if ((a >> i & 1) != 0) return (uint64_t)(form_has(c, "shiftamt") ? msb - i : i);
  return 0xffffffff;
}

static uint64_t form_count(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t bits = c->t->bits, ones = 0, leading = 0;
  uint64_t reversed = 0;
  bool seen = false;
  for (uint32_t i = bits; i-- > 0;) {
    uint64_t bit = c->a[0] >> i & 1;
    ones += (uint32_t)bit;
    seen = seen || bit != 0;
    leading += !seen;
    reversed |= bit << (bits - 1 - i);
  }
  return strcmp(c->word[0], "popc") == 0 ? ones : strcmp(c->word[0], "clz") == 0 ? leading : reversed;
}

static uint64_t form_bmsk(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t a = (uint32_t)c->a[0], b = (uint32_t)c->a[1], a1 = a & 31, b1 = b & 31, sum = a1 + b1;
  uint32_t mask0 = ~0u << a1, mask1 = sum >= 32 ? 0 : ~0u << sum;
  bool clamp = form_has(c, "clamp"), position_over = clamp && a >= 32, width_over = clamp && b >= 32;
  if (position_over) mask0 = 0;
  if (sum >= 32 || position_over || width_over)
    mask1 = 0;
  else if (b1 == 0)
    mask1 = ~0u;
  return mask0 & ~mask1;
}

static uint64_t form_szext(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t a = (uint32_t)c->a[0], b1 = c->a[1] & 31;
  bool too_large = form_has(c, "clamp") && (uint32_t)c->a[1] >= 32;
  uint32_t above = too_large ? 0 : ~0u << b1; /* the bits that are extended into */
  bool sign = b1 != 0 && !too_large && c->t->class == FORM_SIGNED && (a >> (b1 - 1) & 1) != 0;
  return (a & ~above) | (sign ? above : 0);
}

/* The base is a bit number. */
static uint64_t form_fns(const struct form_call *c, uint64_t *second)
{
  (void)second;
  uint32_t mask = (uint32_t)c->a[0];
  int base = (int)(c->a[1] & 31), offset = (int32_t)c->a[2];
  if (offset == 0) return (mask >> base & 1) != 0 ? (uint64_t)base : 0xffffffff;
  int64_t count = (offset < 0 ? -(int64_t)offset : offset) - 1;
  for (int pos = base; pos >= 0 && pos<32; pos += offset> 0 ? 1 : -1)
    if ((mask >> pos & 1) != 0 && count-- == 0) return (uint64_t)pos;
  return 0xffffffff;
}

static uint64_t form_prmt(const struct form_call *c, uint64_t *second)
{
  (void)second;
  static const char *const modes[] = {"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
  /* By selector 0..3: the source of bytes 3, 2, 1, 0, as the ISA's table has it. */
  static const uint16_t table[6][4] = {{0x3210, 0x4321, 0x5432, 0x6543}, {0x5670, 0x6701, 0x7012, 0x0123},
                                       {0x0000, 0x1111, 0x2222, 0x3333}, {0x3210, 0x3211, 0x3222, 0x3333},
                                       {0x0000, 0x1110, 0x2210, 0x3210}, {0x1010, 0x3232, 0x1010, 0x3232}};
  uint64_t bytes = c->a[1] << 32 | (c->a[0] & 0xffffffff), selector = c->a[2] & 0xffff, r = 0;
  bool generic = true;
  for (int m = 0; m < 6; m++) {
    if (!form_has(c, modes[m])) continue;
    selector = table[m][c->a[2] & 3];
    generic = false;
  }
  for (int i = 0; i < 4; i++) {
    uint64_t s = selector >> 4 * i & 15, byte = bytes >> 8 * (s & 7) & 0xff;
    if (generic && s >= 8) byte = (byte & 0x80) != 0 ? 0xff : 0;
    r |= byte << 8 * i;
  }
  return r;
}

static uint64_t form_lop3(const struct form_call *c, uint64_t *second)
{
  uint64_t r = 0;
  for (int i = 0; i < 32; i++) {
    uint64_t index = (c->a[0] >> i & 1) << 2 | (c->a[1] >> i & 1) << 1 | (c->a[2] >> i & 1);
    r |= ((uint64_t)c->tail >> index & 1) << i;
  }
  *second = form_has(c, "or") ? r != 0 || (c->a[3] & 1) : r != 0 && (c->a[3] & 1);
  return r;
}

static bool compare(const struct form_call *c, wide x, wide y)
{
  static const char *const names[] = {"eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs"};
  bool holds[] = {x == y, x != y, x<y, x <= y, x> y, x >= y, x<y, x <= y, x> y, x >= y};
  for (int i = 0; i < 10; i++)
    if (strcmp(c->word[1], names[i]) == 0) return holds[i];
  return false;
}

static bool combine(const struct form_call *c, bool holds, bool other)
{
  if (form_has(c, "and")) return holds && other;
  if (form_has(c, "or")) return holds || other;
  if (form_has(c, "xor")) return holds != other;
  return holds;
}

static uint64_t form_setp(const struct form_call *c, uint64_t *second)
{
  bool holds = compare(c, number(c->t, c->a[0]), number(c->t, c->a[1]));
  *second = combine(c, !holds, c->a[2] & 1);
  return combine(c, holds, c->a[2] & 1);
}

/* true is all ones of an integer, 1.0 of a float. */
static uint64_t form_set(const struct form_call *c, uint64_t *second)
{
  (void)second;
  bool holds = combine(c, compare(c, number(c->u, c->a[0]), number(c->u, c->a[1])), c->a[2] & 1);
  return !holds ? 0 : c->t->class == FORM_FLOAT ? 0x3f800000 : UINT64_MAX;
}

static uint64_t form_selp(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return (c->a[2] & 1) != 0 ? c->a[0] : c->a[1];
}

static uint64_t form_slct(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return (int32_t)c->a[2] >= 0 ? c->a[0] : c->a[1];
}

static uint64_t form_same(const struct form_call *c, uint64_t *second)
{
  (void)second;
  return c->a[0];
}

static uint64_t form_predicates(const struct form_call *c, uint64_t *second)
{
  bool a = c->a[0] & 1, b = c->a[1] & 1;
  (void)second;
  if (strcmp(c->word[0], "not") == 0) return !a;
  return strcmp(c->word[0], "and") == 0 ? a && b : strcmp(c->word[0], "or") == 0 ? a || b : a != b;
}

#define INTS  "{u16,u32,u64,s16,s32,s64}"
#define BITS  "{b16,b32,b64}"
#define MOVES "{b16,b32,b64,u16,u32,u64,s16,s32,s64,f32,f64}"
static const struct form forms_integer[] = {
    {"{add,sub,min,max}." INTS, "t=t,t", .expect = form_arithmetic},
    {"{div,rem}." INTS, "t=t,t", .expect = form_arithmetic, .no_zero = true},
    {"mul.{lo,hi}." INTS, "t=t,t", .expect = form_arithmetic},
    {"mul.wide.{u16,u32,s16,s32}", "w=t,t", .expect = form_arithmetic},
    {"mad.{lo,hi}." INTS, "t=t,t,t", .expect = form_arithmetic},
    {"mad.wide.{u16,u32,s16,s32}", "w=t,t,w", .expect = form_arithmetic},
    {"{add,sub}.sat.s32", "t=t,t", .expect = form_arithmetic},
    {"mad.hi.sat.s32", "t=t,t,t", .expect = form_arithmetic},
    {"{abs,neg}.{s16,s32,s64}", "t=t", .expect = form_arithmetic},
    {"sad." INTS, "t=t,t,t", .expect = form_arithmetic},
    {"{min,max}.relu.s32", "t=t,t", .expect = form_arithmetic},
    {"{min,max}.s32.relu", "t=t,t", .expect = form_arithmetic},
    {"{add,min,max}.{u16x2,s16x2}", "t=t,t", .expect = form_pairs},
    {"{min,max}.{relu.s16x2,s16x2.relu}", "t=t,t", .expect = form_pairs},
    {"{add,sub}.cc.{u32,s32,u64,s64}", "t|k=t,t", .expect = form_carry},
    {"{addc,subc}{.cc,}.{u32,s32,u64,s64}", "t=t,t,k", .expect = form_carry},
    {"{addc,subc}.cc.{u32,s32,u64,s64}", "t|k=t,t,k", .expect = form_carry},
    {"mad.{lo,hi}.cc.{u32,s32,u64,s64}", "t|k=t,t,t", .expect = form_carry},
    {"madc.{lo,hi}.{u32,s32,u64,s64}", "t=t,t,t,k", .expect = form_carry},
    {"madc.{lo,hi}.cc.{u32,s32,u64,s64}", "t|k=t,t,t,k", .expect = form_carry},
    {"mul24.{lo,hi}.{u32,s32}", "t=t,t", .expect = form_mul24},
    {"mad24.{lo,hi}.{u32,s32}", "t=t,t,t", .expect = form_mul24},
    {"mad24.hi.sat.s32", "t=t,t,t", .expect = form_mul24},
    {"dp4a.{u32,s32}.{u32,s32}", "r=r,r,r", .expect = form_dot},
    {"dp2a.{lo,hi}.{u32,s32}.{u32,s32}", "r=r,r,r", .expect = form_dot},
    {"vabsdiff4.{u32,s32}.{u32,s32}.{u32,s32}{.sat,.add,}", "r=r,r,r", .expect = form_vabsdiff4},
    {"{and,or,xor}." BITS, "t=t,t", .expect = form_logic},
    {"{not,cnot}." BITS, "t=t", .expect = form_logic},
    {"{and,or,xor}.pred", "p=p,p", .expect = form_predicates},
    {"not.pred", "p=p", .expect = form_predicates},
    {"shl." BITS, "t=t,n", .expect = form_shift},
    {"shr.{b16,b32,b64,u16,u32,u64,s16,s32,s64}", "t=t,n", .expect = form_shift},
    {"shf.{l,r}.{clamp,wrap}.b32", "r=r,r,n", .expect = form_shf},
    {"bfe.{u32,u64,s32,s64}", "t=t,n,n", .expect = form_bfe},
    {"bfi.{b32,b64}", "t=t,t,n,n", .expect = form_bfi},
    {"bfind{.shiftamt,}.{u32,u64,s32,s64}", "r=t", .expect = form_bfind},
    {"{popc,clz}.{b32,b64}", "r=t", .expect = form_count},
    {"brev.{b32,b64}", "t=t", .expect = form_count},
    {"bmsk.{clamp,wrap}.b32", "r=n,n", .expect = form_bmsk},
    {"szext.{clamp,wrap}.{u32,s32}", "r=r,n", .expect = form_szext},
    {"fns.b32", "r=r,b,n", .expect = form_fns},
    {"prmt.b32{.f4e,.b4e,.rc8,.ecl,.ecr,.rc16,}", "r=r,r,r", .expect = form_prmt},
    {"lop3.b32", "r=r,r,r", .expect = form_lop3, .tail = "{0,0x96,0xe8,0xca,0x80,0xfe,0x5a,255}"},
    {"lop3.{or,and}.b32", "r|p=r,r,r,p", .expect = form_lop3, .tail = "{0x96,0x00,0xff}"},
    {"setp.{eq,ne,lt,le,gt,ge}." INTS, "p=t,t", .expect = form_setp},
    {"setp.{lo,ls,hi,hs}.{u16,u32,u64}", "p=t,t", .expect = form_setp},
    {"setp.{eq,ne}." BITS, "p|p=t,t", .expect = form_setp},
    {"setp.{eq,ne,lt,le,gt,ge}.{and,or,xor}." INTS, "p|p=t,t,p", .expect = form_setp},
    {"setp.{lo,ls,hi,hs}.and.{u16,u32,u64}", "p=t,t,p", .expect = form_setp},
    {"setp.{eq,ne}.or." BITS, "p=t,t,p", .expect = form_setp},
    {"set.{eq,ne,lt,le,gt,ge}.{u32,s32,f32}." INTS, "t=u,u", .expect = form_set},
    {"set.{lo,ls,hi,hs}.{u32,s32,f32}.{u16,u32,u64}", "t=u,u", .expect = form_set},
    {"set.{eq,ne}.{u32,s32,f32}." BITS, "t=u,u", .expect = form_set},
    {"set.{lt,ge}.{and,or,xor}.{u32,s32,f32}." INTS, "t=u,u,p", .expect = form_set},
    {"set.{lo,ls,hi,hs,eq,ne,le,gt}.and.u32.u32", "t=u,u,p", .expect = form_set},
    {"set.eq.and.u32." BITS, "t=u,u,p", .expect = form_set},
    {"selp." MOVES, "t=t,t,p", .expect = form_selp},
    {"slct." MOVES ".s32", "t=t,t,r", .expect = form_slct},
    {"mov." MOVES, "t=t", .expect = form_same},
    {"mov.{f16,bf16}", "t=t", .expect = form_same},
    {"mov.pred", "p=p", .expect = form_same},
};

#endif
