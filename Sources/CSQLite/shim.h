// SQLite's own interface, for connections that GRDB must not own. sqlite3_db_config is
// C-variadic, which Swift cannot call.
#ifndef LODESTONE_CSQLITE_H
#define LODESTONE_CSQLITE_H

#include <sqlite3.h>

static inline int lodestone_sqlite3_configure(sqlite3 *db, int option, int on) {
  return sqlite3_db_config(db, option, on, (int *)0);
}

#endif
