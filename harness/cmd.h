/* cmd.h: the subcommands. Each gets argv from its own name on, prints results to stdout, and returns a status that main()
 * turns into the message on stderr and the exit code. */
#ifndef TMK_HARNESS_CMD_H
#define TMK_HARNESS_CMD_H

#include "tokmark/status.h"

struct tmk_command {
  const char *name, *summary;
  enum tmk_status (*run)(int argc, char **argv, struct tmk_error *err);
};

enum tmk_status tmk_cmd_run(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_ops(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_comm(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_scale(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_verify(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_devices(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_models(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_claims(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_target(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_compare(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_show(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_report(int argc, char **argv, struct tmk_error *err);
enum tmk_status tmk_cmd_import(int argc, char **argv, struct tmk_error *err);

/* Shared by commands that open a device. `text` is --device: "auto", "cpu", "null", "cuda", "cuda:1". auto takes CUDA if the
 * build and the machine have it, else the CPU, with a line on stderr if CUDA was built in. */
struct tmk_backend_ops;
struct tmk_open_args;
enum tmk_status tmk_device_choose(const char *text, const struct tmk_backend_ops **ops, struct tmk_open_args *open_args,
                                  struct tmk_error *err);

#endif
