// One table of kernels per SIMD level, chosen once when the module loads.
//
// Rules for a kernel source (compiled once per level, see CMakeLists.txt):
//   - everything sits in namespace radiotype::RADIOTYPE_LEVEL and takes plain pointers that the caller has allocated;
//   - no standard-library templates: an inline function compiled for AVX-512 could be the copy that the linker keeps for all;
//   - integer counts, or floating sums in an order that does not depend on the vector width: every level gives equal bytes.
#pragma once
#include <cstddef>
#include <cstdint>

namespace radiotype {

struct Kernels {
    const char* level;
    // Counts of the 256 corner patterns of a binary mask, with the sums of the cube positions. See mesh.cpp.
    void (*cube_patterns)(const uint8_t* mask, const int64_t shape[3], int64_t counts[256], int64_t sums[256 * 3]);
};

namespace base { Kernels kernels(); }
#ifdef RADIOTYPE_X86
namespace avx2 { Kernels kernels(); }
namespace avx512 { Kernels kernels(); }
#endif

// The table of the best level this processor has, or of the level named by the environment variable RADIOTYPE_SIMD.
const Kernels& active_kernels();

}  // namespace radiotype
