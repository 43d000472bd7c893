/* ptx.h: PTX text to decoded instructions. The decoder knows nothing of a device: it resolves registers to slots, labels to
 * instruction numbers and modifiers to enums, lays out parameters, shared and local variables, and refuses what it does not
 * know with the line and the word. sim_engine.h executes the result.
 *
 * Source of the grammar and of each opcode's modifiers: PTX ISA 9.0, "PTX Machine Model" to "Instruction Set".
 *
 *   ptx_lexer.c    text to tokens
 *   ptx_parse*.c   directives, declarations, scopes, operands, functions
 *   ptx_optable.c  one row an opcode: its modifiers in order, its operands
 *   ptx_decode.c   one instruction's words against its row
 */
#ifndef SIMGPU_PTX_H
#define SIMGPU_PTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTX_NO_SLOT   UINT32_MAX
#define PTX_NO_SYMBOL UINT32_MAX
#define PTX_LANES     32

/* Fundamental, packed and matrix element types. The order is that of ptx_type_table in ptx_optable.c. */
enum ptx_type {
  PTX_TYPE_NONE,
  PTX_PRED,
  PTX_B1,
  PTX_B8,
  PTX_B16,
  PTX_B32,
  PTX_B64,
  PTX_B128,
  PTX_U4,
  PTX_U8,
  PTX_U16,
  PTX_U32,
  PTX_U64,
  PTX_S4,
  PTX_S8,
  PTX_S16,
  PTX_S32,
  PTX_S64,
  PTX_F16,
  PTX_F16X2,
  PTX_BF16,
  PTX_BF16X2,
  PTX_TF32,
  PTX_F32,
  PTX_F32X2,
  PTX_F64,
  PTX_E4M3,
  PTX_E5M2,
  PTX_E2M1,
  PTX_E2M3,
  PTX_E3M2,
  PTX_UE8M0,
  PTX_E4M3X2,
  PTX_E5M2X2,
  PTX_E2M1X2,
  PTX_E2M3X2,
  PTX_E3M2X2,
  PTX_UE8M0X2,
  PTX_U16X2,
  PTX_S16X2,
  PTX_TYPE_COUNT
};

enum ptx_type_class { PTX_CLASS_BITS, PTX_CLASS_UNSIGNED, PTX_CLASS_SIGNED, PTX_CLASS_FLOAT, PTX_CLASS_PRED };

struct ptx_type_info {
  const char *name;  /* as in PTX, without the dot */
  uint8_t size_bits; /* of a value: 1 for .pred and .b1 */
  uint8_t class;     /* enum ptx_type_class */
  uint8_t elements;  /* 2 for packed types, else 1 */
  uint8_t element;   /* enum ptx_type of one element; itself for scalars */
};
const struct ptx_type_info *sim_ptx_type(enum ptx_type type);
static inline uint32_t sim_ptx_type_bytes(enum ptx_type type)
{
  return (sim_ptx_type(type)->size_bits + 7u) / 8u;
}

enum ptx_space { PTX_GENERIC, PTX_GLOBAL, PTX_SHARED, PTX_LOCAL, PTX_PARAM, PTX_CONST, PTX_SPACE_COUNT };

/* PTX memory consistency model. WEAK is what ld and st without a qualifier mean; MMIO is refused. */
enum ptx_semantics { PTX_WEAK, PTX_RELAXED, PTX_ACQUIRE, PTX_RELEASE, PTX_ACQ_REL, PTX_SEQ_CST, PTX_VOLATILE };
enum ptx_scope { PTX_SCOPE_NONE, PTX_SCOPE_CTA, PTX_SCOPE_CLUSTER, PTX_SCOPE_GPU, PTX_SCOPE_SYS };

/* .rn … .rp of floating point results, .rni … .rpi of conversions to an integral value; RNA: ties away from zero; RS:
 * stochastic. DEFAULT: the instruction had none. */
