// What Swift's Glibc leaves out of the file system.
#ifndef LODESTONE_CFILESYSTEM_H
#define LODESTONE_CFILESYSTEM_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// The type of the file system that holds a file, as in statfs(2); 0 where it cannot be asked.
static inline unsigned long lodestone_filesystem_type(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned long)status.f_type & 0xFFFFFFFFul : 0;
}

// Renames a file where there is none of the new name, in one step; 0, or -1 and errno.
static inline int lodestone_rename_new(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u /* RENAME_NOREPLACE */);
}

#endif
