/* main.c: the command table, and nothing else. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host.h"
#include "opt.h"
#include "tokmark/comm.h"

static const struct tmk_command commands[] = {
    {"run", "measure a sweep of a model's steps on a device: the main job, and the default", tmk_cmd_run},
    {"ops", "measure single operations over shapes", tmk_cmd_ops},
    {"comm", "measure collectives over several ranks", tmk_cmd_comm},
    {"scale", "run the same workload on 1 to N ranks: speed-up, efficiency, losses", tmk_cmd_scale},
    {"verify", "check every operation of a device against the float64 reference", tmk_cmd_verify},
    {"devices", "what is here: devices and what they reach", tmk_cmd_devices},
    {"models", "the built-in models", tmk_cmd_models},
    {"claims", "the reported figures that results are held against", tmk_cmd_claims},
    {"target", "how many of the measured device make a reported figure", tmk_cmd_target},
    {"compare", "results of the same points against each other: a gate for CI", tmk_cmd_compare},
    {"show", "print a result file again", tmk_cmd_show},
    {"report", "result files as one HTML page with charts", tmk_cmd_report},
    {"import", "other benchmarks' results as reported points", tmk_cmd_import},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static const struct tmk_command *command_find(const char *name)
{
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  }
  return NULL;
}

static enum tmk_status unknown_fail(const char *name, struct tmk_error *err)
{
  const char *names[COMMAND_COUNT + 1] = {NULL};
  for (size_t i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i].name;
  const char *near = tmk_nearest_name(name, names);
  if (name[0] == '\0') return tmk_fail(err, TMK_ERR_USAGE, "the command's name is empty; see tokmark --help");
  if (near == NULL) return tmk_fail(err, TMK_ERR_USAGE, "%.64s: unknown command; see tokmark --help", name);
  return tmk_fail(err, TMK_ERR_USAGE, "%.64s: unknown command; did you mean %s?", name, near);
}

static void print_help(void)
{
  puts("Usage: tokmark [command] [options]\n\n"
       "What token throughput does this hardware reach, how far is that from its limit, and how many\n"
       "of these make a reported figure? No model weights, no server: kernels on a model's shape.\n\n"
       "Commands:");
  for (size_t i = 0; i < COMMAND_COUNT; i++) printf("  %-9s %s\n", commands[i].name, commands[i].summary);
  puts("\n'tokmark COMMAND --help' lists a command's options; 'tokmark --version' says what was built.\n"
       "Exit codes: 0 good; 1 the run failed, or a point did; 2 usage; 130 after Ctrl-C.");
}

static enum tmk_status dispatch(int argc, char **argv, struct tmk_error *err)
{
  static char help_flag[] = "--help";
  if (argc < 2) return commands[0].run(argc, argv, err);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (strcmp(argv[1], "help") == 0 && argc == 2)) {
    print_help();
    return TMK_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("tokmark %s (%s)\n%s\n", tmk_version, tmk_git_revision, tmk_build_text);
    return TMK_OK;
  }
  /* Options without a command belong to the main job. */
  if (argv[1][0] == '-') return commands[0].run(argc, argv, err);
  if (strcmp(argv[1], "help") == 0) {
    const struct tmk_command *command = command_find(argv[2]);
    char *help_argv[] = {argv[2], help_flag, NULL};
    return command != NULL ? command->run(2, help_argv, err) : unknown_fail(argv[2], err);
  }
  const struct tmk_command *command = command_find(argv[1]);
  return command != NULL ? command->run(argc - 1, argv + 1, err) : unknown_fail(argv[1], err);
}

int main(int argc, char **argv)
{
  struct tmk_error err = {0};
  /* `tokmark … | head -1` ends quietly, even where a parent left SIGPIPE ignored. */
  signal(SIGPIPE, SIG_DFL);
  /* Of several ranks the first prints. */
  const bool first = tmk_launch_detect().rank == 0;
  if (!first && freopen("/dev/null", "w", stdout) == NULL) return 1;
  enum tmk_status status = dispatch(argc, argv, &err);
  errno = 0;
  bool lost = ferror(stdout) != 0;
  if ((fflush(stdout) != 0 || lost) && status == TMK_OK) {
    status = tmk_fail(&err, TMK_ERR_IO, "standard output: %s", errno != 0 ? strerror(errno) : "a write failed");
  }
  const bool said = err.said || (tmk_status_exit_code(status) == 2 && !first);
  if (status != TMK_OK && !said)
    fprintf(stderr, "tokmark: %s\n", err.message[0] != '\0' ? err.message : tmk_status_name(status));
  /* A launcher ends all ranks at the first that leaves with an error: let it be the one that says why. */
  if (status != TMK_OK && said && !err.said) (void)sleep(1);
  return tmk_status_exit_code(status);
}