enum ptx_rounding {
  PTX_ROUND_DEFAULT,
  PTX_RN,
  PTX_RZ,
  PTX_RM,
  PTX_RP,
  PTX_RNA,
  PTX_RS,
  PTX_RNI,
  PTX_RZI,
  PTX_RMI,
  PTX_RPI
};

enum ptx_compare {
  PTX_CMP_NONE,
  PTX_EQ,
  PTX_NE,
  PTX_LT,
  PTX_LE,
  PTX_GT,
  PTX_GE,
  PTX_LO,
  PTX_LS,
  PTX_HI,
  PTX_HS,
  PTX_EQU,
  PTX_NEU,
  PTX_LTU,
  PTX_LEU,
  PTX_GTU,
  PTX_GEU,
  PTX_NUM,
  PTX_NAN
};
enum ptx_bool_op { PTX_BOOL_NONE, PTX_BOOL_AND, PTX_BOOL_OR, PTX_BOOL_XOR };

/* Variants of one opcode that are neither types nor flags: mul.lo, shf.l, shfl.up, vote.ballot, atom.add … One list, because an
 * opcode's row says which of them it takes. */
enum ptx_mode {
  PTX_MODE_NONE,
  PTX_LO_HALF, /* .lo .hi .wide of mul, mad, mul24 */
  PTX_HI_HALF,
  PTX_WIDE,
  PTX_LEFT, /* shf */
  PTX_RIGHT,
  PTX_UP, /* shfl */
  PTX_DOWN,
  PTX_BFLY,
  PTX_IDX,
  PTX_ALL, /* vote, match */
  PTX_ANY,
  PTX_UNI,
  PTX_BALLOT,
  PTX_OP_AND, /* atom, red, redux, bar.red, reductions of cp */
  PTX_OP_OR,
  PTX_OP_XOR,
  PTX_OP_ADD,
  PTX_OP_MIN,
  PTX_OP_MAX,
  PTX_OP_INC,
  PTX_OP_DEC,
  PTX_OP_EXCH,
  PTX_OP_CAS,
  PTX_OP_POPC,
  PTX_F4E, /* prmt */
  PTX_B4E,
  PTX_RC8,
  PTX_ECL,
  PTX_ECR,
  PTX_RC16,
  PTX_TEST_FINITE, /* testp */
  PTX_TEST_INFINITE,
  PTX_TEST_NUMBER,
  PTX_TEST_NOTANUMBER,
  PTX_TEST_NORMAL,
  PTX_TEST_SUBNORMAL,
  PTX_LAUNCH_DEPENDENTS, /* griddepcontrol */
  PTX_WAIT,
  PTX_SHAPE_M8N8, /* ldmatrix, stmatrix, movmatrix */
  PTX_SHAPE_M16N16,
  PTX_SHAPE_M8N16,
  PTX_COPY_CA, /* cp.async */
  PTX_COPY_CG,
  PTX_PROXY_ASYNC, /* fence.proxy */
  PTX_MODE_COUNT
};

/* Bits of ptx_insn.flags. */
enum ptx_flag {
  PTX_FTZ = 1 << 0,
  PTX_SAT = 1 << 1,
  PTX_SATFINITE = 1 << 2,
  PTX_RELU = 1 << 3,
  PTX_APPROX = 1 << 4,
  PTX_FULL = 1 << 5,
  PTX_NAN_RESULT = 1 << 6, /* .NaN of min and max */
  PTX_XORSIGN_ABS = 1 << 7,
  PTX_OOB = 1 << 8,       /* fma.oob */
  PTX_CARRY_OUT = 1 << 9, /* .cc */
  PTX_CLAMP = 1 << 10,
  PTX_WRAP = 1 << 11,
  PTX_SHIFTAMT = 1 << 12,
  PTX_ABS = 1 << 13,          /* redux.abs */
  PTX_NON_COHERENT = 1 << 14, /* ld.global.nc */
  PTX_UNIFORM = 1 << 15,      /* .uni */
  PTX_SYNC = 1 << 16,
  PTX_ALIGNED = 1 << 17,
  PTX_TRANS = 1 << 18,
  PTX_NOINC = 1 << 19,
  PTX_PARITY = 1 << 20,
  PTX_EXPECT_TX = 1 << 21,
  PTX_NO_COMPLETE = 1 << 22,
  PTX_TO_SPACE = 1 << 23,       /* cvta.to.SPACE; without it cvta.SPACE (space to generic) */
  PTX_NOFTZ = 1 << 24,          /* atom.add.noftz */
  PTX_IGNORE_SRC = 1 << 25,     /* cp.async with a predicate operand */
  PTX_HAS_POLICY = 1 << 26,     /* .L2::cache_hint: the last operand is a policy */
  PTX_SHARED_CLUSTER = 1 << 27, /* .shared::cluster was written */
  PTX_SECOND_RESULT = 1 << 28   /* d|p of setp, shfl, match */
};

