/* exec_qemu.c: linked into test programs that run under qemu-user. Criterion starts each test by executing its own program
 * anew, which the host's kernel refuses (another machine's program); here that goes through qemu again.
 * QEMU: the emulator; QEMU_LD_PREFIX: its sysroot, which it reads by itself. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ARGUMENTS 64

int execve(const char *path, char *const argv[], char *const envp[])
{
  static char zero_flag[] = "-0";
  char *arguments[MAX_ARGUMENTS + 5];
  int count = 0;
  arguments[count++] = getenv("QEMU");
  if (arguments[0] == NULL) return (int)syscall(SYS_execve, path, argv, envp);
  arguments[count++] = zero_flag;
  arguments[count++] = argv[0];
  arguments[count++] = (char *)path;
  for (int i = 1; i < MAX_ARGUMENTS && argv[i] != NULL; i++) arguments[count++] = argv[i];
  arguments[count] = NULL;
  return (int)syscall(SYS_execve, arguments[0], arguments, envp);
}
