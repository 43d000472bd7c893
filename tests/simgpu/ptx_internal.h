/* ptx_internal.h: what the files of the decoder share. Nothing outside ptx_*.c includes it. */
#ifndef SIMGPU_PTX_INTERNAL_H
#define SIMGPU_PTX_INTERNAL_H

#include "ptx.h"

/* --- memory: all that lives as long as the module, in blocks --- */
struct ptx_arena;
struct ptx_arena *sim_ptx_arena_create(void);
void sim_ptx_arena_destroy(struct ptx_arena *arena);
void *sim_ptx_arena_take(struct ptx_arena *arena, size_t size); /* zeroed, aligned to 16; NULL: out of memory */
/* Doubles an array until it holds `needed` elements; the same array or a moved one, NULL: out of memory (array untouched). */
void *sim_ptx_grow(void *array, uint32_t *capacity, uint32_t needed, size_t element_size);

/* --- tokens --- */
enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_STRING, TOKEN_PUNCTUATION };

/* A WORD is a name, an opcode with its modifiers or a directive ('.' first). A NUMBER starts with a digit. */
struct token {
  uint8_t kind;
  char punctuation;
  uint32_t length, line;
  const char *text;
};
/* The whole text as tokens, TOKEN_END last; owned by the caller (free). */
bool sim_ptx_lex(const char *text, size_t size, struct token **tokens, uint32_t *count, struct ptx_error *error);

/* --- names in scopes --- */
enum name_kind { NAME_REGISTER, NAME_REGISTERS, NAME_SYMBOL, NAME_FUNCTION, NAME_PROTOTYPE, NAME_TABLE };
struct name {
  const char *text;
  uint32_t length, scope;
  uint32_t index, count; /* NAME_REGISTERS: first slot and how many: %r<count> */
  uint32_t next;         /* of the same bucket, +1 */
  uint8_t kind, type;
};
struct label {
  const char *text;
  uint32_t length, scope, insn, next;
};
/* A reference to a label that may come later. */
struct fixup {
  const char *text;
  uint32_t length, scope, line;
  uint32_t insn;  /* whose target it is, or */
  uint32_t entry; /* the table entry, if insn is PTX_NO_SYMBOL */
};

#define NAME_BUCKETS 4096u
#define SCOPES_MAX   64u

struct parser {
  struct ptx_module *module;
  struct ptx_error *error;
  bool failed;
  struct token *tokens;
  uint32_t at;
  /* capacities of the module's arrays */
  uint32_t insn_capacity, operand_capacity, function_capacity, symbol_capacity, relocation_capacity, call_capacity;
  uint32_t table_capacity, entry_capacity, prototype_capacity, slot_capacity, loc_capacity, file_capacity;
  /* names: a stack, the newest first in each bucket */
  struct name *names;
  uint32_t name_count, name_capacity;
  uint32_t buckets[NAME_BUCKETS];
  /* scopes open now, and the parent of each scope of the function (0 is the module) */
  uint32_t open_scopes[SCOPES_MAX], open_names[SCOPES_MAX], open_count;
  uint32_t *scope_parent;
  uint32_t scope_count, scope_capacity;
  struct label *labels;
  uint32_t label_count, label_capacity, label_buckets[NAME_BUCKETS];
  struct fixup *fixups;
  uint32_t fixup_count, fixup_capacity;
  uint32_t function; /* being parsed, or PTX_NO_SYMBOL */
  uint32_t loc;      /* of the next instruction */
  uint32_t own_file; /* of the function's first .loc; 0: none yet */
};