/* Opcodes with a meaning of their own; variants are in mode, types and flags. PTX_OP_REFUSED: understood, but not simulated:
 * decoding such an instruction is an error that says so by name. */
#define PTX_OPCODES(X)                                                                                                 \
  X(ABS)                                                                                                               \
  X(ACTIVEMASK)                                                                                                        \
  X(ADD)                                                                                                               \
  X(ADDC)                                                                                                              \
  X(ALLOCA) X(AND) X(APPLYPRIORITY) X(ATOM) X(BAR_ARRIVE) X(BAR_RED) X(BAR_SYNC) X(BAR_WARP) X(BFE) X(BFI) X(BFIND)    \
      X(BMSK) X(BRA) X(BREV) X(BRKPT) X(BRX) X(CALL) X(CLZ) X(CNOT) X(COPYSIGN) X(COS) X(CP_ASYNC) X(CP_ASYNC_COMMIT)  \
          X(CP_ASYNC_MBARRIER) X(CP_ASYNC_WAIT) X(CREATEPOLICY) X(CVT) X(CVT_PACK) X(CVTA) X(DISCARD) X(DIV) X(DP2A)   \
              X(DP4A) X(ELECT) X(EX2) X(EXIT) X(FENCE) X(FENCE_MBARRIER_INIT) X(FENCE_PROXY) X(FMA) X(FNS) X(GRIDDEP)  \
                  X(ISSPACEP) X(LD) X(LDMATRIX) X(LDU) X(LG2) X(LOP3) X(MAD) X(MAD24) X(MADC) X(MATCH) X(MAX)          \
                      X(MBARRIER_ARRIVE) X(MBARRIER_ARRIVE_DROP) X(MBARRIER_COMPLETE_TX) X(MBARRIER_EXPECT_TX)         \
                          X(MBARRIER_INIT) X(MBARRIER_INVAL) X(MBARRIER_PENDING_COUNT) X(MBARRIER_TEST_WAIT)           \
                              X(MBARRIER_TRY_WAIT) X(MIN) X(MMA) X(MOV) X(MOVMATRIX) X(MUL) X(MUL24) X(NANOSLEEP)      \
                                  X(NEG) X(NOT) X(OR) X(PMEVENT) X(POPC) X(PREFETCH) X(PRMT) X(RCP) X(RED) X(REDUX)    \
                                      X(REM) X(RET) X(RSQRT) X(SAD) X(SELP) X(SET) X(SETP) X(SHF) X(SHFL) X(SHL)       \
                                          X(SHR) X(SIN) X(SLCT) X(SQRT) X(ST) X(STACKRESTORE) X(STACKSAVE) X(STMATRIX) \
                                              X(SUB) X(SUBC) X(SZEXT) X(TANH) X(TESTP) X(TRAP) X(VABSDIFF4) X(VOTE)    \
                                                  X(XOR)

enum ptx_op {
  PTX_OP_NONE,
#define PTX_OPCODE_ENUM(name) PTX_DO_##name,
  PTX_OPCODES(PTX_OPCODE_ENUM)
#undef PTX_OPCODE_ENUM
      PTX_OP_COUNT
};
const char *sim_ptx_op_name(enum ptx_op op); /* "mbarrier.try_wait" */

