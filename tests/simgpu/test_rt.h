/* test_rt.h: runs an ordinary program (programs/) on the stand-ins and looks at its exit code and output; loads a stand-in. Each test
 * program has its own copy. */
#ifndef SIMGPU_TEST_RT_H
#define SIMGPU_TEST_RT_H

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct outcome {
  int code;
  char text[8192]; /* stdout and stderr */
};

/* build/simgpu of this program, build/simgpu/tests/test_rt… */
static inline void find_folder(char *folder, size_t size)
{
  ssize_t length = readlink("/proc/self/exe", folder, size - 1);
  cr_assert_gt(length, 0);
  folder[length] = '\0';
  for (int level = 0; level < 2; level++) *strrchr(folder, '/') = '\0';
}

/* environment: "NAME=value …"; program: "vector_add bounds". */
static inline struct outcome run(const char *environment, const char *program)
{
  struct outcome o = {.code = -1};
  char folder[512], path[600], command[2048];
  find_folder(folder, sizeof folder);
  snprintf(path, sizeof path, "%s/libcudart.so.13", folder);
  if (access(path, R_OK) != 0) cr_skip_test("no %s: it needs CUDA's headers and MODE=release", path);
  snprintf(path, sizeof path, "%s/programs/%.*s", folder, (int)strcspn(program, " "), program);
  if (access(path, X_OK) != 0) cr_skip_test("no %s: it needs nvcc", path);
  const char *preload = getenv("SIMGPU_PRELOAD"); /* of sanitized stand-ins */
  snprintf(command, sizeof command, "%s%s LD_LIBRARY_PATH=%s %s %s/programs/%s 2>&1",
           preload != NULL && *preload != '\0' ? "ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=" : "",
           preload != NULL ? preload : "", folder, environment, folder, program);
  FILE *pipe = popen(command, "r");
  cr_assert_not_null(pipe);
  o.text[fread(o.text, 1, sizeof o.text - 1, pipe)] = '\0';
  int status = pclose(pipe);
  if (WIFEXITED(status)) o.code = WEXITSTATUS(status);
  return o;
}

#define EXPECT_RUN(environment, program, wanted, words)                                                                \
  do {                                                                                                                 \
    struct outcome o_ = run(environment, program);                                                                     \
    cr_assert_eq(o_.code, wanted, "%s %s: exit %d\n%s", environment, program, o_.code, o_.text);                       \
    cr_assert(strstr(o_.text, words) != NULL, "%s %s: no '%s' in\n%s", environment, program, words, o_.text);          \
  } while (0)

static inline void *open_library(const char *name)
{
  char folder[512], path[600];
  find_folder(folder, sizeof folder);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (access(path, R_OK) != 0) cr_skip_test("no %s: it needs CUDA's headers and MODE=release", path);
  void *library = dlopen(path, RTLD_NOW);
  cr_assert_not_null(library, "%s", dlerror());
  return library;
}

/* A function of the library; ISO C has no cast from void * to it. */
#define FUNCTION(library, name, ...)                                                                                   \
  int (*name)(__VA_ARGS__);                                                                                            \
  *(void **)&name = dlsym(library, #name);                                                                             \
  cr_assert_not_null(name)

#endif
