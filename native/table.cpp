// Fills the table of one level. A new kernel is declared in kernels.hpp and gets one line here.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

#define RADIOTYPE_TEXT(x) #x
#define RADIOTYPE_NAME(x) RADIOTYPE_TEXT(x)

Kernels kernels() {
    Kernels table{};
    table.level = RADIOTYPE_NAME(RADIOTYPE_LEVEL);
    table.cube_patterns = cube_patterns;
    table.pam = pam;
    table.cocluster = cocluster;
    table.sphere_map = sphere_map;
    return table;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
