// xraylib: tabulated X-ray data. Its energies are keV; Lodestone's are eV.
#ifndef LODESTONE_CXRAYLIB_H
#define LODESTONE_CXRAYLIB_H

#include <xraylib.h>

#endif
