// SQLite's own interface, for connections that GRDB must not own. sqlite3_db_config is
// C-variadic, which Swift cannot call.
#ifndef LODESTONE_CSQLITE_H
#define LODESTONE_CSQLITE_H

#include <sqlite3.h>

// The first bytes of the file of a connection that has not run a statement yet, through SQLite's own
// descriptor: closing another one on the same file would drop this process's locks.
static inline int lodestone_sqlite3_read_start(sqlite3 *db, void *buffer, int count) {
  sqlite3_file *file = 0;
  int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code != SQLITE_OK) return code;
  if (file == 0 || file->pMethods == 0) return SQLITE_CANTOPEN;
  return file->pMethods->xRead(file, buffer, count, 0);
}

static inline int lodestone_sqlite3_configure(sqlite3 *db, int option, int on) {
  return sqlite3_db_config(db, option, on, (int *)0);
}

#endif
