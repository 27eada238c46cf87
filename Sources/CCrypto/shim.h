// OpenSSL's libcrypto, for SHA-256.
#ifndef LODESTONE_CCRYPTO_H
#define LODESTONE_CCRYPTO_H

#include <openssl/evp.h>

#endif