/* Special registers. 64-bit ones and predicates of clusters included; each is read by mov alone: the decoder puts a mov before an
 * instruction that names one elsewhere. */
enum ptx_special {
  PTX_SR_TID_X,
  PTX_SR_TID_Y,
  PTX_SR_TID_Z,
  PTX_SR_NTID_X,
  PTX_SR_NTID_Y,
  PTX_SR_NTID_Z,
  PTX_SR_CTAID_X,
  PTX_SR_CTAID_Y,
  PTX_SR_CTAID_Z,
  PTX_SR_NCTAID_X,
  PTX_SR_NCTAID_Y,
  PTX_SR_NCTAID_Z,
  PTX_SR_LANEID,
  PTX_SR_WARPID,
  PTX_SR_NWARPID,
  PTX_SR_SMID,
  PTX_SR_NSMID,
  PTX_SR_GRIDID,
  PTX_SR_LANEMASK_EQ,
  PTX_SR_LANEMASK_LE,
  PTX_SR_LANEMASK_LT,
  PTX_SR_LANEMASK_GE,
  PTX_SR_LANEMASK_GT,
  PTX_SR_CLOCK,
  PTX_SR_CLOCK_HI,
  PTX_SR_CLOCK64,
  PTX_SR_GLOBALTIMER,
  PTX_SR_GLOBALTIMER_LO,
  PTX_SR_GLOBALTIMER_HI,
  PTX_SR_CLUSTERID_X,
  PTX_SR_CLUSTERID_Y,
  PTX_SR_CLUSTERID_Z,
  PTX_SR_NCLUSTERID_X,
  PTX_SR_NCLUSTERID_Y,
  PTX_SR_NCLUSTERID_Z,
  PTX_SR_CLUSTER_CTAID_X,
  PTX_SR_CLUSTER_CTAID_Y,
  PTX_SR_CLUSTER_CTAID_Z,
  PTX_SR_CLUSTER_NCTAID_X,
  PTX_SR_CLUSTER_NCTAID_Y,
  PTX_SR_CLUSTER_NCTAID_Z,
  PTX_SR_CLUSTER_CTARANK,
  PTX_SR_CLUSTER_NCTARANK,
  PTX_SR_IS_EXPLICIT_CLUSTER,
  PTX_SR_TOTAL_SMEM_SIZE,
  PTX_SR_AGGR_SMEM_SIZE,
  PTX_SR_DYNAMIC_SMEM_SIZE,
  PTX_SR_RESERVED_SMEM_BEGIN,
  PTX_SR_RESERVED_SMEM_END,
  PTX_SR_RESERVED_SMEM_CAP,
  PTX_SR_CURRENT_GRAPH_EXEC,
  PTX_SR_ENVREG, /* %envreg0 … 31: the driver's; cooperative grids find their workspace in 1 (high) and 2 (low) */
  PTX_SR_ENVREG_LAST = PTX_SR_ENVREG + 31,
  PTX_SR_COUNT
};

enum ptx_operand_kind {
  PTX_OPERAND_SINK,     /* _ */
  PTX_OPERAND_REGISTER, /* slot */
  PTX_OPERAND_CONSTANT, /* value: the bits, already in the type that the instruction reads (floats of 0f… widened to .f64) */
  PTX_OPERAND_SYMBOL,   /* symbol + value: its address in its space (mov rd, name) */
  PTX_OPERAND_ADDRESS,  /* [slot or symbol or nothing, + value] */
  PTX_OPERAND_LABEL,    /* value: instruction number */
  PTX_OPERAND_FUNCTION, /* value: function number */
  PTX_OPERAND_SPECIAL   /* value: enum ptx_special */
};