/* Records the first error and returns false. */
bool sim_ptx_fail(struct parser *p, uint32_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline const struct token *token_now(const struct parser *p)
{
  return &p->tokens[p->at];
}
bool sim_ptx_is_punctuation(const struct token *token, char c);
bool sim_ptx_is_word(const struct token *token, const char *word);
bool sim_ptx_accept(struct parser *p, char c); /* takes it if it is there */
bool sim_ptx_accept_word(struct parser *p, const char *word);
bool sim_ptx_expect(struct parser *p, char c);                           /* fails if it is not */
bool sim_ptx_integer(struct parser *p, int64_t *value);                  /* with sign */
char *sim_ptx_copy(struct parser *p, const char *text, uint32_t length); /* into the arena, NUL-terminated */
enum ptx_type sim_ptx_type_find(const char *name, size_t length);        /* PTX_TYPE_NONE if there is none */

/* ptx_parse_names.c */
bool sim_ptx_scope_open(struct parser *p);
void sim_ptx_scope_close(struct parser *p);
bool sim_ptx_name_add(struct parser *p, const struct token *token, struct name name);
const struct name *sim_ptx_name_find(const struct parser *p, const char *text, uint32_t length);
/* Slot of a register by name, PTX_NO_SLOT if there is none. */
uint32_t sim_ptx_register_find(const struct parser *p, const char *text, uint32_t length, uint8_t *type);
uint32_t sim_ptx_slot_add(struct parser *p, enum ptx_type type,
                          uint32_t count); /* first of `count`; PTX_NO_SLOT: failed */
bool sim_ptx_label_add(struct parser *p, const struct token *token);
bool sim_ptx_fixup_add(struct parser *p, const struct token *token, uint32_t insn, uint32_t entry);
bool sim_ptx_labels_resolve(struct parser *p); /* at a function's end */

/* ptx_parse_variable.c: the text after ".shared", ".global", ".param" … up to its end, an initialiser included. */
bool sim_ptx_variable(struct parser *p, enum ptx_space space, enum ptx_linkage linkage, uint32_t *symbol);
bool sim_ptx_registers(struct parser *p); /* after .reg, to the semicolon */

/* ptx_parse_operand.c */
struct operand_list {
  struct ptx_operand operands[320];
  uint32_t count;
  uint8_t group_count, group_width[PTX_GROUPS_MAX];
  bool bracketed[PTX_GROUPS_MAX];     /* the group was a {vector} */
  struct token names[PTX_GROUPS_MAX]; /* of a label, function or table, by group */
  bool pair;                          /* the first two groups were d|p */
};
bool sim_ptx_operands(struct parser *p, struct operand_list *list);
int32_t sim_ptx_special_find(const char *text, uint32_t length); /* enum ptx_special or -1 */
enum ptx_type sim_ptx_special_type(enum ptx_special special);

/* ptx_parse_body.c */
bool sim_ptx_body(struct parser *p);
/* Appends an instruction and its operands. */
bool sim_ptx_emit(struct parser *p, struct ptx_insn *insn, const struct ptx_operand *operands, uint32_t count);

/* ptx_parse_call.c */
bool sim_ptx_call(struct parser *p, struct ptx_insn *insn);
bool sim_ptx_prototype(struct parser *p, const struct token *name);
bool sim_ptx_table(struct parser *p, const struct token *name, bool functions);

/* --- opcode table --- */
struct ptx_row {
  const char *name;      /* first word of the opcode */
  uint16_t op;           /* enum ptx_op; PTX_OP_NONE: understood, but refused */
  const char *modifiers; /* see ptx_optable.c */
  const char *operands;
};
/* Rows of one opcode lie together: the first, and how many; NULL if there is no such opcode. */
const struct ptx_row *sim_ptx_rows(const char *name, size_t length, uint32_t *count);
const struct ptx_row *sim_ptx_row_at(uint32_t index); /* all rows, NULL beyond the last: for tests */

/* ptx_decode.c: fills insn from the opcode's words and checks the operands against its row; may emit moves before it. */
bool sim_ptx_decode(struct parser *p, const struct token *opcode, struct ptx_insn *insn, struct operand_list *list);
/* ptx_decode_operand.c: the operands against a row: NULL, or what is wrong; *group says where. Constants become bits of their type. */
const char *sim_ptx_operands_match(const struct ptx_row *row, struct ptx_insn *insn, struct operand_list *list,
                                   uint32_t *group);
/* Special registers and addresses of variables, where the instruction is no mov, go through a register of their own. */
bool sim_ptx_operands_lower(struct parser *p, const struct ptx_insn *insn, struct operand_list *list);
/* ptx_decode_matrix.c: shape and types of mma, with the operands' widths. */
bool sim_ptx_decode_mma(struct parser *p, const struct token *opcode, struct ptx_insn *insn,
                        const struct operand_list *list);

/* ptx_layout.c: what must wait until all is parsed: shared memory of kernels, calls. */
bool sim_ptx_layout(struct parser *p);

#endif
