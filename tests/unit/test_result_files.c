/* The list of files that arguments name: order, what is taken in a folder, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "result_files.h"

static char top[] = "/tmp/tokmark-files-XXXXXX";

static void touch(const char *name)
{
  FILE *file = fopen(name, "w");
  cr_assert_not_null(file);
  fclose(file);
}

static void setup(void)
{
  cr_assert_not_null(mkdtemp(top));
  cr_assert_eq(chdir(top), 0);
  cr_assert_eq(mkdir("runs", 0755), 0);
  cr_assert_eq(mkdir("runs/b", 0755), 0);
  cr_assert_eq(mkdir("runs/.git", 0755), 0);
  touch("runs/c.json");
  touch("runs/a.json");
  touch("runs/Z.json");
  touch("runs/b/2.json");
  touch("runs/b/10.json");
  touch("runs/notes.txt");
  touch("runs/json");
  touch("runs/.hidden.json");
  touch("runs/.git/x.json");
  touch("loose.txt");
}

static void teardown(void)
{
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", top);
  cr_assert_eq(chdir("/"), 0);
  cr_assert_eq(system(command), 0);
}

TestSuite(result_files, .init = setup, .fini = teardown);

static void expect_paths(const struct tmk_result_files *files, const char *const *paths)
{
  int64_t count = 0;
  while (paths[count]) count++;
  cr_assert_eq(files->count, count, "%lld files", (long long)files->count);
  for (int64_t i = 0; i < count; i++) cr_assert_str_eq(files->paths[i], paths[i]);
}

Test(result_files, arguments_in_order_and_folders_sorted)
{
  struct tmk_result_files files;
  struct tmk_error err = {0};
  const char *const arguments[] = {"loose.txt", "runs/", "missing.json", "runs/b"};
  cr_assert_eq(tmk_result_files_collect(arguments, 4, &files, &err), TMK_OK);
  expect_paths(&files,
               (const char *const[]){"loose.txt", "runs/Z.json", "runs/a.json", "runs/b/10.json", "runs/b/2.json",
                                     "runs/c.json", "missing.json", "runs/b/10.json", "runs/b/2.json", NULL});
  cr_assert_eq(files.refusal_count, 0);
  tmk_result_files_free(&files);
  cr_assert_eq(files.count, 0);
}

Test(result_files, loops_are_refused_and_links_are_followed)
{
  struct tmk_result_files files;
  struct tmk_error err = {0};
  cr_assert_eq(symlink("..", "runs/b/up"), 0);
  cr_assert_eq(symlink("b", "runs/d"), 0);
  cr_assert_eq(symlink("nowhere", "runs/e.json"), 0);
  cr_assert_eq(symlink("nowhere", "runs/f"), 0);
  const char *const arguments[] = {"runs"};
  cr_assert_eq(tmk_result_files_collect(arguments, 1, &files, &err), TMK_OK);
  expect_paths(&files, (const char *const[]){"runs/Z.json", "runs/a.json", "runs/b/10.json", "runs/b/2.json",
                                             "runs/c.json", "runs/d/10.json", "runs/d/2.json", "runs/e.json", NULL});
  cr_assert_eq(files.refusal_count, 2);
  cr_assert_str_eq(files.refusals[0].path, "runs/b/up");
  cr_assert_str_eq(files.refusals[0].reason, "is a link back to a folder that it lies in");
  cr_assert_str_eq(files.refusals[1].path, "runs/d/up");
  tmk_result_files_free(&files);
}

Test(result_files, a_folder_that_cannot_be_read)
{
  struct tmk_result_files files;
  struct tmk_error err = {0};
  const char *const arguments[] = {"runs"};
  if (geteuid() == 0) {
    cr_log_warn("skipped: root reads every folder");
    return;
  }
  cr_assert_eq(chmod("runs/b", 0), 0);
  cr_assert_eq(tmk_result_files_collect(arguments, 1, &files, &err), TMK_OK);
  chmod("runs/b", 0755);
  cr_assert_eq(files.count, 3);
  cr_assert_eq(files.refusal_count, 1);
  cr_assert_str_eq(files.refusals[0].reason, "cannot be read: Permission denied");
  tmk_result_files_free(&files);
}

Test(result_files, too_deep)
{
  struct tmk_result_files files;
  struct tmk_error err = {0};
  const char *const arguments[] = {"deep"};
  char path[512] = "deep";
  for (int i = 1; i <= TMK_RESULT_FILES_MAX_DEPTH; i++) {
    cr_assert_eq(mkdir(path, 0755), 0);
    strcat(path, "/d");
  }
  cr_assert_eq(mkdir(path, 0755), 0);
  cr_assert_eq(tmk_result_files_collect(arguments, 1, &files, &err), TMK_OK);
  cr_assert_eq(files.refusal_count, 1);
  cr_assert_str_eq(files.refusals[0].reason, "lies too deep in folders");
  tmk_result_files_free(&files);
}

Test(result_files, a_refusal_loses_the_path_that_its_message_leads_with)
{
  struct tmk_result_files files = {0};
  struct tmk_error err = {0};
  cr_assert_eq(tmk_result_files_refuse(&files, "a.json", "a.json: is empty", &err), TMK_OK);
  cr_assert_eq(tmk_result_files_refuse(&files, "a.json", "a.json:1:2: expected a value", &err), TMK_OK);
  cr_assert_eq(tmk_result_files_refuse(&files, "a.json", "out of memory", &err), TMK_OK);
  cr_assert_str_eq(files.refusals[0].reason, "is empty");
  cr_assert_str_eq(files.refusals[1].reason, "1:2: expected a value");
  cr_assert_str_eq(files.refusals[2].reason, "out of memory");
  tmk_result_files_free(&files);
}