struct ptx_operand {
  uint8_t kind;    /* enum ptx_operand_kind */
  uint8_t type;    /* enum ptx_type: of the register as declared; of a constant as read */
  bool negated;    /* !p */
  uint32_t slot;   /* REGISTER, ADDRESS: register number in the function, or PTX_NO_SLOT */
  uint32_t symbol; /* SYMBOL, ADDRESS: index into ptx_module.symbols, or PTX_NO_SYMBOL */
  int64_t value;   /* see kind; offset in bytes of an ADDRESS */
};

#define PTX_GROUPS_MAX 8

/* One instruction. Its operands, as written, are groups: a vector {a, b} is one group of two, anything else a group of one. d|p is
 * two groups (PTX_SECOND_RESULT). Groups lie one after another in ptx_module.operands. */
struct ptx_insn {
  uint16_t op; /* enum ptx_op */
  uint8_t mode, rounding, compare, bool_op;
  uint8_t type[4];       /* in the order written: cvt d s; mma d a b c; set d s; others [0] alone */
  uint8_t space, space2; /* space2: source of cp.async */
  uint8_t semantics, scope;
  uint8_t vector; /* elements of ld/st .v2 .v4 .v8: 1, 2, 4, 8; matrices of ldmatrix: 1, 2, 4 */
  uint8_t group_count;
  uint8_t group_width[PTX_GROUPS_MAX];
  uint16_t shape[3]; /* mma m n k */
  uint16_t row;      /* 1 + that of the opcode table which it matched; 0: of the decoder's own making */
  uint32_t flags;    /* enum ptx_flag */
  uint32_t operand;  /* first, index into ptx_module.operands */
  uint32_t guard;    /* slot of @p, or PTX_NO_SLOT */
  bool guard_negated;
  uint32_t target;   /* bra: instruction number; brx: index into ptx_module.branch_tables; call: index into .calls */
  int64_t immediate; /* cp.async: bytes; cp.async.wait_group: N; lop3: its table; size of prefetch and others */
  uint32_t line;     /* of the PTX text, from 1 */
  uint32_t loc;      /* index into ptx_module.locs; 0: unknown */
};

struct ptx_loc {
  uint32_t file; /* number of its .file; sim_ptx_file gives the path */
  uint32_t line;
};

enum ptx_linkage { PTX_LINK_NONE, PTX_LINK_VISIBLE, PTX_LINK_EXTERN, PTX_LINK_WEAK, PTX_LINK_COMMON };

/* A pointer inside an initialiser: the address of symbols[symbol] + addend stands at `offset` (8 bytes, or the bits that
 * mask()s it). `generic`: written as generic(name). */
struct ptx_relocation {
  uint32_t offset, symbol;
  int64_t addend;
  bool generic;
  uint32_t function; /* index + 1 where it is the address of a function, else 0 */
};

/* A variable. Shared, local and param variables have their offset from the start of the block's static shared memory, of the
 * function's local frame, of the parameter buffer; .global and .const get an address when a device loads the module. */
struct ptx_symbol {
  const char *name;
  uint8_t space;     /* enum ptx_space */
  uint8_t linkage;   /* enum ptx_linkage */
  uint8_t type;      /* of an element */
  bool entry_param;  /* of a kernel's parameter buffer (space PTX_PARAM) */
  uint32_t function; /* that declares it, or PTX_NO_SYMBOL: module scope */
  uint32_t align;
  uint64_t size_bytes; /* 0: an extern array without a size (dynamic shared memory) */
  uint64_t offset;
  const uint8_t *init;                   /* NULL: none (zeros for .global and .const); size_bytes long */
  uint32_t relocation, relocation_count; /* into ptx_module.relocations */
  uint32_t line;
};

/* A function or kernel. Registers are numbered 0.. in a function; slot_type gives each one's declared type. */
struct ptx_function {
  const char *name;
  bool is_kernel;
  uint8_t linkage;
  bool has_body;
  bool noreturn;
  uint32_t first_insn, insn_count; /* into ptx_module.insns */
  uint32_t first_slot, slot_count; /* into ptx_module.slot_types */
  uint32_t param_symbol,
      param_count; /* symbols[param_symbol ..]: inputs in order. Of functions: register parameters have
                                           space PTX_GENERIC and offset = slot */
  uint32_t return_symbol, return_count; /* the same for results */
  uint32_t param_bytes;                 /* kernel: its parameter buffer */
  uint32_t
      call_bytes; /* .param space of an activation: results and inputs of a function, and what it declares for calls */
  uint32_t local_bytes;  /* of its frame */
  uint32_t shared_bytes; /* kernel: static shared memory of itself and of all that it may call */
  uint32_t shared_align;
  bool uses_dynamic_shared;
  uint32_t max_threads[3];      /* .maxntid; 0: none */
  uint32_t required_threads[3]; /* .reqntid */
  uint32_t cluster[3];          /* .reqnctapercluster */
  uint32_t max_registers, min_blocks_sm;
  uint32_t line;
};

/* A call instruction: arguments are copied between .param variables or registers of caller and callee. */
struct ptx_call {
  uint32_t function;                   /* index, or PTX_NO_SYMBOL: indirect through the register operand */
  uint32_t prototype;                  /* index into ptx_module.prototypes for an indirect call, else PTX_NO_SYMBOL */
  uint32_t return_group, return_count; /* groups of the instruction: results, then inputs */
  uint32_t argument_group, argument_count;
  uint32_t table; /* .calltargets: index into branch_tables of function numbers, or PTX_NO_SYMBOL */
};

struct ptx_branch_table {
  uint32_t first, count; /* into ptx_module.table_entries: instruction or function numbers */
};

struct ptx_prototype {
  uint32_t param_bytes[16], param_count, return_bytes, return_count;
};

struct ptx_module {
  uint32_t version_major, version_minor;
  uint32_t target;    /* 80 of sm_80 */
  char target_suffix; /* 'a', 'f' or 0 */
  struct ptx_insn *insns;
  uint32_t insn_count;
  struct ptx_operand *operands;
  uint32_t operand_count;
  struct ptx_function *functions;
  uint32_t function_count;
  struct ptx_symbol *symbols;
  uint32_t symbol_count;
  struct ptx_relocation *relocations;
  uint32_t relocation_count;
  struct ptx_call *calls;
  uint32_t call_count;
  struct ptx_branch_table *branch_tables;
  uint32_t branch_table_count;
  uint32_t *table_entries;
  uint32_t table_entry_count;
  struct ptx_prototype *prototypes;
  uint32_t prototype_count;
  uint8_t *slot_types; /* enum ptx_type */
  uint32_t slot_count;
  struct ptx_loc *locs; /* locs[0] is {0, 0} */
  uint32_t loc_count;
  const char **files; /* by number; NULL where there is none */
  uint32_t file_count;
  struct ptx_arena *arena; /* owns names, initialisers, and the text */
};

/* The first thing that was wrong. */
struct ptx_error {
  uint32_t line;
  char message[400]; /* "line 12: add.rn.u32: unknown modifier '.rn'" */
};

/* Decodes a module. Text need not be NUL-terminated; NUL bytes at its end (a fatbin's padding) are cut. On failure *out is NULL and
 * *error says why. Never aborts on any input; memory is bounded by a multiple of the text's size. */
bool sim_ptx_parse(const char *text, size_t size, struct ptx_module **out, struct ptx_error *error);
void sim_ptx_destroy(struct ptx_module *module); /* NULL is fine */

/* -1 if there is none. */
int32_t sim_ptx_find_function(const struct ptx_module *module, const char *name);
int32_t sim_ptx_find_symbol(const struct ptx_module *module, const char *name);
const char *sim_ptx_file(const struct ptx_module *module, uint32_t file); /* "?" if unknown */
/* Operand `element` of group `group` of an instruction. */
const struct ptx_operand *sim_ptx_operand(const struct ptx_module *module, const struct ptx_insn *insn, uint32_t group,
                                          uint32_t element);
/* The function that holds an instruction. */
const struct ptx_function *sim_ptx_function_of(const struct ptx_module *module, uint32_t insn);

#endif
